"""Paths of the computer that runs the app, as someone types them."""

from __future__ import annotations

import contextlib
from pathlib import Path

from audioclf.core import workspaces
from audioclf.core.errors import DatasetError


def existing(path: str, workspace: str) -> Path:
    """A path as someone types or pastes it.

    Raises
    ------
    DatasetError
        When it is empty or nothing is there.
    WorkspaceError
        When it leads where the workspace's owner must not look, whether something is there or not.
    """
    typed = path.strip().strip("\"'")
    workspaces.require_own(typed, workspace)
    if not typed:
        raise DatasetError("The path is empty; type or paste where the folder is, such as /home/me/sounds.")
    with contextlib.suppress(OSError, RuntimeError, ValueError):
        folder = Path(typed).expanduser()
        if folder.exists():
            return folder.resolve()
    raise DatasetError(f"There is nothing at '{typed[:300]}' on the computer that runs this app; check the path.")
