"""What is suggested for the chosen data and why, with the other ways one click away."""

from __future__ import annotations

import streamlit as st

from audioclf.datasets import Dataset
from audioclf.embeddings import EMBEDDINGS
from audioclf.experiments.config import Experiment
from audioclf.features import FEATURES
from audioclf.similarity import choice
from audioclf.ui.forms import embedding_choice, experiment_draft
from audioclf.ui.shell import error_boundary
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import escape

_TAKEN, _WANTED = "suggestion.taken", "suggestion.wanted"


def draw(state: State, dataset: Dataset) -> None:
    """Draw the line; nothing where no embedding is suggested for such data."""
    if experiment_draft.recipe_of(state.data) or not embedding_choice.fits(dataset) or len(dataset.classes) < 2:
        return
    kind = st.session_state.get("train.feature.0")  # as the forms hold it, which were filled in before
    if (missing := embedding_choice.missing()) and not st.session_state.get(_WANTED):
        _without_weights(state, dataset, missing)
        return
    task = embedding_choice.task(dataset, experiment_draft.split_of(dataset))
    if not task.finished:
        error_boundary.until(lambda: task.finished, lambda: _comparing(*task.at), every=1.0)
    elif task.error is None and st.session_state.get(_TAKEN) != task.key:
        # once, and never over what the user has changed meanwhile
        st.session_state[_TAKEN] = task.key
        best = task.result.best
        if best is not None and kind == embedding_choice.FIRST and best.kind != embedding_choice.FIRST:
            experiment_draft.take(state, experiment_draft.suggestion(state.data, state.options, dataset))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _words(dataset)
        found = embedding_choice.found(dataset)
        able = found is None or found.best is not None
        if kind in EMBEDDINGS:
            if st.button("Use the compact CNN", icon=":material/swap_horiz:", key="suggestion.cnn"):
                experiment_draft.take(state, experiment_draft.from_scratch(state.data, state.options, dataset))
        elif able and st.button("Use the embedding", icon=":material/swap_horiz:", key="suggestion.embedding"):
            experiment_draft.take(state, experiment_draft.suggestion(state.data, state.options, dataset))


def _comparing(done: int, total: int) -> None:
    share = f" ({done / total:.0%})" if total else ""
    st.caption(f":material/compare: Comparing embeddings on some training clips{share} …")


def _words(dataset: Dataset) -> None:
    found = embedding_choice.found(dataset)
    best = None if found is None else found.best
    if found is None:
        words = (
            "Suggested for a data set of this size: a pretrained network listens, and a linear head learns from what"
            " it gives."
        )
    elif best is None:
        words = f"No embedding could be computed, so the compact CNN is suggested. {found.sentence}"
    else:
        words = f"Suggested: the {best.title}. {found.sentence}"
    st.caption(f":material/lightbulb: {escape(words)} {escape(choice.overlap(dataset))}", width="stretch")


def _without_weights(state: State, dataset: Dataset, missing: tuple[str, ...]) -> None:
    """The choice where YAMNet's weights are not here: nothing is fetched, and nothing else taken, unasked."""
    model = EMBEDDINGS[missing[0]]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(
            f":material/lightbulb: A pretrained network would mostly do better on so few clips, but the weights of"
            f" {escape(model.title)} ({model.n_bytes / 1e6:.0f} MB) are not on this computer, so the compact CNN is"
            " filled in.",
            width="stretch",
        )
        if st.button(f"Fetch {model.title} and compare", icon=":material/download:", key="suggestion.fetch"):
            st.session_state[_WANTED] = True
            experiment_draft.take(state, _embedded(state, dataset, missing[0]))
        for kind in EMBEDDINGS:
            if kind not in missing and st.button(f"Use the {FEATURES[kind].title.lower()}", key=f"suggestion.{kind}"):
                experiment_draft.take(state, _embedded(state, dataset, kind))


def _embedded(state: State, dataset: Dataset, kind: str) -> Experiment:
    return experiment_draft.embedded(state.data, state.options, dataset, choice.Candidate(kind))
