"""Where a sound comes from: a path, bytes or an open file, made one, with a name for sentences about it, and what
decoders of it have in common."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from audioclf.audio.containers import DecodeError
from audioclf.core.errors import AudioError

Array = npt.NDArray[np.float32]
Source = str | os.PathLike[str] | bytes | BinaryIO

SMALL = 2**23
"""Size in bytes up to which a file is best read into memory in one go."""


def readable(name: str) -> str:
    """A file's name as text that can be written anywhere: one that is no UTF-8 is taken for Western European."""
    try:
        name.encode()
        return name
    except UnicodeEncodeError:
        data = name.encode("utf-8", "surrogateescape" if _escaped(name) else "replace")
        return "".join(_WESTERN.get(byte, chr(byte)) for byte in data)


def _escaped(name: str) -> bool:
    return all(not 0xD800 <= ord(c) <= 0xDFFF or 0xDC80 <= ord(c) <= 0xDCFF for c in name)


_WESTERN = {byte: bytes((byte,)).decode("cp1252", "replace") for byte in range(0x80, 0xA0)}


def display_name(name: str) -> str:
    """A name from outside as text to show: quoted, at most 80 characters, nothing that does not print."""
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in readable(name))
    return f"'{text if len(text) <= 80 else text[:59] + '…' + text[-20:]}'"


def renamed(error: Exception, path: Path, name: str) -> str:
    """The sentence of an error about a file, under another name than its own, such as the one its upload had."""
    return str(error).replace(display_name(path.name), display_name(name))


@contextmanager
def opened(source: Source, *, whole: bool = False) -> Iterator[tuple[BinaryIO, str]]:
    """The source as a binary file, and what to call it in a sentence; ``whole`` says that all of it will be read."""
    if isinstance(source, bytes | bytearray | memoryview):
        yield io.BytesIO(source), "The sound"
        return
    path = Path(source) if isinstance(source, str | os.PathLike) else None
    label = getattr(source, "name", None) if path is None else str(path)
    name = display_name(Path(label).name or label) if isinstance(label, str) else "The sound"
    try:
        if path is not None:
            with _open_path(path, name) as file:
                # One read instead of a dozen system calls: a third of the time of a half-second clip.
                yield io.BytesIO(file.read()) if whole and _is_small(file) else file, name
        else:
            with _borrowed(source, name) as file:
                yield file, name
    except OSError as error:
        raise AudioError(f"{name} cannot be read ({error.strerror or error}); check the disk and try again.") from None


@contextmanager
def _borrowed(file: Any, name: str) -> Iterator[BinaryIO]:
    """Somebody's open file, put back where it stood."""
    try:
        before = file.tell()
        file.seek(0)
        binary = isinstance(file.read(0), bytes)
    except (AttributeError, TypeError, ValueError, OSError):
        raise AudioError(f"{name} must be a path, bytes or an open file that can seek; read its bytes first.") from None
    if not binary:
        raise AudioError(f"{name} was opened as text, bytes were expected; open it with mode 'rb'.")
    try:
        yield file
    finally:
        file.seek(before)


def _open_path(path: Path, name: str) -> BinaryIO:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise AudioError(
                f"{name} is a folder, a sound file was expected; name a file in it, or load it as a data set."
            )
        if not stat.S_ISREG(mode):
            raise AudioError(f"{name} is a device or a pipe, a sound file was expected; copy it to a file first.")
        return path.open("rb")
    except FileNotFoundError:
        raise AudioError(f"{name} is not there, a sound file was expected; check the path.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise AudioError(f"{name} cannot be opened ({reason}); check the path and its permissions.") from None


def _is_small(file: BinaryIO) -> bool:
    return os.fstat(file.fileno()).st_size <= SMALL


class FilePart(io.RawIOBase):
    """A stretch of a file as a file of its own, whose methods never raise.

    libsndfile calls back into these methods, and an exception in such a callback is printed to stderr and lost; so a
    seek before the beginning stops at the beginning, and what the file itself raises is kept in ``error``.
    """

    def __init__(self, file: BinaryIO, start: int, end: int, patches: tuple[tuple[int, bytes], ...] = ()) -> None:
        self._file = file
        self._patches = patches
        self._start = start
        self._size = max(0, end - start)
        self._position = 0
        self.error: Exception | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = (0, self._position, self._size)[whence]
        self._position = min(max(0, base + offset), self._size)
        return self._position

    def read(self, n: int = -1) -> bytes:
        left = self._size - self._position
        n = left if n is None or n < 0 else min(n, left)
        if n <= 0 or self.error is not None:
            return b""
        try:
            self._file.seek(self._start + self._position)
            data = self._file.read(n)
        except Exception as error:
            self.error = error
            return b""
        for position, values in self._patches:
            at = position - self._position
            if -len(values) < at < len(data):
                first, last = max(0, -at), min(len(values), len(data) - at)
                data = data[: at + first] + values[first:last] + data[at + last :]
        self._position += len(data)
        return data

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class MemoryPart(io.BytesIO):
    """The same for bytes in memory, at the speed of C: of its methods only a seek before the beginning can raise."""

    error: Exception | None = None

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        try:
            return super().seek(offset, whence)
        except ValueError:
            return super().seek(0)


Part = MemoryPart | FilePart


class Decoder:
    """Base of the decoders: an open sound.

    Attributes
    ----------
    sr, channels : int
    frames : int
        Samples per channel that its header states, or what its packets add up to.
    format, subtype : str
    exact : bool
        Whether ``frames`` is right to the sample.
    """

    sr: int
    channels: int
    frames: int
    format: str
    subtype: str
    exact: bool

    def __init__(self, part: Part, failures: tuple[type[Exception], ...]) -> None:
        self._part = part
        self._failures = failures

    def blocks(self, start: int, n: int) -> Iterator[Array]:
        """Float32 blocks of shape (samples, channels) from sample ``start`` on, about ``n`` samples in all."""
        with self._refusing():
            yield from self._decoded(start, n)

    def _decoded(self, start: int, n: int) -> Iterator[Array]:
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the decoder; the file object stays open."""
        raise NotImplementedError

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """Make a DecodeError of what the library raises, or the file did while it read on."""
        try:
            yield
        except self._failures as error:
            known = self._part.error or (error if isinstance(error, DecodeError) else None)
            raise DecodeError(str(known) if known is not None else self._reason(error)) from error
        if self._part.error is not None:
            raise DecodeError(str(self._part.error))

    def _reason(self, error: Exception) -> str:
        return "its content cannot be decoded"
