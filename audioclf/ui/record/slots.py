"""The classes being recorded: a name and a few examples each, from the microphone or from files."""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

from audioclf.core.errors import AudioclfError, AudioError, DatasetError
from audioclf.core.settings import number
from audioclf.datasets.ingest import recorded
from audioclf.datasets.ingest.recorded import Example
from audioclf.ui.shell import error_boundary
from audioclf.ui.shell.text import count, escape, plain

FEWEST, MOST_SLOTS = 2, 4
WANTED = 5
"""Recordings of every class that are asked for; two do, more are better."""

MOST = 60
"""Examples of one class."""

_KEY = "record.slots"
_STARTS = ("clap", "whistle", "knock", "hum")


@dataclass
class Slot:
    """One class.

    Attributes
    ----------
    examples : list of Example
    turn : int
        Counts recordings: the next one has a microphone of its own, which is empty.
    """

    examples: list[Example] = field(default_factory=list)
    turn: int = 0

    @property
    def recordings(self) -> int:
        """How many recordings the examples are from."""
        return len({example.recording for example in self.examples})


def slots() -> list[Slot]:
    """The session's classes."""
    found: list[Slot] = st.session_state.setdefault(_KEY, [Slot() for _ in range(3)])
    return found


def name(place: int) -> str:
    """Name of a class as it is typed."""
    return str(st.session_state.get(f"record.name.{place}", "")).strip()


def used() -> list[tuple[str, Slot]]:
    """Classes that have examples, with their names."""
    return [(name(place), slot) for place, slot in enumerate(slots()) if slot.examples]


def problem() -> str:
    """What is missing before a model can be trained; empty where nothing is."""
    found = used()
    if len(found) < FEWEST:
        return "Record two classes at least."
    names = [label for label, _ in found]
    if not all(names):
        return "Name every class you have recorded."
    if len(set(names)) < len(names):
        return "Give every class a name of its own."
    lonely = [label for label, slot in found if slot.recordings < 2]
    if lonely:
        return f"Record “{lonely[0]}” once more: the test holds one recording out at a time, so every class needs two."
    return ""


def draw() -> None:
    """Draw a box for every class, and the button for one more."""
    known = slots()
    for column, (place, slot) in zip(
        st.columns(len(known), gap="small" if len(known) > 3 else "medium"), enumerate(known), strict=True
    ):
        with column, st.container(border=True, height="stretch", gap="small"):
            _slot(place, slot)
    with st.container(horizontal=True, gap="small"):
        if len(known) < MOST_SLOTS and st.button("Another class", icon=":material/add:", key="record.more"):
            known.append(Slot())
            st.rerun()
        emptied = len(known) > FEWEST and not known[-1].examples
        if emptied and st.button("One class less", icon=":material/remove:", key="record.less"):
            known.pop()
            st.rerun()
        if any(slot.examples for slot in known) and st.button(
            "Start again", icon=":material/restart_alt:", key="record.clear"
        ):
            del st.session_state[_KEY]
            st.rerun()


def _slot(place: int, slot: Slot) -> None:
    st.text_input(
        f"Class {place + 1}",
        placeholder=_STARTS[place],
        key=f"record.name.{place}",
        persist_state="session",
        max_chars=60,
    )
    microphone = st.audio_input(
        "Record",
        key=f"record.mic.{place}.{slot.turn}",
        help="Press, make the sound, press again. Pauses of half a second part several examples in one recording.",
    )
    with st.popover("Or drop files", icon=":material/upload_file:"):
        files = st.file_uploader("Sound files", accept_multiple_files=True, key=f"record.files.{place}.{slot.turn}")
    brought = [("recording", microphone)] if microphone is not None else [(plain(f.name, 40), f) for f in files]
    if brought:
        kept = False
        for title, file in brought:
            with error_boundary.boundary("record"):
                try:
                    kept |= _take(slot, file.getvalue(), file.size)
                except AudioclfError as error:
                    raise AudioError(f"{title}: {error}") from error
        if kept:
            slot.turn += 1
            st.rerun()
    _so_far(place, slot)


def _take(slot: Slot, data: bytes, size: int) -> bool:
    """Keep the examples of one recording; False where they are there already."""
    if size > number("max_upload_mb") * 1e6:
        raise AudioError(f"The file has {size / 1e6:.0f} MB; bring a shorter one.")
    taken = st.session_state["record.counted"] = st.session_state.get("record.counted", 0) + 1
    found = recorded.examples(data, f"recording {taken:03d}")
    if found[0].sound in {example.sound for example in slot.examples}:
        return False
    if len(slot.examples) + len(found) > MOST:
        raise DatasetError(f"At most {MOST} examples of a class are kept here; the Data page takes any number.")
    slot.examples += found
    return True


def _so_far(place: int, slot: Slot) -> None:
    n = slot.recordings
    st.progress(min(n / WANTED, 1.0), text=f"{n} of {WANTED} recordings" if n < WANTED else f"{n} recordings, enough")
    if not slot.examples:
        return
    last = slot.examples[-1].recording
    latest = [example for example in slot.examples if example.recording == last]
    level = max(example.level for example in latest)
    remarks = sorted({example.remark for example in latest} - {""})
    words = f"Last: {count(len(latest), 'example')}, {sum(e.seconds for e in latest):.1f} s, {level:.0f} dB"
    if remarks:
        st.warning(escape(f"{words}, {' and '.join(remarks)}. {_REMEDY[remarks[0]]}"), icon=":material/graphic_eq:")
    else:
        st.caption(f":green[:material/check_circle:] {escape(words)}, good level")
    if st.button("Take the last one back", icon=":material/undo:", key=f"record.undo.{place}", type="tertiary"):
        slot.examples = [example for example in slot.examples if example.recording != last]
        st.rerun()


_REMEDY = {
    "very quiet": "Come closer to the microphone.",
    "too loud": "Go further away, or make the sound more softly.",
}
