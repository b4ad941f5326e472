"""Two ready-made sets of runs: does the split leak, and which feature suits these sounds? One press each."""

from __future__ import annotations

from typing import Final

import streamlit as st

from audioclf.core.errors import AudioclfError, ParameterError
from audioclf.datasets import Dataset
from audioclf.experiments.config import Experiment
from audioclf.experiments.runs import Run
from audioclf.jobs import queue
from audioclf.models import MODELS
from audioclf.plots.ranking import shares_chart
from audioclf.tuning.studies import Row, Study, conclusion, make, new_id, rows, studies_among, tag, tagged
from audioclf.ui.forms import experiment_draft
from audioclf.ui.jobs import follow, run_picker
from audioclf.ui.search import features_heard
from audioclf.ui.shell import error_boundary, warmup
from audioclf.ui.shell.state import State
from audioclf.ui.shell.switch import switch
from audioclf.ui.shell.table import clicked_row, height, share
from audioclf.ui.shell.text import count, distinct, escape, plain, seconds

_KINDS: Final = {"Does the split leak?": "leakage", "Which feature?": "bake-off"}

_SIMPLE: Final = "logreg"

_ABOUT: Final = {
    "leakage": "The same experiment three times: with groups (speaker, source, pitch) kept together, with clips at"
    " random, and with copies made before the split. The difference is what the last two claim and cannot keep.",
    "bake-off": "The same split and the same model on every feature, one at a time, raw samples included. It is judged"
    " on the test clips, to look at: to choose settings, use a search, where the validation clips decide.",
}


def draw(state: State, dataset: Dataset) -> None:
    """Draw the choice of a study, its button, and what the last one on these data came to."""
    st.subheader("Ready-made comparisons", anchor=False)
    kind = _KINDS[switch("Comparison", list(_KINDS), "studies.kind")]
    st.markdown(_ABOUT[kind])
    with error_boundary.boundary("studies"):
        _begin(state, dataset, kind)
        _last(state, dataset, kind)


def _begin(state: State, dataset: Dataset, kind: str) -> None:
    experiment = experiment_draft.current(state, dataset)
    if not warmup.ready():
        warmup.until_ready()
        st.rerun()
    try:
        study = _study(kind, experiment.to_toml(), dataset.fingerprint, dataset, experiment)
    except ParameterError as error:
        st.info(escape(error), icon=":material/info:")
        return
    features = " + ".join(feature.title for feature in experiment.features)
    if kind == "bake-off":
        experiment, study = _any_feature(experiment, study, dataset)
        features = "every feature"
    what = f"{experiment.model.title} on {features}"
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        pressed = st.button(
            f"Run {count(len(study.runnable), 'training')}",
            icon=":material/play_arrow:",
            disabled=len(study.runnable) < 2,
            key="studies.go",
        )
        st.caption(escape(f"{what}, with the settings of the Train page."))
    for variant in study.variants:
        if variant.refusal:
            st.caption(escape(f"{variant.title} is left out: {variant.refusal}"))
    if pressed:
        study_id = new_id()
        for variant in study.runnable:
            made = queue.submit(
                variant.experiment, workspace=state.workspace, name=variant.title, data_title=dataset.name
            )
            tag(made, study_id, kind, variant)
        st.rerun()


def _any_feature(experiment: Experiment, study: Study, dataset: Dataset) -> tuple[Experiment, Study]:
    """Where the model takes pictures alone, offer one that takes raw samples and spectra, too."""
    if len(study.runnable) == len(study.variants):
        return experiment, study
    simple = MODELS[_SIMPLE]()
    own = f"{experiment.model.title} (pictures only)"
    if switch("Model", [own, f"{simple.title} (every feature)"], "studies.model") == own:
        return experiment, study
    experiment = experiment.replace(model=simple)
    return experiment, _study("bake-off", experiment.to_toml(), dataset.fingerprint, dataset, experiment)


@st.cache_resource(max_entries=32, show_spinner=False)
def _study(kind: str, toml: str, fingerprint: str, _dataset: Dataset, _experiment: Experiment) -> Study:
    return make(kind, _experiment, _dataset)


def _last(state: State, dataset: Dataset, kind: str) -> None:
    """The newest study of these data: live while its runs are made."""
    of_data = [run for run in run_picker.runs(state) if _on(run, state)]
    found = studies_among(of_data, kind)
    if not found:
        return
    newest = next(iter(found.values()))
    open_ones = [run for run in newest if not run.status.ended]
    follow.live(lambda: all(run.status.ended for run in newest), lambda: _show(state, rows(newest), kind))
    if open_ones and st.button("Stop", icon=":material/stop_circle:", key="studies.stop"):
        for run in open_ones:
            queue.stop(run)
        st.rerun()


def _on(run: Run, state: State) -> bool:
    if tagged(run) is None:
        return False
    try:
        choice = run.experiment.dataset
    except AudioclfError:
        return False
    return (choice.name, dict(choice.options)) == (state.data, state.options)


def _show(state: State, found: list[Row], kind: str) -> None:
    names = distinct(plain(row.title, 40) for row in found)
    measured = [
        {"name": name, "share": row.accuracy, "low": row.low, "high": row.high, "n": 0}
        for name, row in zip(names, found, strict=True)
        if row.accuracy is not None and row.low is not None and row.high is not None
    ]
    for sentence in conclusion(found) if kind == "leakage" else ():
        st.markdown(f":material/compare_arrows: {escape(sentence)}")
    about = found[0].run
    st.caption(escape(f"{about.experiment.model.title}, {run_picker.ago(about.about['created'])}."))
    left, right = st.columns([2, 3], gap="medium")
    with left:
        if measured:
            st.vega_lite_chart(shares_chart(measured), key=f"studies.chart {kind}")
            st.caption("Accuracy on the test clips, with its 95 % interval.")
        else:
            st.caption("The first accuracy comes when the first training has ended.")
    with right:
        _table(state, names, found, kind)
    for name, row in zip(names, found, strict=True):
        if row.message:
            st.caption(escape(f"{name}: {row.message}"))
    if kind == "bake-off" and all(row.run.status.ended for row in found):
        features_heard.draw(found)


def _table(state: State, names: list[str], found: list[Row], kind: str) -> None:
    import pandas as pd

    table = pd.DataFrame(
        {
            "run": names,
            "state": [run_picker.word(row.state) for row in found],
            "accuracy": [None if row.accuracy is None else 100 * row.accuracy for row in found],
            "time": ["" if row.seconds is None else seconds(row.seconds) for row in found],
            "values per clip": [row.n_values for row in found],
            "weights": [row.n_parameters or None for row in found],
        }
    )
    picked = clicked_row(
        table,
        f"studies.table {kind}",
        height=height(len(found), 9),
        column_config={
            "accuracy": share(width=110),
            "values per clip": st.column_config.NumberColumn(format="localized"),
            "weights": st.column_config.NumberColumn(format="localized"),
        },
    )
    if picked is not None and found[picked].accuracy is not None:
        state.run = found[picked].run.id
        st.switch_page("pages/results.py")
    st.caption("Choose a line to see its results.")
