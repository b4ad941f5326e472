"""The model of one's recordings: how good it is, and what it hears in a new sound."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from audioclf.core.errors import AudioclfError
from audioclf.datasets import Clip
from audioclf.datasets.ingest import recorded
from audioclf.experiments.runs import Run
from audioclf.inference.predictor import Classification
from audioclf.jobs import queue
from audioclf.training.intervals import interval_words
from audioclf.ui.inference import explanation, model_client
from audioclf.ui.jobs import follow
from audioclf.ui.record import live
from audioclf.ui.shell import current_dataset, error_boundary, page_frame, warmup
from audioclf.ui.shell.state import State
from audioclf.ui.shell.switch import switch
from audioclf.ui.shell.text import count, escape
from audioclf.ui.sound import clip_picker

_UNSURE = 0.5
ONCE, LIVE = "A recording", "Live"

_LINKS = {
    "pages/explore.py": "what it is given",
    "pages/results.py": "how good it is, clip by clip",
    "pages/explain.py": "why it decides so",
}


def draw(state: State, run: Run) -> None:
    """Draw how far the training is, and once it is done the microphone and the answer."""
    current_dataset.load(state)  # the links below lead to its clips
    if not run.status.ended:
        error_boundary.until(lambda: run.status.ended, lambda: _progress(run), every=0.4)
        return
    if run.status.state != "done":
        st.error(escape(run.status.message or "The training did not come to its end."), icon=":material/error:")
        follow.buttons(run, run.status, "record")
        return
    left, right = st.columns([2, 3], gap="large")
    with left, st.container(border=True):
        st.subheader(":material/hearing: Now make a sound", anchor=False)
        way = switch("How to listen", [ONCE, LIVE], "record.way")
        heard = None
        if way == ONCE:
            heard = st.audio_input("Press, make a sound, press again", key=f"record.try.{run.id}")
        st.caption(
            "It knows " + ", ".join(escape(label, 32) for label in run.classes) + ", and should notice anything else."
        )
        _honest(run)
    with right:
        if way == LIVE:
            _warm(run)
            with st.container(border=True):
                live.draw(run)
        elif heard is None:
            _warm(run)
            st.info("Record a sound on the left: the answer comes at once.", icon=":material/west:")
        else:
            _answer(run, heard.getvalue())
    _links(state)


def _progress(run: Run) -> None:
    status = run.status
    waits = status.state == "queued"
    text = "Waiting for another training to end" if waits else status.message or "Starting"
    st.progress(min(max(status.fraction, 0.0), 1.0), text=escape(text))
    if st.button("Stop", icon=":material/stop_circle:", key="record.stop"):
        queue.stop(run)


def _honest(run: Run) -> None:
    metrics = run.metrics
    low, high = metrics["interval"]
    right = round(metrics["accuracy"] * metrics["n_test"])
    st.markdown(
        f"**{right} of {count(metrics['n_test'], 'example')}** were recognized by models that had not heard that"
        f" recording: {metrics['accuracy']:.0%}. With so few, the true share may be anything from {low:.0%} to"
        f" {high:.0%}.",
        help=escape(f"95 % interval. {interval_words(metrics)}".strip()),
    )
    for remark in metrics.get("remarks", ()):
        st.caption(escape(remark))


def _warm(run: Run) -> None:
    """Have the models loaded before the first question."""
    if run.clips:
        model_client.classify(run, [(run.clips[0], None)])


def _answer(run: Run, data: bytes) -> None:
    try:
        found = recorded.examples(data, "")
    except AudioclfError as error:
        error_boundary.show_error(error)
        return
    sounds = [clip_picker.keep(one.sound, f"Sound {number}") for number, one in enumerate(found[:12], start=1)]
    task = model_client.classify(run, [(clip, None) for clip in sounds])
    asked = model_client.wait("record.answer", task)
    if asked is None:
        return
    warmup.until_ready()
    good = [(clip, one) for clip, one in zip(sounds, asked, strict=True) if isinstance(one, Classification)]
    for one in asked:
        if isinstance(one, AudioclfError):
            error_boundary.show_error(one)
    if good:
        _show(run, good)


def _show(run: Run, good: Sequence[tuple[Clip, Classification]]) -> None:
    with st.container(border=True):
        st.caption("It heard" if len(good) == 1 else f"It heard {len(good)} sounds, one after the other")
        words = [escape(live.word(answer), 40) for _, answer in good]
        st.title(" · ".join(words[:6]) + (" …" if len(words) > 6 else ""), anchor=False)
        chosen = 0
        if len(good) > 1:
            chosen = st.segmented_control(
                "Sound",
                range(len(good)),
                default=0,
                required=True,
                format_func=lambda number: f"{number + 1}",
                key="record.which",
            )
        _, answer = good[min(int(chosen), len(good) - 1)]
        best = float(answer.probabilities.max())
        if live.is_unknown(answer):
            st.markdown(
                f"Nearest is **{escape(answer.label, 40)}**, but the sound lies {answer.novelty:.1f} times as far from"
                " the examples as these lie from each other."
            )
        elif best < _UNSURE:
            st.caption("The model is not sure: none of its classes fits well.")
        for remark in answer.remarks:
            if remark.kind not in ("unknown", "short"):
                st.warning(escape(remark.sentence, 400), icon=":material/hearing:")
        explanation.bars(run, answer.probabilities, key="record.bars")


def _links(state: State) -> None:
    st.markdown("**See how it did that**")
    query = state.query()
    entries = {entry.file: entry for group in page_frame.GROUPS.values() for entry in group}
    with st.container(horizontal=True, gap="medium"):
        for file, words in _LINKS.items():
            entry = entries[file]
            page_frame.link(entry, f"**{entry.title}**: {words}", query)
