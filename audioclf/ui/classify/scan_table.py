"""The files of a scan as a table with every probability, and its downloads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from audioclf.inference import scan_files
from audioclf.inference.review import Reviewed, with_review
from audioclf.inference.scan import Scan
from audioclf.inference.scan_records import Answer
from audioclf.ui.shell.table import one_row, share
from audioclf.ui.shell.text import count, distinct, escape, plain, seconds

_TABLES: dict[str, tuple[str, str, Callable[[Scan], str | dict[str, str]]]] = {
    "A line per file (CSV)": ("files.csv", "text/csv", scan_files.files_csv),
    "A line per window (CSV)": ("windows.csv", "text/csv", scan_files.windows_csv),
    "Events (CSV)": ("events.csv", "text/csv", lambda scan: scan_files.events_csv(scan, _events(scan))),
    "Events (JSON)": ("events.json", "application/json", lambda scan: scan_files.events_json(scan, _events(scan))),
    "Events for Audacity (labels)": ("labels", "", lambda scan: scan_files.label_tracks(scan, _events(scan))),
    "Events for Raven (selections)": ("selections", "", lambda scan: scan_files.selection_tables(scan, _events(scan))),
}
"""Name, type and content of every table; without a type it is one for each recording."""


def draw(scan: Scan) -> int | None:
    """Draw counts, downloads and the table; returns the file whose events are looked at, None where there is none."""
    stamp = (scan.n_rows, len(scan.finished))
    answers = _answers(str(scan.folder), stamp, scan)
    if len(answers) == 1:
        windows = count(scan.n_rows, "window")
        st.markdown(f"{seconds(answers[0].seconds)}, {windows} of {scan.window:g} s, one every {scan.hop:.3g} s")
    else:
        _counts(answers)
    _downloads(scan)
    if len(scan.files) == 1:
        only = answers[0]
        if only.error:
            st.error(escape(only.error, 400), icon=":material/error:")
        return 0 if only.probabilities is not None else None
    row = one_row(
        _frame(str(scan.folder), stamp, scan, answers),
        f"scan.table.{scan.folder.name}",
        column_config={
            "seconds": st.column_config.NumberColumn(format="%.2f"),
            "novelty": st.column_config.NumberColumn(format="%.2f"),
            "probability": share(),
            **{label: st.column_config.NumberColumn(format="%.1f %%") for label in _labels(scan)},
        },
    )
    st.caption("Click a heading to sort, and a row to see what is heard when in that file.")
    return row if row is not None and answers[row].probabilities is not None else None


@st.cache_resource(max_entries=16, show_spinner=False)
def _answers(folder: str, stamp: tuple[int, int], _scan: Scan) -> list[Answer]:
    return _scan.answers()


def _labels(scan: Scan) -> list[str]:
    return distinct(f"{plain(label, 32)} %" for label in scan.classes)


@st.cache_resource(max_entries=16, show_spinner=False)
def _frame(folder: str, stamp: tuple[int, int], _scan: Scan, _answers: list[Answer]) -> Any:
    import pandas as pd

    best = [None if answer.probabilities is None else int(answer.probabilities.argmax()) for answer in _answers]
    values: dict[str, list[Any]] = {
        "file": [plain(answer.name, 80) for answer in _answers],
        "prediction": ["" if at is None else plain(_scan.classes[at], 60) for at in best],
        "probability": [
            None if at is None or answer.probabilities is None else 100 * float(answer.probabilities[at])
            for at, answer in zip(best, _answers, strict=True)
        ],
        "remarks": [plain(answer.error or ", ".join(answer.remarks), 200) for answer in _answers],
        "seconds": [answer.seconds for answer in _answers],
    }
    if any(answer.novelty is not None for answer in _answers):
        values["novelty"] = [answer.novelty for answer in _answers]
    for number, label in enumerate(_labels(_scan)):
        values[label] = [
            None if answer.probabilities is None else 100 * float(answer.probabilities[number]) for answer in _answers
        ]
    return pd.DataFrame(values)


def _counts(answers: list[Answer]) -> None:
    failed = sum(bool(answer.error) for answer in answers)
    kinds = {kind: sum(kind in answer.remarks for answer in answers) for kind in ("not sure", "unknown", "silent")}
    total = seconds(sum(answer.seconds for answer in answers))
    words = [f"{count(len(answers), 'file')}, {total}"]
    words += [f"{number:,} {kind}" for kind, number in kinds.items() if number or kind != "silent"]
    if failed:
        words.append(f"{failed:,} could not be used, or not to the end")
    st.markdown(" · ".join(words))


def _events(scan: Scan) -> list[Reviewed]:
    return with_review(scan, scan.events(*scan.settings))


def _downloads(scan: Scan) -> None:
    one = len(scan.files) == 1
    with st.container(horizontal=True, vertical_alignment="bottom"):
        what = st.selectbox("Table", list(_TABLES), key="scan.what", width=280)
        name, mime, write = _TABLES[what]
        if not mime:
            name, mime = (f"{name}.txt", "text/plain") if one else (f"{name}.zip", "application/zip")

        def made() -> str | bytes:
            found = write(scan)
            if isinstance(found, str):
                return found
            return "".join(found.values()) if one else scan_files.packed(found)

        st.download_button("Download", made, name, mime, icon=":material/download:", on_click="ignore", key="scan.get")
