"""Record a few sounds of each class, train in seconds, and ask the model while making new ones."""

from __future__ import annotations

import streamlit as st

from audioclf.datasets.curation import checked_label
from audioclf.datasets.ingest import recorded
from audioclf.datasets.ingest.recorded import Example
from audioclf.embeddings import EMBEDDINGS
from audioclf.experiments.runs import Run
from audioclf.jobs import queue
from audioclf.similarity import small
from audioclf.ui.jobs import run_picker
from audioclf.ui.record import slots, trying
from audioclf.ui.shell import error_boundary, page_frame
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import escape

_RUN, _OF = "record.run", "record.of"


def draw() -> None:
    """Draw the page."""
    with page_frame.page(
        "Record", "Name two or three sounds, record a few of each, and train a model on them. It takes a minute."
    ) as state:
        run = run_picker.find(state, st.session_state.get(_RUN, ""))
        box = st.expander(
            "Record", icon=":material/mic:", expanded=run is None, key=f"record.box.{run is None}", on_change="rerun"
        )
        if box.open:
            with box:
                kind = _kind()
                slots.draw()
                _train(state, run, kind)
        if run is not None:
            trying.draw(state, run)


def _train(state: State, run: Run | None, kind: str) -> None:
    wrong = slots.problem()
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        pressed = st.button(
            "Train" if run is None else "Train again",
            type="primary",
            icon=":material/model_training:",
            disabled=bool(wrong),
            key="record.train",
        )
        st.markdown(escape(wrong) if wrong else _sentence())
    if not pressed:
        return
    with error_boundary.boundary("record"):
        labelled = [(checked_label(label), example) for label, slot in slots.used() for example in slot.examples]
        made = _submit(state, labelled, kind)
        st.session_state[_RUN] = made.id
        st.rerun()


def _submit(state: State, labelled: list[tuple[str, Example]], kind: str) -> Run:
    title = " and ".join(dict.fromkeys(label for label, _ in labelled))
    folder = recorded.keep(labelled, state.workspace, title)
    experiment, dataset = small.experiment_of(str(folder), kind)
    made = queue.submit(experiment, workspace=state.workspace, data_title=dataset.name)
    state.choose(str(folder))
    state.run = made.id
    return made


def _sentence() -> str:
    n = sum(slot.recordings for _, slot in slots.used())
    return f"{n} models are trained, each tested on the recording it has not heard." if n else ""


def _kind() -> str:
    """Draw what will be recorded, which decides what listens; with few clips nothing can be chosen by trying."""
    chosen = st.segmented_control(
        "What will you record?",
        list(small.LISTENERS),
        default=next(iter(small.LISTENERS)),
        required=True,
        key="record.kind",
        persist_state="session",
    )
    kind = small.LISTENERS[str(chosen)]
    model = EMBEDDINGS[kind]
    if not model().at_hand:
        st.info(
            f"{model.title} listens to sounds of every kind; its weights ({model.n_bytes / 1e6:.0f} MB) are not on this"
            " computer and are fetched once when you train. The one for spoken words is here already.",
            icon=":material/download:",
        )
    return kind
