"""The tables of a run, read again only where they have changed: many clips take longer to read than to draw."""

from __future__ import annotations

import streamlit as st

from audioclf.experiments.runs import Prediction, Run

_TABLES = ("clips.csv", "predictions.csv", "model.json", "experiment.toml")


def kept(run: Run) -> Run:
    """The run, with its clips and experiment as they were read last where its files are the same."""
    return _run(str(run.folder), _stamps(run), run)


def predictions(run: Run) -> list[Prediction]:
    """The run's predictions; never to be changed."""
    return _predictions(str(run.folder), _stamps(run), run)


def _stamps(run: Run) -> tuple[int, ...]:
    paths = [run.folder / name for name in _TABLES]
    return tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in paths)


@st.cache_resource(max_entries=8, show_spinner=False)
def _run(folder: str, stamps: tuple[int, ...], _run: Run) -> Run:
    return _run


@st.cache_resource(max_entries=8, show_spinner=False)
def _predictions(folder: str, stamps: tuple[int, ...], _run: Run) -> list[Prediction]:
    return _run.predictions
