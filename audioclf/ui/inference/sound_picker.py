"""The sound a model is asked about: one of its test clips, one of a data set, or one's own."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from audioclf.datasets import Clip, Dataset
from audioclf.experiments.runs import Prediction, Run
from audioclf.ui.jobs import run_picker
from audioclf.ui.shell import current_dataset
from audioclf.ui.shell.state import State
from audioclf.ui.shell.switch import switch
from audioclf.ui.shell.text import distinct, escape, plain
from audioclf.ui.sound import clip_picker

TESTED, KNOWN, OWN, PART = "A test clip", "A clip of the data set", "Your own sound", "Selection"


@dataclass(frozen=True)
class Subject:
    """A sound to ask about."""

    clip: Clip
    true: str = ""
    """Its class; empty where nobody knows."""
    number: int | None = None
    """Its number among the run's own clips."""
    split: str | None = None
    """The split in which it was tested, so that only models are asked that have never met it."""


def choose(state: State) -> tuple[Run, Subject]:
    """Draw the choice of a model and a sound; the page ends here where there is none yet."""
    part = clip_picker.selected()
    left, right = st.columns([3, 2] if part is None else 2, vertical_alignment="bottom")
    with left:
        run = run_picker.pick(state, with_starter=True)
    given = TESTED if _has_tested(run) else KNOWN
    key = "subject.source" if given == TESTED else "subject.known"
    if clip_picker.just_selected():
        st.session_state[key] = PART
    with right:
        source = switch("Sound", [given, OWN] if part is None else [given, OWN, PART], key)
    if source == given:
        return run, known(state, run)
    if source == PART and part is not None:
        st.caption(
            escape(f"{part.label or part.name}, {part.start:.3f} to {part.start + part.seconds:.3f} s of its file")
        )
        return run, Subject(part, part.label)
    clip = clip_picker.own("subject")
    if clip is None:
        st.caption("Press the microphone and make a sound, or choose a file.")
        st.stop()
    return run, Subject(clip)


def known(state: State, run: Run) -> Subject:
    """Draw the choice of a clip whose class is known: a test clip of the run, or one of the data set."""
    if _has_tested(run):
        return _tested(state, run)
    if not state.data:
        choice = run.experiment.dataset
        state.choose(choice.name, choice.options)
    clip = clip_picker.pick(state, current_dataset.require(state))
    st.caption("It is not known which clips this model was trained on; this may be one of them.")
    return Subject(clip, clip.label)


def _has_tested(run: Run) -> bool:
    return bool(run.clips) and (run.folder / "predictions.csv").is_file()


def _tested(state: State, run: Run) -> Subject:
    """Test clips, the wrong ones first."""
    ordered = sorted(
        run.predictions, key=lambda item: (item.true == item.predicted, -item.probabilities[item.predicted])
    )
    first: dict[int, Prediction] = {}
    for item in ordered:  # where copies of a clip were tested, the first one stands for it
        first.setdefault(item.clip, item)
    found = list(first.values())
    wrong = sum(item.true != item.predicted for item in found)
    names, _ = clip_picker.ids(Dataset("", run.clips))
    clip_picker.require_linked(state, {names[item.clip] for item in found}, "the test clips of this run")
    at = next((n for n, item in enumerate(found) if names[item.clip] == state.clip), 0)
    titles = distinct(_title(run, item) for item in found)
    left, right = st.columns([5, 2], vertical_alignment="bottom")
    with left:
        chosen = st.selectbox(
            f"Test clip ({wrong} predicted wrong, listed first)" if wrong else "Test clip (all predicted correctly)",
            range(len(found)),
            index=at,
            format_func=titles.__getitem__,
        )
    step = 0
    with right, st.container(horizontal=True, gap="small"):
        if st.button("", icon=":material/skip_previous:", help="Previous test clip", key="subject.previous"):
            step = -1
        if st.button("", icon=":material/skip_next:", help="Next test clip", key="subject.next"):
            step = 1
    item = found[(chosen + step) % len(found)]
    clip = run.clips[item.clip]
    state.clip = names[item.clip]
    if step:
        st.rerun()
    return Subject(clip, run.classes[item.true], item.clip, item.split)


def _title(run: Run, item: Prediction) -> str:
    clip = run.clips[item.clip]
    return f"{plain(clip.label, 32)}: {run_picker.verdict(run, item)} · {plain(clip.path.name, 32)}"
