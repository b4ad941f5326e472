"""What leaves a run for other programs: the predictions as a table that a spreadsheet can open without harm."""

from __future__ import annotations

from audioclf.datasets.csv_table import write_table
from audioclf.experiments.runs import Run


def predictions_csv(run: Run) -> str:
    """Every tested clip with its true and predicted class and all probabilities, as CSV.

    Names come from file and class names, so a cell that a spreadsheet would take for a formula is
    given an apostrophe in front (OWASP, CSV injection).

    Raises
    ------
    RunError
        When the run has no predictions yet.
    """
    classes, clips = run.classes, run.clips
    rows: list[tuple[object, ...]] = [("clip", "group", "fold", "split", "true", "predicted", "right", *classes)]
    for item in run.predictions:
        clip = clips[item.clip] if item.clip < len(clips) else None
        name = clip.name if clip is not None else f"clip {item.clip}"
        group = clip.group or "" if clip is not None else ""
        fold = "" if clip is None or clip.fold is None else str(clip.fold)
        words = (name, group, fold, item.split, classes[item.true], classes[item.predicted])
        right = int(item.true == item.predicted)
        rows.append((*words, right, *(f"{value:.6g}" for value in item.probabilities)))
    return write_table(rows)
