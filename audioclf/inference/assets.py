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


if __name__ == "__main__":
    import sys

    export_starter(open_run(sys.argv[1]), PACKAGE.parent / "assets" / "starter")
