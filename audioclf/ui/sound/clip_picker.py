"""Choosing one clip: by class and name, by stepping, by chance, or a sound of one's own."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Container, Sequence
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from audioclf.audio.io import AudioSettings, content_hash, read_info
from audioclf.core.errors import AudioError
from audioclf.core.files import write_atomic
from audioclf.core.settings import cache_folder, number
from audioclf.datasets import Clip, Dataset
from audioclf.datasets.catalog.instruments import RENDERED
from audioclf.ui.shell import current_dataset
from audioclf.ui.shell.missing import missing
from audioclf.ui.shell.state import State
from audioclf.ui.shell.switch import switch
from audioclf.ui.shell.text import distinct, escape, plain, seconds
from audioclf.ui.sound import cache, player

OWN_SECONDS = 60.0
_SELECTED, _JUST = "selected clip", "selected clip is new"
_CLASS_PIXELS, _CLIP_PIXELS = 170, 250
_MOST_NAMES = 1000


@st.cache_resource(max_entries=32, show_spinner=False)
def _ids(fingerprint: str, _dataset: Dataset) -> tuple[tuple[str, ...], dict[str, int]]:
    met: Counter[str] = Counter()
    ids = []
    for clip in _dataset.clips:
        met[clip.key] += 1
        ids.append(clip.key if met[clip.key] == 1 else f"{clip.key}-{met[clip.key]}")
    return tuple(ids), {name: number for number, name in enumerate(ids)}


def ids(dataset: Dataset) -> tuple[tuple[str, ...], dict[str, int]]:
    """What stands for a clip in the address: its content key, numbered where the same sound is in the set again.

    Returns
    -------
    ids : tuple of str
        One per clip of the data set.
    numbers : dict
        The clip's number by its id.
    """
    return _ids(dataset.fingerprint, dataset)


def id_of(dataset: Dataset, clip: Clip) -> str:
    """What stands for one clip of a data set in the address."""
    return ids(dataset)[0][dataset.clips.index(clip)]


def opening(dataset: Dataset, n_clips: int) -> int:
    """Place of the clip of a class that is shown first: of rendered notes the middle one, which every instrument plays.

    A rendered class runs from low notes to high ones, and a violin has no string for the lowest.
    """
    return n_clips // 2 if dataset.source in RENDERED else 0


def from_opening(dataset: Dataset, of_class: Sequence[Clip]) -> list[Clip]:
    """The clips of one class from the first one shown, and round."""
    at = opening(dataset, len(of_class))
    return [*of_class[at:], *of_class[:at]]


def require_linked(state: State, found: Container[str], where: str) -> None:
    """End the page with a sentence where the clip of a link is not among those that can be shown.

    Parameters
    ----------
    state : State
    found : container of str
        Ids of what can be shown.
    where : str
        What they are, for the sentence: "the data set 'Instruments'".
    """
    if state.linked and state.linked == state.clip and state.clip not in found:
        if missing(f"The clip in this link is not in {where}.", "Choose another clip", "clip"):
            state.clip = state.linked = ""
            st.rerun()
        st.stop()
    state.linked = ""


def pick(state: State, dataset: Dataset, row: DeltaGenerator | None = None) -> Clip:
    """Draw class, clip and the buttons that step through them; returns the chosen clip.

    Parameters
    ----------
    state : State
    dataset : Dataset
    row : DeltaGenerator or None
        A horizontal container they are put into; a row of their own where None.
    """
    names, numbers = ids(dataset)
    require_linked(state, numbers, f"the data set '{plain(dataset.name, 60)}'")
    number = numbers.get(state.clip)
    if row is None:
        left, middle, right = st.columns([2, 3, 2], vertical_alignment="bottom")
    else:
        left = middle = right = row
    with left:
        label = st.selectbox(
            "Class",
            dataset.classes,
            index=0 if number is None else dataset.labels[number],
            format_func=lambda c: plain(c, 48),
            width="stretch" if row is None else _CLASS_PIXELS,
        )
    of_class = [n for n, clip in enumerate(dataset.clips) if clip.label == label]
    with middle:
        shown = [dataset.clips[n] for n in of_class]
        width: Literal["stretch"] | int = "stretch" if row is None else _CLIP_PIXELS
        at = numbered(shown, of_class.index(number) if number in of_class else opening(dataset, len(shown)), width)
    step = 0
    with right.container(horizontal=True, gap="small", width="stretch" if row is None else "content"):
        if st.button("", icon=":material/skip_previous:", help="Previous clip of this class", key="clip.previous"):
            step = -1
        if st.button("", icon=":material/skip_next:", help="Next clip of this class", key="clip.next"):
            step = 1
        if st.button("Any", icon=":material/casino:", help="A random clip of any class", key="clip.any"):
            state.clip = random.choice(names)
            st.rerun()
    state.clip = names[of_class[(at + step) % len(of_class)]]
    if step:
        st.rerun()
    return dataset.clips[of_class[at]]


def numbered(of_class: Sequence[Clip], index: int, width: Literal["stretch"] | int = "stretch") -> int:
    """Draw the choice among the clips of one class: by name, or by number where there are too many names to send."""
    if len(of_class) <= _MOST_NAMES:
        titles = distinct(plain(clip.name, 60) for clip in of_class)
        return st.selectbox("Clip", range(len(of_class)), index=index, format_func=titles.__getitem__, width=width)
    return int(st.number_input(f"Clip, of {len(of_class):,}", 1, len(of_class), index + 1, width=width)) - 1


def own(key: str) -> Clip | None:
    """Draw the ways to bring one sound along; returns it as a clip without a label, or None."""
    left, right = st.columns(2)
    with left:
        recorded = st.audio_input("Record a sound", key=f"{key}.record")
    with right:
        uploaded = st.file_uploader("Or choose a sound file", key=f"{key}.upload", type=None)
    brought = uploaded or recorded
    if brought is None:
        return None
    return take(brought, "Your recording" if brought is recorded else brought.name)


def take(brought: UploadedFile, name: str) -> Clip:
    """A clip of what someone uploaded or recorded.

    Raises
    ------
    AudioError
        When it is too large, or no sound.
    """
    most = number("max_upload_mb")
    if brought.size > most * 1e6:
        raise AudioError(f"The file has {brought.size / 1e6:.0f} MB, the limit is {most:g} MB; use a shorter part.")
    clip = keep(brought.getvalue(), name)
    if clip.info.seconds > OWN_SECONDS:
        whole = seconds(clip.info.seconds)
        st.caption(
            escape(
                f"{clip.name}: only the first {seconds(OWN_SECONDS)} of {whole} are used here; 'Recordings and"
                " folders' on the Classify page takes all of it."
            )
        )
    return clip


def keep(sound: bytes, name: str) -> Clip:
    """A clip of some bytes, kept in the cache folder under their hash.

    The name is shown and never used as a path.

    Raises
    ------
    AudioError
        When the bytes are no sound.
    """
    info = read_info(sound, content=True)
    folder = cache_folder() / "own"
    folder.mkdir(exist_ok=True)
    path = folder / info.content
    if not path.is_file() or content_hash(path) != info.content:
        write_atomic(path, sound)
    duration = OWN_SECONDS if info.seconds > OWN_SECONDS else None
    return Clip(path, plain(name, 60), info, duration=duration)


def select(clip: Clip) -> None:
    """Keep a stretch that was selected on one page for the others."""
    st.session_state[_SELECTED] = clip
    st.session_state[_JUST] = True


def just_selected() -> bool:
    """Whether a stretch was selected since this was last asked."""
    return bool(st.session_state.pop(_JUST, False))


def selected() -> Clip | None:
    """The stretch that was last selected for other pages."""
    found: Clip | None = st.session_state.get(_SELECTED)
    return found


def track(clip: Clip, audio: AudioSettings, title: str = "", note: str = "") -> dict[str, object]:
    """The clip as a sound for the player."""
    y = cache.samples(clip, audio)
    return player.track(title or clip.label, cache.sound(clip, audio), len(y) / audio.sr, note)


def facts(clip: Clip) -> str:
    """What the file's header says, in one line."""
    info = clip.info
    channels = {1: "mono", 2: "stereo"}.get(info.channels, f"{info.channels} channels")
    return f"{seconds(clip.seconds)} · {info.sr:,} Hz · {channels} · {info.format}"


def own_or_chosen(state: State, key: str) -> Clip:
    """A clip of the data set or a sound of one's own, whichever the user wants; the page ends where there is none."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    with row:
        source = switch("Sound", ["Data set", "Your own"], f"{key}.source")
    if source == "Your own":
        clip = own(key)
        if clip is None:
            st.caption(escape("Press the microphone and make a sound, or choose a file."))
            st.stop()
        return clip
    return pick(state, current_dataset.require(state), row)
