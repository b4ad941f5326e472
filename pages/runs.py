"""All runs side by side: how good is each, and what was set differently?"""

from audioclf.ui.runs import page

page.draw()
