"""The lengths that headers state, held against the bytes that are there.

Writers get them wrong in a few ways: the length was never filled in, or the header's own length was counted along. Then
the samples decide, a remark says so, and the decoder is shown the true length. Any other length that reaches past the
end of the file means that the file breaks off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

Patches = tuple[tuple[int, bytes], ...]

UNSTATED = "The header does not state a length; everything behind it was read as samples."
_CHUNKS = 1000
_SPHERE_HEADER = 2**16
_WAV_HEADERS = (36, 44, 46, 58, 60, 68, 80)
"""Lengths of common WAV headers, and of the rest of a file behind its RIFF size, which writers add by mistake."""


@dataclass(frozen=True)
class Container:
    """A sound container that was recognised.

    Attributes
    ----------
    name : str
        "WAV", "RF64", "W64", "AIFF", "AU", "CAF", "NIST", "FLAC", "OGG", "MP3", "MP4", "WEBM", "AAC", "ASF", "AMR" or
        "TS".
    start, end : int
        Where the sound's bytes lie in the file; tags before and behind an MP3 or AAC stream are left out. Functions
        that read a header give the samples alone.
    missing : int
        Bytes that the header promises and the file does not have; 0 where it is whole or where it is not known.
    measured : bool
        Whether the header states the length. Not so for MP3 without a Xing tag, AAC, and FLAC written to a pipe.
    codec : bytes
        How the samples are coded, where the container states it at a known place: the two bytes of a WAV format tag
        (little-endian), the four of an AIFF-C compression or a CAF format, the first bytes of the first Ogg packet.
    patches : tuple of (int, bytes)
        Positions in the file and what a decoder should see there: lengths that are mended.
    remark : str
        What was wrong with the file and how it was read all the same, one sentence; empty where all is well.
    fault : str
        Why it cannot be read; empty where nothing speaks against it.
    """

    name: str
    start: int
    end: int
    missing: int = 0
    measured: bool = True
    codec: bytes = b""
    patches: Patches = ()
    remark: str = ""
    fault: str = ""


@dataclass(frozen=True)
class _Chunk:
    name: bytes
    position: int
    start: int
    length: int


def read_at(file: BinaryIO, position: int, n: int) -> bytes:
    """So many bytes from a position on, or as many as there are."""
    try:
        file.seek(position)
    except (OverflowError, ValueError, OSError):  # a chunk's length may lead anywhere
        return b""
    return file.read(n)


def riff(file: BinaryIO, start: int, size: int) -> Container:
    """WAV (RIFF or RIFX), RF64 or BW64."""
    magic = read_at(file, start, 4)
    order = "big" if magic == b"RIFX" else "little"
    long = magic in (b"RF64", b"BW64")
    name = "RF64" if long else "WAV"
    patches: Patches = ((start, b"RF64"),) if magic == b"BW64" else ()
    codec, long_at, long_size = b"", 0, None
    for chunk in _chunks(file, start + 12, size, 4, order):
        if chunk.name == b"ds64" and long:
            long_at = chunk.start + 8
            long_size = int.from_bytes(read_at(file, long_at, 8), "little")
        elif chunk.name == b"fmt ":
            codec = _format_tag(read_at(file, chunk.start, 40), order)
        elif chunk.name == b"data":
            at, width, declared = chunk.position + 4, 4, chunk.length
            if declared == 0xFFFFFFFF and long_size is not None:
                at, width, declared = long_at, 8, long_size
            outer = int.from_bytes(read_at(file, start + 4, 4), order)  # type: ignore[arg-type]
            return _settled(
                name,
                file,
                chunk.start,
                size,
                declared,
                # Written to a pipe by FFmpeg, SoX or arecord, which cannot come back to fill in the length.
                unstated=width == 4 and (0x7FFFF000 <= declared <= 0x80000100 or declared >= 0xFFFFFF00),
                whole=start + 8 + outer in (size - 1, size, size + 1),
                header=chunk.start - start,
                field=(at, width, order),
                codec=codec,
                patches=patches,
            )
    return Container(name, start, size)


def aiff(file: BinaryIO, start: int, size: int) -> Container:
    """AIFF or AIFF-C."""
    codec = b"NONE"
    form = int.from_bytes(read_at(file, start + 4, 4), "big")
    found = None
    for chunk in _chunks(file, start + 12, size, 4, "big"):
        if chunk.name == b"COMM" and read_at(file, start + 8, 4) == b"AIFC":
            codec = read_at(file, chunk.start + 18, 4)
        elif chunk.name == b"SSND":
            found = _settled(
                "AIFF",
                file,
                chunk.start,
                size,
                chunk.length,
                unstated=chunk.length in (0xFFFFFFFF, 0x7FFFFFFF, 0x80000000),
                whole=start + 8 + form in (size - 1, size, size + 1),
                header=chunk.start + 8 - start,
                field=(chunk.position + 4, 4, "big"),
            )
            break
    # what says how the samples are coded may stand behind them
    return Container("AIFF", start, size) if found is None else replace(found, codec=codec)


def au(file: BinaryIO, start: int, size: int) -> Container:
    """Sun's and NeXT's format, in either byte order."""
    order = "little" if read_at(file, start, 4) == b"dns." else "big"
    header = int.from_bytes(read_at(file, start + 4, 4), order)  # type: ignore[arg-type]
    declared = int.from_bytes(read_at(file, start + 8, 4), order)  # type: ignore[arg-type]
    return _settled(
        "AU",
        file,
        start + max(24, header),
        size,
        declared,
        unstated=declared == 0xFFFFFFFF,
        header=header,
        field=(start + 8, 4, order),
    )


def wave64(file: BinaryIO, start: int, size: int) -> Container:
    """Sony's Wave64, whose chunks count their own 24 bytes."""
    position, codec = start + 40, b""
    for _ in range(_CHUNKS):
        head = read_at(file, position, 24)
        if len(head) < 24:
            break
        declared = int.from_bytes(head[16:], "little")
        if head[:4] == b"fmt ":
            codec = _format_tag(read_at(file, position + 24, 40), "little")
        elif head[:4] == b"data":
            return _settled(
                "W64",
                file,
                position + 24,
                size,
                max(0, declared - 24),
                unstated=declared >= 2**63 - 1,
                header=position + 24 - start,
                field=(position + 16, 8, "little"),
                counted=24,
                codec=codec,
            )
        position += max(24, declared + (-declared) % 8)
    return Container("W64", start, size)


def caf(file: BinaryIO, start: int, size: int) -> Container:
    """Apple's Core Audio Format."""
    codec = b""
    for chunk in _chunks(file, start + 8, size, 8, "big"):
        if chunk.name == b"desc":
            codec = read_at(file, chunk.start + 8, 4)
        elif chunk.name == b"data":
            return _settled(
                "CAF",
                file,
                chunk.start,
                size,
                chunk.length,
                unstated=chunk.length >= 2**63,
                header=chunk.start + 4 - start,
                field=(chunk.position + 4, 8, "big"),
                counted_inside=4,
                codec=codec,
            )
    return Container("CAF", start, size)


def sphere(file: BinaryIO, start: int, size: int) -> Container:
    """NIST SPHERE, whose header is text."""
    text = read_at(file, start, 16)
    length = text[8:16].strip()
    header = int(length) if length.isdigit() else 1024
    lines = read_at(file, start, min(header, _SPHERE_HEADER))
    fields = dict(re.findall(rb"(\w+) -i (\d{1,18})\n", lines))
    coding = re.search(rb"sample_coding -s\d+ (\S+)", lines)
    codec = coding[1] if coding else b"pcm"
    first = start + header
    fault = "its samples are compressed with shorten" if b"shorten" in codec else ""
    if not {b"sample_count", b"sample_n_bytes"} <= fields.keys() or b"," in codec:
        return Container("NIST", first, size, codec=codec, fault=fault)
    declared = int(fields[b"sample_count"]) * int(fields[b"sample_n_bytes"]) * int(fields.get(b"channel_count", b"1"))
    return replace(_settled("NIST", file, first, size, declared, header=header, codec=codec), fault=fault)


def _settled(
    name: str,
    file: BinaryIO,
    first: int,
    size: int,
    declared: int,
    *,
    header: int,
    unstated: bool = False,
    whole: bool = False,
    field: tuple[int, int, str] | None = None,
    counted: int = 0,
    counted_inside: int = 0,
    codec: bytes = b"",
    patches: Patches = (),
) -> Container:
    """What is to be read of ``declared`` bytes from ``first`` on.

    ``whole`` says that an outer length agrees with the file's; ``header`` is how many bytes stand before the samples;
    ``field`` is where the length stands (position, width, byte order), which counts ``counted`` bytes before ``first``;
    ``counted_inside`` bytes from there on are no samples yet.
    """
    there = max(0, size - first)
    off = declared - there
    remark = ""
    lengths = {header, header - 8, counted, *_WAV_HEADERS}
    if off > 0 and unstated:
        remark = UNSTATED
    elif off > 1 and there and (whole or off in lengths):
        remark = f"The header states {off} bytes more than there are; what is there was read."
    elif off > 1:
        return Container(name, first, size, off, codec=codec, patches=patches)
    elif declared <= counted_inside and there > counted_inside and not _chunk_like(file, first + declared, size):
        remark = UNSTATED
    elif -off in lengths and -off > 1 and not _chunk_like(file, first + declared, size):
        remark = f"The header states {-off} bytes less than there are; what is there was read."
    if not remark:
        return Container(name, first, min(size, first + declared), codec=codec, patches=patches)
    if field is not None:
        position, width, order = field
        length = min(there + counted, 256**width - 1)
        patches += ((position, length.to_bytes(width, order)),)
    return Container(name, first, size, codec=codec, patches=patches, remark=remark)


def _chunks(file: BinaryIO, position: int, size: int, width: int, order: str) -> Iterator[_Chunk]:
    for _ in range(_CHUNKS):
        head = read_at(file, position, 4 + width)
        if len(head) < 4 + width:
            break
        start, length = position + 4 + width, int.from_bytes(head[4:], order)  # type: ignore[arg-type]
        yield _Chunk(head[:4], position, start, length)
        # chunks of CAF are not padded
        position = start + length + (length & 1 if width == 4 else 0)


def _chunk_like(file: BinaryIO, position: int, size: int) -> bool:
    """Whether another chunk begins here (or one byte on, behind padding) and ends in the file, or a tag does."""
    for at in (position, position + 1):
        head = read_at(file, at, 8)
        if head[:3] in (b"ID3", b"TAG"):
            return True
        if len(head) == 8 and re.fullmatch(rb"[A-Za-z_][A-Za-z0-9_ ]{3}", head[:4]):
            sizes = (int.from_bytes(head[4:], "little"), int.from_bytes(head[4:], "big"))
            if any(at + 8 + length <= size + 1 for length in sizes):
                return True
    return False


def _format_tag(fmt: bytes, order: str) -> bytes:
    """The format tag of a ``fmt`` chunk as two bytes, little-endian; that of an extensible one is its GUID's."""
    tag = fmt[:2] if order == "little" else fmt[1::-1]
    if tag == b"\xfe\xff" and len(fmt) >= 26:
        return fmt[24:26] if order == "little" else fmt[25:23:-1]
    return tag
