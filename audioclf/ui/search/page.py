"""Which settings are best? Several values of anything, and the validation clips choose."""

from __future__ import annotations

import streamlit as st

from audioclf.ui.search import leaderboard, search_form, studies_view
from audioclf.ui.shell import current_dataset, page_frame


def draw() -> None:
    """Draw the page."""
    with page_frame.page(
        "Search", "Which settings are best? Name some values to try; the validation clips choose between them."
    ) as state:
        made = leaderboard.current(state)
        if made is None and state.search:
            leaderboard.require_another(state)
        if made is not None and not state.data:
            chosen = made.search.experiment.dataset
            state.choose(chosen.name, chosen.options)
        dataset = current_dataset.require(state)
        if made is not None:
            leaderboard.show(state, made)
        st.subheader("A new search", anchor=False)
        search_form.form(state, dataset, again=made is not None and not made.status.ended)
        search_form.earlier(state)
        studies_view.draw(state, dataset)
