"""The Results page: how good a run is, which classes it mixes up, and the single clips behind every number."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import streamlit as st

from audioclf import plots
from audioclf.datasets import Dataset
from audioclf.experiments.diagnosis import diagnose_run
from audioclf.experiments.runs import Prediction, Run
from audioclf.experiments.runs.export import predictions_csv
from audioclf.features import FEATURES
from audioclf.training.history import epochs_of, kept_epoch
from audioclf.training.intervals import interval_words
from audioclf.training.metrics import majority
from audioclf.ui.inference import similar
from audioclf.ui.jobs import run_edit, run_picker, training_progress
from audioclf.ui.shell import error_boundary, warmup
from audioclf.ui.shell.state import State
from audioclf.ui.shell.switch import switch
from audioclf.ui.shell.table import height
from audioclf.ui.shell.text import count, distinct, escape, plain, seconds
from audioclf.ui.sound import cache, clip_picker, feature_panels
from audioclf.ui.sound.player import player

PER_PAGE = 6
MISTAKES, EVERYTHING = "All mistakes, most confident first", "All test clips"


def head(run: Run, metrics: dict[str, Any]) -> None:
    """The accuracy with its interval and protocol, and the other figures one asks for."""
    low, high = metrics["interval"]
    with st.container(border=True):
        left, right = st.columns([1, 2], gap="medium", vertical_alignment="center")
        with left, st.container(gap=None):
            st.caption("Accuracy" if metrics["leaky"] else "Accuracy on unseen clips")
            st.title(f"{metrics['accuracy']:.1%}", anchor=False)
            made = interval_words(metrics)
            st.caption(f"95 % interval {low:.1%} to {high:.1%}{f' ({made})' if made else ''}")
        with right:
            right_ones = round(metrics["accuracy"] * metrics["n_test"])
            st.markdown(
                f"**{right_ones:,} of {count(metrics['n_test'], 'test clip')}** were predicted correctly;"
                f" {_baselines(metrics)}."
                f" Tested by {escape(metrics['protocol'])}."
                + (f" Trained with {escape(metrics['augmentation'])}." if metrics.get("augmentation") else "")
            )
        with st.container(horizontal=True, gap="medium"):
            for name, value in _figures(metrics).items():
                st.metric(name, value, width="content")
        if metrics["leaky"]:
            known = "copies of clips" if run.experiment.copies.before_split else "clips"
            st.warning(
                f"The model was tested on {known} it learned from. This accuracy says nothing about new sounds.",
                icon=":material/warning:",
            )
        for remark in metrics.get("remarks", ()):
            st.warning(escape(remark), icon=":material/warning:")
    note = str(run.about["note"])
    if note:
        st.caption(escape(note))


def _baselines(metrics: dict[str, Any]) -> str:
    """What guessing and always answering the most frequent class would get."""
    n_test, support = metrics["n_test"], [row["support"] for row in metrics["per_class"]]
    often = max(metrics["per_class"], key=lambda row: row["support"])
    return (
        f"guessing would get about {n_test / len(support):.0f} ({1 / len(support):.1%}), and always predicting the most"
        f" frequent class, {escape(plain(often['class'], 32))}, {max(support):,} ({majority(support):.1%})"
    )


def _figures(metrics: dict[str, Any]) -> dict[str, str]:
    shown = {"F1 (macro)": f"{metrics['macro_f1']:.3f}"}
    if metrics.get("top2") is not None:
        shown["In the top two"] = f"{metrics['top2']:.1%}"
    shown["Log loss"] = f"{metrics['log_loss']:.3g}"
    if metrics["accuracy_sd"] is not None:
        shown["Over the splits"] = f"{metrics['accuracy_mean']:.1%} ± {metrics['accuracy_sd']:.1%}"
    if metrics["n_parameters"]:
        shown["Weights"] = f"{metrics['n_parameters']:,}"
    return shown | {"Time taken": seconds(metrics["seconds"])}


def mixups(state: State, run: Run, metrics: dict[str, Any]) -> None:
    """The confusion matrix, and beside it the clips of the cell that was clicked."""
    names = distinct(plain(label, 32) for label in run.classes)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("Which classes are confused?", anchor=False)
        unit = switch("Numbers", ["Clips", "Share of the true class"], "results.unit")
        theme = st.context.theme.type or "light"
        chart = plots.confusion_chart(metrics["confusion"], names, normalised=unit != "Clips", theme=theme)
        event = st.vega_lite_chart(chart, key=f"confusion {run.id}", on_select="rerun", selection_mode="cell")
        st.caption("Click a cell to hear its clips; double-click to clear the selection.")
    with right:
        _clips(state, run, names, event["selection"].get("cell") or [])


def _clips(state: State, run: Run, names: list[str], clicked: list[dict[str, str]]) -> None:
    predictions = run.predictions
    cells = Counter((item.true, item.predicted) for item in predictions)
    wrong = sorted((cell for cell in cells if cell[0] != cell[1]), key=lambda cell: -cells[cell])
    right = sorted(cell for cell in cells if cell[0] == cell[1])
    options: list[Any] = [MISTAKES, EVERYTHING, *wrong, *right]
    key = f"results.cell {run.id}"
    if clicked != st.session_state.get(f"{key} clicked", []):
        st.session_state[f"{key} clicked"] = clicked
        cell = tuple(names.index(clicked[0][side]) for side in ("true", "predicted")) if clicked else MISTAKES
        st.session_state[key] = cell if cell in options else MISTAKES
        if clicked and cell not in options:
            st.toast("No clip is in that cell.")

    def title(option: Any) -> str:
        if isinstance(option, str):
            return f"{option} ({len(predictions) if option == EVERYTHING else sum(cells[cell] for cell in wrong)})"
        true, predicted = option
        words = "predicted correctly" if true == predicted else f"predicted as {names[predicted]}"
        return f"{names[true]}, {words} ({cells[option]})"

    st.subheader("Which clips?", anchor=False)
    chosen = st.selectbox("Clips", options, format_func=title, key=key, label_visibility="collapsed")
    found = _found(predictions, chosen)
    if not found:
        st.success("Every test clip was predicted correctly.", icon=":material/celebration:")
        return
    pages = math.ceil(len(found) / PER_PAGE)
    page = st.number_input(f"Page, of {pages:,}", 1, pages, key=f"{key} page {chosen}") if pages > 1 else 1
    warmup.until_ready()
    _players(state, run, found[(page - 1) * PER_PAGE : page * PER_PAGE])


def _found(predictions: Sequence[Prediction], chosen: Any) -> list[Prediction]:
    """The clips of a choice, those the model was surest of first."""
    if chosen == MISTAKES:
        found = [item for item in predictions if item.true != item.predicted]
    elif chosen == EVERYTHING:
        found = list(predictions)
    else:
        found = [item for item in predictions if (item.true, item.predicted) == chosen]
    return sorted(found, key=lambda item: -item.probabilities[item.predicted])


def _players(state: State, run: Run, found: Sequence[Prediction]) -> None:
    if not run.clips:
        st.caption("The list of this run's clips no longer exists.")
        return
    audio = run.experiment.audio
    wave = FEATURES["waveform"]()
    tracks, shapes, shown = [], [], []
    for item in found:
        clip = run.clips[item.clip]
        with error_boundary.boundary("results"):
            shape = cache.feature_map(clip, wave, audio)
            tracks.append(clip_picker.track(clip, audio, title=clip.label, note=run_picker.verdict(run, item)))
            shapes.append(shape)
            shown.append(clip)
    if not shown:
        return
    limits = plots.value_limits(shapes)
    panels = [feature_panels.panel(shape, title="", track=number, limits=limits) for number, shape in enumerate(shapes)]
    picked = player("results", tracks, panels, layout="list", height=44, action="Explain")
    similar.among(state, Dataset("", run.clips), shown, "results.near")
    if picked is not None:
        state.clip = clip_picker.id_of(Dataset("", run.clips), shown[picked])
        st.switch_page("pages/explain.py")


def curves(run: Run) -> None:
    """Learning curves, and what they say."""
    rows = run.history
    if not rows or run.experiment.model.family == "classical":
        st.caption("This model was fitted in one step; it has no curves.")
        return
    parts = list(epochs_of(rows).values())
    best = kept_epoch(parts[0], run.experiment.training) if len(parts) == 1 else None
    training_progress.curves(rows, best or None)
    if len(parts) > 1:
        st.caption(f"A thin line for each of {len(parts)} models, a thick one for their mean.")
    for sentence in diagnose_run(run, rows):
        st.info(escape(sentence), icon=":material/lightbulb:")


def classes(metrics: dict[str, Any]) -> None:
    """Precision, recall, F1 and number of test clips of every class."""
    import pandas as pd

    table = pd.DataFrame(metrics["per_class"])
    table["class"] = [plain(label, 80) for label in table["class"]]
    share = {
        name: st.column_config.ProgressColumn(title, help=help, format="%.3f", min_value=0, max_value=1)
        for name, title, help in (
            ("precision", "Precision", "Of the clips predicted as this class, the share that really was."),
            ("recall", "Recall", "Of the clips of this class, the share the model found."),
            ("f1", "F1", "Harmonic mean of the two."),
        )
    }
    st.dataframe(
        table,
        hide_index=True,
        height=height(len(table), 15),
        column_config={**share, "class": "Class", "support": "Test clips"},
    )


def folds(metrics: dict[str, Any]) -> None:
    """Accuracy of every split."""
    import pandas as pd

    st.dataframe(
        pd.DataFrame(
            {
                "split": [plain(split["name"], 80) for split in metrics["splits"]],
                "accuracy": [100 * split["accuracy"] for split in metrics["splits"]],
                "95 % interval": [
                    f"{split['interval'][0]:.1%} to {split['interval'][1]:.1%}" for split in metrics["splits"]
                ],
                "test clips": [split["n"] for split in metrics["splits"]],
            }
        ),
        hide_index=True,
        column_config={"accuracy": st.column_config.ProgressColumn(format="%.1f %%", min_value=0, max_value=100)},
    )


def files(run: Run) -> None:
    """The experiment's settings, and what can be taken along."""
    text = run.experiment.to_toml()
    with st.container(horizontal=True):
        st.download_button(
            "Predictions (CSV)",
            lambda: predictions_csv(run),
            f"{run.id}-predictions.csv",
            "text/csv",
            icon=":material/table:",
            on_click="ignore",
        )
        st.download_button(
            "Experiment (TOML)", text, f"{run.id}.toml", "application/toml", icon=":material/code:", on_click="ignore"
        )
    st.code(text, language="toml", height=420)


def choose(state: State) -> Run:
    """Draw the choice of a run and the button to change it; returns a run that has results."""
    left, right = st.columns([5, 1], vertical_alignment="bottom")
    with left:
        run = run_picker.pick(state)
    with right:
        run_edit.edit(state, run)
    return run
