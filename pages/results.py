"""How good is a run, and where does it go wrong?"""

from audioclf.ui.results import page

page.draw()
