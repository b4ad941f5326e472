"""How sounds that were brought along are read: what the user is asked, with a preview on the real names."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from audioclf.core.errors import AudioclfError
from audioclf.datasets import READERS, Question, Reader, naming
from audioclf.datasets.csv_table import read_file, read_table
from audioclf.datasets.ingest import staging
from audioclf.datasets.readers import filename_pattern as patterns
from audioclf.datasets.readers.filename_pattern import Pattern, PatternReader
from audioclf.datasets.readers.long_recording import RecordingReader
from audioclf.datasets.readers.manifest import TABLES, ManifestReader
from audioclf.ui.data import intake_segmentation, intake_understood
from audioclf.ui.data.intake_store import Brought
from audioclf.ui.forms import parameter_form
from audioclf.ui.jobs import dataset_list
from audioclf.ui.shell.state import State
from audioclf.ui.shell.switch import switch
from audioclf.ui.shell.text import count, escape, plain

FOUND, NONE = "found by its name", "none"
_COLUMNS = ("file", "label", "group", "fold", "split", "start", "end", "duration")
_SHOWN = 200


def panel(state: State, brought: Brought) -> bool:
    """Ask, preview, and load; True when the questions are answered or dropped."""
    st.subheader(":material/tune: Where do the classes come from?", anchor=False)
    facts = f"{plain(brought.tree.name, 60)}: {count(len(brought.sounds), 'sound')}"
    st.caption(escape(facts + (f", {len(brought.tree.problems)} left out" if brought.tree.problems else "")))
    dataset_list.unopened(staging.kept_until(Path(brought.path)))
    kinds = [kind for kind in ("folder", "manifest", "pattern", "recording") if kind in READERS]
    if brought.kind not in kinds:
        kinds.append(brought.kind)
    key = f"intake.read.{brought.path}"
    titles = {kind: READERS[kind].title for kind in kinds}
    kind = switch("Where the classes come from", kinds, f"{key}.kind", default=brought.kind, words=titles)
    st.markdown(escape(READERS[kind].description))
    for question in _open(brought, kind):
        st.warning(escape(question.text), icon=":material/help:")
    reader = _DRAW.get(kind, _plain)(brought, key, READERS[kind])
    reading = intake_understood.read(brought, reader) if reader is not None else None
    if reading is not None and not reading.questions:
        intake_understood.draw(reading.to_dict())
    with st.container(horizontal=True):
        load = st.button("Load these sounds", type="primary", icon=":material/download:", disabled=reader is None)
        drop = st.button("Cancel", icon=":material/close:", key="intake.cancel")
    if load and reader is not None:
        intake_understood.remember(brought.path, reading)
        state.choose(brought.path, options(reader, brought))
    if drop:
        staging.discard(Path(brought.path))  # an upload that nobody has loaded
    return load or drop


def _open(brought: Brought, kind: str) -> tuple[Question, ...]:
    """What the files do not state, for the chosen way of reading."""
    questions = brought.reading.questions if brought.reading is not None else ()
    return tuple(one for one in questions if one.option in READERS[kind].describe() or kind == "folder")


def options(reader: Reader, brought: Brought) -> dict[str, Any]:
    """What :func:`audioclf.load_dataset` is given beside the path: only what it would not find by itself."""
    usual = type(reader)().to_dict()
    chosen = {name: value for name, value in reader.to_dict().items() if value != usual.get(name)}
    chosen.pop("kind", None)
    return chosen if brought.sure and reader.kind == brought.kind else {"kind": reader.kind} | chosen


def _plain(brought: Brought, key: str, cls: type[Reader]) -> Reader | None:
    form = parameter_form.parameters(cls, key)
    tops = Counter(entry.folders[0] if entry.folders else "" for entry in brought.sounds)
    if tops:
        _table(
            {
                "folder": [plain(name, 80) or "(beside the folders)" for name in tops],
                "files": list(tops.values()),
            }
        )
    return form.value


def _manifest(brought: Brought, key: str, cls: type[Reader]) -> Reader | None:
    tables = [entry for entry in brought.tree.entries if entry.suffix in TABLES]
    if not tables:
        st.info("No CSV or TSV file is among these files; add one that names every sound and its class.")
        return None
    names = [entry.name for entry in tables]
    # Found by itself, a train.csv brings its test.csv along; a named table stands alone.
    offered = ["", *names] if brought.kind == ManifestReader.kind else names
    picked_table = st.selectbox(
        "Table", offered, format_func=lambda one: plain(one, 80) or "found by itself", key=f"{key}.table"
    )
    name = picked_table or names[0]
    try:
        table = read_table(read_file(tables[names.index(name)].path, 2**20), name)
    except (AudioclfError, OSError) as error:
        st.error(escape(error))
        return None
    shown = [cells[: len(table.columns)] for _, cells in table.rows[:5]]
    columns = [plain(column, 60) or f"column {number}" for number, column in enumerate(table.columns, start=1)]
    _table(
        {
            f"{column}{' ' * columns[:number].count(column)}": [
                plain(cells[number] if number < len(cells) else "", 80) for cells in shown
            ]
            for number, column in enumerate(columns)
        }
    )
    chosen: dict[str, str] = {"table": picked_table}
    drawn = [column for _ in range(0, len(_COLUMNS), 3) for column in st.columns(3)]
    for place, meaning in enumerate(_COLUMNS):
        found = table.column(meaning)
        guess = "" if found is None else f" ({plain(table.columns[found], 30)})"
        needed = meaning in ("file", "label")
        choices = ["", *([] if needed else ["-"]), *dict.fromkeys(filter(None, table.columns))]
        says = {"": FOUND + guess if guess else "not found", "-": NONE}
        with drawn[place]:
            picked = st.selectbox(
                f"Column of the {meaning}",
                range(len(choices)),
                format_func=[says.get(one, plain(one, 60)) for one in choices].__getitem__,
                key=f"{key}.{name}.{meaning}",
            )
        chosen[f"{meaning}_column"] = choices[picked]
    start = replace(ManifestReader(), **chosen)
    form = parameter_form.parameters(ManifestReader, f"{key}.manifest", start=start, hide=list(chosen))
    lacking = [
        meaning
        for meaning in ("file", "label")
        if not chosen[f"{meaning}_column"] and table.column(meaning) is None and table.columns
    ]
    if lacking:
        st.warning(f"Choose the column of the {' and of the '.join(lacking)}.")
        asked = brought.reading.questions if brought.reading is not None else ()
        for answer in (answer for question in asked for answer in question.candidates[:8]):
            st.caption(f"**{escape(answer.value, 60)}**: {escape(answer.examples, 160)}")
        return None
    return form.value


def _pattern(brought: Brought, key: str, cls: type[Reader]) -> Reader | None:
    sounds = {entry.name: entry for entry in brought.tree.unwrapped().entries if entry.promises_sound}
    names = list(sounds)
    if not names:
        st.info("No sound file is among these files.")
        return None
    scheme = naming.recognise([entry.stem for entry in brought.sounds if entry.promises_sound])
    if scheme is not None:
        st.success(escape(f"The names are those of {scheme.name}, which are known: no pattern is needed."))
    elif f"{key}.names.pattern" not in st.session_state:
        parameter_form.fill(PatternReader(pattern=patterns.suggest(names)), f"{key}.names")
    form = parameter_form.parameters(PatternReader, f"{key}.names", columns=1, live=("pattern", "values"))
    st.caption(
        escape(
            "Parts: {label}, {group} (or {speaker}, {source}), {fold}; any other is passed over. {label:2} has two"
            " characters. Values name the classes: W=anger."
        )
    )
    if form.value is None:
        return None
    text = form.value.pattern
    with form.beside():
        if text:
            parsed = Pattern(text)
            rows = patterns.preview(text, names, len(names), form.value.values)
            fits = sum(row.named is not None for row in rows)
            known = {row.named.label for row in rows if row.named is not None and row.named.label}
            classes = f", {count(len(known), 'class', 'classes')}" if "label" in parsed.gives else ""
            st.markdown(escape(f"{fits:,} of {count(len(names), 'name')} fit{classes}."))
        elif scheme is not None:
            rows = [patterns.Preview(name, naming.read(scheme, entry.stem)) for name, entry in sounds.items()]
        else:
            st.info("Say how the names are built.")
            return None
        _table(
            {
                "file": [plain(row.name, 100) for row in rows[:_SHOWN]],
                "class": [_part(row, "label") for row in rows[:_SHOWN]],
                "group": [_part(row, "group") for row in rows[:_SHOWN]],
                "fold": [_part(row, "fold") for row in rows[:_SHOWN]],
            }
        )
        return form.value if any(row.named for row in rows) else None
    return None


def _part(row: patterns.Preview, part: str) -> str:
    if row.named is None:
        return "does not fit" if part == "label" else ""
    value = getattr(row.named, part)
    if value is None and part == "label":
        value = row.name.rsplit("/", 2)[-2] if "/" in row.name else "no folder gives it"
    return "" if value is None else plain(value, 60)


def _table(columns: dict[str, list[Any]]) -> None:
    import pandas as pd

    rows = max(map(len, columns.values()), default=0)
    st.dataframe(pd.DataFrame(columns), hide_index=True, height=260 if rows > 6 else "auto")


_DRAW: dict[str, Any] = {
    ManifestReader.kind: _manifest,
    PatternReader.kind: _pattern,
    RecordingReader.kind: intake_segmentation.questions,
}
