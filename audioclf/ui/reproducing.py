"""The Reproduce page: reference systems to run again, what came out beside what was published, and their pictures."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import streamlit as st

from audioclf import jobs, recipes, settings, workspaces
from audioclf.datasets import SOURCES
from audioclf.errors import AudioclfError
from audioclf.inference import Explanation
from audioclf.recipes import Recipe
from audioclf.reproduce import making, page, pictures
from audioclf.reproduce.plan import RANDOM, REFERENCES, Data, Planned, choose, find_data, plan
from audioclf.reproduce.report import HTML, Report
from audioclf.reproduce.rows import LEAKY, Row
from audioclf.reproduce.table import duration, parameters, to_csv
from audioclf.runs import Run
from audioclf.runs.folder import JobFolder
from audioclf.ui import answers, guard, hold, mine, run_list, tasks
from audioclf.ui.state import State
from audioclf.ui.text import count, distinct, escape, plain

AT_HAND = ""
"""Stands for the published set where it was fetched before, and its stand-in where not."""

_FAILED = ("failed", "interrupted", "stopped")


def start(state: State) -> None:
    """Draw the choice of recipes and data, and the button that begins."""
    with st.container(border=True):
        left, right = st.columns([2, 3], gap="medium")
        with left:
            letters = st.pills(
                "Reference systems",
                list(REFERENCES),
                selection_mode="multi",
                key="reproduce.letters",
                persist_state="session",
            )
            for letter in letters:
                st.caption(escape(f"{letter}: {REFERENCES[letter]}"))
        known = [recipe for letter in letters for recipe in choose([letter])] if letters else list(choose([]))
        with right:
            titles = {recipe.name: f"{recipe.name}: {plain(recipe.title, 48)}" for recipe in known}
            names = st.multiselect(
                "Recipes",
                list(titles),
                default=list(titles) if letters else [],
                format_func=lambda name: titles.get(name, name),
                key=f"reproduce.recipes {''.join(sorted(letters))}",
                placeholder="Choose a system on the left, or single recipes here",
            )
        if not names:
            return
        chosen = [recipes.get(name) for name in names]
        given = _data(state, chosen)
        at_random = False
        if any(RANDOM[0] in recipe.experiment.model.describe() for recipe in chosen):
            at_random = st.checkbox(
                "Where ImageNet's weights cannot be had, go on with random ones (the result says so)",
                key="reproduce.random",
            )
        limit = st.number_input(
            "Epochs at most (0 trains as published)", 0, 10_000, 0, key="reproduce.epochs", width=260
        )
        most = {"": int(limit)} if limit else None
        planned = plan(chosen, datasets=given, epochs=most, random_weights=at_random, find=_find)
        _missing(planned)
        if st.button(
            f"Run {count(len([item for item in planned if not item.data.missing]), 'recipe')}",
            type="primary",
            icon=":material/play_arrow:",
            disabled=all(item.data.missing for item in planned),
            key="reproduce.run",
        ):
            _begin(state, planned)


def _data(state: State, chosen: Iterable[Recipe]) -> dict[str, str]:
    """Draw the choice of data for every family of recipes that needs one; returns what was chosen, by family."""
    own = {str(item.folder): item.name for item in mine.kept(state.workspace)}
    if state.data and state.data not in SOURCES:
        own[state.data] = f"{plain(Path(state.data).name, 40)} (chosen on the Data page)"
    elif state.data and state.options.get("path"):
        own[str(state.options["path"])] = f"{SOURCES[state.data].title} (chosen on the Data page)"
    given: dict[str, str] = {}
    families = {recipe.family: recipe for recipe in chosen}
    with st.container(horizontal=True, gap="medium"):
        for family, recipe in families.items():
            published = SOURCES[recipe.experiment.dataset.name].title
            usual = published + (f", or {SOURCES[recipe.stand_in].title}" if recipe.stand_in else "")
            options = [AT_HAND, *own]
            titles = dict(zip(options, distinct([usual, *(plain(name, 60) for name in own.values())]), strict=True))
            given[family] = st.selectbox(
                f"Data for {family}",
                options,
                format_func=titles.__getitem__,
                key=f"reproduce.data.{family}",
                width=340,
            )
    return {family: path for family, path in given.items() if path}


def _find(recipe: Recipe, given: str | None) -> Data:
    return _found(recipe.name, given, recipe)


@st.cache_data(ttl=30, max_entries=256, show_spinner="Looking at the data")
def _found(name: str, given: str | None, _recipe: Recipe) -> Data:
    return find_data(_recipe, given)


def _missing(planned: Iterable[Planned]) -> None:
    by_family = {item.recipe.family: item for item in planned if item.data.missing}
    for family, item in by_family.items():
        titles = [SOURCES[name].title for name in (item.recipe.experiment.dataset.name, item.recipe.stand_in) if name]
        st.info(
            escape(
                f"{family}: {' and '.join(titles)} {'are' if len(titles) > 1 else 'is'} not on this machine. Load one"
                " on the Data page (fetched, or from a folder that has it), and choose it here."
            ),
            icon=":material/download:",
        )


def _begin(state: State, planned: Iterable[Planned]) -> None:
    """Queue what is not there yet; go on with what was cut off."""
    folder = workspaces.runs_folder(state.workspace)
    there = making.reproductions(folder)
    begun = 0
    for item in planned:
        if item.data.missing:
            continue
        workspaces.require_own(item.experiment.dataset.options.get("path", ""), state.workspace)
        found = making.find(there, item)
        if found is None:
            making.tag(_submit(state, item), item)
        elif found.status.state in _FAILED:
            jobs.resume(found)
        else:
            continue
        begun += 1
    st.toast(f"{count(begun, 'recipe')} begun." if begun else "All of that is done, or under way.")


def _submit(state: State, item: Planned) -> JobFolder:
    name, search = item.recipe.name, item.search
    if search is not None:
        return jobs.submit_search(search, workspace=state.workspace, name=name)
    return jobs.submit(item.experiment, workspace=state.workspace, name=name)


def standing(state: State) -> Report | None:
    """Draw the table of everything that was run, and where what is under way stands; None before anything was."""
    report = _report(state)
    if not report.rows:
        st.info("Nothing was run yet: choose a reference system above.", icon=":material/science:")
        return None
    if any(_active(row) for row in report.rows):
        _live(state)
    else:
        _draw(report)
    return report


@guard.fragment(run_every=2.0)
def _live(state: State) -> None:
    report = _report(state)
    if not any(_active(row) for row in report.rows):
        st.rerun()
    _draw(report)


def _active(row: Row) -> bool:
    return row.job is not None and row.state in ("queued", "running")


def _report(state: State) -> Report:
    """The newest run of every recipe in the reader's workspace."""
    jobs.ensure_supervisor()
    newest: dict[str, JobFolder] = {}
    for job in making.reproductions(workspaces.runs_folder(state.workspace)):
        newest.setdefault(making.reproduces(job), job)
    found = [(known, job) for job in newest.values() if (known := making.planned_of(job)) is not None]
    return Report.of(sorted(found, key=lambda pair: (pair[0].recipe.letter or "Z", pair[0].recipe.name)))


def _draw(report: Report) -> None:
    import pandas as pd

    for row in report.rows:
        if _active(row) and row.job is not None:
            _under_way(row, row.job)
    st.dataframe(
        pd.DataFrame([_line(row) for row in report.rows]),
        hide_index=True,
        height=36 * min(len(report.rows) + 1, 26) + 4,
        column_config={
            "published": st.column_config.NumberColumn(format="%.1f %%"),
            "here": st.column_config.NumberColumn(format="%.1f %%"),
            "verdict": st.column_config.TextColumn(width="large"),
            "protocol": st.column_config.TextColumn(width="medium"),
        },
    )
    if any(row.leaky for row in report.rows):
        st.caption(
            f"{LEAKY}: the model had met the clips it is judged on, or copies of them; the figure says nothing about"
            " new sounds."
        )


def _line(row: Row) -> dict[str, Any]:
    interval = "" if row.interval is None else f"{row.interval[0]:.1%} to {row.interval[1]:.1%}"
    folds = "" if row.mean is None or row.sd is None else f"{row.mean:.1%} ± {row.sd:.1%} ({row.folds})"
    return {
        "recipe": row.recipe,
        "data": plain(row.data, 80),
        "published": None if row.published is None else 100 * row.published,
        "here": None if row.accuracy is None else 100 * row.accuracy,
        "95 % interval": interval,
        "over folds": folds,
        "verdict": plain(row.verdict, 300),
        "protocol": plain(row.protocol, 200),
        "epochs": row.epochs,
        "time": duration(row.seconds),
        "parameters": parameters(row),
        "source": plain(row.source, 120),
    }


def _under_way(row: Row, job: JobFolder) -> None:
    status = job.status
    with st.container(horizontal=True, vertical_alignment="center"):
        words = [row.recipe, status.message or run_list.LOOKS.get(status.state, run_list.LOOKS["queued"]).word]
        if status.n_parts > 1 and status.part:
            words.append(f"{'point' if job.what == 'search' else 'model'} {status.part} of {status.n_parts}")
        share = status.fraction
        if status.n_parts and status.part:
            share = (status.part - 1 + status.fraction) / status.n_parts
        st.progress(min(max(share, 0.0), 1.0), text=escape(" · ".join(words)))
        if st.button("Stop", icon=":material/stop_circle:", key=f"reproduce.stop {job.id}"):
            jobs.stop(job)
            st.toast("It stops after the batch under way.")


def downloads(state: State, report: Report) -> None:
    """Draw the table and the whole page to take along; the page is written in the background, when it is asked for."""
    with st.container(horizontal=True):
        st.download_button(
            "Table (CSV)",
            lambda: to_csv(report.rows),
            "reproduced.csv",
            "text/csv",
            icon=":material/table:",
            on_click="ignore",
        )
        names = [row.recipe for row in report.rows]
        stamps = [str(row.run.folder) for row in report.rows if row.run is not None and row.accuracy is not None]
        key = f"reproduced {hashlib.blake2b(json.dumps([names, stamps]).encode(), digest_size=16).hexdigest()}"
        making_page = tasks.find(key)
        if making_page is not None and making_page.finished and making_page.error is None:
            st.download_button(
                "Page with all pictures (HTML)",
                making_page.result.read_bytes,
                "reproduced.html",
                "text/html",
                icon=":material/web:",
                on_click="ignore",
                type="primary",
            )
        elif making_page is None or making_page.finished:
            if making_page is not None and making_page.error is not None:
                guard.complain(making_page.error)
            if st.button("Make a page with all pictures (HTML)", icon=":material/web:", key="reproduce.html"):
                runs = workspaces.runs_folder(state.workspace)
                title = "Drawing all pictures"
                tasks.start(key, title, lambda progress, should_stop: _write(key, runs, names, progress))
                st.rerun()
        else:
            _writing(making_page)


def _write(key: str, runs: Path, names: list[str], progress: tasks.Progress) -> Path:
    """Have the page written by a process of its own, which may load Keras."""
    folder = settings.cache_folder() / "exports" / key.split()[-1]
    folder.mkdir(parents=True, exist_ok=True)
    child = subprocess.Popen(
        [sys.executable, "-m", "audioclf.reproduce", str(runs), str(folder), *names],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while child.poll() is None:
            progress(0, 0)
            try:
                child.wait(0.3)
            except subprocess.TimeoutExpired:
                continue
    finally:
        if child.poll() is None:
            child.kill()
        said = child.communicate()[1]
    if child.returncode:
        raise AudioclfError(said.strip().splitlines()[-1] if child.returncode == 2 else "The page could not be drawn.")
    return folder / HTML


@guard.fragment(run_every=0.5)
def _writing(task: tasks.Task) -> None:
    if task.finished:
        st.rerun()
    st.caption(f"{task.title} …")


def show(report: Report) -> None:
    """Draw the choice of a finished recipe, what else was published of it, and its pictures."""
    finished = {row.recipe: row for row in report.rows if row.accuracy is not None and row.run is not None}
    if not finished:
        return
    st.subheader("As the reference shows it", anchor=False)
    name = st.selectbox(
        "Recipe",
        list(finished),
        format_func=lambda name: f"{name}: {plain(finished[name].title, 80)}",
        key="reproduce.shown",
        label_visibility="collapsed",
    )
    row = finished[name]
    assert row.run is not None
    recipe = recipes.get(name)
    st.caption(escape(row.source))
    if recipe.note:
        st.markdown(escape(recipe.note))
    for what, said in page.figures(row, recipe).items():
        st.markdown(f"**{escape(what)}**: {escape(said)}")
    model, sounds = st.tabs(["The model", "The sounds"])
    hold.until_ready()
    with model:
        _images(row.run, pictures.of_run(row.run, row.letter))
        if row.letter == "C":
            _evidence(row.run)
    with sounds:
        _images(row.run, pictures.of_sounds(row.run, row.letter))


def _images(run: Run, shown: Iterable[pictures.Picture]) -> None:
    theme = st.context.theme.type or "light"
    for picture in shown:
        if picture.title:
            st.markdown(f"**{escape(picture.title)}**")
        with guard.boundary("reproduce"):
            st.image(_png(str(run.folder), picture.key, theme, picture))
        if picture.caption:
            st.caption(escape(picture.caption))


@st.cache_data(max_entries=256, show_spinner=False)
def _png(run: str, key: str, theme: str, _picture: pictures.Picture) -> bytes:
    return _picture.png(theme)


def _evidence(run: Run) -> None:
    """Grad-CAM of one test clip, laid on its time line; the model is asked in its own process."""
    if run.experiment.model.cam_layer is None or not run.clips:
        return
    predictions = run.predictions
    item = next((one for one in predictions if one.true == one.predicted), predictions[0])
    clip = run.clips[item.clip]
    asked = answers.wait("reproduce", answers.explain(run, clip, number=item.clip, split=item.split))
    if asked is None:
        return
    values, arrays = asked
    found = Explanation(
        run.experiment.features[0].compute(arrays["y"], int(values["sr"])),
        arrays["heat"],
        int(values["class_index"]),
        run.classes,
        arrays["probabilities"],
        arrays["y"],
        int(values["sr"]),
    )
    _images(run, [pictures.of_evidence(found, clip.name)])
