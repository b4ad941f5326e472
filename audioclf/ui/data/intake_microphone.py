"""Recording examples with the microphone, class by class, until they make a data set."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy.typing as npt
import streamlit as st

from audioclf.audio.io import load_audio
from audioclf.core.errors import AudioError, DatasetError
from audioclf.datasets import Progress, ShouldStop, segmentation
from audioclf.datasets.curation import checked_label
from audioclf.datasets.ingest import recorded
from audioclf.datasets.ingest.recorded import Example
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


Takes = list[tuple[str, Example]]
"""What was recorded, each with its class."""


def record(state: State) -> None:
    """Draw the microphone and what was recorded so far."""
    takes: Takes = st.session_state.setdefault(_TAKES, [])
    left, right = st.columns([3, 2], gap="medium")
    with left, st.container(border=True, height="stretch"):
        _recorder(takes)
    with right, st.container(border=True, height="stretch"):
        _so_far(state, takes)


def _recorder(takes: Takes) -> None:
    st.subheader(":material/mic: Record examples", anchor=False)
    label = st.text_input("Class", placeholder="clap", key="microphone.label", persist_state="session")
    counted = Counter(label for label, _ in takes)[label.strip()]
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
    sound = st.audio_input("Press the microphone, make the sounds, and press it again", key=f"microphone.{number}")
    if sound is None:
        return
    with error_boundary.boundary("microphone"):
        y, sr = load_audio(sound.getvalue(), sr=None, duration=_LONGEST)
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
            takes += [(label, example) for example in recorded.cut_out(y, sr, found)]
            # A new microphone is empty, so that nothing is kept twice.
            st.session_state[_NEXT] = number + 1
            st.rerun()
        if not label.strip():
            st.caption("Name the class to keep them.")


def _so_far(state: State, takes: Takes) -> None:
    st.subheader(":material/library_add: Recorded so far", anchor=False)
    if not takes:
        st.markdown("Nothing yet. Two classes with a few examples each make a data set.")
        return
    counts = Counter(label for label, _ in takes)
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
        kept, workspace = list(takes), state.workspace
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
    takes: Takes, workspace: str, *, progress: Progress | None = None, should_stop: ShouldStop | None = None
) -> Brought:
    """Keep the examples as a stored folder."""
    folder = recorded.keep(takes, workspace, progress=progress, should_stop=should_stop)
    return on_disk(str(folder), workspace)
