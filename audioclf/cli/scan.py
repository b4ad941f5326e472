"""Commands for recordings of any length and whole folders: scan, thresholds."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from audioclf.cli import stopping
from audioclf.cli.group import cli
from audioclf.cli.options import as_json, opened_run, print_json, print_table, run_argument, trust_code
from audioclf.core.errors import ParameterError, Stopped
from audioclf.core.text import duration


@cli.command()
@run_argument
@click.argument("sounds", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for rows and tables.")
@click.option("--hop", type=float, help="Seconds from one window to the next; half of one where left out.")
@click.option("--threshold", type=float, help="Probability from which a class counts as heard.  [default: 0.5]")
@click.option("--class-threshold", "own", multiple=True, metavar="CLASS=P", help="Threshold of one class.")
@click.option("--smoothing", type=int, help="Windows whose mean a window is given.  [default: 1]")
@click.option("--min-length", type=float, help="Shorter events are left out, in seconds.  [default: 0]")
@click.option("--max-gap", type=float, help="Events no farther apart become one, in seconds.  [default: 0.2]")
@click.option("--keep-unknown", is_flag=True, help="Keep windows that sound like none of the classes.")
@trust_code
@as_json
def scan(
    run: Path,
    sounds: tuple[Path, ...],
    out: Path,
    hop: float | None,
    own: tuple[str, ...],
    keep_unknown: bool,
    trust_code: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Classify SOUNDS (recordings of any length, folders) window by window with RUN, and list what is heard when.

    Tables (CSV per file, window and event; JSON; Audacity labels; Raven selections) are written into the folder OUT.
    The same command goes on where an earlier one was stopped.
    """
    from audioclf.inference import review, scan_files, thresholds
    from audioclf.inference.events import EventSettings
    from audioclf.inference.scan_records import ScanStatus
    from audioclf.inference.scanner import scan_sounds

    kept = {name: value for name, value in given.items() if value is not None}
    opened = opened_run(run, quiet=False)
    settings = EventSettings.from_dict({**kept, "skip_unknown": not keep_unknown})
    limits = {}
    if "threshold" not in kept:
        limits = {one.label: one.value for one in thresholds.read_thresholds(opened.folder)[0]}
    limits |= dict(_own(text, opened.classes) for text in own)
    shown = time.monotonic()

    def progress(status: ScanStatus) -> None:
        nonlocal shown
        if sys.stderr.isatty() and time.monotonic() - shown > 0.5:
            shown = time.monotonic()
            click.echo(
                f"\r{100 * status.share:5.1f}% {status.files:,} files, {status.windows:,} windows", err=True, nl=False
            )

    try:
        found = scan_sounds(
            opened, sounds, out, hop=hop, trust_code=trust_code, progress=progress, should_stop=stopping.asked
        )
    except (Stopped, KeyboardInterrupt) as error:
        stopping.end(error, go_on="the same command goes on.")
    found.set_events(settings, limits)
    events = review.with_review(found, found.events(settings, limits))
    paths = scan_files.write_all(found, events, out)
    answers = found.answers()
    failed = [answer for answer in answers if answer.error]
    kinds = ("not sure", "unknown", "silent")
    remarked = {kind: sum(kind in answer.remarks for answer in answers) for kind in kinds}
    for answer in failed:
        click.echo(f"audioclf: {answer.name}: {answer.error}", err=True)
    if as_json:
        print_json(
            {
                "folder": str(out),
                "files": len(answers),
                "windows": found.n_rows,
                "failed": len(failed),
                "remarks": remarked,
                "events": [{"file": found.files[one.file][0], **asdict(one)} for one in events],
            }
        )
    else:
        for one in events[:100]:
            click.echo(
                f"{found.files[one.file][0]}: {duration(one.start)} to {duration(one.end)}: {one.final} {one.score:.3f}"
            )
        if len(events) > 100:
            click.echo(f"and {len(events) - 100:,} more")
        unsure, strange = remarked["not sure"], remarked["unknown"]
        click.echo(
            f"{len(answers):,} files ({len(failed):,} failed, {unsure:,} not sure, {strange:,} unknown),"
            f" {found.n_rows:,} windows, {len(events):,} events; {len(paths)} tables in {out}"
        )
    if failed:
        raise SystemExit(2)


@cli.command()
@run_argument
@click.option("--precision", type=float, help="Share of what is heard that shall be right.")
@click.option("--recall", type=float, help="Share of a class's clips that shall be heard.")
@as_json
def thresholds(run: Path, precision: float | None, recall: float | None, as_json: bool) -> None:
    """Calibrate a threshold for every class of RUN on its validation clips, and keep them with it for scans.

    The models stay as they are. A recording holds other sounds than the data set: expect less than was wanted there.
    """
    from audioclf.inference import thresholds as of

    if (precision is None) == (recall is None):
        raise ParameterError("Give either --precision or --recall, above 0 and up to 1.", "precision")
    opened = opened_run(run)
    probabilities, labels = of.validation_predictions(opened, should_stop=stopping.asked)
    found = of.calibrate(probabilities, labels, opened.classes, precision=precision, recall=recall)
    wanted = f"recall {recall:g}" if precision is None else f"precision {precision:g}"
    of.save_thresholds(opened, found, wanted)
    if as_json:
        print_json({"wanted": wanted, "thresholds": [asdict(one) for one in found]})
        return
    rows = [
        (one.label, f"{one.value:.3f}", f"{one.precision:.3f}", f"{one.recall:.3f}", one.n, "" if one.reached else "no")
        for one in found
    ]
    print_table(("class", "threshold", "precision", "recall", "clips", "reached"), rows)
    left = len(opened.classes) - len(found)
    if left:
        click.echo(f"{left} classes have fewer than {of.FEWEST} validation clips and keep the common threshold.")


def _own(text: str, classes: tuple[str, ...]) -> tuple[str, float]:
    label, _, value = text.rpartition("=")
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if label not in classes or not 0 <= number <= 1:
        raise ParameterError(
            f"--class-threshold takes a class of the run and a probability, as in '{classes[0]}=0.8', got {text!r}.",
            "class_threshold",
        )
    return label, number
