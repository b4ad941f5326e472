"""A scan as files for other programs: tables, JSON, Audacity's label tracks and Raven's selection tables."""

from __future__ import annotations

import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from audioclf.core.errors import RunError
from audioclf.core.files import write_atomic
from audioclf.datasets.csv_table import write_table
from audioclf.inference.review import Reviewed
from audioclf.inference.scan import Scan

RAVEN = (
    "Selection",
    "View",
    "Channel",
    "Begin Time (s)",
    "End Time (s)",
    "Low Freq (Hz)",
    "High Freq (Hz)",
    "Class",
    "Score",
    "Review",
    "Note",
)
"""Columns of a selection table: Raven's standard ones, then annotations."""

_MARK = "\ufeff"
"""Spreadsheet programs take a CSV for UTF-8 where it begins so."""


def files_csv(scan: Scan) -> str:
    """A line per file: the predicted class, every probability, what is remarked, or why it could not be used.

    CSV cells are safe to open in a spreadsheet program.
    """
    header = ["file", "seconds", "prediction", "probability", "novelty", "remarks", "error"]
    rows: list[list[object]] = [[*header, *(f"p({label})" for label in scan.classes)]]
    for answer in scan.answers():
        p = answer.probabilities
        if p is None:
            rows.append([answer.name, "", "", "", "", "", answer.error, *("" for _ in scan.classes)])
            continue
        best = int(p.argmax())
        novelty = "" if answer.novelty is None else f"{answer.novelty:.4f}"
        about = [scan.classes[best], f"{p[best]:.6f}", novelty, ", ".join(answer.remarks), answer.error]
        rows.append([answer.name, f"{answer.seconds:.3f}", *about, *(f"{value:.6f}" for value in p)])
    return _MARK + write_table(rows)


def windows_csv(scan: Scan) -> str:
    """A line per window: where it begins and ends, every probability, novelty and level."""
    return _MARK + "".join(_windows(scan))


def _windows(scan: Scan) -> Iterator[str]:
    header = ["file", "start", "end", "prediction", "novelty", "level (dB)"]
    yield write_table([[*header, *(f"p({label})" for label in scan.classes)]])
    for result in scan.results:
        name = scan.files[result.number][0]
        windows = scan.windows_of(result)
        for at in np.argsort(windows.start, kind="stable").tolist():
            p, novelty = windows.probabilities[at], float(windows.novelty[at])
            start = max(float(windows.start[at]), 0.0)
            end = max(min(float(windows.start[at]) + scan.window, result.seconds), start)
            about = [scan.classes[int(p.argmax())], "" if novelty != novelty else f"{novelty:.4f}"]
            about.append(f"{windows.level[at]:.1f}")
            yield write_table([[name, f"{start:.3f}", f"{end:.3f}", *about, *(f"{value:.6f}" for value in p)]])


def events_csv(scan: Scan, events: Sequence[Reviewed]) -> str:
    """A line per event."""
    rows: list[list[object]] = [["file", "start", "end", "class", "predicted", "score", "review", "note"]]
    for one in events:
        times = [f"{one.start:.3f}", f"{one.end:.3f}"]
        about = [one.final, one.predicted, f"{one.score:.4f}", one.verdict, one.note]
        rows.append([scan.files[one.file][0], *times, *about])
    return _MARK + write_table(rows)


def events_json(scan: Scan, events: Sequence[Reviewed]) -> str:
    """All that is known of the events, and the settings they were found with."""
    settings, thresholds = scan.settings
    record: dict[str, Any] = {
        "run": scan.about["run_name"],
        "classes": list(scan.classes),
        "window": scan.window,
        "hop": scan.hop,
        "settings": asdict(settings),
        "thresholds": thresholds,
        "events": [
            {
                "file": scan.files[one.file][0],
                "start": round(one.start, 6),
                "end": round(one.end, 6),
                "class": one.final,
                "predicted": one.predicted,
                "score": round(one.score, 6),
                "review": one.verdict,
                "note": one.note,
            }
            for one in events
        ],
    }
    return json.dumps(record, ensure_ascii=False, indent=1) + "\n"


def audacity(events: Sequence[Reviewed]) -> str:
    """A label track of one recording: start, end and class, separated by tabs. Rejected events are left out."""
    kept = [one for one in events if one.verdict != "rejected"]
    return "".join(f"{one.start:.6f}\t{one.end:.6f}\t{_cell(one.final)}\n" for one in kept)


def raven(scan: Scan, events: Sequence[Reviewed], file: int) -> str:
    """A selection table of one recording; a selection spans the frequencies that the models hear."""
    high = scan.about["sr"] / 2
    native = next((result.sr for result in scan.results if result.number == file and result.sr), 0)
    high = min(high, native / 2) if native else high
    lines = ["\t".join(RAVEN)]
    for number, one in enumerate(events, start=1):
        times = (f"{one.start:.6f}", f"{one.end:.6f}", "0.0", f"{high:.1f}")
        about = (_cell(one.final), f"{one.score:.4f}", _cell(one.verdict), _cell(one.note))
        lines.append("\t".join((str(number), "Spectrogram 1", "1", *times, *about)))
    return "\n".join(lines) + "\n"


def per_recording(
    scan: Scan, events: Sequence[Reviewed], write: Callable[[Sequence[Reviewed], int], str], suffix: str
) -> dict[str, str]:
    """Files that hold one recording each, by name; recordings without events have none."""
    of: dict[int, list[Reviewed]] = {}
    for one in events:
        of.setdefault(one.file, []).append(one)
    found = {}
    for number, members in of.items():
        stem = re.sub(r"[^A-Za-z0-9-]+", "_", Path(scan.files[number][0]).stem)[:60].strip("_") or "recording"
        found[f"{stem if len(scan.files) == 1 else f'{number + 1:05d}_{stem}'}{suffix}"] = write(members, number)
    return found


def label_tracks(scan: Scan, events: Sequence[Reviewed]) -> dict[str, str]:
    """Audacity's label tracks by file name."""
    return per_recording(scan, events, lambda members, number: audacity(members), ".txt")


def selection_tables(scan: Scan, events: Sequence[Reviewed]) -> dict[str, str]:
    """Raven's selection tables by file name."""
    return per_recording(scan, events, lambda members, number: raven(scan, members, number), ".selections.txt")


def packed(files: dict[str, str]) -> bytes:
    """Several files as a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def write_all(scan: Scan, events: Sequence[Reviewed], folder: Path) -> list[Path]:
    """Write every file into a folder; returns their paths.

    Raises
    ------
    RunError
        When one cannot be written.
    """
    texts = {
        "files.csv": files_csv(scan),
        "windows.csv": windows_csv(scan),
        "events.csv": events_csv(scan, events),
        "events.json": events_json(scan, events),
        **{f"audacity/{name}": text for name, text in label_tracks(scan, events).items()},
        **{f"raven/{name}": text for name, text in selection_tables(scan, events).items()},
    }
    try:
        for name, text in texts.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            write_atomic(folder / name, text)
    except OSError as error:
        raise RunError(
            f"The tables cannot be written into '{folder.name}' ({error.strerror or error}); free some space and run"
            " the same command again."
        ) from None
    return [folder / name for name in texts]


def _cell(text: str) -> str:
    """Text that stays in its cell and its line."""
    return "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text).strip()
