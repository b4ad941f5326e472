"""The Edit tab of the Data page: classes and clips in tables that can be changed, with players; undo and export."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import Any

import streamlit as st

from audioclf.datasets import Dataset, curation, load_dataset
from audioclf.ui.data import exporting, versions
from audioclf.ui.shell import error_boundary, tasks
from audioclf.ui.shell.paging import paged
from audioclf.ui.shell.state import State
from audioclf.ui.shell.switch import switch
from audioclf.ui.shell.table import height
from audioclf.ui.shell.text import count, escape, plain
from audioclf.ui.sound import clip_list

PER_PAGE = 12
ALL = "All classes"
CLIPS, CLASSES, GROUPS = "Clips", "Classes", "Groups"


def draw(state: State, dataset: Dataset) -> None:
    """Draw undo, the tables and the export."""
    _history(state, dataset)
    what = switch("What to change", [CLIPS, CLASSES, GROUPS], "edit.what")
    {CLASSES: _classes, GROUPS: _groups}.get(str(what), _clips)(state, dataset)
    st.divider()
    exporting.draw(state, dataset)


def _history(state: State, dataset: Dataset) -> None:
    """What this version was edited from, with the way back."""
    st.markdown("Every change makes a new version of the data set; your files and earlier versions stay as they are.")
    came = versions.origin(state, dataset)
    if came is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/history: An edited version{_said(state, dataset, came.source, came.options)}.")
        if st.button("Undo the last change", icon=":material/undo:", key="edit.undo"):
            # the version stays, since runs may have been made of it
            state.choose(came.source, came.options)
            st.rerun()


def _said(state: State, dataset: Dataset, source: str, options: dict[str, Any]) -> str:
    """What was changed since the parent, where the parent can still be loaded."""
    task = tasks.start(
        f"parent {state.workspace} {state.data} {dataset.fingerprint}",
        "Looking at the previous version",
        lambda progress, should_stop: curation.changes(
            load_dataset(source, progress=progress, should_stop=should_stop, **options), dataset
        ),
    )
    if not task.wait(0.5) or task.error is not None:
        return ""
    details = [f"{number:,} {word}" for word, number in task.result.items() if number]
    return f": {', '.join(details)}" if details else ""


def _clips(state: State, dataset: Dataset) -> None:
    """A page of clips with players beside a table of their classes and groups."""
    pending = _pending(dataset)
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    with left:
        label = st.selectbox("Class", [ALL, *dataset.classes], format_func=lambda c: plain(c, 48), key="edit.class")
    numbers = [number for number, clip in enumerate(dataset.clips) if label == ALL or clip.label == label]
    with right:
        shown = paged(numbers, PER_PAGE, f"edit.page {label}")
    table, sounds = st.columns([1, 1], gap="medium")
    with table:
        _table(dataset, pending, shown)
    with sounds:
        clips = [dataset.clips[number] for number in shown]
        titles = [f"{number + 1} · {plain(clip.label, 36)}" for number, clip in zip(shown, clips, strict=True)]
        clip_list.players(state, "edit", dataset, clips, titles)
    with st.container(horizontal=True, vertical_alignment="center"):
        changed = count(len(pending), "clip")
        if st.button(
            f"Save as a new version ({changed} changed)",
            type="primary",
            icon=":material/save:",
            disabled=not pending,
            key="edit.save",
        ):
            with error_boundary.boundary("save"):
                versions.take(state, dataset, versions.edited(dataset, pending))
        if pending and st.button("Discard these changes", icon=":material/close:", key="edit.drop"):
            pending.clear()
            st.session_state["edit.turn"] = st.session_state.get("edit.turn", 0) + 1
            st.rerun()


def _pending(dataset: Dataset) -> dict[int, dict[str, Any]]:
    """Changes of this session that are not saved yet, by the number of the clip; dropped with another data set."""
    kept = st.session_state.get("edit.pending")
    if kept is None or kept[0] != dataset.fingerprint:
        kept = st.session_state["edit.pending"] = (dataset.fingerprint, {})
    pending: dict[int, dict[str, Any]] = kept[1]
    return pending


def _table(dataset: Dataset, pending: dict[int, dict[str, Any]], shown: Sequence[int]) -> None:
    import pandas as pd

    turn = st.session_state.get("edit.turn", 0)
    key = f"edit.table {dataset.fingerprint} {hash(tuple(shown))} {turn}"
    began, rows = st.session_state.get("edit.base", ("", []))
    if key not in st.session_state or began != key:
        # What is changed in the table stays in the table; only a new one begins with all that is pending.
        rows = [_row(dataset, pending, number) for number in shown]
        st.session_state["edit.base"] = (key, rows)
    columns = ["number", "use", "class", "group"]
    changed = st.data_editor(
        pd.DataFrame(rows, columns=columns),
        key=key,
        hide_index=True,
        disabled=["number"],
        row_height=38,
        height=38 * (len(shown) + 1) + 4,
        column_config={
            "number": st.column_config.NumberColumn("#", width=50),
            "use": st.column_config.CheckboxColumn("use", width=50, help="Untick to leave the clip out."),
            "class": st.column_config.TextColumn(
                "class", required=True, max_chars=curation.LONGEST_LABEL, help="Type another class, or a new one."
            ),
            "group": st.column_config.TextColumn(
                "group", help="Speaker, source recording or pitch: a group is never split between training and test."
            ),
        },
    )
    for number, (_, use, name, group) in zip(shown, changed.itertuples(index=False, name=None), strict=True):
        note(dataset, pending, number, bool(use), _text(name), _text(group))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _row(dataset: Dataset, pending: dict[int, dict[str, Any]], number: int) -> tuple[int, bool, str, str]:
    clip = dataset.clips[number]
    values = pending.get(number, {})
    label = values.get("label", clip.label)
    group = values.get("group", clip.group or "")
    return number + 1, bool(values.get("keep", True)), label, group


def note(dataset: Dataset, pending: dict[int, dict[str, Any]], number: int, use: bool, label: str, group: str) -> None:
    """Remember what is different about one clip; a clip that is as it was is forgotten."""
    clip = dataset.clips[number]
    usual = {"keep": True, "label": clip.label, "group": clip.group or ""}
    values = {"keep": use, "label": label, "group": group.strip()}
    pending[number] = {name: value for name, value in values.items() if value != usual[name]}
    if not pending[number]:
        del pending[number]


def _classes(state: State, dataset: Dataset) -> None:
    """Rename, merge and leave out whole classes."""
    import pandas as pd

    st.markdown("Type another name to rename a class. Two classes with the same name become one.")
    table = st.data_editor(
        pd.DataFrame(
            {
                "use": [True] * len(dataset.classes),
                "class": [plain(label, 80) for label in dataset.classes],
                "new name": list(dataset.classes),
                "clips": list(dataset.counts.values()),
            }
        ),
        key=f"edit.classes {dataset.fingerprint}",
        hide_index=True,
        disabled=["class", "clips"],
        height=height(len(dataset.classes), 12),
        column_config={
            "use": st.column_config.CheckboxColumn(width=60, help="Untick to leave the class out."),
            "new name": st.column_config.TextColumn(required=True, max_chars=curation.LONGEST_LABEL),
        },
    )
    names = dict(zip(dataset.classes, map(_text, table["new name"]), strict=True))
    left_out = [label for label, use in zip(dataset.classes, table["use"], strict=True) if not use]
    details = _told(names, left_out)
    if details:
        st.markdown(escape(details))
    if st.button(
        "Save as a new version", type="primary", icon=":material/save:", disabled=not details, key="edit.classes"
    ):
        with error_boundary.boundary("save"):
            versions.take(state, dataset, of_classes(dataset, names, left_out))


def of_classes(dataset: Dataset, names: dict[str, str], left_out: list[str]) -> Dataset:
    """The version with new class names and without some classes, as one step."""
    labels = [clip.label for clip in dataset.clips]
    changes = [{"keep": False} if label in left_out else {"label": names[label]} for label in labels]
    return versions.edited(dataset, dict(enumerate(changes)))


def _told(names: dict[str, str], left_out: list[str]) -> str:
    """What saving will do, in words."""
    details = [f"{plain(label, 40)} is left out" for label in left_out]
    into: dict[str, list[str]] = {}
    for label, name in names.items():
        if label not in left_out:
            into.setdefault(name.strip(), []).append(label)
    for name, labels in into.items():
        if len(labels) > 1:
            details.append(f"{', '.join(plain(label, 40) for label in labels)} become one class, {plain(name, 40)}")
        elif labels[0] != name:
            details.append(f"{plain(labels[0], 40)} becomes {plain(name, 40)}")
    return "; ".join(details) + "." if details else ""


def _groups(state: State, dataset: Dataset) -> None:
    """Set the groups of all clips at once, from their names or not at all."""
    known = len({clip.group for clip in dataset.clips if clip.group is not None})
    st.markdown(
        "A group is never split between training and test: a speaker, a source recording, a pitch."
        f" This data set has {count(known, 'group') if known else 'none'}. Set the groups of single clips in the table"
        " of clips, or all of them here, from a part of their file names."
    )
    mark = st.segmented_control(
        "Parts are separated by",
        ["-", "_", ".", " "],
        default="_",
        required=True,
        format_func=lambda c: {"-": "hyphen", "_": "underscore", ".": "dot", " ": "space"}[c],
        key="edit.groups.mark",
    )
    part = st.number_input("The group is part number", 1, 20, value=2, key="edit.groups.part", width=220)
    groups = named_groups(dataset, str(mark), part)
    found = sorted({group for group in groups if group is not None})
    if found:
        examples = ", ".join(plain(group, 20) for group in found[:8])
        first = dataset.clips[next(number for number, group in enumerate(groups) if group is not None)]
        st.markdown(
            f"{count(len(found), 'group')}: {escape(examples)}{' …' if len(found) > 8 else ''}."
            f" The first clip is {escape(plain(first.name, 60))}."
        )
    else:
        st.markdown("No file name has such a part.")
    with st.container(horizontal=True):
        if st.button(
            "Set these groups", type="primary", icon=":material/group_work:", disabled=not found, key="edit.group"
        ):
            with error_boundary.boundary("save"):
                versions.take(state, dataset, curation.edit(dataset, groups=groups))
        if known and st.button("Remove all groups", icon=":material/group_off:", key="edit.ungroup"):
            with error_boundary.boundary("save"):
                versions.take(state, dataset, curation.edit(dataset, groups=[None] * len(dataset)))


def named_groups(dataset: Dataset, mark: str, part: int) -> list[str | None]:
    """Part number ``part`` (from 1) of every clip's file name; the clip's own group where the name has none."""
    groups: list[str | None] = []
    for clip in dataset.clips:
        name = posixpath.basename((clip.file or clip.path.name).replace("\\", "/"))
        parts = posixpath.splitext(name)[0].split(mark)
        groups.append(parts[part - 1].strip() or clip.group if len(parts) >= max(part, 2) else clip.group)
    return groups
