"""Zip and tar archives: nothing of them is trusted, and each member that is left out is named."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
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
from audioclf.core.errors import DatasetError
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

_DAMAGE = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, tarfile.TarError, zlib.error, lzma.LZMAError),
    *(EOFError, OSError, RuntimeError, ValueError, struct.error),
)
"""What the standard library raises for damaged archives. A full disk arrives as DatasetError instead."""


def is_archive(path: Path) -> bool:
    """Whether a file begins like an archive, whatever it is called."""
    try:
        with path.open("rb") as file:
            return _kind(file) != ""
    except OSError:
        return False


def unpack(
    source: Path | BinaryIO,
    parent: Path | None = None,
    *,
    name: str = "",
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> Path:
    """The stored folder of an archive's sounds and tables; an archive that was unpacked before is not unpacked again.

    Parameters
    ----------
    source : Path or binary file
        A zip, or a tar (plain, gzip or bzip2).
    parent : Path or None
        Where the stored folder goes. By default into the workspace the archive lies in, or else beside the other data
        sets of this machine.
    name : str
        What its owner calls it, where it does not lie under that name.

    Returns
    -------
    Path
        See :mod:`audioclf.datasets.ingest.staging`. Members that were refused are among its problems.

    Raises
    ------
    DatasetError
        When it is no archive that can be read, or there is no room.
    Stopped
    """
    if isinstance(source, Path):
        with source.open("rb") as file:
            return unpack(
                file, parent or _home_of(source), name=name or source.name, progress=progress, should_stop=should_stop
            )
    kind = _kind(source)
    if kind not in _READERS:
        what = {"rar": "a RAR archive", "7z": "a 7-Zip archive", "xz": "an xz archive", "": "no archive"}[kind]
        raise DatasetError(f"'{name}' is {what}, a zip or tar.gz was expected; pack the sounds as a zip.")
    parent = parent or settings.datasets_folder() / "archives"
    identity = content_hash(source)
    target = parent / identity
    if is_stored(target):
        return target
    with Keeper(parent, _plain_name(name), should_stop=should_stop) as keeper:
        _READERS[kind](source, name, keeper, _Budget(), progress or (lambda done, total: None))
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


def _read_zip(file: BinaryIO, name: str, keeper: Keeper, budget: _Budget, progress: Progress) -> None:
    _check_directory(file, name)
    try:
        archive = zipfile.ZipFile(file)
    except _DAMAGE as error:
        raise _broken(name, "zip", error) from None
    with archive:
        members = archive.infolist()
        for number, member in enumerate(members[:MOST_MEMBERS]):
            progress(number, len(members))
            if not member.is_dir():
                _take_zipped(archive, member, keeper, budget)
        progress(len(members), len(members))
        if len(members) > MOST_MEMBERS:
            _note_rest(name, f"{len(members):,}", keeper)


def _take_zipped(archive: zipfile.ZipFile, member: zipfile.ZipInfo, keeper: Keeper, budget: _Budget) -> None:
    name = _zip_name(member)
    if stat.S_ISLNK(member.external_attr >> 16):
        keeper.refuse(name, "It is a link, not a file.", "Pack the file itself.")
        return
    wanted = keeper.wants(name)
    if wanted is None:
        return
    if member.flag_bits & 0x1:
        keeper.refuse(name, "It is encrypted.", "Pack again without a password.")
        return
    if not budget.fits(member.file_size):
        budget.refuse(keeper, name, member.file_size)
        return
    try:
        with archive.open(member) as source:
            budget.keep(keeper, name, wanted, cast(BinaryIO, source))
    except NotImplementedError:
        keeper.refuse(name, "Its kind of compression is not known here.", "Pack again as a plain zip (Deflate).")
    except _DAMAGE as error:
        keeper.refuse(name, f"It is damaged in the archive ({error}).", "Pack it again as a plain zip.")


def _check_directory(file: BinaryIO, name: str) -> None:
    """Refuse a table of contents that would take more memory than there should be need for."""
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
            f"The table of contents of '{name}' takes {length / 1e6:,.0f} MB, at most"
            f" {_MOST_DIRECTORY / 1e6:,.0f} MB were expected; pack fewer files, or load the unpacked folder."
        )


def _zip_name(member: zipfile.ZipInfo) -> str:
    """Name of a member; UTF-8 that was not declared as such is recognised."""
    name = member.orig_filename
    if not member.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name


def _read_tar(file: BinaryIO, name: str, keeper: Keeper, budget: _Budget, progress: Progress) -> None:
    opener: Any = {"gz": gzip.open, "bz2": bz2.open, "tar": contextlib.nullcontext}[_kind(file)]
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    members = 0
    with opener(file) as plain:
        bounded = _Bounded(plain, budget.left + 512 * (MOST_MEMBERS + 1) * 4)
        try:
            with tarfile.open(fileobj=cast(Any, bounded), mode="r:") as archive:
                while (member := archive.next()) is not None:
                    # tarfile remembers every member it has seen.
                    cast(Any, archive).members = []
                    members += 1
                    if members > MOST_MEMBERS:
                        _note_rest(name, "more", keeper)
                        return
                    progress(ByteCount(min(file.tell(), size)), ByteCount(size))
                    _take(archive, member, keeper, budget)
        except (*_DAMAGE, _TooMuchError) as error:
            if not members:
                raise _broken(name, "tar", error) from None
            keeper.refuse(
                name,
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


def _broken(name: str, kind: str, error: Exception) -> DatasetError:
    return DatasetError(f"'{name}' is not a whole {kind} archive ({error}); upload it again, or pack it anew.")


def _note_rest(name: str, members: str, keeper: Keeper) -> None:
    keeper.refuse(
        name,
        f"It has {members} members, and {MOST_MEMBERS:,} were looked at.",
        "Unpack it and load the folder, which may hold ten times as many.",
    )


_READERS: dict[str, Callable[[BinaryIO, str, Keeper, _Budget, Progress], None]] = {
    "zip": _read_zip,
    "gz": _read_tar,
    "bz2": _read_tar,
    "tar": _read_tar,
}


def _kind(file: BinaryIO) -> str:
    file.seek(0)
    head = file.read(265)
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


def _plain_name(name: str) -> str:
    name = Path(name).name  # a browser sends the folders it lay in, too
    for suffix in (".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar"):
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return Path(name).stem or name
