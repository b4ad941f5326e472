"""Choosing the sounds of a comparison."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from audioclf.datasets import Clip, Dataset
from audioclf.datasets.matching import counterpart
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import distinct, plain
from audioclf.ui.sound import clip_picker
from audioclf.ui.sound.view_link import Field, one_of, some_of, whole

MOST = 6
"""Columns that can still be distinguished on a projector."""

MOST_CLASSES = 10
"""Columns where each is a class of its own, and the classes are all there is to see."""

CLASSES = "Examples of classes"
EVERY = "First of every class"
ONE = "Several of one class"
OTHER = "This sound and another class"
PAIR = "Two clips, two features"
HAND = "Clips you choose"


def link_fields(dataset: Dataset) -> list[Field]:
    """What is chosen here, as the page's link keeps it."""
    classes = list(dataset.classes)
    one, n = one_of(classes), whole(0, len(dataset) - 1)
    several = whole(1, MOST)
    return [
        Field("classes", key(dataset, "classes"), classes[:3], some_of(classes, MOST)),
        Field("each", "compare.each", 1, several),
        Field("several", "compare.several", 4, several),
        Field("seed", "compare.seed", 0, whole(0, 1 << 25)),
        *(Field(name, key(dataset, name), "", one) for name in ("of", "other", "class1", "class2", "mean1", "mean2")),
        *(Field(name, key(dataset, name), 0, n) for name in ("clip1", "clip2")),
    ]


@dataclass(frozen=True)
class Chosen:
    """The sounds of a comparison.

    Attributes
    ----------
    clips : tuple of Clip
    caption : str
        What is to be known about the choice; empty where that is nothing.
    """

    clips: tuple[Clip, ...]
    caption: str = ""


def key(dataset: Dataset, name: str) -> str:
    """Key of a widget whose values are of one data set."""
    return f"compare.{name} {dataset.fingerprint}"


def choose(state: State, dataset: Dataset, way: str) -> Chosen:
    """Draw what belongs to a way of choosing; returns at most ``MOST`` clips, or ``MOST_CLASSES`` of different ones."""
    return WAYS[way](state, dataset)


def class_field(dataset: Dataset, label: str, name: str, *, start: int = 0, without: str = "") -> str:
    """Draw the choice of a class."""
    classes = [one for one in dataset.classes if one != without] or list(dataset.classes)
    held = key(dataset, name)
    if st.session_state.get(held) not in classes:
        st.session_state[held] = classes[min(start, len(classes) - 1)]
    return st.selectbox(label, classes, key=held, format_func=lambda c: plain(c, 48), persist_state="session")


def _classes(state: State, dataset: Dataset) -> Chosen:
    left, middle, right = st.columns([6, 2, 2], vertical_alignment="bottom")
    held = key(dataset, "classes")
    st.session_state.setdefault(held, list(dataset.classes[:3]))
    with left:
        classes = st.multiselect(
            "Classes",
            dataset.classes,
            max_selections=MOST,
            key=held,
            format_func=lambda label: plain(label, 48),
            persist_state="session",
        )
    with middle:
        each = _number("Of each", "each", 1)
    with right:
        seed = _other()
    picked = [clip for label in classes for clip in _examples(dataset, label, each, seed)]
    caption = f"The first {MOST} are shown; choose fewer classes or fewer examples of each."
    return Chosen(tuple(picked[:MOST]), caption if len(picked) > MOST else "")


def _every(state: State, dataset: Dataset) -> Chosen:
    clips = [_examples(dataset, label, 1, 0)[0] for label in dataset.classes[:MOST_CLASSES]]
    more = f"The first {MOST_CLASSES} of {len(dataset.classes)} classes are shown."
    return Chosen(tuple(clips), more if len(dataset.classes) > MOST_CLASSES else "")


def _one(state: State, dataset: Dataset) -> Chosen:
    left, middle, right = st.columns([6, 2, 2], vertical_alignment="bottom")
    with left:
        label = class_field(dataset, "Class", "of")
    with middle:
        n = _number("Clips", "several", 4)
    with right:
        seed = _other()
    return Chosen(tuple(_examples(dataset, label, n, seed)))


def _other_class(state: State, dataset: Dataset) -> Chosen:
    names, numbers = clip_picker.ids(dataset)
    clip_picker.require_linked(state, numbers, f"the data set '{plain(dataset.name, 60)}'")
    if state.clip not in numbers:
        first = clip_picker.from_opening(dataset, dataset.of(dataset.classes[0]))[0]
        state.clip = names[dataset.clips.index(first)]
    clip = dataset.clips[numbers[state.clip]]
    left, right = st.columns([5, 5], vertical_alignment="bottom")
    with left:
        st.text_input("This sound", f"{plain(clip.label, 40)}: {plain(clip.name, 60)}", disabled=True)
    with right:
        label = class_field(dataset, "Beside one of the class", "other", without=clip.label)
    beside, common = counterpart(dataset, clip, label)
    words = f"Both have in common: {plain(common, 60)}." if common else "The names of the two have nothing in common."
    return Chosen((clip, beside), f"{words} Choose this sound on the Explore page.")


def _pair(state: State, dataset: Dataset) -> Chosen:
    picked = []
    for number, place in enumerate(st.columns(2)):
        with place:
            left, right = st.columns(2)
            with left:
                label = class_field(dataset, f"Class {number + 1}", f"class{number + 1}", start=number)
            of_class = clip_picker.from_opening(dataset, dataset.of(label))
            with right:
                held = key(dataset, f"clip{number + 1}")
                titles = distinct(plain(clip.name, 60) for clip in of_class)
                if st.session_state.get(held, 0) not in range(len(of_class)):
                    st.session_state[held] = 0
                at = st.selectbox(
                    f"Clip {number + 1}",
                    range(len(of_class)),
                    format_func=titles.__getitem__,
                    key=held,
                    persist_state="session",
                )
            picked.append(of_class[at])
    return Chosen(tuple(picked))


def _hand(state: State, dataset: Dataset) -> Chosen:
    names, numbers = clip_picker.ids(dataset)
    state.tray = [name for name in state.tray if name in numbers][:MOST]
    left, middle, right = st.columns([3, 4, 2], vertical_alignment="bottom")
    with left:
        label = st.selectbox("Class", dataset.classes, format_func=lambda c: plain(c, 48), key="compare.class")
    of_class = [number for number, clip in enumerate(dataset.clips) if clip.label == label]
    with middle:
        at = clip_picker.numbered([dataset.clips[number] for number in of_class], 0)
    with right:
        if st.button("Add", icon=":material/add:", width="stretch", disabled=len(state.tray) >= MOST):
            state.tray = list(dict.fromkeys([*state.tray, names[of_class[at]]]))
    if state.tray:
        titles = distinct(plain(dataset.clips[numbers[name]].name, 40) for name in state.tray)
        kept = st.multiselect(
            "Chosen clips",
            state.tray,
            default=state.tray,
            format_func=dict(zip(state.tray, titles, strict=True)).__getitem__,
        )
        if kept != state.tray:
            state.tray = kept
            st.rerun()
    return Chosen(tuple(dataset.clips[numbers[name]] for name in state.tray))


WAYS: dict[str, Callable[[State, Dataset], Chosen]] = {
    CLASSES: _classes,
    EVERY: _every,
    ONE: _one,
    OTHER: _other_class,
    PAIR: _pair,
    HAND: _hand,
}


def _number(label: str, name: str, start: int) -> int:
    held = f"compare.{name}"
    st.session_state.setdefault(held, start)
    return int(st.number_input(label, 1, MOST, key=held, persist_state="session"))


def _other() -> int:
    """Draw the button that shows other clips; returns the seed they are drawn by, 0 for the first ones."""
    if st.button("Others", help="Other examples", icon=":material/casino:", width="stretch"):
        st.session_state["compare.seed"] = random.getrandbits(24) + 1
    return int(st.session_state.get("compare.seed", 0))


def _examples(dataset: Dataset, label: str, n: int, seed: int) -> Sequence[Clip]:
    of_class = clip_picker.from_opening(dataset, dataset.of(label))
    return random.Random(f"{seed} {label}").sample(of_class, min(n, len(of_class))) if seed else of_class[:n]
