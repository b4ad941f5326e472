"""Long recordings on their way in: the rule they are cut by, and the cuts drawn over the sound."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import streamlit as st

from audioclf.audio.io import AudioInfo
from audioclf.core.errors import AudioError
from audioclf.datasets import Problem, Reader, segmentation
from audioclf.datasets.ingest.file_index import FileIndex
from audioclf.datasets.ingest.file_tree import Entry
from audioclf.datasets.readers.long_recording import RecordingReader, label_track
from audioclf.datasets.segmentation import Cut
from audioclf.plots.segmentation import cuts_chart
from audioclf.ui.data.intake_store import Brought, label_tracks
from audioclf.ui.forms import parameter_form
from audioclf.ui.shell import error_boundary, task_bar, tasks, warmup
from audioclf.ui.shell.tasks import Task
from audioclf.ui.shell.text import count, escape, plain, seconds

_GRID = ("classes", "per_class", "only")
_SILENCE = ("below", "silence", "shortest", "margin")
_EVEN = ("seconds", "step", "offset")
RULES = {
    "auto": "By itself",
    "every": "Every few seconds",
    "grid": "Class after class",
    "labels": "By an Audacity label track",
    "silence": "At silences",
}
_NEEDS = {
    "auto": (*_EVEN, "label"),
    "every": (*_EVEN, "label"),
    "grid": (*_EVEN, *_GRID),
    "labels": ("seconds", "labels_file"),
    "silence": (*_SILENCE, "label"),
}
_WINDOW = 60.0


@error_boundary.boundary("recording")
def questions(brought: Brought, key: str, cls: type[Reader]) -> Reader | None:
    """Draw the rule, its parameters and the cuts; a reader, or None while it cannot be."""
    recordings = [entry for entry in brought.sounds if entry.promises_sound] or brought.sounds
    if not recordings:
        st.info("No sound file is among these files.")
        return None
    # A track of another name can only belong to a single recording; several have tracks of their own names.
    own = all(label_track(brought.tree, entry) is not None for entry in recordings)
    tracks = label_tracks(brought.tree) if own or len(recordings) == 1 else []
    rule = st.selectbox(
        "How it is cut", list(RULES), index=3 if tracks else 0, format_func=lambda one: RULES[one], key=f"{key}.rule"
    )
    track = tracks[0].rsplit("/", 1)[-1] if tracks and not own else ""
    usual = RecordingReader(rule=rule, labels_file=track)
    hidden = [name for name in RecordingReader.describe() if name not in _NEEDS[rule]]
    form = parameter_form.parameters(RecordingReader, f"{key}.cuts.{rule}", start=usual, columns=3, hide=hidden)
    if form.value is None:
        return None
    shown = recordings[0]
    if len(recordings) > 1:
        names = {entry.name: entry for entry in recordings[:500]}
        chosen = st.selectbox(
            "Recording to look at", list(names), format_func=lambda one: plain(one, 80), key=f"{key}.shown"
        )
        shown = names[chosen]
    info = _info(shown)
    task = _levels(shown, info)
    if not task.finished:
        task_bar.follow(task, lambda done, total: f"{done / max(total, 1):.0%}", "intake.levels.stop")
        return None
    if task.error is not None:
        error_boundary.show_error(task.error)
        return None
    with form.beside():
        reader, refused = form.value, list[Problem]()
        if reader.rule == "silence":  # the levels that it goes by are known
            pauses = (reader.below, reader.silence, reader.shortest, reader.margin)
            found = segmentation.between_silences(task.result, *pauses)
        else:
            found, refused = reader.cuts(brought.tree, shown, info)
        _draw(found, refused, task.result, info, key)
        return form.value if found else None
    return None


def _info(entry: Entry) -> AudioInfo:
    (fact,) = FileIndex().lookup([entry.path])
    if isinstance(fact, Problem):
        raise AudioError(f"{plain(entry.name, 80)}: {fact.reason} {fact.remedy}")
    return fact


def _levels(entry: Entry, info: AudioInfo) -> Task:
    path, total = entry.path, info.seconds
    task = tasks.start(
        f"levels {info.content}",
        "Reading the recording",
        lambda progress, should_stop: segmentation.levels(path, total, progress=progress, should_stop=should_stop),
    )
    task.wait(1.0)
    return task


def _draw(found: list[Cut], refused: list[Problem], levels: Any, info: AudioInfo, key: str) -> None:
    if not found:
        st.warning("The rule finds no clip in this recording; change its settings.", icon=":material/content_cut:")
        return
    counts = Counter(cut.label for cut in found)
    lengths = [cut.duration for cut in found]
    known = f" in {count(len(counts), 'class', 'classes')}" if set(counts) != {""} else ""
    one = seconds(min(lengths)) + (f" to {seconds(max(lengths))}" if max(lengths) - min(lengths) > 0.005 else "")
    st.markdown(escape(f"{count(len(found), 'clip')}{known} out of {seconds(info.seconds)}, {one} each."))
    begin, end = 0.0, info.seconds
    if info.seconds > _WINDOW:
        begin, end = st.slider(
            "Stretch that is drawn (s)",
            0.0,
            float(np.ceil(info.seconds)),
            (0.0, _WINDOW),
            step=1.0,
            key=f"{key}.window",
        )
        end = max(end, begin + 1.0)
    warmup.until_ready()
    st.vega_lite_chart(cuts_chart(levels, segmentation.FRAME, found, (begin, min(end, info.seconds))))
    for problem in refused[:5]:
        st.warning(escape(f"{problem.file}: {problem.reason} {problem.remedy}"))
    if len(refused) > 5:
        st.caption(f"and {len(refused) - 5:,} more lines that cannot be used")
