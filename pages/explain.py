"""See and hear what a model used."""

from audioclf.ui.explain import page

page.draw()
