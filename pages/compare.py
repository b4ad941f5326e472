"""Several sounds side by side, in several pictures each."""

from audioclf.ui.compare import page

page.draw()
