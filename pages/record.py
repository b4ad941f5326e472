"""Record a few sounds and get a model of them."""

from audioclf.ui.record import page

page.draw()
