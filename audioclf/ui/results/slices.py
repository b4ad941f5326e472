"""Where a run errs more than elsewhere: its accuracy by length, level, group and fold of the test clips."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from audioclf.core import workspaces
from audioclf.datasets.quality.clip_statistics import SignalFacts, measure_all
from audioclf.experiments.runs import Run
from audioclf.experiments.runs.mistakes import Slice, binned, by_duration, by_fold, by_group
from audioclf.plots.ranking import shares_chart
from audioclf.ui.inference import model_client
from audioclf.ui.shell import tasks
from audioclf.ui.shell.switch import switch
from audioclf.ui.shell.text import count, distinct, escape, plain

_MOST = 24
_LENGTH, _LEVEL, _GROUP, _FOLD = "Length", "Level", "Group", "Fold"


def draw(run: Run) -> None:
    """Draw the accuracy of parts of the test clips, by what is chosen."""
    by = switch("By", [_LENGTH, _LEVEL, _GROUP, _FOLD], "results.slices")
    shows: dict[str, Callable[[Run], Sequence[Slice] | None]] = {
        _LENGTH: by_duration,
        _LEVEL: _by_level,
        _GROUP: by_group,
        _FOLD: by_fold,
    }
    found = shows[by](run)
    if found is None:
        return
    if not found:
        words = {_GROUP: "No group of the test clips is known.", _FOLD: "The data set has no official folds."}
        st.caption(words.get(by, "Nothing is known to sort the test clips by."))
        return
    if len(found) == 1 and by in (_LENGTH, _LEVEL):
        st.caption(escape(f"All test clips are alike in this: {found[0].name}."))
        return
    shown = found[:_MOST]
    right, n = sum(one.right for one in found), sum(one.n for one in found)
    names = distinct(plain(one.name, 40) for one in shown)
    rows = [
        {"name": name, "share": one.accuracy, "low": one.interval[0], "high": one.interval[1], "n": one.n}
        for name, one in zip(names, shown, strict=True)
    ]
    st.vega_lite_chart(shares_chart(rows, whole=right / n), key=f"results.slices {by}")
    caption = "Bars: Wilson's 95 % interval, clips taken for independent. Dashed: all of these clips together."
    if len(found) > len(shown):
        caption += f" The {_MOST} worst of {count(len(found), by.lower())} are shown."
    st.caption(caption)


def _by_level(run: Run) -> Sequence[Slice] | None:
    """By the root mean square of the clip; None while it is measured, and where the sounds are gone an empty list."""
    if not run.clips:
        return by_duration(run)  # raises the sentence on the clips that are gone
    predictions = run.predictions
    tested = sorted({item.clip for item in predictions})
    there = [number for number in tested if run.clips[number].path.is_file()]
    if len(there) < len(tested):
        st.caption(f"The sounds of {count(len(tested) - len(there), 'clip')} are no longer on this machine.")
    if not there:
        return []

    def work(progress: tasks.Progress, should_stop: Callable[[], bool]) -> dict[int, float | None]:
        clips = [run.clips[number] for number in there]
        facts = measure_all(clips, progress=progress, should_stop=should_stop, n_jobs=int(workspaces.shared()))
        return {
            number: fact.level if isinstance(fact, SignalFacts) else None
            for number, fact in zip(there, facts, strict=True)
        }

    task = tasks.start(f"levels {run.folder} {run.status.updated}", "Measuring the levels", work)
    levels: dict[int, float | None] | None = model_client.wait("levels", task)
    if levels is None:
        return None
    return binned(predictions, [levels.get(item.clip) for item in predictions], "{:.0f} to {:.0f} dB")
