"""What the folders of a run and of a search have in common: a name, a note, where it stands, an end."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import os
import secrets
import shutil
from pathlib import Path
from typing import Any, ClassVar, Self, get_type_hints

from audioclf.core import forkserver
from audioclf.core.errors import ParameterError, RunError
from audioclf.core.params import coerce
from audioclf.experiments.runs import old_versions
from audioclf.experiments.runs.checks import require_own_files
from audioclf.experiments.runs.files import read_json, write_json
from audioclf.experiments.runs.processes import process_lives
from audioclf.experiments.runs.status import STOPPED, Status


class JobFolder:
    """A folder that one process fills and anyone may read meanwhile. Everything is read when asked for.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    RunError
        When the folder is none of the kind.
    """

    what: ClassVar[str] = "run"
    """What the folder holds, in the words of an error."""

    recipe: ClassVar[str] = "experiment.toml"
    """The file that holds what is to be made."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        if not (self.folder / self.recipe).is_file():
            raise RunError(
                f"{str(folder)!r} is no {self.what} (it has no {self.recipe}); give the folder of a {self.what}."
            )
        require_own_files(self.folder, self.folder, f"{self.what} '{self.id}'")

    @classmethod
    def all_in(cls, parent: str | Path) -> list[Self]:
        """All of the kind in a folder, newest first; what is none of them is passed over."""
        parent = Path(parent)
        if not parent.is_dir():
            return []
        found = []
        for path in parent.iterdir():
            if (path / cls.recipe).is_file() and path.name[0] != ".":
                with contextlib.suppress(RunError):
                    found.append(cls(path))
        return sorted(found, key=lambda job: (job.about["created"], job.id), reverse=True)

    @property
    def id(self) -> str:
        """Name of the folder."""
        return self.folder.name

    @property
    def place(self) -> Path:
        """The folder that lies among those of its workspace: its own, or that of what it belongs to."""
        return self.folder

    @property
    def about(self) -> dict[str, Any]:
        """Name, note and time of making; of a damaged one its id alone, so that it still has a place in lists."""
        known: dict[str, Any] = {"name": self.id, "note": "", "created": 0.0}
        try:
            stored: dict[str, Any] = read_json(self.folder / "run.json", missing={})
            created = float(stored.get("created", 0.0))
            return known | stored | {"created": created if math.isfinite(created) else 0.0}
        except (RunError, AttributeError, TypeError, ValueError):
            return known

    @property
    def name(self) -> str:
        """Name for people."""
        return str(self.about["name"])

    def describe(self, *, name: str | None = None, note: str | None = None, data_title: str | None = None) -> None:
        """Change the name, the note, or what the data set is called."""
        given = {"name": name, "note": note, "data_title": data_title}
        changes = {key: value for key, value in given.items() if value is not None}
        write_json(self.folder / "run.json", {**self.about, **changes})

    @property
    def status(self) -> Status:
        """Where it stands now; ``"interrupted"`` when its process has gone, ``"failed"`` when it is damaged."""
        known = get_type_hints(Status)
        try:
            stored = read_json(self.folder / "status.json", missing={})
            renamed = old_versions.renamed(stored)
            status = Status(**{key: coerce(value, known[key], key) for key, value in renamed.items() if key in known})
        except RunError as error:
            return Status(state="failed", message=str(error))
        except (AttributeError, ParameterError):
            return Status(
                state="failed", message=f"status.json of {self.what} '{self.id}' is damaged; delete the {self.what}."
            )
        if status.state != "running" or process_lives(status.pid, status.pid_created):
            return status
        if (self.folder / "stop").exists():
            return dataclasses.replace(status, state="stopped", message=STOPPED)
        return dataclasses.replace(
            status, state="interrupted", message=f"The {self.word} was cut off; resume it to go on where it was."
        )

    def require_mine(self) -> None:
        """Raise a RunError where a process other than this one, or the one that started it, is making it."""
        status = self.status
        if status.state == "running" and status.pid not in (os.getpid(), forkserver.parent()):
            raise RunError(
                f"{self.what.capitalize()} '{self.name}' is being made by another process ({status.pid}); wait until it"
                " is done, or stop it first."
            )

    @property
    def word(self) -> str:
        """What is being made, in a sentence for people."""
        return "training" if self.what == "run" else self.what

    def delete(self) -> None:
        """Remove it.

        Raises
        ------
        RunError
            While it is being made.
        """
        if self.status.state == "running":
            raise RunError(f"{self.what.capitalize()} '{self.name}' is being made; stop it before you delete it.")
        # moved first, so that nobody reads a half-deleted folder
        deleted = self.folder.with_name(f".deleted-{secrets.token_hex(6)}")
        self.folder.rename(deleted)
        shutil.rmtree(deleted, ignore_errors=True)
