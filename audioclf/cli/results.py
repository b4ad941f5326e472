"""Commands that look into a finished run: which classes it confuses, and how it holds up."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click
import numpy as np

from audioclf.cli import stopping
from audioclf.cli.group import cli
from audioclf.cli.options import as_json, figure, opened_run, print_json, print_table, run_argument, trust_code
from audioclf.core.errors import AudioclfError
from audioclf.experiments.runs import open_run
from audioclf.experiments.runs.mistakes import Slice, by_duration, by_fold, by_group, confused, confusions

_SWEEPS = ("noise", "pitch", "speed", "reverb", "gain", "low-pass", "high-pass")


@cli.command()
@run_argument
@as_json
def mistakes(run: Path, as_json: bool) -> None:
    """Where RUN goes wrong: classes it confuses, area under ROC, accuracy by length, group and fold."""
    from audioclf.training.ranking import ranking

    opened = open_run(run)
    predictions = opened.predictions
    pairs = confusions(predictions)
    ranked = ranking(
        [item.true for item in predictions], np.array([item.probabilities for item in predictions]), opened.classes
    )
    parts: dict[str, list[Slice]] = {}
    for name, sliced in (("length", by_duration), ("group", by_group), ("fold", by_fold)):
        try:
            parts[name] = list(sliced(opened))
        except AudioclfError as error:
            click.echo(f"audioclf: {error}", err=True)
            break
    if as_json:
        print_json(
            {
                "sentence": confused(predictions, opened.classes),
                "confusions": [
                    {
                        "true": opened.classes[one.true],
                        "predicted": opened.classes[one.predicted],
                        "clips": one.clips,
                        "of": one.support,
                    }
                    for one in pairs
                ],
                "ranking": ranked,
                "parts": {
                    name: [{"name": one.name, "n": one.n, "accuracy": one.accuracy} for one in found]
                    for name, found in parts.items()
                },
            }
        )
        return
    click.echo(confused(predictions, opened.classes))
    if pairs:
        click.echo()
        shown = [(opened.classes[one.true], opened.classes[one.predicted], one.clips, one.support) for one in pairs]
        print_table(("true class", "predicted", "clips", "of"), shown)
    click.echo()
    print_table(
        ("class", "area under ROC", "average precision", "test clips"),
        [(one["class"], figure(one["auc"]), figure(one["ap"]), one["positives"]) for one in ranked["classes"]],
    )
    for name, found in parts.items():
        if len(found) > 1:
            click.echo()
            rows = [(one.name, f"{one.accuracy:.3f}", one.n) for one in found]
            print_table((name, "accuracy", "test clips"), rows)


@cli.command()
@run_argument
@click.option("--sweep", type=click.Choice(_SWEEPS), default="noise", show_default=True, help="What is changed.")
@trust_code
@as_json
def robustness(run: Path, sweep: str, trust_code: bool, as_json: bool) -> None:
    """Change the test clips of RUN more and more, and print the accuracy of every class."""
    from audioclf.inference.predictor import Predictor
    from audioclf.inference.robustness import SWEEPS, measure

    found = measure(Predictor(opened_run(run), trust_code=trust_code), sweep, should_stop=stopping.asked)
    if as_json:
        print_json(asdict(found))
        return
    click.echo(f"{found.sentence()}\n")
    header = (SWEEPS[sweep].unit, "all", *found.classes)
    rows = [
        (f"{value:g}", f"{whole:.3f}", *(figure(share) for share in shares))
        for value, whole, shares in zip(found.values, found.accuracy, found.per_class, strict=True)
    ]
    print_table(header, [("unchanged", f"{found.unchanged:.3f}", *("" for _ in found.classes)), *rows])
