"""The Classify page: sounds in, probabilities out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from audioclf import plots
from audioclf.core.errors import AudioclfError, AudioError
from audioclf.experiments.runs import Run
from audioclf.inference.predictor import Classification
from audioclf.ui.classify import recordings
from audioclf.ui.inference import explanation, hearing, model_client, similar, sound_picker
from audioclf.ui.inference.sound_picker import Subject
from audioclf.ui.jobs import run_picker
from audioclf.ui.shell import error_boundary, page_frame, warmup
from audioclf.ui.shell.state import State
from audioclf.ui.shell.switch import switch
from audioclf.ui.shell.table import one_row, share
from audioclf.ui.shell.text import count, distinct, escape, plain
from audioclf.ui.sound import cache, clip_picker, feature_panels
from audioclf.ui.sound.player import player, track

EXAMPLE, FILES, MICROPHONE, RECORDINGS = "An example", "Files", "Microphone", "Recordings and folders"
MOST = 50
_UNSURE = 0.5


def draw() -> None:
    """Draw the page."""
    with page_frame.page("Classify", "Give the model a new sound: your voice, a file, or an example.") as state:
        if not _recordings():
            model_client.warm()
        run, chosen = choose(state)
        answer(run, chosen)


def _recordings() -> bool:
    """Whether the page is about scans, which have processes of their own."""
    chosen = st.session_state.get("classify.source")
    return chosen == RECORDINGS if chosen else recordings.ADDRESS in st.query_params


def choose(state: State) -> tuple[Run, list[Subject]]:
    """Draw the choice of a model and of sounds; the page ends here while there are none."""
    first = RECORDINGS if _recordings() else EXAMPLE
    left, right = st.columns([4, 5], vertical_alignment="bottom")
    with left:
        run = run_picker.pick(state, with_starter=True)
    with right:
        source = switch("Sound", [EXAMPLE, FILES, MICROPHONE, RECORDINGS], "classify.source", default=first)
    known = ", ".join(plain(label, 32) for label in run.classes[:12]) + (" …" if len(run.classes) > 12 else "")
    st.caption(escape(f"The model knows {count(len(run.classes), 'class', 'classes')}: {known}"))
    if source == RECORDINGS:
        recordings.draw(state, run)
        st.stop()
    if source == EXAMPLE:
        return run, [sound_picker.known(state, run)]
    found = _files() if source == FILES else _recorded()
    if not found:
        st.stop()
    return run, found


def _files() -> list[Subject]:
    brought = st.file_uploader(
        "Sound files (wav, flac, ogg, opus, mp3, m4a, aiff …)", accept_multiple_files=True, key="classify.files"
    )
    found = []
    for file in brought[:MOST]:
        try:
            found.append(Subject(clip_picker.take(file, file.name)))
        except AudioclfError as error:
            error_boundary.show_error(AudioError(f"{plain(file.name, 60)}: {error}"))
    if len(brought) > MOST:
        st.caption(f"Only the first {MOST} files are used here; {RECORDINGS} takes any number.")
    return found


def _recorded() -> list[Subject]:
    recorded = st.audio_input("Press the microphone and make a sound", key="classify.record")
    return [] if recorded is None else [Subject(clip_picker.take(recorded, "Your recording"))]


def answer(run: Run, chosen: Sequence[Subject]) -> None:
    """Draw what the model predicts for every sound, and all about one of them."""
    task = model_client.classify(run, [(subject.clip, subject.split) for subject in chosen])
    found = model_client.wait("classify", task)
    if found is None:
        return
    good: list[tuple[Subject, Classification]] = []
    for subject, predicted in zip(chosen, found, strict=True):
        if isinstance(predicted, Classification):
            good.append((subject, predicted))
        else:
            error_boundary.show_error(AudioError(f"{plain(subject.clip.label, 60)}: {predicted}"))
    if len(good) < len(found) and st.button("Try again", icon=":material/refresh:", key="classify.again"):
        model_client.again("classify", task)
    if good:
        warmup.until_ready()
        _one(run, *(good[0] if len(good) == 1 else good[_table(run, good)]))


def _table(run: Run, good: Sequence[tuple[Subject, Classification]]) -> int:
    """All answers in a table; returns which one was clicked."""
    import pandas as pd

    best = [int(predicted.probabilities.argmax()) for _, predicted in good]
    row = one_row(
        pd.DataFrame(
            {
                "sound": [plain(subject.clip.label, 80) for subject, _ in good],
                "prediction": [plain(run.classes[number], 60) for number in best],
                "probability": [
                    100 * float(predicted.probabilities[number])
                    for number, (_, predicted) in zip(best, good, strict=True)
                ],
                "seconds": [subject.clip.seconds for subject, _ in good],
                "remarks": [" ".join(remark.sentence for remark in predicted.remarks) for _, predicted in good],
            }
        ),
        "classify.table",
        column_config={"probability": share(), "seconds": st.column_config.NumberColumn(format="%.2f")},
    )
    st.caption("Click a row to see more about that sound.")
    return row or 0


def _one(run: Run, subject: Subject, predicted: Classification) -> None:
    left, right = st.columns([2, 3], gap="large")
    best = int(predicted.probabilities.argmax())
    starts = [window.start for window in predicted.windows]
    rows = np.stack([window.probabilities for window in predicted.windows])
    with left:
        with st.container(gap=None):
            st.caption("The model predicted")
            st.title(escape(run.classes[best], 40), anchor=False)
        if subject.true in run.classes:
            right_one = subject.true == run.classes[best]
            st.markdown(
                "That is correct. :green[:material/check_circle:]"
                if right_one
                else f"The true class is **{escape(subject.true, 60)}**. :red[:material/cancel:]"
            )
        if len(set(rows.argmax(axis=1).tolist())) > 1:
            st.caption("Different parts of the sound were classified differently; see below.")
        elif predicted.probabilities[best] < _UNSURE:
            st.caption("The model is not sure: none of its classes fits well.")
        for remark in predicted.remarks:
            st.warning(escape(remark.sentence, 400), icon=":material/hearing:")
        explanation.bars(run, predicted.probabilities, subject.true, key="classify.bars")
    with right:
        _picture(run, subject)
    hearing.toggle(subject.clip, "classify.hear")
    similar.of_run(run, subject.clip, "classify.near")
    length = float(run.signature["duration"])
    start = 0.0
    if len(starts) > 1:
        st.subheader("Along the sound", anchor=False)
        names = distinct(plain(label, 32) for label in run.classes)
        theme = st.context.theme.type or "light"
        st.vega_lite_chart(plots.windows_chart(starts, length, names, rows, theme=theme), key="along")
        start = st.select_slider(
            "Window to explain (start in s)",
            starts,
            value=starts[int(rows[:, best].argmax())],
            format_func=lambda value: f"{value:.2f}",
            key=f"classify.window {subject.clip.key}",
        )
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.subheader("Why?", anchor=False)
        how, which = st.container(), st.container()
    with right:
        found = explanation.ask(run, subject, how, which, start=start)
        if found is not None:
            found.draw()
    if found is not None:
        left.caption(escape(explanation.EXPLAINED[found.found.method]))


def _picture(run: Run, subject: Subject) -> None:
    """The whole sound with the picture the model looks at."""
    found = model_client.wait("classify.sound", model_client.show(run, subject.clip))
    if found is None:
        return
    shown, y, sr = found
    note = clip_picker.facts(subject.clip)
    sound = track(subject.clip.label, cache.playable(y, sr), len(y) / sr, note)
    panel = feature_panels.panel(shown, title=run.experiment.features[0].title)
    player("classify", [sound], [panel], height=300)
