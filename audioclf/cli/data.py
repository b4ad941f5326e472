"""Commands about data: data add, data check, data list, data export."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audioclf.audio.sources import display_name
from audioclf.cli.group import cli
from audioclf.cli.options import as_json, literals_of, print_json, print_table, printable
from audioclf.core.text import duration

if TYPE_CHECKING:
    from audioclf.datasets import Dataset, Progress, Reading
    from audioclf.datasets.quality.report import HealthReport

_SHOWN = 20

options = click.option(
    "--set", "pairs", multiple=True, metavar="KEY=VALUE", help="How to read it, such as pattern={label}_{take}."
)


@cli.group()
def data() -> None:
    """Add sounds of one's own, or a published set, and see what is wrong with them."""


@data.command()
@click.argument("path")
@click.option("--name", help="Name for people; the folder's or archive's where left out.")
@options
@as_json
def add(path: str, name: str | None, pairs: tuple[str, ...], as_json: bool) -> None:
    """Read PATH (folder, archive, table, recording, or name of a known set) and keep its list of clips.

    Sounds in a folder stay where they are, an archive is unpacked, a published set is fetched.
    """
    from audioclf.core import workspaces
    from audioclf.datasets import SOURCES
    from audioclf.datasets.catalog.published import Published
    from audioclf.datasets.readers import versions

    if path in SOURCES and issubclass(source := SOURCES[path], Published):
        click.echo(source.terms(), err=True)
    dataset, chosen, reading = _load(path, pairs)
    if name is not None:
        dataset = replace(dataset, name=name)
    kept = versions.save(dataset, workspaces.datasets_folder(), chosen)
    if as_json:
        problems = [vars(problem) for problem in kept.problems]
        print_json({"path": kept.source, "name": kept.name, "clips": len(kept), "counts": kept.counts,
                    "fingerprint": kept.fingerprint, "licence": kept.licence, "problems": problems,
                    "reading": reading.to_dict() if reading else None})  # fmt: skip
        return
    _print_reading(reading)
    click.echo(f"{display_name(kept.name)}: {len(kept):,} clips in {len(kept.classes)} classes")
    if kept.licence:
        click.echo(f"licence {kept.licence}")
    _print_problems(kept)
    click.echo(f"kept as {kept.source}")
    click.echo(f"use it with: audioclf run RECIPE --dataset {kept.source}")


@data.command()
@click.argument("path")
@options
@as_json
def check(path: str, pairs: tuple[str, ...], as_json: bool) -> None:
    """Report the health of the data set at PATH (or of a known set): copies, silence, clipping, shortcuts ..."""
    from audioclf.datasets.quality import report as health

    dataset, _, reading = _load(path, pairs)
    report = health.check(dataset, progress=_progress("measured"))
    if as_json:
        known = {"worst": report.worst, "reading": reading.to_dict() if reading else None}
        print_json(report.to_dict() | known)
        return
    _print_reading(reading)
    _print_report(report)
    _print_problems(replace(dataset, problems=report.problems))


@data.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List what was added."""
    from audioclf.core import workspaces
    from audioclf.core.errors import AudioclfError
    from audioclf.datasets import load_dataset

    rows: list[dict[str, Any]] = []
    for folder in sorted(workspaces.datasets_folder().iterdir(), key=lambda folder: folder.stat().st_mtime):
        if folder.name.startswith(".") or not folder.is_dir():
            continue
        try:
            dataset = load_dataset(str(folder))
        except AudioclfError as error:
            click.echo(f"audioclf: {error}", err=True)
            continue
        rows.append({"name": dataset.name, "clips": len(dataset), "classes": len(dataset.classes), "path": str(folder)})
    if as_json:
        print_json(rows)
        return
    shown = [(display_name(row["name"]), row["clips"], row["classes"], row["path"]) for row in rows]
    print_table(("name", "clips", "classes", "path"), shown)


@data.command()
@click.argument("path")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Zip file to write.")
@options
def export(path: str, out: Path, pairs: tuple[str, ...]) -> None:
    """Write the data set at PATH as a zip of its sounds and a table of their labels."""
    from audioclf.datasets.readers import versions

    dataset, _, _ = _load(path, pairs)
    versions.export(dataset, out, progress=_progress("packed"))
    click.echo(str(out))


def _load(path: str, pairs: tuple[str, ...]) -> tuple[Dataset, dict[str, Any], Reading | None]:
    """The data set, the options it was loaded with, and how it was understood (a known set is not)."""
    from audioclf.datasets import SOURCES, load_dataset, understand

    chosen = literals_of(pairs)
    if path in SOURCES:
        return load_dataset(path, progress=_progress("read"), **chosen), chosen, None
    reading = understand(path, progress=_progress("unpacked"), **chosen)
    return reading.load(progress=_progress("read")), chosen, reading


def _print_reading(reading: Reading | None) -> None:
    """What was understood, with some of the rows."""
    if reading is None:
        return
    click.echo(f"understood as {printable(reading.sentence())}")
    sample = reading.sample()
    columns = {
        "file": [row.entry.name for row in sample],
        "class": [row.label for row in sample],
        "group": [row.group or "" for row in sample],
        "fold": ["" if row.fold is None or reading.parts else str(row.fold) for row in sample],
        "part": [row.split if reading.parts else "" for row in sample],
    }
    known = {name: [display_name(cell)[1:-1] for cell in cells] for name, cells in columns.items() if any(cells)}
    if known:
        print_table(list(known), zip(*known.values(), strict=True))
    for remark in reading.remarks:
        click.echo(f"understood: {printable(remark)}")


def _progress(what: str) -> Progress | None:
    """A line on standard error that is written over; none where that is no terminal."""
    if not sys.stderr.isatty():
        return None
    from audioclf.datasets import ByteCount

    last = [0.0]

    def show(done: int, total: int) -> None:
        if time.monotonic() - last[0] > 0.1 or done == total:
            last[0] = time.monotonic()
            share = f"{done / total:.0%}" if total else f"{done:,}"
            if isinstance(done, ByteCount):
                share += f" of {total / 1e6:,.1f} MB" if total else " bytes"
            click.echo(f"\r\033[K{share} {what}", nl=done == total, err=True)

    return show


def _print_report(report: HealthReport) -> None:
    click.echo(f"{display_name(report.name)}: {report.n_clips:,} clips, {duration(report.seconds)}")
    rows = [
        (display_name(label), count, f"{spread.low:.2f} to {spread.high:.2f} s")
        for label, count in report.counts.items()
        if (spread := report.durations_by_class.get(label)) is not None
    ]
    print_table(("class", "clips", "length"), rows)
    rates = ", ".join(f"{sr:,} Hz ({count:,})" for sr, count in report.sample_rates)
    formats = ", ".join(f"{name} ({count:,})" for name, count in report.formats)
    channels = ", ".join(f"{number} ({count:,})" for number, count in report.channels)
    click.echo(f"sample rates {rates}\nchannels {channels}\nformats {formats}\ngroups {report.n_groups:,}")
    for finding in report.findings:
        click.echo(f"{finding.severity}: {finding.sentence} {finding.remedy}")
        for file in finding.files[:_SHOWN]:
            click.echo(f"    {display_name(file)}")
        if len(finding.files) > _SHOWN:
            click.echo(f"    and {len(finding.files) - _SHOWN:,} more")
    if not report.findings:
        click.echo("nothing is wrong that could be seen")
    if report.shortcut is not None and not report.shortcut.clear:
        click.echo(report.shortcut.sentence)


def _print_problems(dataset: Dataset) -> None:
    for problem in dataset.problems[:_SHOWN]:
        click.echo(f"left out: {display_name(problem.file)} {problem.reason} {problem.remedy}")
    if len(dataset.problems) > _SHOWN:
        click.echo(f"and {len(dataset.problems) - _SHOWN:,} more were left out")
