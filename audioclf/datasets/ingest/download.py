"""Fetching one file over HTTP: it goes on where it broke off, is checked, and is there whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audioclf.audio.containers import NotASoundError, recognise
from audioclf.core import workspaces
from audioclf.core.documents import read_json
from audioclf.core.errors import DatasetError, WorkspaceError
from audioclf.core.locks import try_lock
from audioclf.datasets.base import ByteCount, Progress, ShouldStop, stop_if

ATTEMPTS = 5
"""Times in a row that a connection may break without a single byte having come."""

PAUSE = 1.0
"""Seconds before the second attempt; every further pause is twice as long."""

TIMEOUT = (10.0, 30.0)
"""Seconds to wait for a connection, and for the next bytes of an open one."""

_CHUNK = 2**16
_AGAIN = "start it again to go on where it broke off"


@dataclass(frozen=True)
class Remote:
    """A file that its publisher offers, mostly an archive.

    Attributes
    ----------
    file_name : str
        What it is called here.
    size : int
        About how many bytes it has.
    sha256 : str
        As its publisher states it; empty where no publication of a checksum is known.
    what, remedy : str
        What it is, with its article, and what to do with one that was fetched elsewhere.
    starts : tuple of bytes
        One of which it begins with.
    """

    url: str
    file_name: str
    size: int
    sha256: str = ""
    what: str = "an archive"
    starts: tuple[bytes, ...] = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")
    remedy: str = "give its path"


def fetch(
    remote: Remote, folder: Path, *, progress: Progress | None = None, should_stop: ShouldStop | None = None
) -> Path:
    """The archive on disk; fetched where it is not there yet.

    What came before a break stays beside it as ``.part``, and the next call asks only for the rest, where the server
    can do that and still has the same file.

    Parameters
    ----------
    remote : Remote
    folder : Path
        Where it goes; made when it is not there.
    progress, should_stop : callable, optional
        See :mod:`audioclf.datasets.base`; progress counts bytes, and all are 0 where the server does not say.

    Raises
    ------
    DatasetError
        When the server cannot be reached or refuses, what it sends is no archive, or not the one that was published.
    WorkspaceError
        When the disk has no room for it.
    Stopped
    """
    import logging

    import pooch

    pooch.get_logger().setLevel(logging.ERROR)
    downloader = _Resuming(remote, folder, progress, should_stop)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        pooch.retrieve(
            remote.url,
            known_hash=f"sha256:{remote.sha256}" if remote.sha256 else None,
            fname=remote.file_name,
            path=folder,
            downloader=downloader,
        )
    except ValueError as error:
        if "does not match the known hash" not in str(error):
            raise
        raise DatasetError(
            f"{remote.file_name} from {remote.url} is not the file that was published (its SHA-256 differs) and was"
            f" deleted; fetch it again, and where that does not help, fetch it elsewhere and {remote.remedy}."
        ) from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            downloader.forget()
            raise DatasetError(
                f"The disk filled up while {remote.file_name} was fetched, and what had come was deleted;"
                f" free {remote.size / 1e6:,.0f} MB and as much again to unpack it, then start it again."
            ) from None
        raise DatasetError(
            f"{remote.file_name} cannot be written to {folder} ({error.strerror or error});"
            " check the folder's permissions."
        ) from None
    return folder / remote.file_name


@contextmanager
def locked(path: Path, *, should_stop: ShouldStop | None = None) -> Iterator[None]:
    """Be the only one, among all processes of this machine, who holds the lock that this file stands for.

    Raises
    ------
    Stopped
        When ``should_stop`` says so while another holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        while not try_lock(file):
            stop_if(should_stop, "Waiting for another download of the same data set was stopped.")
            time.sleep(0.1)
        yield


class _RestartError(Exception):
    """What is here is no beginning of what the server has now."""


class _Resuming:
    """A downloader for pooch: it is given a temporary file to fill, and fills it from the ``.part`` beside it."""

    def __init__(self, remote: Remote, folder: Path, progress: Progress | None, should_stop: ShouldStop | None) -> None:
        self._remote = remote
        self._part = folder / f"{remote.file_name}.part"
        self._notes = folder / f"{remote.file_name}.part.json"
        self._progress = progress
        self._should_stop = should_stop

    def forget(self) -> None:
        """Delete what came so far."""
        for path in (self._part, self._notes):
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def __call__(self, url: str, output_file: str, pooch: Any, check_only: bool = False) -> None:
        """Called by pooch."""
        import requests

        barren = 0
        while True:
            before = self._have()
            try:
                self._go_on(url)
                break
            except _RestartError:
                self.forget()
                error: Exception | None = None
            except requests.RequestException as broken:
                error = broken
            barren = 0 if self._have() > before else barren + 1
            if barren >= ATTEMPTS:
                self._give_up(error)
            self._pause(PAUSE * 2 ** max(0, barren - 1))
        self._require_kind()
        os.replace(self._part, output_file)
        self.forget()

    def _have(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    def _go_on(self, url: str) -> None:
        """Ask for the rest, or for all, and write it as it comes."""
        import requests

        have, validator = self._have(), self._validator(url)
        headers = {"Accept-Encoding": "identity", "User-Agent": "audioclf"}
        if have and validator:
            headers |= {"Range": f"bytes={have}-", "If-Range": validator}
        else:
            have = 0
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
            if answer.status_code == 416 or (answer.status_code == 206 and _first_byte(answer) != have):
                raise _RestartError
            if answer.status_code != 206:
                have = 0
            self._require_success(answer)
            total = have + int(answer.headers.get("Content-Length") or 0)
            if total == have:
                total = 0
            self._require_fit(have, total)
            self._note(url, answer)
            with self._part.open("r+b" if have else "wb") as file:
                file.seek(have)
                file.truncate()
                for chunk in answer.iter_content(_CHUNK):
                    self._stop_if_asked()
                    if have // _CHUNK % 64 == 0:
                        self._require_fit(have, total)
                    file.write(chunk)
                    have += len(chunk)
                    if self._progress is not None:
                        self._progress(ByteCount(have), ByteCount(max(total, have) if total else 0))
            if have < total:
                raise requests.ConnectionError(f"{total - have} bytes are missing")

    def _validator(self, url: str) -> str:
        """What makes sure that the rest belongs to the same file as the beginning; empty where nothing does."""
        try:
            notes = read_json(self._notes)
            return str(notes["validator"]) if notes["url"] == url else ""
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def _note(self, url: str, answer: Any) -> None:
        tag = answer.headers.get("ETag", "")
        validator = tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified", "")
        self._notes.write_text(json.dumps({"url": url, "validator": validator}), encoding="utf-8")

    def _require_success(self, answer: Any) -> None:
        import requests

        if answer.status_code >= 500 or answer.status_code in (408, 429):
            raise requests.ConnectionError(f"it answers {answer.status_code} {answer.reason}")
        if answer.status_code not in (200, 206):
            raise DatasetError(
                f"{self._remote.url} answers {answer.status_code} {answer.reason}, so the file is no longer there or"
                f" not for everyone; fetch it elsewhere and {self._remote.remedy}."
            )

    def _require_fit(self, have: int, total: int) -> None:
        most = 2 * self._remote.size + 2**26
        if max(have, total) > most:
            self.forget()
            raise DatasetError(
                f"{self._remote.url} sends more than {most / 1e6:,.0f} MB, about {self._remote.size / 1e6:,.0f} MB were"
                f" expected, so it is another file; fetch it elsewhere and {self._remote.remedy}."
            )
        try:
            workspaces.require_disk(max(total - have, _CHUNK), self._part.parent)
        except WorkspaceError:
            self.forget()
            raise

    def _require_kind(self) -> None:
        with self._part.open("rb") as file:
            start = file.read(6)
            if start.startswith(self._remote.starts):
                return
            try:
                what = f"a {recognise(file, self._have()).name} file"
            except NotASoundError as error:
                what = str(error)
        self.forget()
        raise DatasetError(
            f"{self._remote.url} sent {what}, {self._remote.what} was expected; check whether this network asks for"
            f" a login, or fetch it elsewhere and {self._remote.remedy}."
        )

    def _give_up(self, error: Exception | None) -> None:
        host = self._remote.url.split("/")[2]
        reason = _reason(error) if error is not None else "it changes while it is fetched"
        came = f", {self._have() / 1e6:,.1f} MB are kept" if self._have() else ""
        raise DatasetError(
            f"{self._remote.file_name} cannot be fetched from {host} ({reason}){came}; check the network and {_AGAIN},"
            f" or fetch it elsewhere and {self._remote.remedy}."
        )

    def _pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._stop_if_asked()
            time.sleep(min(0.1, left))

    def _stop_if_asked(self) -> None:
        stop_if(self._should_stop, f"Fetching {self._remote.file_name} was stopped; {_AGAIN}.")


def _first_byte(answer: Any) -> int:
    """Where a partial answer begins ("bytes 500-999/1000" begins at 500); -1 where it does not say."""
    unit, _, rest = str(answer.headers.get("Content-Range", "")).partition(" ")
    first = rest.partition("-")[0]
    return int(first) if unit == "bytes" and first.isdecimal() else -1


def _reason(error: Exception) -> str:
    import requests

    text = str(error)
    if isinstance(error, requests.Timeout):
        return "it does not answer in time"
    if "resolve" in text or "getaddrinfo" in text:
        return "its name is not known here"
    if "refused" in text:
        return "it refuses the connection"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted here"
    if text.startswith("it answers"):
        return text
    return "the connection breaks"
