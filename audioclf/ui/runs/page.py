"""All runs side by side: how good is each, and what was set differently?"""

from __future__ import annotations

from audioclf.ui.jobs import run_picker
from audioclf.ui.runs import comparison
from audioclf.ui.shell import error_boundary, page_frame


def draw() -> None:
    """Draw the page."""
    with page_frame.page(
        "Runs", "All runs so far. Tick two or more to see how their settings and results differ."
    ) as state:
        if any(not run.status.ended for run in run_picker.runs(state)):
            error_boundary.fragment(run_every=3.0)(comparison.draw)(state)
        else:
            comparison.draw(state)
