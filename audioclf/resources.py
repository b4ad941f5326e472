"""Where the app's files and the starter model are, in a checkout and in an installed package."""

from __future__ import annotations

from pathlib import Path

from audioclf.errors import RunError
from audioclf.runs import Run, open_run

PACKAGE = Path(__file__).parent


def app_folder() -> Path:
    """Folder with ``app.py`` and ``pages``: the checkout, or what the package carries."""
    checkout = PACKAGE.parent
    return checkout if (checkout / "app.py").is_file() and (checkout / "pages").is_dir() else PACKAGE / "_app"


def starter_run() -> Run:
    """The small model that comes with audioclf, trained by the recipe ``instruments-best``.

    Raises
    ------
    RunError
        When it is missing from this installation.
    """
    folder = app_folder() / "assets" / "starter"
    if not folder.is_dir():
        raise RunError("The starter model is missing from this installation; train a model, or install audioclf again.")
    return open_run(folder)
