"""Sounds on their way in: what someone brought is stored, or found on disk, and looked through once."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from audioclf.core import settings, workspaces
from audioclf.core.errors import AudioclfError, DatasetError
from audioclf.datasets import READERS, Progress, Reading, ShouldStop, mount, segmentation, understand
from audioclf.datasets.ingest import archive, staging
from audioclf.datasets.ingest.file_tree import Entry, Tree
from audioclf.ui.shell import typed_path

File = tuple[str, BinaryIO]
"""A name, with "/" between folders, and the bytes."""

FEW = 3
"""So many loose sounds without folders are recordings to be cut rather than clips to be identified by name."""


@dataclass(frozen=True)
class Brought:
    """What came in, before it is settled how to read it.

    Attributes
    ----------
    path : str
        What :func:`audioclf.load_dataset` takes.
    tree : Tree
        Its files, without folders around everything.
    kind : str
        Reader that suits it best.
    sure : bool
        Whether that reader finds the classes by itself.
    reading : Reading or None
        What the files are understood as; None where nothing in them can be read.
    """

    path: str
    tree: Tree
    kind: str
    sure: bool
    reading: Reading | None = None

    @property
    def sounds(self) -> list[Entry]:
        """Files that may be sounds."""
        return [entry for entry in self.tree.entries if entry.may_be_sound]


def is_packed(files: Sequence[File]) -> bool:
    """Whether the files are one archive."""
    if len(files) != 1:
        return False
    name, file = files[0]
    file.seek(0)
    head = file.read(4)
    file.seek(0)
    return Entry(name, Path()).suffix in staging.ARCHIVES or head in (b"PK\x03\x04", b"PK\x05\x06")


def uploaded(
    files: Sequence[File],
    sizes: Sequence[int],
    workspace: str,
    *,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> Brought:
    """Store what a browser sent: one archive, a folder's files, or loose files.

    Parameters
    ----------
    files : sequence of (str, binary file)
    sizes : sequence of int
        Bytes of each.
    workspace : str

    Raises
    ------
    DatasetError
        When it is too large, no archive that can be read, or without a sound.
    WorkspaceError
        When there is no room.
    Stopped
    """
    most = settings.number("max_upload_mb")
    if sum(sizes) > most * 1e6:
        raise DatasetError(
            f"The upload has {sum(sizes) / 1e6:,.0f} MB, at most {most:,.0f} MB are taken; leave some files out, or let"
            " whoever looks after the server put the folder there."
        )
    parent = workspaces.datasets_folder(workspace)
    before = set(parent.iterdir())
    if is_packed(files):
        name, source = files[0]
        workspaces.require_room(sizes[0], workspace)
        folder = archive.unpack(source, parent, name=name, progress=progress, should_stop=should_stop)
    else:
        for _, file in files:
            file.seek(0)  # a second try begins where the first one ended
        folder = staging.keep(files, parent, _name(files), progress=progress, should_stop=should_stop)
    tree = staging.stored_tree(folder)
    if not any(entry.may_be_sound and entry.suffix not in staging.TABLES for entry in tree.entries):
        known = f" ({tree.problems[0].file}: {tree.problems[0].reason})" if tree.problems else ""
        shutil.rmtree(folder, ignore_errors=True)
        raise DatasetError(
            f"No sound is in what was uploaded{known}; upload wav, flac, ogg, opus, mp3, m4a or aiff files, or a zip of"
            " them."
        )
    if folder not in before or staging.is_waiting(folder):
        staging.set_waiting(folder)  # whoever refreshes the page may never load it
    return _brought(str(folder), tree)


def on_disk(
    path: str, workspace: str, *, progress: Progress | None = None, should_stop: ShouldStop | None = None
) -> Brought:
    """Look through a folder, archive, table or recording on the computer that runs the app.

    Raises
    ------
    DatasetError
        When nothing is there.
    WorkspaceError
        When it belongs to another workspace.
    Stopped
    """
    place = typed_path.existing(path, workspace)
    return _brought(str(place), mount(place, progress=progress, should_stop=should_stop))


def label_tracks(tree: Tree) -> list[str]:
    """Names of files that hold an Audacity label track."""
    texts = (entry for entry in tree.entries if entry.suffix in (".txt", ".tsv"))
    return [entry.name for entry in texts if segmentation.is_label_track(entry.path)]


def _brought(path: str, tree: Tree) -> Brought:
    inner = tree if tree.pointed else tree.unwrapped(lambda e: e.promises_sound or e.suffix in staging.TABLES)
    try:
        reading = understand(tree)
    except AudioclfError:  # shown where the files are loaded, unless another way of reading them is chosen
        kind = next((kind for kind, reader in READERS.items() if reader.suits(tree)), "folder")
        return Brought(path, inner, kind, sure=True)
    kind = reading.reader.kind
    if any(question.option == "pattern" for question in reading.questions):
        kind = "recording" if 0 < len([entry for entry in inner.entries if entry.promises_sound]) <= FEW else "pattern"
    return Brought(path, inner, kind, not reading.questions and kind != "recording", reading)


def _name(files: Sequence[File]) -> str:
    """Name for people: the folder's, the table's, or the only file's."""
    tops = {name.split("/")[0] for name, _ in files if "/" in name}
    if len(tops) == 1:
        return tops.pop()
    stems = [Entry(name, Path()).stem for name, _ in files if Entry(name, Path()).suffix in staging.TABLES]
    if len(files) == 1 or stems:
        return stems[0] if stems else Entry(files[0][0], Path()).stem
    return "Uploaded sounds"
