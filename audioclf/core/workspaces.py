"""Workspaces: on a shared server each person's data sets and runs are their own, within a quota.

A workspace is a folder named by an id that is made here from 128 random bits and that only its owner knows: it
stands in the address of the app. Without the setting ``shared`` there is one workspace, and nobody sees any of this.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from audioclf.core import settings
from audioclf.core.errors import WorkspaceError
from audioclf.core.text import size_text

DEFAULT = "default"
"""The one workspace of a private machine."""

RUNS, SEARCHES = "runs", "searches"
"""Names of the folders of a workspace's runs and searches."""

_ID = re.compile(r"[0-9a-f]{32}")
_GB = 1e9


def shared() -> bool:
    """Whether this is a shared server, where everyone has a workspace of their own."""
    return settings.number("shared") > 0


def new_id() -> str:
    """Id of a workspace nobody has yet; its folder is made when something is put into it."""
    return secrets.token_hex(16)


def is_id(text: object) -> bool:
    """Whether a text has the form of an id; anything that could be a path has not."""
    return isinstance(text, str) and (text == DEFAULT or _ID.fullmatch(text) is not None)


def resolve(text: str | None) -> str:
    """The workspace that an address asks for.

    On a private machine always :data:`DEFAULT`. On a shared server the id in the address, or a new one that belongs
    into it where there is none.

    Raises
    ------
    WorkspaceError
        When a shared server is asked for something that is no id.
    """
    if not shared():
        return DEFAULT
    if not text:
        return new_id()
    if text == DEFAULT or not is_id(text):
        raise WorkspaceError(
            "The address names no workspace of this server (an id of 32 letters and digits was expected);"
            " open your own link again, or remove everything behind '?' to begin a new workspace."
        )
    return text


def folder(workspace: str = DEFAULT) -> Path:
    """Folder of a workspace; made when it is not there.

    A WorkspaceError when ``workspace`` is no id, so that no text from outside ever becomes a path.
    """
    path = _path(workspace)
    path.mkdir(parents=True, exist_ok=True)
    return path


def _path(workspace: str) -> Path:
    if not is_id(workspace):
        raise WorkspaceError(f"{workspace[:40]!r} is no id of a workspace; take one that new_id() made.")
    return _parent() / workspace


def runs_folder(workspace: str = DEFAULT) -> Path:
    """Folder of a workspace's runs."""
    return folder(workspace) / RUNS


def searches_folder(workspace: str = DEFAULT) -> Path:
    """Folder of a workspace's searches."""
    return folder(workspace) / SEARCHES


def datasets_folder(workspace: str = DEFAULT) -> Path:
    """Folder of what a workspace's owner uploaded, recorded or curated; made when it is not there."""
    path = folder(workspace) / "datasets"
    path.mkdir(exist_ok=True)
    return path


def folders() -> list[Path]:
    """Folders of all workspaces that hold something."""
    parent = _parent()
    return sorted(path for path in parent.iterdir() if is_id(path.name) and path.is_dir()) if parent.is_dir() else []


def owner(path: Path) -> str | None:
    """Id of the workspace a path lies in, or None where it lies in none."""
    try:
        parts = path.resolve().relative_to(_parent().resolve()).parts
    except (OSError, ValueError):
        return None
    return parts[0] if parts and is_id(parts[0]) else None


def open_folders() -> tuple[Path, ...]:
    """Folders of a shared server that everyone may read: the setting ``data_folders``."""
    return tuple(Path(name).expanduser().resolve() for name in settings.get("data_folders").split(os.pathsep) if name)


def may_read_folders() -> bool:
    """Whether a path of this computer can be opened at all: on a private machine any, else those of open folders."""
    return not shared() or bool(open_folders())


def require_own(path: str | Path, workspace: str = DEFAULT) -> None:
    """Raise a WorkspaceError where a path leads to what a user of a shared server must not read.

    Open to them are the workspace itself and :func:`open_folders`, but for the app's own folder and those it lies in.
    """
    if not shared():
        return
    try:
        asked = Path(path).expanduser().resolve()
    except (OSError, RuntimeError, ValueError):
        asked = Path("/")
    home = settings.home().resolve()
    if asked.is_relative_to(_path(workspace).resolve()):
        return
    apart = not asked.is_relative_to(home) and not home.is_relative_to(asked)
    if not apart or not any(asked.is_relative_to(folder) for folder in open_folders()):
        raise WorkspaceError(
            "The address or path leads into a folder of this server that is not yours; open your own data sets from"
            " the Data page, or bring the sounds there."
        )


@dataclass(frozen=True)
class Usage:
    """How full a workspace is.

    Attributes
    ----------
    used : int
        Bytes in its folder.
    quota : int or None
        Bytes it may hold; None where there is no quota.
    free : int
        Bytes that may still be written: what the quota and the disk leave, whichever is less.
    """

    used: int
    quota: int | None
    free: int


RECENT = 10.0
"""Seconds for which a count of a workspace's files is taken again."""

_known: dict[Path, tuple[float, int]] = {}
_promised: dict[Path, list[tuple[float, int]]] = {}
_lock = threading.Lock()


def usage(workspace: str = DEFAULT, *, max_age: float = RECENT) -> Usage:
    """How full a workspace is; a count of its files is reused for ``max_age`` seconds, 0 counts anew."""
    path = _path(workspace)  # a visit alone makes no folder
    used = _counted(path, max_age)
    quota, left = _quota(), _left_on_disk(path)
    return Usage(used, quota, left if quota is None else max(0, min(left, quota - used)))


def require_room(n_bytes: int = 1, workspace: str = DEFAULT) -> None:
    """Raise unless so many bytes may still be written into a workspace.

    They are promised from then on, so that thirty uploads in one second share one quota. Whoever writes for long asks
    again for every piece.

    Raises
    ------
    WorkspaceError
        With what is used, what there may be, and what to do.
    """
    path = folder(workspace)
    require_disk(n_bytes, path)
    quota = _quota()
    if quota is None:
        return
    used = 0
    for max_age in (RECENT, 0.0):
        used = _counted(path, max_age)
        with _lock:
            counted, used = _known[path]
            # What was promised shortly before the count may not have been on disk yet: it counts twice rather than not.
            promises = [promise for promise in _promised.get(path, ()) if promise[0] > counted - RECENT]
            if used + sum(size for _, size in promises) + n_bytes <= quota:
                _promised[path] = [*promises, (time.monotonic(), n_bytes)]
                return
    raise WorkspaceError(
        f"This workspace holds {size_text(used)} of the {size_text(quota)} it may, and {size_text(n_bytes)} more"
        " would be needed; delete runs or data sets in it, or ask for a larger quota (AUDIOCLF_QUOTA_GB)."
    )


def require_disk(n_bytes: int, path: Path) -> None:
    """Raise a WorkspaceError unless so many bytes may still be written to the disk of ``path``, whoever fills it."""
    left = _left_on_disk(path)
    if n_bytes > left:
        kept = settings.number("free_disk_gb") * _GB
        raise WorkspaceError(
            f"The disk is full: {size_text(n_bytes)} would be needed and {size_text(left)} may be written"
            f" ({size_text(kept)} stay free, AUDIOCLF_FREE_DISK_GB); delete what is no longer needed, or set"
            " AUDIOCLF_HOME to a larger disk."
        )


def require_space(n_bytes: int, path: Path) -> None:
    """Raise unless so many bytes may be written at a path: :func:`require_room`, or :func:`require_disk` elsewhere.

    Raises
    ------
    WorkspaceError
    """
    workspace = owner(path)
    if workspace is None:
        require_disk(n_bytes, path)
    else:
        require_room(n_bytes, workspace)


def _counted(path: Path, max_age: float) -> int:
    with _lock:
        counted, used = _known.get(path, (-float("inf"), 0))
    if time.monotonic() - counted > max_age or max_age == 0:
        used = _size(path)
        with _lock:
            _known[path] = (time.monotonic(), used)
    return used


def _parent() -> Path:
    return settings.home() / "workspaces"


def _quota() -> int | None:
    gigabytes = settings.number("quota_gb")
    return round(gigabytes * _GB) if shared() and gigabytes > 0 else None


def _left_on_disk(path: Path) -> int:
    while not path.exists() and path != path.parent:
        path = path.parent
    return max(0, shutil.disk_usage(path).free - round(settings.number("free_disk_gb") * _GB))


def _size(path: Path) -> int:
    """Bytes of all files below a folder; links count for nothing, and what vanishes meanwhile too."""
    total = 0
    waiting: list[str | Path] = [path]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif entry.is_file(follow_symlinks=False):
                        with contextlib.suppress(OSError):
                            total += entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue
    return total
