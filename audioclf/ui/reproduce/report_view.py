"""What was reproduced: the pictures of one recipe, and table and page to take along."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from audioclf.core import settings, workspaces
from audioclf.experiments.runs import Run
from audioclf.export.report.document import Picture
from audioclf.jobs.background import run_task
from audioclf.reproduce import page, pictures
from audioclf.reproduce.report import HTML
from audioclf.reproduce.rows import Row
from audioclf.reproduce.table import to_csv
from audioclf.ui.inference import model_client
from audioclf.ui.shell import error_boundary, tasks, warmup
from audioclf.ui.shell.state import State
from audioclf.ui.shell.tabs import tabs
from audioclf.ui.shell.text import escape, plain


def downloads(state: State, rows: Sequence[Row]) -> None:
    """Draw the table and the whole page to take along; the page is written in the background, when it is asked for."""
    with st.container(horizontal=True):
        st.download_button(
            "Table (CSV)",
            lambda: to_csv(rows),
            "reproduced.csv",
            "text/csv",
            icon=":material/table:",
            on_click="ignore",
        )
        names = [row.recipe.name for row in rows]
        stamps = [str(row.run.folder) for row in rows if row.run is not None]
        key = f"reproduced {hashlib.blake2b(json.dumps([names, stamps]).encode(), digest_size=16).hexdigest()}"
        making_page = tasks.find(key)
        if making_page is not None and making_page.finished and making_page.error is None:
            st.download_button(
                "Page with all figures (HTML)",
                making_page.result.read_bytes,
                "reproduced.html",
                "text/html",
                icon=":material/web:",
                on_click="ignore",
                type="primary",
            )
        elif making_page is None or making_page.finished:
            if making_page is not None and making_page.error is not None:
                error_boundary.show_error(making_page.error)
            if st.button("Make a page with all figures (HTML)", icon=":material/web:", key="reproduce.html"):
                request = {"runs": str(workspaces.runs_folder(state.workspace)), "recipes": names}
                tasks.start(key, "Drawing all figures", lambda *controls: _write(key, request, *controls))
                st.rerun()
        else:
            words = f"{making_page.title} …"
            error_boundary.until(lambda: making_page.finished, lambda: st.caption(words), every=0.5)


def _write(key: str, request: dict[str, Any], progress: tasks.Progress, should_stop: Callable[[], bool]) -> Path:
    folder = settings.cache_folder() / "exports" / key.split()[-1]
    request = request | {"folder": str(folder)}
    run_task("reproduce.report:write_task", request, progress=progress, should_stop=should_stop)
    return folder / HTML


def show(rows: Sequence[Row]) -> None:
    """Draw the choice of a finished recipe, what else was published of it, and its pictures."""
    finished = {row.recipe.name: row for row in rows if row.run is not None}
    if not finished:
        return
    st.subheader("As the reference shows it", anchor=False)
    name = st.selectbox(
        "Recipe",
        list(finished),
        format_func=lambda name: f"{name}: {plain(finished[name].recipe.title, 80)}",
        key="reproduce.shown",
        label_visibility="collapsed",
    )
    row = finished[name]
    assert row.run is not None
    recipe = row.recipe
    st.caption(escape(recipe.source))
    if recipe.note:
        st.markdown(escape(recipe.note))
    for what, lines in page.figures(row).items():
        st.markdown(f"**{escape(what)}**: {escape(lines)}")
    run, letter = row.run, recipe.letter
    warmup.until_ready()
    tabs(
        "reproduce.tabs",
        {
            "The model": lambda: _of_model(run, letter),
            "The sounds": lambda: _images(run, pictures.of_sounds(run, letter)),
        },
    )


def _of_model(run: Run, letter: str) -> None:
    _images(run, pictures.of_run(run, letter))
    if letter == "C":
        _evidence(run)


def _images(run: Run, shown: Iterable[Picture]) -> None:
    theme = st.context.theme.type or "light"
    for picture in shown:
        if picture.title:
            st.markdown(f"**{escape(picture.title)}**")
        with error_boundary.boundary("reproduce"):
            alt = plain(picture.title or picture.caption or picture.key, 200)
            st.image(_png(str(run.folder), picture.key, theme, picture), alt=alt)
        if picture.caption:
            st.caption(escape(picture.caption))


@st.cache_data(max_entries=256, show_spinner=False)
def _png(run: str, key: str, theme: str, _picture: Picture) -> bytes:
    return _picture.png(theme)


def _evidence(run: Run) -> None:
    """Grad-CAM of one test clip, laid on its time line; the model is asked in its own process."""
    chosen = pictures.explainable(run)
    if chosen is None or run.experiment.features[0].heavy:
        return
    clip, split = chosen
    found = model_client.wait("reproduce", model_client.explain(run, clip, split=split, method="grad-cam"))
    if found is not None:
        _images(run, [pictures.of_evidence(found, clip.name)])
