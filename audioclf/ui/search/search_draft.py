"""What the Search page's form holds, kept in the session's draft: it outlives a reload of the page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from audioclf import recipes
from audioclf.core.errors import AudioclfError
from audioclf.experiments.config import Experiment
from audioclf.tuning import Search
from audioclf.ui.forms import drafts
from audioclf.ui.shell import current_dataset
from audioclf.ui.shell.state import State

TRAIN = "train"
"""Stands for what is set on the Train page where a recipe's name would."""

_FORM = "search"


def begin(state: State) -> None:
    """Choose what was searched over before the page was loaded again, once for a data set."""
    session, about = st.session_state, current_dataset.key(state.data, state.options)
    if session.get("search.data") == about:
        return
    session["search.data"] = about
    kept = drafts.form(state, _FORM)
    session["search.kept"] = kept.get("search")
    if not kept:
        return
    session["search.base"] = kept["base"] if kept.get("base") in recipes.names() else TRAIN
    session["search.name"] = str(kept.get("name", ""))
    session.pop("search.about", None)


def taken(experiment: Experiment) -> Search | None:
    """The search that was kept, over this experiment; None where there is none, or it does not go with it."""
    kept: Any = st.session_state.pop("search.kept", None)
    if not kept:
        return None
    try:
        return Search.from_dict({**experiment.to_dict(), "search": kept})
    except AudioclfError:  # the Train page or another version has changed what can be varied
        return None


def keep(state: State, search: Search) -> None:
    """Keep what the form holds."""
    session = st.session_state
    holds = {"base": session["search.base"], "name": session["search.name"], "search": search.to_dict()["search"]}
    drafts.keep_form(state, _FORM, holds)
