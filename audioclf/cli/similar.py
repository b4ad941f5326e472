"""Commands that look at a data set through an embedding: data review, data suggest, data curve."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from audioclf.audio.sources import display_name
from audioclf.cli.data import _load, _progress, data, options
from audioclf.cli.options import as_json, print_json, print_table

_SHOWN = 20


@data.command()
@click.argument("path")
@click.option("--by", default="yamnet", show_default=True, help="What clips are compared by: an embedding, or mel.")
@options
@as_json
def review(path: str, by: str, pairs: tuple[str, ...], as_json: bool) -> None:
    """List clips of the data set at PATH whose labels are likely wrong, and pairs that sound nearly the same."""
    from audioclf.similarity.review import review as find

    dataset, _, _ = _load(path, pairs)
    found = find(dataset, by, progress=_progress("compared"))
    clips, classes = dataset.clips, dataset.classes
    if as_json:
        print_json(
            {
                "agreement": found.agreement,
                "suspects": [
                    {
                        "clip": clips[one.clip].name,
                        "label": clips[one.clip].label,
                        "looks_like": classes[one.suggested],
                        "probability": one.other,
                    }
                    for one in found.suspects
                ],
                "pairs": [[clips[p.one].name, clips[p.other].name, p.similarity] for p in found.pairs],
            }
        )
        return
    click.echo(f"{found.agreement:.1%} of {len(clips):,} clips were put into their own class without having been met")
    if found.suspects:
        rows = [
            (
                display_name(clips[one.clip].name),
                display_name(clips[one.clip].label),
                display_name(classes[one.suggested]),
                f"{one.other:.2f}",
            )
            for one in found.suspects[:_SHOWN]
        ]
        print_table(("clip", "label", "looks like", "probability"), rows)
    click.echo(f"{len(found.suspects):,} labels may be wrong; {len(found.pairs):,} pairs sound nearly the same")
    for pair in found.pairs[:_SHOWN]:
        click.echo(f"    {display_name(clips[pair.one].name)} and {display_name(clips[pair.other].name)}")


@data.command()
@click.argument("path")
@click.option("--out", type=click.Path(path_type=Path), help="TOML file to write the experiment to.")
@options
@as_json
def suggest(path: str, out: Path | None, pairs: tuple[str, ...], as_json: bool) -> None:
    """Compare embeddings on training clips of the data set at PATH, and write the experiment that suits."""
    from audioclf.core.errors import DatasetError
    from audioclf.datasets.splits import Holdout
    from audioclf.experiments.config import DatasetChoice
    from audioclf.similarity import choice

    dataset, chosen, _ = _load(path, pairs)
    found = choice.choose(dataset, Holdout(), progress=_progress("compared"))
    best = found.best
    if best is None:
        raise DatasetError(f"No embedding could be computed. {found.sentence}")
    made = choice.experiment(
        (best.kind,), DatasetChoice(path, chosen), Holdout(), choice.audio_of(dataset.clips), C=best.C
    )
    if out is not None:
        out.write_text(made.to_toml(), encoding="utf-8")
    if as_json:
        print_json({"n_clips": found.n_clips, "candidates": [dataclasses.asdict(one) for one in found.candidates]})
        return
    click.echo(found.sentence)
    if note := choice.overlap(dataset):
        click.echo(note)
    click.echo(f"{out}: run it with audioclf run {out}" if out is not None else made.to_toml())


@data.command()
@click.argument("path")
@click.option("--way", "ways", multiple=True, help="An embedding, or scratch; all where left out.")
@options
@as_json
def curve(path: str, ways: tuple[str, ...], pairs: tuple[str, ...], as_json: bool) -> None:
    """Accuracy over training clips per class of the data set at PATH: embeddings against a CNN from scratch."""
    from audioclf.core.errors import ParameterError
    from audioclf.core.params import unknown
    from audioclf.datasets.splits import Holdout
    from audioclf.embeddings import EMBEDDINGS
    from audioclf.similarity import learning_curve as curves

    known = [*EMBEDDINGS, curves.SCRATCH]
    for way in ways:
        if way not in known:
            raise ParameterError(unknown(way, known, "way to learn"), "way")
    dataset, _, _ = _load(path, pairs)
    found = curves.learning_curve(dataset, Holdout(), ways or known, progress=_progress("done"))
    if as_json:
        print_json(dataclasses.asdict(found) | {"sentence": found.sentence})
        return
    rows = []
    for way in found.ways:
        for point in found.of(way):
            low, high = point.interval
            rows.append((curves.title(way), point.per_class, f"{point.accuracy:.3f}", f"{low:.3f} to {high:.3f}"))
    print_table(("model", "clips per class", "accuracy", "95 % interval"), rows)
    click.echo(f"{found.points[0].n_test:,} test clips, {found.protocol}. {found.sentence}")
