"""Teach a model to tell the classes apart."""

from audioclf.ui.train import page

page.draw()
