"""One test clip: its sound, the evidence for the true and for the predicted class, and training clips like it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from audioclf import plots
from audioclf.datasets import Clip, Dataset
from audioclf.experiments.runs import Prediction, Run
from audioclf.experiments.runs.review import Verdict, decide
from audioclf.explain import METHODS
from audioclf.features import FEATURES
from audioclf.inference.evidence import Explanation, default_method
from audioclf.ui.inference import explanation, model_client
from audioclf.ui.shell import error_boundary, warmup
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import count, escape, plain
from audioclf.ui.sound import cache, clip_list, clip_picker, feature_panels
from audioclf.ui.sound.player import player, track

_HEIGHT = 220
_NEAREST = 3

REVEAL = "desk.reveal"
"""Key under which the session keeps which clip was just asked about, so that the page moves to it once."""

_RELABEL = "The label is wrong: the prediction counts as correct, and a new version has the new label."
_BOTH = (
    "Either class describes this clip: the prediction counts as correct. A new version leaves the clip out, since it"
    " has one label for each clip."
)
_EXCLUDE = "It cannot be judged: it counts neither as correct nor as wrong, and a new version leaves it out."


def draw(
    state: State,
    run: Run,
    item: Prediction,
    names: Sequence[str],
    verdicts: dict[int, Verdict],
    *,
    others: Sequence[Prediction],
    move: Callable[[Prediction | None], None],
) -> None:
    """Draw the clip, with the run's classes by ``names`` on one line each, and what was decided by number of the clip.

    ``others`` is the list it was chosen from, to step through; ``move`` looks at another clip, or at none (None).
    """
    model_client.warm()
    with st.container(border=True, key="desk.clip"):
        _heading(state, run, item, names, others, move)
        clip = run.clips[item.clip] if run.clips else None
        if clip is None or not clip.path.is_file():
            st.caption("The sound of this clip is no longer on this machine, so it cannot be played or explained.")
            _bars(run, item, names)
            return
        warmup.until_ready()
        # what is at hand comes first; the model is asked for the rest
        above = st.container()
        left, right = st.columns([2, 3], gap="large")
        feature = next((number for number, one in enumerate(run.experiment.features) if not one.heavy), None)
        numbers = () if feature is None else tuple(dict.fromkeys((item.true, item.predicted)))
        with above, error_boundary.boundary("desk"):
            columns = st.columns(1 + len(numbers), gap="medium")
            with columns[0]:
                _sound(run, item, names, feature)
        with left:
            _bars(run, item, names)
            _decide(run, item, names, verdicts)
        for column, number in zip(columns[1:], numbers, strict=True):
            with column, error_boundary.boundary("desk"):
                _evidence_for(run, item, number, int(feature or 0), names)
        with right, error_boundary.boundary("neighbours"):
            _neighbours(run, item, names)


def _heading(
    state: State,
    run: Run,
    item: Prediction,
    names: Sequence[str],
    others: Sequence[Prediction],
    move: Callable[[Prediction | None], None],
) -> None:
    wrong = item.true != item.predicted
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        words = f"Why {names[item.predicted]}" + (f" and not {names[item.true]}?" if wrong else "?")
        st.subheader(escape(words), anchor=False, width="stretch")
        place = others.index(item) if item in others else None
        if place is not None and len(others) > 1:
            st.caption(f"{place + 1:,} of {len(others):,}", width="content")
            if st.button("", icon=":material/skip_previous:", help="Previous clip of the list", key="desk.previous"):
                move(others[place - 1])
                st.rerun()
            if st.button("", icon=":material/skip_next:", help="Next clip of the list", key="desk.next"):
                move(others[(place + 1) % len(others)])
                st.rerun()
        if run.clips and st.button("Explain", icon=":material/lightbulb:", key="desk.explain"):
            state.clip = clip_picker.id_of(Dataset("", run.clips), run.clips[item.clip])
            st.switch_page("pages/explain.py")
        if st.button("", icon=":material/close:", help="Close", key="desk.close"):
            move(None)
            st.rerun()
    if run.clips:
        clip = run.clips[item.clip]
        about = [clip.name, f"group {clip.group}" if clip.group else "", f"tested in {item.split}"]
        st.caption(escape(" · ".join(plain(one, 60) for one in about if one)))


def _sound(run: Run, item: Prediction, names: Sequence[str], feature: int | None) -> None:
    """The clip with the feature that the evidence will be drawn on, or else one to look at."""
    clip, audio = run.clips[item.clip], run.experiment.audio
    drawn = FEATURES["mel"]() if feature is None else run.experiment.features[feature]
    shown = cache.feature_map(clip, drawn, audio)
    sound = clip_picker.track(clip, audio, title="The clip", note=names[item.true])
    panel = feature_panels.panel(shown, title=drawn.title)
    player("desk.sound", [sound], [panel], height=_HEIGHT, reveal=st.session_state.pop(REVEAL, ""))
    if feature is None:
        title = run.experiment.features[0].title
        st.caption(f"The numbers of the {title} have no place in time or pitch, so no evidence is drawn on them.")


def _evidence_for(run: Run, item: Prediction, number: int, feature: int, names: Sequence[str]) -> None:
    method = default_method(run)
    options: dict[str, Any] = {"feature_index": feature, "method": method, "split": item.split, "class_index": number}
    found: Explanation | None = model_client.wait(
        f"desk {number == item.true}", model_client.explain(run, run.clips[item.clip], **options)
    )
    if found is None:
        return
    role = "true" if number == item.true else "predicted"
    title = f"Evidence for {names[number]}"
    if found.empty:
        st.markdown(f"**{escape(title)}** ({role})")
        st.caption(escape(METHODS[method].nothing.format(names[number])))
        return
    heard = explanation.used_sound(found)
    sound = track(f"For {names[number]}", heard, len(found.y) / found.sr, f"{role} class")
    panel = feature_panels.panel(found.feature_map, title=title, heat=found.drawn)
    player(f"desk.evidence {role}", [sound], [panel], height=_HEIGHT)


def _bars(run: Run, item: Prediction, names: Sequence[str]) -> None:
    chart = plots.probability_chart(list(names), list(item.probabilities), most=5, true=names[item.true])
    st.vega_lite_chart(chart, key="desk.bars")


def _neighbours(run: Run, item: Prediction, names: Sequence[str]) -> None:
    """Training clips of both classes that the model takes for most like this one."""
    numbers = list(dict.fromkeys((item.true, item.predicted)))
    st.markdown("**The training clips most like it, where the model decides**")
    task = model_client.neighbours(run, item.clip, item.split, numbers, _NEAREST)
    found: list[list[tuple[int, float]]] | None = model_client.wait("desk neighbours", task)
    if found is None:
        return
    nearest = sorted(
        (distance, near, number) for number, of_class in zip(numbers, found, strict=True) for near, distance in of_class
    )
    lines = [
        (run.clips[near], names[number], f"distance {distance:.2f} · {run.clips[near].name}")
        for distance, near, number in nearest
    ]
    missing: list[Clip] = []
    clip_list.lines("desk.neighbours", run.experiment.audio, lines, height=36, action="", unread=missing)
    if missing:
        st.caption(f"{count(len(missing), 'more clip')} could not be read.")
    empty = [names[number] for number, of_class in zip(numbers, found, strict=True) if not of_class]
    if empty:
        st.caption(escape(f"No clip of {', '.join(empty)} is among the training clips of this split."))


def _decide(run: Run, item: Prediction, names: Sequence[str], verdicts: dict[int, Verdict]) -> None:
    """What is right? Every answer is noted in the run; a new version of the data set is made of all of them."""
    st.markdown("**What do you hear?**")
    known = verdicts.get(item.clip)
    turn = st.session_state.setdefault("desk.turn", 0)
    verdict = known
    predicted = run.classes[item.predicted]
    with st.container(horizontal=True, gap="small"):
        if item.true != item.predicted:
            if st.button(f"It is {names[item.predicted]}", icon=":material/label:", key="desk.relabel", help=_RELABEL):
                verdict = Verdict("relabel", predicted)
            if st.button("Both are right", icon=":material/join:", key="desk.both", help=_BOTH):
                verdict = Verdict("both", predicted)
        if st.button("Leave it out", icon=":material/block:", key="desk.exclude", help=_EXCLUDE):
            verdict = Verdict("exclude")
        if known is not None and st.button("Take it back", icon=":material/undo:", key="desk.undo"):
            verdict = None
    other = st.selectbox(
        "Another class",
        [n for n in range(len(names)) if n != item.true],
        index=None,
        format_func=lambda n: names[n],
        placeholder="It is of another class …",
        label_visibility="collapsed",
        key=f"desk.other {run.id} {item.clip} {turn}",
    )
    if other is not None:
        verdict = Verdict("relabel", run.classes[other])
    if verdict != known or other is not None:
        decide(run, item.clip, verdict)
        st.session_state["desk.turn"] = turn + 1
        st.rerun()
    if known is not None:
        st.caption(escape(f"Noted: {known.words()}. Your files stay as they are."))
