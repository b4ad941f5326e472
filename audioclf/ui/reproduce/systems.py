"""The Reproduce page: reference systems to run again, what came out beside what was published, and their pictures."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import streamlit as st

from audioclf import recipes
from audioclf.core import workspaces
from audioclf.core.errors import WorkspaceError
from audioclf.core.text import duration
from audioclf.datasets import SOURCES
from audioclf.experiments.runs.folder import JobFolder
from audioclf.jobs import queue
from audioclf.recipes import Recipe
from audioclf.reproduce import report, runner
from audioclf.reproduce.plan import RANDOM, REFERENCES, Data, Planned, choose, find_data, plan
from audioclf.reproduce.rows import LEAKY, Row
from audioclf.reproduce.table import parameters
from audioclf.ui.jobs import dataset_list, run_picker
from audioclf.ui.jobs.follow import stop_button
from audioclf.ui.shell import current_dataset, error_boundary
from audioclf.ui.shell.state import State
from audioclf.ui.shell.table import height
from audioclf.ui.shell.text import count, distinct, escape, plain

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
                help="\n\n".join(f"**{letter}**: {escape(words)}" for letter, words in REFERENCES.items()),
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
                placeholder="A system, or single recipes",
            )
        if not names:
            return
        chosen = [recipes.get(name) for name in names]
        given = _data(state, chosen)
        at_random = False
        if any(RANDOM[0] in recipe.experiment.model.describe() for recipe in chosen):
            at_random = st.checkbox(
                "If ImageNet's weights cannot be downloaded, use random ones (the result says so)",
                key="reproduce.random",
            )
        limit = st.number_input(
            "Maximum number of epochs (0: as published)", 0, 10_000, 0, key="reproduce.epochs", width=260
        )
        planned = plan(
            chosen,
            datasets=given,
            epochs={"": int(limit)} if limit else None,
            random_weights=at_random,
            find=lambda recipe, path: _found(recipe.name, path, recipe),
        )
        _missing(planned)
        able = [item for item in planned if not item.data.missing]
        if st.button(
            f"Run {count(len(able), 'recipe')}",
            type="primary",
            icon=":material/play_arrow:",
            disabled=not able,
            key="reproduce.run",
        ):
            _begin(state, able)


def _data(state: State, chosen: Iterable[Recipe]) -> dict[str, str]:
    """Draw the choice of data for every family of recipes that needs one; returns what was chosen, by family."""
    own = {str(item.folder): item.name for item in dataset_list.kept(state.workspace)}
    if state.data and _is_own(state):  # an address may name anything
        if state.data not in SOURCES:
            own[state.data] = f"{plain(Path(state.data).name, 40)} (chosen on the Data page)"
        elif state.options.get("path"):
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


def _is_own(state: State) -> bool:
    try:
        current_dataset.require_own(state.data, state.options, state.workspace)
    except WorkspaceError:
        return False
    return True


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
    there = runner.reproductions(folder)
    begun = 0
    for item in planned:
        choice = item.experiment.dataset
        current_dataset.require_own(choice.name, choice.options, state.workspace)
        found = runner.find(there, item)
        if found is None:
            runner.tag(_submit(state, item), item)
        elif found.status.state in _FAILED:
            queue.resume(found)
        else:
            continue
        begun += 1
    st.toast(f"{count(begun, 'recipe')} started." if begun else "All of that is already done or running.")


def _submit(state: State, item: Planned) -> JobFolder:
    name, search = item.recipe.name, item.search
    if search is not None:
        return queue.submit_search(search, workspace=state.workspace, name=name)
    return queue.submit(item.experiment, workspace=state.workspace, name=name)


def standing(state: State) -> list[Row]:
    """Draw the table of everything that was run, and where what is under way stands; none before anything was."""
    rows = _rows(state)
    if not rows:
        st.info("Nothing was run yet: choose a reference system above.", icon=":material/science:")
    elif any(map(_active, rows)):
        error_boundary.until(lambda: not any(map(_active, _rows(state))), lambda: _draw(_rows(state)), every=2.0)
    else:
        _draw(rows)
    return rows


def _active(row: Row) -> bool:
    return row.job is not None and row.state in ("queued", "running")


def _rows(state: State) -> list[Row]:
    """The newest run of every recipe in the user's workspace."""
    queue.ensure_supervisor()
    return report.newest(workspaces.runs_folder(state.workspace))


def _draw(rows: list[Row]) -> None:
    import pandas as pd

    for row in rows:
        if _active(row) and row.job is not None:
            _under_way(row, row.job)
    st.dataframe(
        pd.DataFrame([_line(row) for row in rows]),
        hide_index=True,
        height=height(len(rows), 25),
        column_config={
            "published": st.column_config.NumberColumn(format="%.1f %%"),
            "here": st.column_config.NumberColumn(format="%.1f %%"),
            "verdict": st.column_config.TextColumn(width="large"),
            "protocol": st.column_config.TextColumn(width="medium"),
        },
    )
    if any(row.leaky for row in rows):
        st.caption(
            f"{LEAKY}: the model was trained on its test clips, or copies of them; the accuracy says nothing about"
            " new sounds."
        )


def _line(row: Row) -> dict[str, Any]:
    interval = "" if row.interval is None else f"{row.interval[0]:.1%} to {row.interval[1]:.1%}"
    folds = "" if row.mean is None or row.sd is None else f"{row.mean:.1%} ± {row.sd:.1%} ({row.folds})"
    return {
        "recipe": row.recipe.name,
        "data": plain(row.planned.words, 80),
        "published": None if row.recipe.published is None else 100 * row.recipe.published,
        "here": None if row.accuracy is None else 100 * row.accuracy,
        "95 % interval": interval,
        "over folds": folds,
        "verdict": plain(row.verdict, 300),
        "protocol": plain(row.protocol, 200),
        "epochs": row.epochs,
        "time": duration(row.seconds),
        "parameters": parameters(row),
        "source": plain(row.recipe.source, 120),
    }


def _under_way(row: Row, job: JobFolder) -> None:
    status = job.status
    with st.container(horizontal=True, vertical_alignment="center"):
        words = [row.recipe.name, status.message or run_picker.word(status.state)]
        if status.n_fits > 1 and status.fit:
            words.append(f"{'point' if job.what == 'search' else 'model'} {status.fit} of {status.n_fits}")
        share = status.fraction
        if status.n_fits and status.fit:
            share = (status.fit - 1 + status.fraction) / status.n_fits
        st.progress(min(max(share, 0.0), 1.0), text=escape(" · ".join(words)))
        stop_button(job, f"reproduce.stop {job.id}")
