"""Data sets on disk: versions as JSON that point at the sounds, and exports that carry them along."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from audioclf.audio.io import AudioInfo
from audioclf.audio.sources import readable
from audioclf.core import settings, workspaces
from audioclf.core.documents import read_json
from audioclf.core.errors import DatasetError, WorkspaceError
from audioclf.core.files import atomic
from audioclf.datasets.base import Clip, Dataset, Problem, Progress, ShouldStop, stop_if
from audioclf.datasets.csv_table import write_table
from audioclf.datasets.ingest.file_index import FileIndex
from audioclf.datasets.ingest.file_tree import Tree
from audioclf.datasets.layout import Reader, Reading

FILE = "dataset.json"
FORMAT = "audioclf data set"
MANIFEST = "manifest.csv"
COLUMNS = ("file_name", "label", "group", "fold", "start", "duration")

_MOST_BYTES = 512 * 2**20


@dataclass(frozen=True)
class Origin:
    """What a saved version was edited from: source and options for :func:`audioclf.load_dataset`, and fingerprint."""

    source: str
    options: dict[str, Any]
    fingerprint: str


def save(dataset: Dataset, parent: Path, options: Mapping[str, Any] | None = None) -> Dataset:
    """Keep a version: its table is written, its sounds stay where they are.

    It goes into a folder of its own in ``parent``; ``options`` are what the data set (or what it was edited from) was
    loaded with. Returns the data set with that folder as its ``source``.

    Raises
    ------
    DatasetError
        When it cannot be written; nothing half-written is left then.
    WorkspaceError
        When there is no room for it.
    """
    record = {
        "format": FORMAT,
        "version": 1,
        "name": dataset.name,
        "description": dataset.description,
        "licence": dataset.licence,
        "citation": dataset.citation,
        "parent": dataset.parent,
        "origin": {"source": dataset.source, "options": dict(options or {})},
        "clips": [_plain(clip) for clip in dataset.clips],
        "problems": [[problem.file, problem.reason, problem.remedy] for problem in dataset.problems],
    }
    text = json.dumps(record, ensure_ascii=True, default=list)
    workspaces.require_space(len(text), parent)
    folder = parent / secrets.token_hex(8)
    part = parent / f".{folder.name}.part"
    try:
        part.mkdir(parents=True)
        (part / FILE).write_text(text, encoding="utf-8")
        os.replace(part, folder)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise DatasetError(
            f"The version cannot be saved in {parent} ({error.strerror or error}); free some space or check its"
            " permissions."
        ) from None
    return replace(dataset, source=str(folder.resolve()))


def origin(folder: Path) -> Origin:
    """What a saved version was edited from: where undo leads.

    Raises
    ------
    DatasetError
        When the folder holds no saved version.
    """
    record = _read(folder / FILE)
    try:
        came = record["origin"]
        return Origin(str(came["source"]), dict(came["options"]), str(record["parent"]))
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(folder, error) from None


@dataclass(frozen=True)
class SavedReader(Reader):
    """A version saved here: a ``dataset.json`` that points at sounds on this machine.

    A sound that is gone, or that changed since it was labelled, is a problem.
    """

    kind = "saved"
    title = "A saved version"
    order: ClassVar[int] = 10
    description = "A data set that was edited and saved here."

    @classmethod
    def suits(cls, tree: Tree) -> bool:
        # Only on disk: a dataset.json out of an archive may name no file of this machine, and is not unpacked either.
        return tree.root is not None and not tree.pointed and FILE in tree.by_name

    def understand(self, tree: Tree) -> Reading:
        return Reading(self, tree, what="a version saved here")

    def load(
        self, reading: Reading, *, progress: Progress | None = None, should_stop: ShouldStop | None = None
    ) -> Dataset:
        tree = reading.tree
        entry = tree.find(FILE)
        if entry is None or tree.root is None:
            raise DatasetError(f"'{tree.name}' holds no {FILE}, a saved version was expected; choose its folder.")
        record = _read(entry.path)
        try:
            clips = [_clip(values) for values in record["clips"]]
            problems = [Problem(*map(str, values)) for values in record["problems"]]
            about = {name: str(record[name]) for name in ("name", "description", "licence", "citation", "parent")}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _damaged(tree.path, error) from None
        if workspaces.shared():
            foreign = {path for path in {clip.path for clip in clips} if not _may_read(path, tree.root)}
            reason = "The version points at a file of this server that is not yours."
            remedy = "Point it at sounds of your own data sets."
            named = [clip.file or readable(clip.path.name) for clip in clips if clip.path in foreign]
            problems += [Problem(name, reason, remedy) for name in named]
            clips = [clip for clip in clips if clip.path not in foreign]
        found = FileIndex().lookup([clip.path for clip in clips], progress=progress, should_stop=should_stop)
        kept: list[Clip] = []
        for clip, fact in zip(clips, found, strict=True):
            name = clip.file or readable(str(clip.path))
            if isinstance(fact, Problem):
                problems.append(replace(fact, file=name))
            elif fact.content != clip.info.content:
                reason = "The file has changed since it was labelled."
                problems.append(Problem(name, reason, "Put the old file back, or add the new one and label it."))
            else:
                kept.append(replace(clip, info=fact))
        return Dataset(clips=tuple(kept), problems=tuple(problems), source=str(tree.path), **about)


def export(
    dataset: Dataset,
    target: Path | BinaryIO,
    *,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> None:
    """Write a zip of a manifest and the sounds, which :func:`audioclf.load_dataset` reads back the same.

    The manifest (``manifest.csv``, UTF-8) is safe to open in a spreadsheet program: no cell is taken for a formula.
    Sounds are copied byte by byte into ``audio``, numbered, with what is plain of their names; a file that several
    clips are cut from is in it once.

    Raises
    ------
    DatasetError
        When a sound is gone or the zip cannot be written; no half-written file is left then.
    Stopped
    """
    if isinstance(target, Path):
        try:
            with atomic(target) as file:
                _write_zip(dataset, file, progress, should_stop)
        except OSError as error:
            raise DatasetError(
                f"'{target.name}' cannot be written ({error.strerror or error}); free space or choose another place."
            ) from None
    else:
        _write_zip(dataset, target, progress, should_stop)


def _write_zip(dataset: Dataset, target: BinaryIO, progress: Progress | None, should_stop: ShouldStop | None) -> None:
    names: dict[Path, str] = {}
    split = any(clip.split for clip in dataset.clips)
    rows: list[tuple[object, ...]] = [(*COLUMNS, "split") if split else COLUMNS]
    for clip in dataset.clips:
        name = names.setdefault(clip.path, _export_name(len(names), clip))
        stretch = (repr(clip.start) if clip.start else None, None if clip.duration is None else repr(clip.duration))
        rows.append((name, clip.label, clip.group, clip.fold, *stretch, *((clip.split,) if split else ())))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        archive.writestr(MANIFEST, "\ufeff" + write_table(rows))
        about = [dataset.name, dataset.description, f"Licence: {dataset.licence}", f"Citation: {dataset.citation}"]
        archive.writestr("README.txt", "\n\n".join(line for line in about if line.split(": ")[-1]) + "\n")
        for done, (path, name) in enumerate(names.items(), start=1):
            stop_if(should_stop, "Writing the export was stopped.")
            try:
                packed = (
                    zipfile.ZIP_DEFLATED if path.suffix.lower() in (".wav", ".aiff", ".bin") else zipfile.ZIP_STORED
                )
                archive.write(path, name, packed)
            except FileNotFoundError:
                raise DatasetError(
                    f"'{path.name}' is gone; load the data set again, and export what is left."
                ) from None
            except ValueError:
                # A time before 1980, which a zip cannot hold.
                archive.writestr(name, path.read_bytes())
            if progress is not None:
                progress(done, len(names))


def _export_name(number: int, clip: Clip) -> str:
    name = (clip.file or clip.path.name).rsplit("/", 1)[-1]
    stem, _, suffix = name.rpartition(".")
    plain = re.sub(r"[^A-Za-z0-9-]+", "_", stem or name)[:60].strip("_")
    end = f".{suffix.lower()}" if re.fullmatch(r"[A-Za-z0-9]{1,5}", suffix) and stem else clip.path.suffix
    return f"audio/{number:06d}{'_' + plain if plain else ''}{end}"


def _plain(clip: Clip) -> dict[str, Any]:
    named = {name: getattr(clip, name) for name in ("label", "start", "duration", "group", "fold", "file", "split")}
    plain = {"path": str(clip.path.absolute()), **named, "content": clip.info.content}
    return {
        key: value for key, value in plain.items() if value not in (None, "", 0.0) or (value == 0 and key == "fold")
    }


def _clip(values: Mapping[str, Any]) -> Clip:
    duration, fold, group = values.get("duration"), values.get("fold"), values.get("group")
    return Clip(
        Path(str(values["path"])),
        str(values["label"]),
        AudioInfo(1, 1, 0, "", "", str(values["content"])),
        float(values.get("start", 0.0)),
        None if duration is None else float(duration),
        None if group is None else str(group),
        None if fold is None else int(fold),
        str(values.get("file", "")),
        str(values.get("split", "")),
    )


def _may_read(path: Path, version: Path) -> bool:
    """Whether the owner of a version may read a sound of a shared server: their own, or one that everyone may."""
    try:
        if path.resolve().is_relative_to(settings.datasets_folder().resolve()):
            return True
        workspaces.require_own(path, workspaces.owner(version) or workspaces.DEFAULT)
    except (WorkspaceError, OSError, RuntimeError, ValueError):
        return False
    return True


def _read(path: Path) -> dict[str, Any]:
    try:
        record = read_json(path, _MOST_BYTES)
        if not isinstance(record, dict) or record.get("format") != FORMAT:
            raise ValueError(f"its format is not '{FORMAT}'")
    except (OSError, ValueError) as error:
        raise _damaged(path.parent, error) from None
    return record


def _damaged(folder: Path, error: Exception) -> DatasetError:
    return DatasetError(
        f"The saved version in '{folder.name}' cannot be read ({error}); save it again, or load another."
    )
