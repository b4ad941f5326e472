"""The reference systems, run again: the published figure, the figure here, and the pictures they show."""

from audioclf.ui.reproduce import page

page.draw()
