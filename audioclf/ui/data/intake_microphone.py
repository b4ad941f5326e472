"""Recording examples with the microphone, class by class, until they make a data set."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import streamlit as st

from audioclf.audio.io import load_audio, wav_bytes
from audioclf.core import workspaces
from audioclf.core.errors import AudioError, DatasetError
from audioclf.datasets import Progress, ShouldStop, segmentation
from audioclf.datasets.csv_table import guarded
from audioclf.datasets.curation import checked_label
from audioclf.datasets.ingest import staging
from audioclf.datasets.segmentation import FRAME, Cut, loudness
from audioclf.plots import balance_chart
from audioclf.plots.segmentation import cuts_chart
from audioclf.ui.data import intake
from audioclf.ui.data.intake_store import Brought, on_disk
from audioclf.ui.shell import error_boundary, warmup
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import count, escape, plain

WANTED = 8
"""Examples of every class that are asked for; fewer do, more are better."""

MOST = 2000
_LONGEST = 300.0
_TAKES, _NEXT = "microphone.takes", "microphone.next"
ONE, EVERY, SILENCE = "One example per recording", "One after the other", "At silences"


@dataclass(frozen=True)
class Take:
    """One example: its class, and a WAV file."""

    label: str
    sound: bytes


def record(state: State) -> None:
    """Draw the microphone and what was recorded so far."""
    takes: list[Take] = st.session_state.setdefault(_TAKES, [])
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(border=True, height="stretch"):
        _recorder(takes)
    with right, st.container(border=True, height="stretch"):
        _so_far(state, takes)


def _recorder(takes: list[Take]) -> None:
    st.subheader(":material/mic: Record examples", anchor=False)
    label = st.text_input("Class", placeholder="clap", key="microphone.label", persist_state="session")
    counted = Counter(take.label for take in takes)[label.strip()]
    st.markdown(
        escape(f"Record {WANTED} examples: {counted} of {WANTED} so far.")
        if counted < WANTED
        else escape(f"{counted} examples: enough to begin with. Name another class.")
    )
    ways = st.columns([3, 2], vertical_alignment="bottom")
    with ways[0]:
        rule = st.selectbox("A recording holds", [SILENCE, EVERY, ONE], key="microphone.rule", persist_state="session")
    with ways[1]:
        length = (
            st.number_input("seconds (s)", 0.1, 30.0, 1.0, step=0.5, key="microphone.seconds", persist_state="session")
            if rule == EVERY
            else 1.0
        )
    number = st.session_state.setdefault(_NEXT, 0)
    recorded = st.audio_input("Press the microphone, make the sounds, and press it again", key=f"microphone.{number}")
    if recorded is None:
        return
    data = recorded.getvalue()
    with error_boundary.boundary("microphone"):
        y, sr = load_audio(data, sr=None, duration=_LONGEST)
        level = loudness(y, sr)
        found = slices(level, len(y) / sr, rule, length)
        if not found:
            raise AudioError("The recording is silent; check which microphone the browser uses, and record again.")
        warmup.until_ready()
        st.vega_lite_chart(cuts_chart(level, FRAME, found, (0.0, len(y) / sr), height=120))
        named = label.strip() or "this class"
        if st.button(
            f"Keep {count(len(found), 'example')} of {escape(named, 40)}",
            type="primary",
            icon=":material/add:",
            disabled=not label.strip(),
        ):
            label = checked_label(label)
            if len(takes) + len(found) > MOST:
                raise DatasetError(f"At most {MOST:,} examples are kept here; make a data set of them first.")
            takes += [Take(label, wav_bytes(y[round(cut.start * sr) : round(cut.end * sr)], sr)) for cut in found]
            # A new microphone is empty, so that nothing is kept twice.
            st.session_state[_NEXT] = number + 1
            st.rerun()
        if not label.strip():
            st.caption("Name the class to keep them.")


def _so_far(state: State, takes: list[Take]) -> None:
    st.subheader(":material/library_add: Recorded so far", anchor=False)
    if not takes:
        st.markdown("Nothing yet. Two classes with a few examples each make a data set.")
        return
    counts = Counter(take.label for take in takes)
    warmup.until_ready()
    st.vega_lite_chart(balance_chart({plain(label, 48): number for label, number in counts.items()}))
    st.caption("Kept in this tab of the browser until a data set is made of them.")
    with st.container(horizontal=True):
        made = st.button("Make the data set", type="primary", icon=":material/check:", disabled=len(counts) < 2)
        if st.button("Take back the last one", icon=":material/undo:"):
            takes.pop()
            st.rerun()
    if len(counts) < 2:
        st.caption("A classifier needs two classes at least.")
    if made:
        kept, workspace = tuple(takes), state.workspace
        intake.begin(
            "Storing the recordings",
            lambda progress, should_stop: stored(kept, workspace, progress=progress, should_stop=should_stop),
            ask=False,
        )


def slices(level: npt.NDArray[Any], total: float, rule: str, length: float) -> list[Cut]:
    """Where the examples of a recording are; none in a silent one."""
    if not len(level) or level.max() < -75:
        return []
    if rule == ONE:
        return [Cut(0.0, total)]
    if rule == EVERY:
        return segmentation.every(total, length)
    return segmentation.between_silences(level, below=25.0)


def stored(
    takes: tuple[Take, ...],
    workspace: str,
    *,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> Brought:
    """Keep the examples as a stored folder: a table, since a class may be called anything, and a file for each."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(("file_name", "label"))
    files = []
    for number, take in enumerate(takes):
        name = f"{number:04d}-{hashlib.blake2b(take.sound, digest_size=4).hexdigest()}.wav"
        writer.writerow((name, guarded(take.label)))
        files.append((name, io.BytesIO(take.sound)))
    files.append(("recordings.csv", io.BytesIO(table.getvalue().encode("utf-8"))))
    parent = workspaces.datasets_folder(workspace)
    folder = staging.keep(files, parent, "Recorded sounds", progress=progress, should_stop=should_stop)
    return on_disk(str(folder), workspace)
