"""How good is a run, and where does it go wrong?"""

from __future__ import annotations

from audioclf.ui.results import desk, export, kept, rankings, sections, slices
from audioclf.ui.results.calibration import calibration
from audioclf.ui.shell import page_frame
from audioclf.ui.shell.tabs import tabs


def draw() -> None:
    """Draw the page."""
    with page_frame.page("Results", "How good is the model, and where does it go wrong?") as state:
        run = kept.kept(sections.choose(state))
        metrics = run.metrics
        sections.head(run, metrics)
        desk.draw(state, run, metrics)
        shows = {
            "Learning curves": lambda: sections.curves(run),
            "Classes": lambda: sections.classes(metrics),
            "Calibration": lambda: calibration(run, metrics),
            "ROC and precision": lambda: rankings.draw(run),
            "Where it errs": lambda: slices.draw(run),
        }
        if len(metrics["splits"]) > 1:
            shows["Splits"] = lambda: sections.folds(metrics)
        shows["Settings and files"] = lambda: sections.files(run)
        shows["Export and report"] = lambda: export.draw(state, run)
        tabs("results.tabs", shows)
