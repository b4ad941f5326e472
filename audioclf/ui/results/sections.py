"""The figures of a run: accuracy with its interval and protocol, learning curves, classes, splits, files."""

from __future__ import annotations

from typing import Any

import streamlit as st

from audioclf.experiments.diagnosis import diagnose_run
from audioclf.experiments.runs import Run
from audioclf.experiments.runs.export import predictions_csv
from audioclf.training.history import epochs_of, kept_epoch
from audioclf.training.intervals import interval_words
from audioclf.training.metrics import majority
from audioclf.ui.jobs import run_edit, run_picker, training_progress
from audioclf.ui.shell.glossary import TERMS, explain, plain_name, plain_protocol
from audioclf.ui.shell.state import State
from audioclf.ui.shell.table import height
from audioclf.ui.shell.table import share as percentage
from audioclf.ui.shell.text import count, escape, plain, seconds


def head(run: Run, metrics: dict[str, Any]) -> None:
    """The accuracy with its interval and protocol, and the other figures one asks for."""
    low, high = metrics["interval"]
    with st.container(border=True):
        left, right = st.columns([1, 2], gap="medium", vertical_alignment="center")
        with left, st.container(gap=None):
            st.caption("Accuracy" if metrics["leaky"] else "Accuracy on unseen clips")
            st.title(f"{metrics['accuracy']:.1%}", anchor=False)
            made = interval_words(metrics)
            st.caption(f"most likely between {low:.1%} and {high:.1%}", help=explain("95 % interval", note=made))
        with right:
            right_ones = round(metrics["accuracy"] * metrics["n_test"])
            st.markdown(
                f"**{right_ones:,} of {count(metrics['n_test'], 'test clip')}** were predicted correctly;"
                f" {_baselines(metrics)}."
                f" Tested {escape(plain_protocol(metrics['protocol']))}."
                + (f" Trained with {escape(metrics['augmentation'])}." if metrics.get("augmentation") else ""),
                help=explain("protocol", "stratified", "group", "seed", note=f"{metrics['protocol']}."),
            )
        with st.container(horizontal=True, gap="medium"):
            for term, value in _figures(metrics).items():
                known = explain(term) if term in TERMS else None
                st.metric(plain_name(term) if known else term, value, width="content", help=known)
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
    shown = {"macro F1": f"{metrics['macro_f1']:.3f}"}
    if metrics.get("top2") is not None:
        shown["top-2 accuracy"] = f"{metrics['top2']:.1%}"
    shown["log loss"] = f"{metrics['log_loss']:.3g}"
    if metrics["accuracy_sd"] is not None:
        shown["standard deviation"] = f"{metrics['accuracy_mean']:.1%} ± {metrics['accuracy_sd']:.1%}"
    if metrics["n_parameters"]:
        shown["weights"] = f"{metrics['n_parameters']:,}"
    return shown | {"Time taken": seconds(metrics["seconds"])}


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
        name: st.column_config.ProgressColumn(
            plain_name(term), help=explain(term), format="%.3f", min_value=0, max_value=1
        )
        for name, term in (("precision", "precision"), ("recall", "recall"), ("f1", "F1"))
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
                "most likely between": [
                    f"{split['interval'][0]:.1%} and {split['interval'][1]:.1%}" for split in metrics["splits"]
                ],
                "test clips": [split["n"] for split in metrics["splits"]],
            }
        ),
        hide_index=True,
        column_config={
            "accuracy": percentage(),
            "most likely between": st.column_config.TextColumn(help=explain("95 % interval")),
        },
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
    st.code(text, language="toml", wrap_lines=True)  # whole: a box that scrolls is out of the keyboard's reach


def choose(state: State) -> Run:
    """Draw the choice of a run and the button to change it; returns a run that has results."""
    left, right = st.columns([5, 1], vertical_alignment="bottom")
    with left:
        run = run_picker.pick(state)
    with right:
        run_edit.edit(state, run)
    return run
