"""Zip and tar archives: nothing of them is trusted, and each member that is left out is named."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import secrets
import shutil
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

from audioclf.audio.io import content_hash
from audioclf.audio.sources import readable
from audioclf.core import settings, workspaces
from audioclf.core.errors import DatasetError, Stopped
from audioclf.datasets.base import ByteCount, Progress, ShouldStop
from audioclf.datasets.ingest.staging import MOST_BYTES, Keeper, TooLargeError, is_stored

MOST_MEMBERS = 50_000
"""Members that are looked at; the rest is named in one row."""

UNPACKED = 10
"""An archive may unpack to so many times the largest upload (setting ``max_upload_mb``)."""

_MOST_DIRECTORY = 64 * 2**20
"""Largest table of contents of a zip, in bytes: half a million members."""

_MOST_HEADER = 2**20
"""Most bytes that are read at once for a header of a tar member."""

_CHUNK = 2**20
"""Bytes of an upload that are copied at once; a stop is heeded after each."""

_DAMAGE = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, tarfile.TarError, zlib.error, lzma.LZMAError),
    *(EOFError, OSError, RuntimeError, ValueError, struct.error),
)
"""What the standard library raises for damaged archives. A full disk arrives as DatasetError instead."""


def is_archive(path: Path) -> bool:
    """Whether a file begins like an archive, whatever it is called."""
    return _kind(path) != ""


def unpack(
    path: Path,
    parent: Path | None = None,
    *,
    name: str = "",
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> Path:
    """The stored folder of an archive's sounds and tables; an archive that was unpacked before is not unpacked again.

    Parameters
    ----------
    path : Path
        A zip, or a tar (plain, gzip or bzip2).
    parent : Path or None
        Where the stored folder goes. By default into the workspace the archive lies in, or else beside the other data
        sets of this machine.
    name : str
        What its owner calls the file, where it does not lie under that name.

    Returns
    -------
    Path
        See :mod:`audioclf.datasets.ingest.staging`. Members that were refused are among its problems.

    Raises
    ------
    DatasetError
        When the file is no archive that can be read, or there is no room.
    Stopped
    """
    kind = _kind(path)
    if kind not in _READERS:
        what = {"rar": "a RAR archive", "7z": "a 7-Zip archive", "xz": "an xz archive", "": "no archive"}[kind]
        raise DatasetError(f"'{name or path.name}' is {what}, a zip or tar.gz was expected; pack the sounds as a zip.")
    parent = parent or _home_of(path)
    identity = content_hash(path)
    target = parent / identity
    if is_stored(target):
        return target
    with Keeper(parent, _plain_name(Path(name) if name else path), should_stop=should_stop) as keeper:
        _READERS[kind](path, keeper, _Budget(), progress or (lambda done, total: None))
        return keeper.finish(identity)


class _Budget:
    """Bytes that may still be unpacked."""

    def __init__(self) -> None:
        self.left = round(UNPACKED * settings.number("max_upload_mb") * 1e6)

    def fits(self, size: int) -> bool:
        return size <= min(self.left, MOST_BYTES)

    def keep(self, keeper: Keeper, name: str, wanted: str, source: BinaryIO) -> None:
        """Keep a member, counting what really comes out of it."""
        try:
            self.left -= keeper.add(wanted, source, at_most=min(self.left, MOST_BYTES))
        except TooLargeError:
            self.left = max(0, self.left - MOST_BYTES)
            self.refuse(keeper, name, None)

    def refuse(self, keeper: Keeper, name: str, size: int | None) -> None:
        stated = "more" if size is None else f"{size / 1e6:,.0f} MB"
        limit = min(self.left, MOST_BYTES) / 1e6
        keeper.refuse(
            name,
            f"It would unpack to {stated} where {limit:,.0f} MB are left.",
            "Leave it out, cut it into shorter files, or load the unpacked folder.",
        )


def unpack_upload(
    source: BinaryIO,
    parent: Path,
    name: str,
    *,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> Path:
    """The stored folder of an archive that is no file yet; nothing else of it is kept.

    Parameters
    ----------
    source : binary file
        Read from its beginning.
    parent : Path
        Where the stored folder goes.
    name : str
        What its owner calls it.

    Raises
    ------
    DatasetError
        As for :func:`unpack`, and when there is no room for it.
    Stopped
    """
    # named like what the store sweeps away when a process was killed in the middle
    part = parent / f".{secrets.token_hex(8)}.part"
    try:
        part.mkdir()
        packed = part / "packed"
        with packed.open("xb") as target:
            source.seek(0)
            while chunk := source.read(_CHUNK):
                target.write(chunk)
                if should_stop is not None and should_stop():
                    raise Stopped("Storing the files was stopped; nothing of them was kept.")
        return unpack(packed, parent, name=name, progress=progress, should_stop=should_stop)
    except DatasetError as error:
        raise DatasetError(str(error).replace("'packed'", f"'{name}'")) from None
    except OSError as error:
        raise DatasetError(
            f"The upload cannot be stored ({error.strerror or error}); free some disk space and try again."
        ) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _read_zip(path: Path, keeper: Keeper, budget: _Budget, progress: Progress) -> None:
    _check_directory(path)
    try:
        archive = zipfile.ZipFile(path)
    except _DAMAGE as error:
        raise DatasetError(
            f"'{path.name}' is not a whole zip archive ({error}); upload it again, or pack it anew."
        ) from None
    with archive:
        members = archive.infolist()
        for number, member in enumerate(members[:MOST_MEMBERS]):
            progress(number, len(members))
            name = _zip_name(member)
            if member.is_dir():
                continue
            mode = member.external_attr >> 16
            if stat.S_ISLNK(mode):
                keeper.refuse(name, "It is a link, not a file.", "Pack the file itself.")
                continue
            wanted = keeper.wants(name)
            if wanted is None:
                continue
            if member.flag_bits & 0x1:
                keeper.refuse(name, "It is encrypted.", "Pack again without a password.")
            elif not budget.fits(member.file_size):
                budget.refuse(keeper, name, member.file_size)
            else:
                _keep_zipped(archive, member, name, wanted, keeper, budget)
        progress(len(members), len(members))
        _note_rest(path, len(members), keeper)


def _keep_zipped(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, wanted: str, keeper: Keeper, budget: _Budget
) -> None:
    try:
        with archive.open(member) as source:
            budget.keep(keeper, name, wanted, cast(BinaryIO, source))
    except NotImplementedError:
        keeper.refuse(name, "Its kind of compression is not known here.", "Pack again as a plain zip (Deflate).")
    except _DAMAGE as error:
        keeper.refuse(name, f"It is damaged in the archive ({error}).", "Pack it again as a plain zip.")


def _check_directory(path: Path) -> None:
    """Refuse a table of contents that would take more memory than there should be need for."""
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - 65557))
        tail = file.read()
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) < at + 22:
            return
        length = struct.unpack_from("<I", tail, at + 12)[0]
        zip64 = tail.rfind(b"PK\x06\x06", 0, at)
        if length == 0xFFFFFFFF and zip64 >= 0 and len(tail) >= zip64 + 56:
            length = struct.unpack_from("<Q", tail, zip64 + 40)[0]
        if length > _MOST_DIRECTORY:
            raise DatasetError(
                f"The table of contents of '{path.name}' takes {length / 1e6:,.0f} MB, at most"
                f" {_MOST_DIRECTORY / 1e6:,.0f} MB were expected; pack fewer files, or load the unpacked folder."
            )


def _zip_name(member: zipfile.ZipInfo) -> str:
    """Name of a member; UTF-8 that was not declared as such is recognised."""
    name = member.orig_filename
    if not member.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name


def _read_tar(path: Path, keeper: Keeper, budget: _Budget, progress: Progress) -> None:
    size = path.stat().st_size
    opener: Any = {"gz": gzip.open, "bz2": bz2.open, "tar": open}[_kind(path)]
    members = 0
    with path.open("rb") as raw, opener(raw, "rb") if opener is not open else path.open("rb") as plain:
        bounded = _Bounded(plain, budget.left + 512 * (MOST_MEMBERS + 1) * 4)
        try:
            with tarfile.open(fileobj=cast(Any, bounded), mode="r:") as archive:
                while (member := archive.next()) is not None:
                    # tarfile remembers every member it has seen.
                    cast(Any, archive).members = []
                    members += 1
                    if members > MOST_MEMBERS:
                        _note_rest(path, None, keeper)
                        return
                    progress(ByteCount(min(raw.tell(), size)), ByteCount(size))
                    _take(archive, member, keeper, budget)
        except (*_DAMAGE, _TooMuchError) as error:
            if not members:
                raise DatasetError(
                    f"'{path.name}' is not a whole tar archive ({error}); upload it again, or pack it anew."
                ) from None
            keeper.refuse(
                path.name,
                f"The archive cannot be read beyond its member {members} ({error}).",
                "Upload it again, or pack it anew.",
            )


def _take(archive: tarfile.TarFile, member: tarfile.TarInfo, keeper: Keeper, budget: _Budget) -> None:
    name = readable(member.name)
    if member.isdir():
        return
    if not member.isreg():
        what = "a link" if member.issym() or member.islnk() else "no plain file"
        keeper.refuse(name, f"It is {what}.", "Pack the file itself.")
        return
    wanted = keeper.wants(name)
    if wanted is None:
        return
    if not budget.fits(member.size):
        budget.refuse(keeper, name, member.size)
        return
    source = archive.extractfile(member)
    if source is not None:
        with source:
            budget.keep(keeper, name, wanted, cast(BinaryIO, source))


class _TooMuchError(Exception):
    """The stream unpacks to more than is allowed."""


class _Bounded(io.RawIOBase):
    """A decompressed stream that ends with an error where it becomes too long, or a header too large."""

    def __init__(self, source: Any, limit: int) -> None:
        self._source = source
        self._limit = limit

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > max(_MOST_HEADER, 2**21):
            raise _TooMuchError(f"a header of {size:,} bytes")
        data: bytes = self._source.read(size)
        if self._source.tell() > self._limit:
            raise _TooMuchError(f"it unpacks to more than {self._limit / 1e6:,.0f} MB")
        return data

    def seek(self, position: int, whence: int = io.SEEK_SET) -> int:
        if whence != io.SEEK_SET or position > self._limit:
            raise _TooMuchError(f"it unpacks to more than {self._limit / 1e6:,.0f} MB")
        return int(self._source.seek(position))

    def tell(self) -> int:
        return int(self._source.tell())


def _note_rest(path: Path, members: int | None, keeper: Keeper) -> None:
    if members is None or members > MOST_MEMBERS:
        keeper.refuse(
            path.name,
            f"It has {'more' if members is None else f'{members:,}'} members, and {MOST_MEMBERS:,} were looked at.",
            "Unpack it and load the folder, which may hold ten times as many.",
        )


_READERS: dict[str, Callable[[Path, Keeper, _Budget, Progress], None]] = {
    "zip": _read_zip,
    "gz": _read_tar,
    "bz2": _read_tar,
    "tar": _read_tar,
}


def _kind(path: Path) -> str:
    try:
        with path.open("rb") as file:
            head = file.read(265)
    except OSError:
        return ""
    for start, kind in (
        (b"PK\x03\x04", "zip"),
        (b"PK\x05\x06", "zip"),
        (b"\x1f\x8b", "gz"),
        (b"BZh", "bz2"),
        (b"\xfd7zXZ\0", "xz"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (b"Rar!\x1a\x07", "rar"),
    ):
        if head.startswith(start):
            return kind
    return "tar" if head[257:262] == b"ustar" else ""


def _home_of(path: Path) -> Path:
    owner = workspaces.owner(path)
    return settings.datasets_folder() / "archives" if owner is None else workspaces.datasets_folder(owner)


def _plain_name(path: Path) -> str:
    name = path.name
    for suffix in (".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar"):
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return path.stem or name
