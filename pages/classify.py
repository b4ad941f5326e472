"""Give a model a new sound."""

from audioclf.ui.classify import page

page.draw()
