"""What all published sets share: fetched once and unpacked, or read from where they are already."""

from __future__ import annotations

import gzip
import json
import time
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from audioclf.core import settings
from audioclf.core.documents import read_json
from audioclf.core.errors import DatasetError
from audioclf.core.files import write_atomic
from audioclf.core.params import param
from audioclf.datasets import naming
from audioclf.datasets.base import Clip, Dataset, Problem, Progress, ShouldStop
from audioclf.datasets.ingest.download import Remote, fetch, locked
from audioclf.datasets.ingest.file_tree import Entry, Row, Tree, clips
from audioclf.datasets.source import Source

RECORD = "fetched.json"


@dataclass(frozen=True)
class Published(Source):
    """A set that others publish.

    Attributes
    ----------
    remote : Remote
        Where the publisher offers it.
    homepage : str
    scheme : str
        Name of its scheme in :data:`audioclf.datasets.naming.SCHEMES`.
    example : str
        A file name as the set has them.
    n_clips, n_classes : int
        As published.
    """

    remote: ClassVar[Remote]
    homepage: ClassVar[str] = ""
    scheme: ClassVar[str] = ""
    example: ClassVar[str] = ""
    order: ClassVar[int] = 200
    n_clips: ClassVar[int] = 0
    n_classes: ClassVar[int] = 0

    path: str = param("", "Folder or archive that has it already; empty fetches it from its publisher.")

    @classmethod
    def terms(cls) -> str:
        """What to know before it is fetched: size, address, licence, citation, and whether it can be checked."""
        checked = "its SHA-256 is checked" if cls.remote.sha256 else "its publisher states no checksum"
        return (
            f"{cls.title}: about {cls.remote.size / 1e6:,.0f} MB from {cls.remote.url} ({checked}).\n"
            f"Licence: {cls.licence}\nCite: {cls.citation}"
        )

    @classmethod
    def is_fetched(cls) -> bool:
        """Whether it was fetched before, so that loading it needs no network."""
        return _recorded(settings.datasets_folder() / cls.kind, cls.remote) is not None

    def load(self, *, progress: Progress | None = None, should_stop: ShouldStop | None = None) -> Dataset:
        """The data set; fetched and unpacked where neither it nor a path is there.

        Raises
        ------
        DatasetError
            When it cannot be fetched or unpacked, or what is at the path is another set.
        WorkspaceError
            When the disk has no room for it.
        Stopped
        """
        tree = self._given(progress, should_stop) if self.path else self._fetched(progress, should_stop)
        rows = self._rows([entry for entry in tree.entries if entry.promises_sound])
        names = {row.label for row in rows}
        if not rows or len(names) > self.n_classes:
            found = "no such file" if not rows else f"{len(names)} classes where {self.n_classes} were expected"
            raise DatasetError(
                f"'{tree.name}' is not {self.title} as it is published (files such as '{self.example}' were expected,"
                f" {found} is there); check the path, or load it as data of your own."
            )
        found_clips, problems = clips(rows, progress=progress, should_stop=should_stop)
        problems = [*tree.problems, *(self._known_fault(problem) for problem in problems)]
        if len(rows) < self.n_clips:
            problems.append(
                Problem(
                    tree.name,
                    f"{len(rows):,} of the {self.n_clips:,} published recordings are there.",
                    "Add the missing files, or fetch the set anew; figures cannot be compared with published ones.",
                )
            )
        return self._dataset(self._in_order(found_clips), problems)

    def _given(self, progress: Progress | None, should_stop: ShouldStop | None) -> Tree:
        from audioclf.datasets import existing, mount

        path = existing(self.path)
        if path is None:
            raise DatasetError(
                f"Nothing is at '{self.path[:200]}', a folder or archive with {self.title} was expected there; check"
                " the path, or leave it out to fetch the set."
            )
        return mount(path, progress=progress, should_stop=should_stop)

    def _fetched(self, progress: Progress | None, should_stop: ShouldStop | None) -> Tree:
        from audioclf.datasets.ingest import archive, staging

        folder = settings.datasets_folder() / self.kind
        with locked(folder / "lock", should_stop=should_stop):
            stored = _recorded(folder, self.remote)
            if stored is None:
                path = fetch(self.remote, folder, progress=progress, should_stop=should_stop)
                _require_whole(path, self.remote)
                stored = archive.unpack(path, folder, progress=progress, should_stop=should_stop)
                _record(folder, self.remote, path, stored)
                path.unlink()
        return replace(staging.stored_tree(stored), name=self.title)

    def _named(self, entries: Sequence[Entry]) -> list[tuple[Entry, naming.Named]]:
        """Entries whose names follow the set's scheme, with what the names state."""
        (known,) = (one for one in naming.SCHEMES if one.name == self.scheme)
        return [(entry, naming.read(known, entry.stem)) for entry in entries if known.expression.fullmatch(entry.stem)]

    def _rows(self, entries: Sequence[Entry]) -> list[Row]:
        """A row for every sound of the set; other files are passed over."""
        return [
            Row(entry, named.label, group=named.group, fold=named.fold)
            for entry, named in self._named(entries)
            if named.label
        ]

    def _in_order(self, found: Sequence[Clip]) -> list[Clip]:
        """Clips with the classes in the order the publisher gives them."""
        return sorted(found, key=lambda clip: naming.natural(clip.label))

    def _known_fault(self, problem: Problem) -> Problem:
        """The problem, with what is known of a file that is broken for everyone."""
        return problem


def _require_whole(path: Path, remote: Remote) -> None:
    """Read an archive to its end, which checks the sums in it; a damaged one is deleted, so that it is fetched anew."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                damaged = archive.testzip() is not None
        else:
            with gzip.open(path) as stream:
                while stream.read(2**20):
                    pass
            damaged = False
    except (zipfile.BadZipFile, EOFError, OSError, zlib.error, NotImplementedError, RuntimeError):
        damaged = True
    if damaged:
        path.unlink(missing_ok=True)
        raise DatasetError(
            f"{path.name} came from {remote.url} damaged and was deleted; fetch it again, or fetch it elsewhere and"
            " give its path."
        )


def _recorded(folder: Path, remote: Remote) -> Path | None:
    from audioclf.datasets.ingest import staging

    try:
        record = read_json(folder / RECORD)
        stored = folder / Path(str(record["stored"])).name
        return stored if record["url"] == remote.url and staging.is_stored(stored) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _record(folder: Path, remote: Remote, path: Path, stored: Path) -> None:
    import pooch

    record = {
        "url": remote.url,
        "sha256": pooch.file_hash(str(path)),
        "published_sha256": remote.sha256 or None,
        "bytes": path.stat().st_size,
        "fetched": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "stored": stored.name,
    }
    write_atomic(folder / RECORD, json.dumps(record, indent=1))
