"""One sound, seen in six ways."""

from audioclf.ui.explore import page

page.draw()
