"""The Train page: one button to begin, what will be trained, and the experiment as TOML."""

from __future__ import annotations

import math
import tomllib

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from audioclf import recipes
from audioclf.core import forkserver
from audioclf.core.errors import ParameterError
from audioclf.datasets import Dataset
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.estimate import Estimate
from audioclf.experiments.preflight import Plan, examine
from audioclf.jobs import queue
from audioclf.models.trust import require_allowed
from audioclf.ui.forms import experiment_draft
from audioclf.ui.jobs import health, run_picker, time_estimate, training_progress
from audioclf.ui.shell import current_dataset, error_boundary, page_frame, warmup
from audioclf.ui.shell.state import State
from audioclf.ui.shell.table import height
from audioclf.ui.shell.text import count, distinct, escape, plain, seconds
from audioclf.ui.train import experiment_form, own_feature, suggestion_line
from audioclf.ui.train.experiment_form import Sheet


def draw() -> None:
    """Draw the page."""
    with page_frame.page(
        "Train", "Teach a model to tell the classes apart: press Start, or change something first."
    ) as state:
        run = training_progress.current(state)
        if run is None and state.run not in ("", run_picker.STARTER):
            run_picker.require_another(state)
        active = run is not None and not run.status.ended
        if run is not None and active:
            training_progress.show(run)
        if run is not None and not state.data:
            state.choose(run.experiment.dataset.name, run.experiment.dataset.options)
        dataset = current_dataset.require(state)
        forkserver.warm()
        top = st.container(border=True)
        health.line(state, dataset)
        if run is not None and not active:
            training_progress.show(run)
        st.subheader("Settings", anchor=False)
        filled, beside = settings(state, dataset)
        start(state, dataset, filled, top, beside, again=active)
        text = st.expander("The experiment as text (TOML)", icon=":material/code:", key="train.text", on_change="rerun")
        if text.open:
            with text:
                as_toml(state, filled)
        run_picker.recent(state)


def settings(state: State, dataset: Dataset) -> tuple[Sheet, DeltaGenerator]:
    """Draw everything that can be changed; returns what it holds, and a place for what comes of it."""
    experiment_draft.begin(state, dataset)
    if lost := experiment_draft.unusable():
        st.warning(escape(lost), icon=":material/info:")
    _beginning(state, dataset)
    suggestion_line.draw(state, dataset)
    left, right = st.columns([3, 2], gap="large")
    with left:
        filled = experiment_form.draw(state, dataset)
    return filled, right


def start(
    state: State, dataset: Dataset, filled: Sheet, place: DeltaGenerator, beside: DeltaGenerator, *, again: bool
) -> None:
    """Draw the button with a sentence about what it will do in ``place``, and shapes, counts and layers ``beside``.

    A press makes the job: the next one, where a training is under way (``again``).
    """
    experiment = filled.experiment
    if experiment is not None:
        dataset = experiment.dataset.part(dataset)
    plan: Plan | None = None
    expected: Estimate | None = None
    if experiment is not None and warmup.ready():
        try:
            plan = _examined(experiment, dataset)
            expected = time_estimate.estimated(state, experiment, plan)
        except ParameterError as error:
            filled.show_error(error)
    wrong = filled.problem
    with place:
        text, button = st.columns([3, 1], gap="medium", vertical_alignment="center")
        with text:
            st.markdown(_sentence(experiment, dataset, plan, expected))
            if wrong:
                st.error(escape(wrong), icon=":material/error:")
                if filled.place("model") is None:
                    own_feature.offer(state, experiment)
        pressed = button.button(
            "Train another" if again else "Start training",
            type="secondary" if again else "primary",
            icon=":material/play_arrow:",
            width="stretch",
            disabled=bool(wrong),
            key="train.go",
        )
    with beside:
        if plan is not None and experiment is not None:
            summary(experiment, plan)
            time_estimate.draw(experiment, expected)
            layers(experiment, plan)
        elif not wrong:
            warmup.until_ready()
            if not pressed:
                st.rerun()
    if pressed and experiment is not None:
        _examined(experiment, dataset)
        made = queue.submit(experiment, workspace=state.workspace, name=experiment.name, data_title=dataset.name)
        state.run = made.id
        st.rerun()


def _examined(experiment: Experiment, dataset: Dataset) -> Plan:
    """What the experiment comes to; kept, since every click on the page asks."""
    require_allowed(experiment.model)
    return _plan(experiment.to_toml(), dataset.fingerprint, experiment, dataset)


@st.cache_resource(max_entries=256, show_spinner=False)
def _plan(toml: str, fingerprint: str, _experiment: Experiment, _dataset: Dataset) -> Plan:
    return examine(_experiment, _dataset)


def _beginning(state: State, dataset: Dataset) -> None:
    """Draw the choice of a recipe to begin with, and the run's name."""
    left, middle, right = st.columns([4, 1.4, 3], vertical_alignment="bottom")
    with left:
        names = [experiment_draft.SUGGESTED, *recipes.names()]
        titles = distinct(["Our suggestion for these sounds", *(plain(recipes.get(name).title) for name in names[1:])])
        known = dict(zip(names, titles, strict=True))
        chosen = st.selectbox(
            "Start from", names, format_func=known.__getitem__, key="train.start", persist_state="session"
        )
    with middle:
        if st.button(
            "Fill in", icon=":material/edit_note:", width="stretch", help="Put these settings into the form below."
        ):
            experiment_draft.take(state, experiment_draft.start_from(state, chosen, dataset))
    with right:
        st.text_input(
            "Name of the run",
            placeholder="made from data, features and model",
            key="train.name",
            persist_state="session",
        )
    if chosen != experiment_draft.SUGGESTED and recipes.get(chosen).note:
        st.caption(escape(recipes.get(chosen).note))


def _sentence(experiment: Experiment | None, dataset: Dataset, plan: Plan | None, expected: Estimate | None) -> str:
    """What the button will do, in words."""
    classes = count(len(dataset.classes), "class", "classes")
    what = f"**{escape(dataset.name)}**: {count(len(dataset), 'clip')} of {classes}."
    if experiment is None:
        return what
    pictures = " and ".join(dict.fromkeys(f"**{escape(feature.title)}**" for feature in experiment.features))
    words = [what, f"The model is given the {pictures} of every clip. It is a **{escape(experiment.model.title)}**"]
    if plan is not None and plan.n_parameters:
        words[-1] += f" with {count(plan.n_parameters, 'weight')}"
    if plan is not None:
        first = plan.splits[0]
        dealt = ("copy", "copies") if experiment.copies.before_split else ("clip", "clips")
        tested = " it has not seen before."
        if experiment.leaky:
            tested = " of the same" + ("" if experiment.split.leaky else " clips")
            tested += ": LEAKY, so the result will say nothing about new sounds."
        words[-1] += f"; it learns from {count(len(first.train), *dealt)}"
        words[-1] += f" and is then tested on {len(first.test):,}{tested}"
        if plan.n_models > 1:
            words.append(f"{count(plan.n_models, 'model')} will be trained.")
    else:
        words[-1] += "."
    if expected is not None:
        words.append(time_estimate.sentence(experiment, expected))
    return " ".join(words)


def summary(experiment: Experiment, plan: Plan) -> None:
    """Draw clips per split, shapes and steps of what will be trained."""
    st.markdown("**What will be trained**")
    first = plan.splits[0]
    with st.container(horizontal=True, gap="medium"):
        st.metric("Training clips", f"{len(first.train):,}", width="content")
        st.metric("Validation", f"{len(first.validation):,}", width="content")
        st.metric("Test", f"{len(first.test):,}", width="content")
    if len(plan.splits) > 1:
        st.caption(f"The first of {len(plan.splits)} splits; each trains its own model.")
    sizes = [
        f"{feature.title} {' × '.join(f'{size:,}' for size in shape)}"
        for feature, shape in zip(experiment.features, plan.feature_shapes, strict=True)
    ]
    lines = [f"{', '.join(sizes)} from {seconds(plan.duration)} of sound at {experiment.audio.sr:,} Hz."]
    if plan.layers:
        training = experiment.training
        steps = math.ceil(plan.n_train / training.batch_size)
        lines.append(
            f"{count(training.epochs, 'epoch')} of {count(steps, 'step')}, {count(training.batch_size, 'clip')} each."
        )
        if plan.n_train > len(first.train):
            lines[-1] += f" With copies, that is {plan.n_train:,} examples."
    for sentence in (*lines, *plan.advice):
        st.caption(escape(sentence))


def layers(experiment: Experiment, plan: Plan) -> None:
    """Draw the layers of every network, with what comes out of each and how many weights it has."""
    import pandas as pd

    for number, rows in enumerate(plan.layers):
        if len(plan.layers) > 1:
            st.markdown(f"Model {number + 1}: {escape(experiment.features[number].title)}")
        table = [("input", "", " × ".join(map(str, plan.input_shapes[number])), 0)] + [
            (row.name, row.layer, " × ".join(map(str, row.output_shape)), row.trainable + row.frozen) for row in rows
        ]
        st.dataframe(
            pd.DataFrame(table, columns=["name", "layer", "output", "weights"]),
            hide_index=True,
            height=height(len(table), 10),
            column_config={"weights": st.column_config.NumberColumn(format="localized")},
        )


def as_toml(state: State, filled: Sheet) -> None:
    """Draw the experiment as TOML: to read, to keep, to paste another."""
    left, right = st.columns(2, gap="large")
    with left:
        if filled.experiment is None:
            st.caption("One of the settings is not valid; see the message at the top.")
        else:
            text = filled.experiment.to_toml()
            st.code(text, language="toml", wrap_lines=True)
            name = f"{current_dataset.short(state.data)}-{filled.experiment.model.kind}.toml".replace(" ", "-")
            st.download_button(
                "Download", text, name, "application/toml", icon=":material/download:", on_click="ignore"
            )
    with right:
        text = st.text_area(
            "Paste or write an experiment",
            height=360,
            key="train.toml",
            persist_state="session",
            placeholder="[[features]]\n…\nor only what differs from the defaults:\n\n[training]\nepochs = 20",
        )
        slot = st.empty()
        if st.button("Use it", icon=":material/input:", disabled=not text.strip()):
            try:
                experiment = Experiment.from_toml(text)
                if "dataset" not in tomllib.loads(text):
                    experiment = experiment.replace(dataset=DatasetChoice(state.data, dict(state.options)))
                experiment_draft.take(state, experiment)
            except ParameterError as error:
                with slot:
                    error_boundary.show_error(error)
