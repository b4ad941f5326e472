"""Several sounds side by side, each as several features."""

from audioclf.ui.compare import page

page.draw()
