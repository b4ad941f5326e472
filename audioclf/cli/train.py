"""The command that trains: run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from audioclf.cli import stopping
from audioclf.cli.group import cli
from audioclf.cli.options import as_json, dataset_option, experiment_of, print_json, quiet_start, trust_code, watcher
from audioclf.core.errors import ParameterError, RunError, Stopped
from audioclf.core.text import duration
from audioclf.experiments.config import Experiment
from audioclf.experiments.diagnosis import diagnose_run
from audioclf.experiments.preflight import examine
from audioclf.experiments.runner import execute, run_experiment
from audioclf.experiments.runs import Run, Status, Watcher
from audioclf.models.trust import require_trusted, trusting_code
from audioclf.training.intervals import interval_words
from audioclf.training.metrics import majority
from audioclf.training.reliability import Reliability
from audioclf.training.temperature import temperature_sentences


@cli.command()
@click.argument("recipe_or_toml")
@dataset_option
@click.option("--set", "pairs", multiple=True, metavar="KEY=VALUE", help="Change one value, such as training.epochs=5.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the run; a new one where left out.")
@click.option("--resume", is_flag=True, help="Go on with the run in --out where it was stopped or cut off.")
@trust_code
@as_json
def run(
    recipe_or_toml: str,
    dataset: str | None,
    pairs: tuple[str, ...],
    out: Path | None,
    resume: bool,
    trust_code: bool,
    as_json: bool,
) -> None:
    """Run an experiment: the name of a recipe, or a TOML file.

    Code that a TOML file of yours names is imported. With --resume, it is imported where RECIPE_OR_TOML names the same
    as the run, or with --trust-code.
    """
    from audioclf import recipes
    from audioclf.core.workspaces import runs_folder
    from audioclf.experiments.runs import new_folder, open_run

    if resume and out is None:
        raise ParameterError("--resume goes on with the run in the folder that --out names; name it.", "resume")
    folder = out or new_folder(runs_folder())
    watch = watcher()
    try:
        if resume:
            finished = open_run(folder)
            _require_resumable(finished, dataset, pairs)
            trusted = trust_code or _is_named_by(recipe_or_toml, finished)
            with trusting_code(trusted):
                require_trusted(finished.experiment.model)
            quiet_start(finished.experiment.model.family)
            (folder / "stop").unlink(missing_ok=True)
            execute(finished, watch=watch, should_stop=stopping.asked, trust_code=trusted)
        else:
            if not recipe_or_toml.endswith(".toml") and recipes.get(recipe_or_toml).search is not None:
                raise ParameterError(
                    f"{recipe_or_toml} is a search over several experiments; make it with: audioclf search"
                    f" {recipe_or_toml}."
                )
            experiment = experiment_of(recipe_or_toml, dataset, pairs)
            if experiment.model.only_here:  # only Keras can say what it is
                quiet_start(experiment.model.family)
            with trusting_code(True):
                _examine(experiment, watch)
            quiet_start(experiment.model.family)
            finished = run_experiment(experiment, folder, watch=watch, should_stop=stopping.asked)
    except (Stopped, KeyboardInterrupt) as error:
        if not (folder / Run.recipe).is_file():
            raise
        stopping.end(error, go_on=["audioclf", "run", recipe_or_toml, "--out", folder, "--resume"])
    _report(finished, as_json)


def _require_resumable(run: Run, dataset: str | None, pairs: Sequence[str]) -> None:
    if run.status.state == "done":
        raise RunError(
            f"Run '{run.name}' is done, so there is nothing to go on with; leave --resume out for a new run."
        )
    if dataset is not None or pairs:
        raise ParameterError(
            "A run goes on with the data and the settings it began with; leave --dataset and --set out, or --resume.",
            "resume",
        )


def _is_named_by(toml: str, run: Run) -> bool:
    """Whether the model of a run, and with it the code that it names, is that of a TOML file of the user's own."""
    if not run.experiment.model.names_code or not toml.endswith(".toml"):
        return False
    return Experiment.load(toml).model == run.experiment.model


def _examine(experiment: Experiment, watch: Watcher) -> None:
    """Refuse what cannot be before anything of it is made, and say what deserves a word."""
    reading = Status(state="running", stage="data", message="Reading the data set")
    dataset = experiment.dataset.load(progress=lambda done, total: watch(reading), should_stop=stopping.asked)
    for sentence in examine(experiment, dataset).advice:
        click.echo(f"audioclf: {sentence}", err=True)


def _report(run: Run, as_json: bool) -> None:
    metrics = run.metrics
    if as_json:
        keys = (
            "accuracy",
            "interval",
            "interval_kind",
            "interval_over",
            "interval_n",
            "n_test",
            "protocol",
            "leaky",
            "seconds",
            "seconds_training",
            "splits",
        )
        more = ("n_train", "n_train_clips", "augmentation", "remarks", "n_parameters", "fingerprint")
        probable = ("log_loss", "calibration", "temperatures")
        shown = {"run": str(run.folder), **{key: metrics[key] for key in (*keys, *more, *probable)}}
        print_json(shown | {"diagnosis": diagnose_run(run)})
        return
    low, high = metrics["interval"]
    click.echo(
        f"accuracy {metrics['accuracy']:.4f}  (95 % interval {low:.3f} to {high:.3f}, {metrics['n_test']} clips)"
    )
    click.echo(f"interval {interval_words(metrics)}")
    support = [row["support"] for row in metrics["per_class"]]
    click.echo(f"baseline guessing {1 / len(support):.4f}, most frequent class {majority(support):.4f}")
    click.echo(
        f"protocol {metrics['protocol']}" + ("  [leaky: says nothing about new sounds]" if metrics["leaky"] else "")
    )
    calibration = Reliability.from_dict(metrics["calibration"])
    click.echo(
        f"ECE      {calibration.error:.4f}  (expected calibration error, mean confidence {calibration.confidence:.4f};"
        f" a calibrated model stays below {calibration.chance:.4f} in 95 of 100 cases)"
    )
    for sentence in temperature_sentences(metrics["temperatures"]):
        click.echo(f"         {sentence}")
    for remark in metrics["remarks"]:
        click.echo(f"remark   {remark}")
    for sentence in diagnose_run(run):
        click.echo(f"curves   {sentence}")
    if metrics["augmentation"]:
        click.echo(f"learned  from {metrics['augmentation']}: {metrics['n_train']:,} examples an epoch")
    if len(metrics["splits"]) > 1:
        figures = "  ".join(f"{split['name']} {split['accuracy']:.4f}" for split in metrics["splits"])
        click.echo(f"splits   {figures}  mean {metrics['accuracy_mean']:.4f} sd {metrics['accuracy_sd']:.4f}")
    click.echo(f"time     {duration(metrics['seconds'])}, {duration(metrics['seconds_training'])} of it training")
    click.echo(f"run      {run.folder}")
