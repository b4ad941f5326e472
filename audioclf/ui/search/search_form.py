"""The Search page's form: what to search over, which values to try, and what that comes to."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any

import streamlit as st

from audioclf import recipes
from audioclf.core.errors import ParameterError
from audioclf.core.params import check
from audioclf.datasets import Dataset
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.jobs import queue
from audioclf.models.trust import require_allowed
from audioclf.tuning import METRICS, MOST_POINTS, PRUNERS, Range, Search, Variable, read_values, spelled, variables
from audioclf.ui.forms import experiment_draft
from audioclf.ui.jobs import run_picker
from audioclf.ui.search import forecast, search_draft
from audioclf.ui.search.search_draft import TRAIN
from audioclf.ui.shell import warmup
from audioclf.ui.shell.glossary import explain, plain_name
from audioclf.ui.shell.state import State
from audioclf.ui.shell.table import clicked_row
from audioclf.ui.shell.text import count, distinct, escape, plain

VALIDATION = 0.2
"""Share of the training clips that is kept for validation where the experiment keeps none."""

_FIRST = ("feature.n_mels", "feature.n_mfcc", "feature.n_bins", "feature.n_fft", "training.learning_rate")
_SAMPLERS = {"grid": "All combinations", "random": "At random", "tpe": plain_name("TPE")}
_FIGURES = {"val_loss": "error", "val_accuracy": "accuracy"}
_USUAL = {"sampler": "grid", "pruner": "none", "n_points": 10, "metric": "val_loss", "share": 1.0}


def form(state: State, dataset: Dataset, *, again: bool) -> None:
    """Draw the form and the button; a press makes the job, the next one where a search is under way (``again``)."""
    search_draft.begin(state)
    experiment = _base(state, dataset)
    left, right = st.columns([3, 2], gap="large")
    with left:
        grid = _values(experiment)
    with right:
        about = _about(grid or {})
        search, wrong = _made(experiment, grid, about)
        expected = None
        if search is not None and warmup.ready():
            try:
                expected = forecast.forecast(state, search, dataset)
            except ParameterError as error:
                wrong = str(error)
        if search is not None:
            search_draft.keep(state, search)
            forecast.summary(search, expected)
        if wrong:
            st.error(escape(wrong), icon=":material/error:")
        pressed = st.button(
            "Search another" if again else "Start search",
            type="secondary" if again else "primary",
            icon=":material/play_arrow:",
            width="stretch",
            disabled=search is None or bool(wrong),
            key="search.go",
        )
        if search is not None and not wrong and expected is None:
            warmup.until_ready()
            if not pressed:
                st.rerun()
    if pressed and search is not None:
        search.examine(dataset)
        name = st.session_state["search.name"].strip()
        state.search = queue.submit_search(search, workspace=state.workspace, name=name).id
        st.rerun()


def _base(state: State, dataset: Dataset) -> Experiment:
    """Draw the choice of what all points share; fills in a recipe's own search."""
    names = [TRAIN, *recipes.names()]
    titles = distinct(["What is set on the Train page", *(plain(recipes.get(name).title) for name in names[1:])])
    details = dict(zip(names, titles, strict=True))
    left, right = st.columns([5, 3], vertical_alignment="bottom")
    with left:
        base = st.selectbox(
            "Search over", names, format_func=details.__getitem__, key="search.base", persist_state="session"
        )
    with right:
        st.text_input(
            "Name of the search",
            placeholder="made from the model and what is varied",
            key="search.name",
            persist_state="session",
        )
    if base == TRAIN:
        experiment = experiment_draft.current(state, dataset)
    else:
        recipe = recipes.get(base)
        experiment = recipe.experiment.replace(dataset=DatasetChoice(state.data, dict(state.options)))
        if recipe.note:
            st.caption(escape(recipe.note))
    kept = experiment.split.validation_size
    if not kept:
        experiment = experiment.with_settings({"split.validation_size": VALIDATION})
    features = " and ".join(dict.fromkeys(feature.title for feature in experiment.features))
    st.caption(
        escape(
            f"{experiment.model.title} on the {features} of {dataset.name}, {count(len(dataset), 'clip')}."
            + (f" {kept:.0%} of the training clips are kept for validation, to choose by." if kept else "")
            + (f" It has no validation clips, so {VALIDATION:.0%} are taken here to choose by." if not kept else "")
        )
    )
    about = f"{base} {experiment.model.kind} {[feature.kind for feature in experiment.features]}"
    if st.session_state.get("search.about") != about:
        st.session_state["search.about"] = about
        _begin(experiment, search_draft.taken(experiment) or (recipes.get(base).search if base != TRAIN else None))
    return experiment


def _begin(experiment: Experiment, own: Search | None) -> None:
    """Fill in what a recipe searches, or a parameter or two to begin with."""
    session = st.session_state
    if own is not None:
        grid: Mapping[str, Any] = own.grid
        for name, usual in _USUAL.items():
            session[f"search.{name}"] = getattr(own, name) or usual
    else:
        known = variables(experiment)
        named = [name for name in _FIRST if name in known]
        if experiment.model.family == "classical":
            named = [name for name in named if name != "training.learning_rate"]
        of_model = [name for name in known if name.startswith("model.") and name != "model.kind"]
        chosen = [*named[:1], *(name for name in named[1:] if name.startswith("training."))]
        chosen = chosen or of_model[:1] or list(known)[:1]
        grid = {name: suggested(known[name]) for name in chosen}
    session["search.names"] = list(grid)
    for name, values in grid.items():
        session[f"search.values.{name}"] = typed(values)


def suggested(variable: Variable) -> tuple[Any, ...]:
    """Values to begin with: half, the same and double of a number, otherwise all choices."""
    value, about = variable.value, variable.about
    if about.choices and typing.get_origin(variable.annotation) is not tuple:
        return tuple(about.choices[:6])
    if isinstance(value, bool):
        return (False, True)
    if variable.number is None or not value:
        return (value,) if value is not None else ()
    found = []
    for factor in (0.5, 1, 2):
        number = value * factor
        number = int(number) if variable.number is int else float(f"{number:.3g}")
        try:
            check(number, about, variable.name)
        except ParameterError:
            continue
        if number not in found:
            found.append(number)
    return tuple(found)


def typed(values: tuple[Any, ...] | Range) -> str:
    """Values as they stand in their field; :func:`audioclf.tuning.read_values` reads them back."""
    if isinstance(values, Range):
        return str(values)
    if any(isinstance(value, list) for value in values):
        import tomli_w

        return tomli_w.dumps({"v": list(values)}, multiline_strings=False).split("=", 1)[1].strip()[1:-1].strip()
    return ", ".join(spelled(value) for value in values)


def _values(experiment: Experiment) -> dict[str, Any] | None:
    """Draw which parameters are varied and a field of values for each; None while a field cannot be read."""
    known = variables(experiment)
    session = st.session_state
    session["search.names"] = [name for name in session.get("search.names", []) if name in known]
    names = st.multiselect(
        "Parameters to vary",
        list(known),
        format_func=lambda name: plain(f"{name}  (now {_now(known[name])})", 90),
        key="search.names",
        persist_state="session",
        placeholder="any of any stage: feature.n_fft, model.kind, training.learning_rate …",
    )
    grid: dict[str, Any] = {}
    good = True
    for first in range(0, len(names), 2):
        for column, name in zip(st.columns(2), names[first : first + 2], strict=False):
            with column:
                variable = known[name]
                if f"search.values.{name}" not in session:
                    session[f"search.values.{name}"] = typed(suggested(variable))
                text = st.text_input(
                    escape(f"{name} ({variable.about.unit})" if variable.about.unit else name),
                    key=f"search.values.{name}",
                    persist_state="session",
                    placeholder="values, separated by commas",
                    help=escape(f"{variable.about.help} {_allowed(variable)}Now {_now(variable)}."),
                )
                try:
                    grid[name] = read_values(text)
                    if not grid[name]:
                        raise ParameterError(f"{name} has no value to try; list some.")
                    Search(experiment, {name: grid[name]}, sampler="random", n_points=1)
                except ParameterError as error:
                    good = False
                    st.error(escape(error))
    if not names:
        st.info("Choose at least one parameter.", icon=":material/tune:")
    else:
        st.caption("A list such as 1024, 2048; or, to draw at random, a range such as 0.0001:0.01 or 0.0001:0.01:log.")
    return grid if good and names else None


def _now(variable: Variable) -> str:
    value = variable.value
    if value is None:
        return "automatic"
    return spelled(list(value) if isinstance(value, tuple) else value)


def _allowed(variable: Variable) -> str:
    about = variable.about
    if about.choices:
        return f"One of {', '.join(map(str, about.choices))}. "
    low = (
        f"above {about.above:g}" if about.above is not None else f"from {about.low:g}" if about.low is not None else ""
    )
    high = f"to {about.high:g}" if about.high is not None else ""
    limits = " ".join(part for part in (low, high) if part)
    return f"{limits.capitalize()}{f' {about.unit}' if about.unit else ''}. " if limits else ""


def _about(grid: Mapping[str, Any]) -> dict[str, Any]:
    """Draw how points are made and judged."""
    session = st.session_state
    for name, usual in _USUAL.items():
        session.setdefault(f"search.{name}", usual)
    if session["search.sampler"] == "grid" and any(isinstance(values, Range) for values in grid.values()):
        session["search.sampler"] = "random"
    sampler = st.segmented_control(
        "Points",
        list(_SAMPLERS),
        format_func=_SAMPLERS.__getitem__,
        required=True,
        key="search.sampler",
        help=explain("TPE"),
        persist_state="session",
    )
    described = Search.describe()
    columns = st.columns([2, 1.2, 1.2] if sampler == "grid" else [2, 1.2, 1.2, 1.2])
    with columns[0]:
        metric = st.selectbox(
            "Chosen by",
            list(METRICS),
            format_func=lambda name: f"{METRICS[name]} {_FIGURES[name]}",
            key="search.metric",
            help=explain("loss", "validation", note="val_loss and val_accuracy. The test clips are not used."),
            persist_state="session",
        )
    with columns[1]:
        share = st.number_input(
            "share",
            min_value=0.01,
            max_value=1.0,
            step=0.1,
            key="search.share",
            help=escape(f"{described['share'][1].help} The chosen settings can then be trained on all."),
            persist_state="session",
        )
    with columns[2]:
        pruner = st.selectbox(
            "pruner", PRUNERS, key="search.pruner", help=escape(described["pruner"][1].help), persist_state="session"
        )
    about: dict[str, Any] = {"sampler": sampler, "metric": metric, "share": share, "pruner": pruner}
    if sampler != "grid":
        with columns[3]:
            about["n_points"] = st.number_input(
                "n_points",
                min_value=1,
                max_value=MOST_POINTS,
                key="search.n_points",
                help="How many points are drawn.",
                persist_state="session",
            )
    return about


def _made(experiment: Experiment, grid: dict[str, Any] | None, about: Mapping[str, Any]) -> tuple[Search | None, str]:
    """The search, or why there is none; a field that cannot be read shows its own sentence."""
    if grid is None:
        return None, ""
    try:
        search = Search(experiment, grid, **about)
        for point in search.preview:
            require_allowed(point.experiment.model)  # before anything of it is looked at
    except ParameterError as error:
        return None, str(error)
    return search, ""


def earlier(state: State) -> None:
    """Draw the list of searches; a click on one chooses it."""
    import pandas as pd

    found = run_picker.searches(state)[:50]
    if not found:
        return
    st.subheader("Searches", anchor=False)
    rows = [
        {
            "search": plain(made.name, 80),
            "state": run_picker.word(made.status.state),
            "": plain(made.status.message, 120),
            "made": run_picker.ago(float(made.about["created"])),
        }
        for made in found
    ]
    picked = clicked_row(pd.DataFrame(rows), "searches")
    if picked is not None:
        state.search = found[picked].id
        st.rerun()
