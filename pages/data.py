"""Choose sounds, check them, listen."""

from audioclf.ui.data import page

page.draw()
