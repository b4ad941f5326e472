"""What is known of every sound file that was ever looked at, so that no file is read twice.

A row is valid for one state of a file: its real path, size and time of last change. Refusals are kept like
facts, so that a folder with broken files opens as fast the second time.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from audioclf.audio.io import AudioInfo, display_name, read_info
from audioclf.audio.sources import readable
from audioclf.core import settings
from audioclf.core.errors import AudioclfError, AudioError
from audioclf.datasets.base import Problem, Progress, ShouldStop, stop_if

VERSION = 2
"""Raise it when rows written before no longer hold: other columns, or a reader that accepts other files."""

_TABLE = """
CREATE TABLE IF NOT EXISTS files (
    path TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER,
    sr INTEGER, channels INTEGER, frames INTEGER, format TEXT, subtype TEXT, content TEXT, remark TEXT,
    reason TEXT, remedy TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (
    content TEXT, kind TEXT, value TEXT, PRIMARY KEY (content, kind)
) WITHOUT ROWID;
"""

_STOPPED = "Reading the files was stopped; start it again to go on where it ended."

_Item = TypeVar("_Item")

_MANY = 500
"""Rows in one question to the database; old builds of SQLite take no more than 999 values."""

_PATIENCE = 2.0
"""Seconds of work between two writes."""

_MOST_LINKS = 40
"""Links in a row that are followed, as by the operating system."""


@dataclass(frozen=True)
class _State:
    """One state of a file."""

    path: str
    size: int
    mtime_ns: int


class FileIndex:
    """Header facts and content hashes of sound files, kept on disk between runs.

    Safe to use from several threads and processes. A database that is damaged is made anew; where none can be
    written, the index works without memory.

    Parameters
    ----------
    path : Path or None
        The SQLite file; by default ``files.sqlite`` in :func:`audioclf.core.settings.cache_folder`.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or settings.cache_folder() / "files.sqlite"

    def lookup(
        self,
        paths: Sequence[Path],
        *,
        progress: Progress | None = None,
        should_stop: ShouldStop | None = None,
    ) -> list[AudioInfo | Problem]:
        """Facts of every file, in the order asked; a file that is no usable sound gives a :class:`Problem`.

        Raises
        ------
        Stopped
            What was read until then is kept.
        """
        found: list[AudioInfo | Problem | None] = [None] * len(paths)
        states: dict[_State, list[int]] = {}
        real = _RealPaths()
        for number, path in enumerate(paths):
            try:
                states.setdefault(real.state(path), []).append(number)
            except (OSError, ValueError) as error:
                found[number] = _missing(path, error)
        known = self._known(list(states))
        for state, value in known.items():
            for number in states[state]:
                found[number] = _named(value, paths[number])
        done = sum(value is not None for value in found)
        if progress is not None:
            progress(done, len(paths))
        unknown = [state for state in states if state not in known]
        for chunk in _chunks(unknown, 256):
            for state, value in self._read(chunk, should_stop):
                for number in states[state]:
                    found[number] = _named(value, paths[number])
                    done += 1
                if progress is not None:
                    progress(done, len(paths))
        return [value for value in found if value is not None]

    def facts(
        self,
        contents: Mapping[str, _Item],
        kind: str,
        compute: Callable[[_Item], Mapping[str, Any]],
        *,
        progress: Progress | None = None,
        should_stop: ShouldStop | None = None,
        n_jobs: int = 0,
    ) -> dict[str, dict[str, Any]]:
        """Something computed once for every content and then remembered.

        Parameters
        ----------
        contents : mapping of str to Path (or whatever ``compute`` takes)
            A file for every content hash, or a clip for every clip's key.
        kind : str
            Name and version of the computation.
        compute : callable
            From a path to plain values (as JSON knows them). A file it refuses with an
            :class:`~audioclf.core.errors.AudioclfError` gets the value ``{"reason": sentence}``.
        """
        found: dict[str, dict[str, Any]] = {}
        question = "SELECT content, value FROM facts WHERE kind = ? AND content IN"
        for content, value in self._ask(question, list(contents), (kind,)):
            found[content] = json.loads(value)
        if progress is not None:
            progress(len(found), len(contents))
        missing = [content for content in contents if content not in found]

        def of(some: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
            values: list[tuple[str, dict[str, Any]]] = []
            for content in some:
                try:
                    values.append((content, dict(compute(contents[content]))))
                except AudioclfError as error:
                    values.append((content, {"reason": str(error)}))
            return values

        # Threads that hand over every small result by itself spend a tenth of the time on waiting for each other.
        together = max(1, min(8, len(missing) // 64))
        rows: list[tuple[str, str, str]] = []
        statement = "INSERT OR REPLACE INTO facts VALUES (?, ?, ?)"
        pool = ThreadPoolExecutor(n_jobs or 2 * (os.cpu_count() or 1))
        written = time.monotonic()
        try:
            for chunk in _chunks(missing, 2048):
                for values in pool.map(of, _chunks(chunk, together)):
                    stop_if(should_stop, _STOPPED)
                    found.update(values)
                    rows += [(content, kind, json.dumps(value)) for content, value in values]
                    if progress is not None:
                        progress(len(found), len(contents))
                    # Every write waits for the disk, and what is not written is lost where the process is killed.
                    if time.monotonic() - written > _PATIENCE:
                        self._write(statement, rows)
                        rows, written = [], time.monotonic()
        finally:
            pool.shutdown(cancel_futures=True)
            self._write(statement, rows)
        return found

    def _known(self, states: Sequence[_State]) -> dict[_State, AudioInfo | Problem]:
        known: dict[_State, AudioInfo | Problem] = {}
        rows = self._ask("SELECT * FROM files WHERE path IN", [_key(state.path) for state in states])
        for key, size, mtime_ns, *facts, reason, remedy in rows:
            state = _State(os.fsdecode(key), size, mtime_ns)
            known[state] = Problem("", reason, remedy) if reason is not None else AudioInfo(*facts)
        wanted = set(states)
        return {state: value for state, value in known.items() if state in wanted}

    def _read(
        self, states: Sequence[_State], should_stop: ShouldStop | None
    ) -> Iterator[tuple[_State, AudioInfo | Problem]]:
        rows: list[tuple[Any, ...]] = []
        pool = ThreadPoolExecutor(2 * (os.cpu_count() or 1))
        try:
            for state, value in zip(states, pool.map(_look, [state.path for state in states]), strict=True):
                stop_if(should_stop, _STOPPED)
                # A file that merely may not be opened is asked again: its permissions are no part of its state.
                if isinstance(value, AudioInfo) or os.access(state.path, os.R_OK):
                    rows.append(_row(state, value))
                yield state, value
        finally:
            pool.shutdown(cancel_futures=True)
            self._write("INSERT OR REPLACE INTO files VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", rows)

    def _ask(self, question: str, keys: Sequence[str | bytes], before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Rows for many keys; none where the database turns out to be damaged, and it is then made anew."""
        rows: list[tuple[Any, ...]] = []
        try:
            with closing(self._open()) as database:
                for chunk in _chunks(keys, _MANY):
                    marks = ",".join("?" * len(chunk))
                    rows += database.execute(f"{question} ({marks})", (*before, *chunk))
        except sqlite3.OperationalError:
            return rows
        except sqlite3.DatabaseError:
            self._discard()
            return []
        return rows

    def _write(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        if not rows:
            return
        # A full disk or a database that stays locked costs the memory, never the work.
        try:
            with closing(self._open()) as database, database:
                database.executemany(statement, rows)
        except sqlite3.OperationalError:
            pass
        except sqlite3.DatabaseError:
            self._discard()

    def _open(self) -> sqlite3.Connection:
        for attempt in range(2):
            database: sqlite3.Connection | None = None
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                database = sqlite3.connect(self.path, timeout=30)
                _prepare(database)
                return database
            except sqlite3.OperationalError:
                # Locked for long, read-only or full: nothing is wrong with the database itself.
                _close(database)
                break
            except (sqlite3.DatabaseError, OSError):
                _close(database)
                if attempt == 0:
                    self._discard()
        database = sqlite3.connect(":memory:")
        _prepare(database)
        return database

    def _discard(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                self.path.with_name(self.path.name + suffix).unlink()


def _prepare(database: sqlite3.Connection) -> None:
    if database.execute("PRAGMA user_version").fetchone()[0] == VERSION:
        # Touching both tables finds most damage here, where it can be mended.
        database.execute("SELECT * FROM files LIMIT 1").fetchone()
        database.execute("SELECT * FROM facts LIMIT 1").fetchone()
        return
    database.execute("PRAGMA journal_mode = WAL")
    with database:
        database.executescript(
            f"DROP TABLE IF EXISTS files; DROP TABLE IF EXISTS facts; {_TABLE} PRAGMA user_version = {VERSION};"
        )


def _close(database: sqlite3.Connection | None) -> None:
    if database is not None:
        database.close()


class _RealPaths:
    """Real paths of many files, with every folder and every file resolved once: thousands of links would take seconds
    otherwise."""

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}
        self._states: dict[tuple[int, int], _State] = {}

    def state(self, path: Path) -> _State:
        """The state of the file that a path leads to.

        Raises
        ------
        OSError, ValueError
            When there is none.
        """
        status = os.stat(path)
        file = (status.st_dev, status.st_ino)
        known = self._states.get(file) if status.st_ino else None
        if known is None:
            known = _State(self._real(os.fspath(path)), status.st_size, status.st_mtime_ns)
            self._states[file] = known
        return known

    def _real(self, path: str) -> str:
        for _ in range(_MOST_LINKS):
            folder, name = os.path.split(path)
            if folder not in self._folders:
                self._folders[folder] = os.path.realpath(folder)
            path = os.path.join(self._folders[folder], name)
            try:
                target = os.readlink(path)
            except OSError:
                break
            path = os.path.join(self._folders[folder], target)
        return path


def refusal(path: Path, error: AudioclfError) -> Problem:
    """The sentence of an error as a row: what is wrong, and behind the last semicolon what to do."""
    text = str(error).removeprefix(display_name(path.name)).strip()
    reason, _, remedy = text.rpartition("; ")
    if not reason:
        reason, remedy = remedy, "Leave it out or replace it."
    return Problem(readable(path.name), _sentence(reason), _sentence(remedy))


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:].rstrip(".") + "." if text else text


def _look(path: str) -> AudioInfo | Problem:
    try:
        return read_info(path, content=True)
    except AudioError as error:
        return refusal(Path(path), error)


def _missing(path: Path, error: OSError | ValueError) -> Problem:
    reason = getattr(error, "strerror", None) or str(error)
    return Problem(readable(path.name), f"Cannot be found or opened ({reason}).", "Check the path and its permissions.")


def _row(state: _State, value: AudioInfo | Problem) -> tuple[Any, ...]:
    if isinstance(value, AudioInfo):
        return (_key(state.path), state.size, state.mtime_ns, *dataclasses.astuple(value), None, None)
    return (_key(state.path), state.size, state.mtime_ns, *[None] * 7, value.reason, value.remedy)


def _key(path: str) -> str | bytes:
    """A path as SQLite takes it: bytes where it is no UTF-8."""
    try:
        path.encode()
        return path
    except UnicodeEncodeError:
        return os.fsencode(path)


def _named(value: AudioInfo | Problem, path: Path) -> AudioInfo | Problem:
    return value if isinstance(value, AudioInfo) else Problem(readable(path.name), value.reason, value.remedy)


def _chunks(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
