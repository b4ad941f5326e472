"""Which settings are best? Several values of anything, and the validation clips choose."""

from audioclf.ui.search import page

page.draw()
