"""The quiz: recognise a feature by its picture, or a class by ear or eye, with names hidden until the answer."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from audioclf.audio.io import AudioSettings
from audioclf.datasets import Clip, Dataset
from audioclf.features import FEATURES, Feature
from audioclf.ui.compare import grid
from audioclf.ui.compare.table import Column, Table
from audioclf.ui.shell import error_boundary
from audioclf.ui.shell.switch import switch
from audioclf.ui.shell.text import escape, plain
from audioclf.ui.sound import cache, feature_settings
from audioclf.ui.sound.view_link import Field, one_of

FEATURE, CLASS = "Which feature?", "Which class?"
LISTEN, LOOK, BOTH = "Listen", "Look", "Listen and look"

_PICTURES = ("stft", "cqt", "mel", "mfcc")
_CHOICES = 4
_HEIGHT = 290


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes
    ----------
    text : str
    choices : tuple of str
        What the buttons say.
    answer : int
        Which of them is right.
    clip : Clip
        What is heard and drawn.
    kinds : tuple of str
        Features that are drawn, one column each; empty where nothing is.
    why : str
        What is to be learned from it, shown with the answer.
    """

    text: str
    choices: tuple[str, ...]
    answer: int
    clip: Clip
    kinds: tuple[str, ...]
    why: str


def ask_feature(dataset: Dataset, seed: int) -> Question:
    """A clip drawn as four features; one of them is asked for."""
    chance = random.Random(seed)
    kinds = chance.sample(_PICTURES, len(_PICTURES))
    wanted = chance.choice(kinds)
    letters = tuple("ABCD"[: len(kinds)])
    feature = FEATURES[wanted]
    text = f"Which of these is the {feature.title}?"
    return Question(text, letters, kinds.index(wanted), chance.choice(dataset.clips), tuple(kinds), feature.explanation)


def ask_class(dataset: Dataset, seed: int, kind: str) -> Question:
    """A clip of one of four classes, drawn as one feature (none where ``kind`` is empty)."""
    chance = random.Random(seed)
    classes = sorted(chance.sample(dataset.classes, min(_CHOICES, len(dataset.classes))), key=dataset.classes.index)
    label = chance.choice(classes)
    clip = chance.choice(dataset.of(label))
    kinds = (kind,) if kind else ()
    return Question("Which class is this?", tuple(classes), classes.index(label), clip, kinds, "")


def link_fields() -> list[Field]:
    """What is asked, as the page's link keeps it; the questions are new ones."""
    return [
        Field("quiz", "compare.quiz.which", FEATURE, one_of([FEATURE, CLASS])),
        Field("by", "compare.quiz.how", LISTEN, one_of([LISTEN, LOOK, BOTH])),
        Field("kind", "compare.quiz.kind", "mel", one_of(_PICTURES)),
    ]


@dataclass(frozen=True)
class Rules:
    """What is asked: about features or classes, by ear or eye, by the picture of which feature."""

    which: str
    how: str = ""
    kind: str = ""


def choose() -> Rules:
    """Draw the choice of what is asked."""
    left, right = st.columns([3, 4], vertical_alignment="bottom")
    with left:
        which = switch("Question", [FEATURE, CLASS], "compare.quiz.which")
    how = kind = ""
    if which == CLASS:
        with right, st.container(horizontal=True, vertical_alignment="bottom"):
            how = switch("Listen or look", [LISTEN, LOOK, BOTH], "compare.quiz.how")
            if how != LISTEN:
                kind = st.selectbox(
                    "Feature",
                    _PICTURES,
                    index=2,
                    format_func=lambda one: FEATURES[one].title,
                    key="compare.quiz.kind",
                    label_visibility="collapsed",
                    persist_state="session",
                )
    return Rules(which, how, kind)


@error_boundary.fragment()
def draw(dataset: Dataset, audio: AudioSettings, rules: Rules) -> None:
    """Draw a question, its answer once it is given, and the score."""
    which, how, kind = rules.which, rules.how, rules.kind
    about = (dataset.fingerprint, which)
    held = st.session_state.setdefault("compare.quiz", {})
    if held.get("about") != about:
        held.clear()
        held.update(about=about, seed=random.getrandbits(32), given=None, asked=0, right=0)
    question = ask_feature(dataset, held["seed"]) if which == FEATURE else ask_class(dataset, held["seed"], kind)
    st.markdown(f"**{escape(question.text)}**")
    given: int | None = held["given"]
    silent = which == CLASS and how == LOOK and given is None
    grid.draw(_table(question, audio, silent, given is not None), f"quiz {held['seed']}", bare=True, height=_HEIGHT)
    with st.container(horizontal=True):
        for number, choice in enumerate(question.choices):
            st.button(
                plain(choice, 40),
                key=f"compare.quiz.answer{number}",
                disabled=given is not None,
                on_click=_answer,
                args=(number, number == question.answer),
            )
    if given is not None:
        _reveal(question, given)
        st.button("Next question", icon=":material/arrow_forward:", key="compare.quiz.next", on_click=_next)
    if held["asked"]:
        st.caption(f"{held['right']} of {held['asked']} right")


def _answer(number: int, right: bool) -> None:
    held = st.session_state["compare.quiz"]
    held.update(given=number, asked=held["asked"] + 1, right=held["right"] + right)


def _next() -> None:
    st.session_state["compare.quiz"].update(seed=random.getrandbits(32), given=None)


def _reveal(question: Question, given: int) -> None:
    right = escape(plain(question.choices[question.answer], 48))
    name = escape(f" {question.clip.label}, {question.clip.name}.", 120)
    why = f" {escape(question.why)}" if question.why else name
    if given == question.answer:
        st.success(f"Right: {right}.{why}", icon=":material/check_circle:")
    else:
        st.error(f"Not quite: it is {right}.{why}", icon=":material/cancel:")


def _table(question: Question, audio: AudioSettings, silent: bool, answered: bool) -> Table:
    features: Sequence[Feature] = [feature_settings.feature(kind) for kind in question.kinds]
    wav = b"" if silent else cache.sound(question.clip, audio)
    seconds = len(cache.samples(question.clip, audio)) / audio.sr
    titles = ["The sound"]
    if len(features) > 1:
        titles = [f"{c}: {f.title}" if answered else c for c, f in zip("ABCD", features, strict=True)]
    columns = tuple(Column(title, "", wav, seconds) for title in titles)
    row = tuple(cache.feature_map(question.clip, feature, audio) for feature in features)
    return Table(columns, tuple(features[:1]), (row,) if row else (), shared=False)
