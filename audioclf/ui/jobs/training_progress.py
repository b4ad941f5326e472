"""A run that is being made, live: where it stands, its curves, and what they say."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from audioclf import plots
from audioclf.experiments.diagnosis import diagnose_run, fit_title
from audioclf.experiments.runs import Run, Status
from audioclf.training.intervals import interval_words
from audioclf.ui.jobs import follow, run_picker
from audioclf.ui.shell import error_boundary
from audioclf.ui.shell.glossary import explain, plain_name, plain_protocol
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import count, distinct, escape, plain, seconds

EVERY = "All models"
STAGES = {"data": "Sounds", "features": "Features", "training": "Training", "testing": "Test"}


def current(state: State) -> Run | None:
    """The session's run; one that is under way where it has none."""
    run = run_picker.find(state, state.run)
    if run is None and not state.run:
        run = next((one for one in run_picker.runs(state) if one.status.state == "running"), None)
        if run is not None:
            state.run = run.id
    return run


def show(run: Run) -> None:
    """Draw a run: by itself every two seconds while it is being made."""
    with st.container(border=True, key="progress"), error_boundary.boundary("progress"):
        follow.follow(run, partial(_draw, run))


def _draw(run: Run) -> None:
    status = run.status
    history = run.history
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{escape(run_picker.name(run))}**", width="content")
        if status.state == "running":
            _stages(status)
        else:
            run_picker.badge(status.state)
        st.space("stretch")
        _buttons(run, status)
    _where(run, status)
    if run.experiment.model.family == "classical":
        return  # fitted at once: one line of history is no curve
    rows = _of_model(run, history)
    if rows:
        _figures(run, rows)
        curves(rows)
    for sentence in diagnose_run(run, rows):
        st.info(escape(sentence), icon=":material/lightbulb:")


def _of_model(run: Run, history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Draw the choice of one of several models; returns its epochs, or those of all."""
    fits = {row["fit"]: row for row in history}
    if len(fits) < 2:
        return history
    titles = dict(zip(fits, distinct(plain(fit_title(run, row), 60) for row in fits.values()), strict=True))
    chosen = st.selectbox(
        "Model",
        [EVERY, *fits],
        format_func=lambda fit: titles.get(fit, EVERY),
        key=f"progress.fit {run.id}",
        label_visibility="collapsed",
        width=320,
    )
    return history if chosen == EVERY else [row for row in history if row["fit"] == chosen]


def _stages(status: Status) -> None:
    """The four stages of a run, the finished ones ticked off."""
    names = list(STAGES)
    at = names.index(status.stage) if status.stage in names else -1
    for number, name in enumerate(names):
        if number < at:
            st.badge(STAGES[name], icon=":material/check:", color="green")
        elif number == at:
            st.badge(STAGES[name], icon=":material/arrow_forward:", color="violet")
        else:
            st.badge(STAGES[name], color="gray")


def _buttons(run: Run, status: Status) -> None:
    follow.buttons(run, status, "run")
    done = status.state == "done"
    if done and st.button("See the results", icon=":material/monitoring:", type="primary", key="run.results"):
        st.switch_page("pages/results.py")


def _where(run: Run, status: Status) -> None:
    """A sentence and a bar: how far it is."""
    if status.state == "done" and run.has_metrics:
        metrics = run.metrics
        low, high = metrics["interval"]
        made = interval_words(metrics)
        st.markdown(
            f"**{metrics['accuracy']:.1%}** of {count(metrics['n_test'], 'test clip')} correct"
            f" (most likely between {low:.1%} and {high:.1%}), after {seconds(metrics['seconds'])}."
            f" Tested {escape(plain_protocol(metrics['protocol']))}.",
            help=explain("95 % interval", "protocol", note=f"{made + '; ' if made else ''}{metrics['protocol']}."),
        )
        return
    words = [status.message or "Starting"]
    if status.stage == "training" and status.n_fits > 1 and status.fit:
        words.append(f"model {status.fit} of {status.n_fits}")
    follow.where(run, status, words)


def _figures(run: Run, rows: list[dict[str, Any]]) -> None:
    """The last epoch in figures: of several models, their mean."""
    latest = list({row["fit"]: row for row in rows}.values())

    def mean(name: str) -> float | None:
        known = [row[name] for row in latest if row[name] is not None]
        return sum(known) / len(known) if known else None

    def written(name: str, form: str) -> str:
        value = mean(name)
        return "" if value is None else f"{value:{form}}"

    epochs = run.experiment.training.epochs
    if len(latest) == 1:
        epoch = f"{latest[0]['epoch']} of {epochs}"
    else:
        epoch = f"{sum(row['epoch'] for row in latest):,} in {len(latest)} models"
    shown = {
        "Epoch": (epoch, explain("epoch")),
        "Accuracy": (written("accuracy", ".1%"), explain("accuracy", note="On the training clips.")),
        "On validation": (written("val_accuracy", ".1%"), explain("validation")),
        plain_name("loss"): (
            written("loss", ".3g"),
            explain("loss", note="On the training clips; 0 is perfect."),
        ),
        "On validation ": (written("val_loss", ".3g"), explain("loss", "validation")),
        plain_name("learning rate"): _step_size(rows, mean("learning_rate")),
        "Clips per second": (written("samples_per_second", ",.0f"), "Training clips, of each model."),
        "Spent on input": (
            written("input_share", ".1%"),
            "Share of the time for preparing clips; the rest is learning.",
        ),
    }
    with st.container(horizontal=True, gap="medium"):
        for name, (value, help) in shown.items():
            if value:
                st.metric(name, value, width="content", help=help)


def _step_size(rows: list[dict[str, Any]], rate: float | None) -> tuple[str, str]:
    """The learning rate as a share of its largest, where it changes; the rate itself is in the help."""
    rates = {row["learning_rate"] for row in rows if row["learning_rate"] is not None}
    if rate is None or len(rates) < 2:
        return "", ""
    share = rate / max(rates)
    shown = f"{share:.0%}" if share >= 0.01 else "below 1%"
    return shown, explain("learning rate", note=f"{rate:.3g} now, as a share of {max(rates):.3g}, the largest so far.")


def curves(rows: list[dict[str, Any]], best_epoch: int | None = None) -> None:
    """Accuracy and loss over the epochs, side by side where there is room."""
    for column, measure in zip(st.columns(2, gap="medium"), ("accuracy", "loss"), strict=True):
        with column:
            chart = plots.history_chart(rows, measure=measure, best_epoch=best_epoch, height=300)
            st.vega_lite_chart(chart, key=f"curves.{measure}")
    if len({row["learning_rate"] for row in rows if row["learning_rate"] is not None}) > 1:
        st.vega_lite_chart(plots.rate_chart(rows), key="curves.rate")
