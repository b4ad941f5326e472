"""Where the app's files and the starter model are, in a checkout and in an installed package."""

from __future__ import annotations

from pathlib import Path

from audioclf.core.errors import RunError
from audioclf.experiments.runs import Run, open_run, write_json
from audioclf.inference.evidence import CHOICE, FOLDER

PACKAGE = Path(__file__).parents[1]


def app_folder() -> Path:
    """Folder with ``app.py`` and ``pages``: the checkout, or what the package carries."""
    checkout = PACKAGE.parent
    return checkout if (checkout / "app.py").is_file() and (checkout / "pages").is_dir() else PACKAGE / "_app"


def starter_run() -> Run:
    """The small model that comes with audioclf, trained by the recipe ``instruments-robust``.

    Raises
    ------
    RunError
        When it is missing from this installation.
    """
    folder = app_folder() / "assets" / "starter"
    if not folder.is_dir():
        raise RunError("The starter model is missing from this installation; train a model, or install audioclf again.")
    return open_run(folder)


def export_starter(run: Run, folder: Path) -> None:
    """Write what of a run is needed to classify and explain, without checkpoints and without anyone's paths."""
    import shutil

    kept = ("experiment.toml", "status.json", "model.json", "metrics.json", "history.csv")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in kept:
        shutil.copy(run.folder / name, folder / name)
    for fit in run.signature["fits"]:
        shutil.copytree(
            run.fit_folder(fit["id"]),
            folder / "models" / fit["id"],
            ignore=shutil.ignore_patterns("checkpoint*", "test.npz", "progress.jsonl", "*.part"),
        )
    choice = run.folder / FOLDER / CHOICE
    if choice.is_file():
        (folder / FOLDER).mkdir()
        shutil.copy(choice, folder / FOLDER / CHOICE)
    write_json(folder / "run.json", {**run.about, "name": "Starter model: instruments", "note": ""})


def finish_again(run: Run, folder: Path) -> Run:
    """A copy of a run, of its weights and scaling as they are, with all that follows training made by this version.

    Novelty, temperature, predictions and metrics, that is. The clips are those of its data set as it is read now.

    Raises
    ------
    RunError
        When the models no longer predict the classes of the test clips as they did.
    """
    import shutil

    from audioclf import training
    from audioclf.experiments.fit import finish_fit, plan
    from audioclf.experiments.preprocessing import Inputs
    from audioclf.experiments.runner import execute
    from audioclf.experiments.runs import RunWriter

    shutil.copytree(run.folder, folder)
    copy = open_run(folder)
    experiment = copy.experiment
    dataset = experiment.dataset.load()
    RunWriter(copy).clips(dataset)
    inputs = Inputs(experiment, dataset)
    for fit in plan(inputs):
        path, shape = copy.fit_folder(fit.id), tuple(copy.signature["input_shapes"][fit.member])
        fitted = training.load(experiment.model, path, shape, len(copy.classes))
        with inputs.of_fit(fit.split, fit.member, path) as arrays:
            finish_fit(fitted, arrays, experiment, path, should_stop=lambda: False)
    execute(copy)
    if copy.metrics["confusion"] != run.metrics["confusion"]:
        raise RunError(f"The models of run '{run.name}' predict other classes than when it was made; train it again.")
    return copy


if __name__ == "__main__":
    import sys
    import tempfile

    target = PACKAGE.parent / "assets" / "starter"
    if len(sys.argv) > 1:
        export_starter(open_run(sys.argv[1]), target)
    else:  # the weights stay
        with tempfile.TemporaryDirectory() as space:
            export_starter(finish_again(starter_run(), Path(space) / "run"), target)
