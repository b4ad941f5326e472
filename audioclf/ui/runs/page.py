"""All runs side by side: how good is each, and what was set differently?"""

from __future__ import annotations

from audioclf.ui.runs import comparison
from audioclf.ui.shell import page_frame


def draw() -> None:
    """Draw the page."""
    with page_frame.page(
        "Runs", "All runs so far. Tick two or more to see how their settings and results differ."
    ) as state:
        comparison.page(state)
