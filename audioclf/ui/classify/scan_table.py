"""The files of a scan as a table with every probability, and its downloads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from audioclf.inference import scan_files
from audioclf.inference.review import with_review
from audioclf.inference.scan import Scan
from audioclf.inference.scan_records import Answer
from audioclf.ui.shell.text import count, distinct, escape, plain, seconds

_TABLES = {
    "A line per file (CSV)": ("files.csv", "text/csv", scan_files.files_csv),
    "A line per window (CSV)": ("windows.csv", "text/csv", scan_files.windows_csv),
}
_EVENTS: dict[str, tuple[str, str, Any]] = {
    "Events (CSV)": ("events.csv", "text/csv", scan_files.events_csv),
    "Events (JSON)": ("events.json", "application/json", scan_files.events_json),
    "Events for Audacity (labels)": ("labels", "text/plain", scan_files.label_tracks),
    "Events for Raven (selections)": ("selections", "text/plain", scan_files.selection_tables),
}


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
    event = st.dataframe(
        _frame(str(scan.folder), stamp, scan, answers),
        hide_index=True,
        key=f"scan.table.{scan.folder.name}",
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "seconds": st.column_config.NumberColumn(format="%.2f"),
            "novelty": st.column_config.NumberColumn(format="%.2f"),
            "probability": st.column_config.ProgressColumn(format="%.1f %%", min_value=0, max_value=100),
            **{label: st.column_config.NumberColumn(format="%.1f %%") for label in _labels(scan)},
        },
    )
    rows = event["selection"]["rows"]
    st.caption("Click a heading to sort, and a row to see what is heard when in that file.")
    if rows and rows[0] < len(scan.results) and answers[rows[0]].probabilities is not None:
        return int(rows[0])
    return None


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


def _downloads(scan: Scan) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        what = st.selectbox("Table", [*_TABLES, *_EVENTS], key="scan.what", width=280)
        if what in _TABLES:
            name, mime, write = _TABLES[what]
            st.download_button(
                "Download",
                lambda: write(scan),
                name,
                mime,
                icon=":material/download:",
                on_click="ignore",
                key="scan.get",
            )
            return
        name, mime, write_events = _EVENTS[what]
        one = len(scan.files) == 1
        is_zip = "." not in name and not one

        def made() -> str | bytes:
            found = write_events(scan, with_review(scan, scan.events(*scan.settings)))
            if "." in name:
                return str(found)
            return scan_files.packed(found) if is_zip else "".join(found.values())

        file = name if "." in name else f"{name}.zip" if is_zip else f"{name}.txt"
        mime = "application/zip" if is_zip else mime
        _download(made, file, mime)


def _download(made: Callable[[], str | bytes], name: str, mime: str) -> None:
    st.download_button("Download", made, name, mime, icon=":material/download:", on_click="ignore", key="scan.get")
