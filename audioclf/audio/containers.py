"""What a file is, by its bytes, before any decoder sees it.

Names and suffixes are not asked: an HTML page or a playlist named ``.mp3`` is recognised here and
never reaches libsndfile or FFmpeg. Where a container states its length, it is compared with the
bytes that are there, so that a file that breaks off is reported and not silently shortened.
"""

from __future__ import annotations

import codecs
from dataclasses import replace
from typing import BinaryIO

from audioclf.audio import headers, mpeg
from audioclf.audio.headers import Container, read_at

ACCEPTED = "a sound (wav, flac, ogg, opus, mp3, aiff, au, caf, m4a, 3gp, aac, wma, amr or webm)"


class NotASoundError(ValueError):
    """The bytes are no sound; the text names what they look like, ``remedy`` what to do about it."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.remedy = remedy


class DecodeError(ValueError):
    """A decoder gave up; the text is its reason."""


def recognise(file: BinaryIO, size: int) -> Container:
    """Recognise the container of an open file of ``size`` bytes.

    Raises
    ------
    NotASoundError
        With what the file looks like ("a zip archive") as its text.
    """
    start = mpeg.tag_end(file, 0)
    found = _known(file, start, size)
    if found is None and start:
        # its size may be wrong
        found = _elsewhere(file, 0, size) or _stream(file, min(start, size), size, mpeg.SEARCHED_TAG, 10)
        if found is None:
            raise NotASoundError("an ID3 tag with no MP3 stream behind it", _AGAIN)
    if found is None:
        opening = read_at(file, 0, 4096)
        other = _looks_like(opening)
        found = None if other else _elsewhere(file, 0, size)
        # UTF-16 text begins with the same eleven bits as MPEG audio.
        found = found or (None if other else _stream(file, 0, size, mpeg.SEARCHED))
        if found is None:
            raise NotASoundError(*(other or _nameless(opening)))
    return found


def _known(file: BinaryIO, start: int, size: int) -> Container | None:
    """Container that begins at ``start``."""
    head = read_at(file, start, 64).ljust(64, b"\0")
    if head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64") and head[8:12] == b"WAVE":
        return _wav(file, start, size)
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return replace(headers.aiff(file, start, size), start=start, end=size)
    if head[:4] in (b".snd", b"dns."):
        return replace(headers.au(file, start, size), start=start, end=size)
    if head[:16] == _W64:
        return replace(headers.wave64(file, start, size), start=start, end=size)
    if head[:4] == b"caff":
        return replace(headers.caf(file, start, size), start=start, end=size)
    if head[:8] == b"NIST_1A\n":
        return replace(headers.sphere(file, start, size), start=start)
    if head[:4] == b"fLaC":
        # STREAMINFO is always the first block: 36 bits of total samples from bit 172 on, 0 for "not known".
        total = int.from_bytes(head[21:26], "big") & 0xFFFFFFFFF
        return Container("FLAC", start, size, measured=total > 0)
    if head[:4] == b"OggS":
        packet = read_at(file, start + 27 + head[26], 8)
        return Container("OGG", start, size, _missing_in_ogg(file, size), codec=packet)
    if head[4:8] in (b"ftyp", b"moov", b"wide"):
        return Container("MP4", start, size)
    if head[:4] == b"\x1aE\xdf\xa3":
        return Container("WEBM", start, size)
    if head[:16] == _ASF:
        return Container("ASF", start, size, measured=False)
    if head[:6] == b"#!AMR\n" or head[:9] == b"#!AMR-WB\n":
        return Container("AMR", start, size, measured=False)
    packets = (size - start) // 188
    if packets > 2 and all(read_at(file, start + 188 * n, 1) == b"\x47" for n in range(min(6, packets))):
        return Container("TS", start, size, measured=False)
    return None


def _wav(file: BinaryIO, start: int, size: int) -> Container:
    found = headers.riff(file, start, size)
    if not found.missing and found.codec in _MPEG_TAGS:
        # libsndfile guesses the length of what has no Xing tag
        stream = mpeg.find(file, found.start, found.end, searched=2048)
        if stream is not None:
            return replace(stream, missing=0, remark=found.remark)
    return replace(found, start=start, end=size)


def _stream(file: BinaryIO, start: int, size: int, searched: int, origin: int | None = None) -> Container | None:
    """MPEG audio or AAC in ADTS at ``start`` or, with a remark, where its frames begin."""
    found = mpeg.find(file, start, size, searched=searched, origin=origin)
    if found is None or found.start == start:
        return found
    remark = f"The first frame was found at byte {found.start}; what stands before it was passed over."
    return replace(found, remark=remark)


def _elsewhere(file: BinaryIO, start: int, size: int) -> Container | None:
    """A sound that begins behind other bytes."""
    opening = read_at(file, start, mpeg.SEARCHED)
    places = [opening.find(magic) - back for magic, back in _UNMISTAKABLE if magic in opening]
    for place in sorted(place for place in places if place > 0):
        found = _known(file, start + place, size)
        if found is not None:
            remark = f"The sound begins at byte {start + place}; what stands before it was passed over."
            return replace(found, remark=found.remark or remark)
    return None


def _missing_in_ogg(file: BinaryIO, size: int) -> int:
    """Bytes that the last page of an Ogg file lacks. A page is at most 65,307 bytes long."""
    tail = read_at(file, max(0, size - 65307), 65307)
    page = tail[max(0, tail.rfind(b"OggS")) :]
    segments = page[26] if len(page) > 26 else 0
    return max(0, 27 + segments + sum(page[27 : 27 + segments]) - len(page))


_W64 = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
_ASF = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"
_MPEG_TAGS = (b"\x50\x00", b"\x55\x00", b"\x00\x16")
_UNMISTAKABLE = ((b"WAVEfmt ", 8), (b"WAVEds64", 8), (b"AIFFCOMM", 8), (b"fLaC\0\0\0\x22", 0), (b"OggS\0\x02", 0))
_AGAIN = "copy or download it again"
_CONVERT = "convert it to WAV"
_UNPACK = "unpack it first"
_LEAVE = "leave it out"
_OTHERS: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"PK\x03\x04", "a zip archive", _UNPACK),
    (0, b"PK\x05\x06", "an empty zip archive", _LEAVE),
    (0, b"\x1f\x8b", "a gzip archive", _UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (0, b"Rar!", "a RAR archive", _UNPACK),
    (257, b"ustar", "a tar archive", _UNPACK),
    (0, b"MThd", "a MIDI file, which holds notes and no sound", "render it to WAV"),
    (0, b"%PDF", "a PDF document", _LEAVE),
    (0, b"\x89PNG", "a PNG picture", _LEAVE),
    (0, b"\xff\xd8\xff", "a JPEG picture", _LEAVE),
    (0, b"GIF8", "a GIF picture", _LEAVE),
    (8, b"WEBP", "a WebP picture", _LEAVE),
    (8, b"AVI ", "an AVI video", _CONVERT),
    (0, b"\0\0\1\xba", "an MPEG video", _CONVERT),
    (0, b"FLV\1", "a Flash video", _CONVERT),
    (0, b".RMF", "a RealMedia file", _CONVERT),
    (0, b"wvpk", "a WavPack file", _CONVERT),
    (0, b"MAC ", "a Monkey's Audio file", _CONVERT),
    (0, b"MPCK", "a Musepack file", _CONVERT),
    (0, b"MP+", "a Musepack file", _CONVERT),
    (0, b"TTA1", "a True Audio file", _CONVERT),
    (0, b"DSD ", "a DSD file", _CONVERT),
    (0, b"\x00\x05\x16\x07", "a macOS resource fork (a '._' file), not the sound itself", _LEAVE),
    (0, b"\x93NUMPY", "a NumPy array", "write its samples to WAV"),
    (0, b"\x89HDF", "an HDF5 file", "write its samples to WAV"),
    (0, b"version https://git-lfs", "a Git LFS pointer without its content", "fetch it with 'git lfs pull'"),
)


def _looks_like(start: bytes) -> tuple[str, str] | None:
    """What the first bytes of no sound look like, and what to do about it; None where they may be anything."""
    for position, magic, what, remedy in _OTHERS:
        if start[position : position + len(magic)] == magic:
            return what, remedy
    text = _as_text(start) if start.strip(b"\0") else None
    if text is None:
        return None
    opening = text.lstrip().lower()
    if opening.startswith(("#extm3u", "[playlist]")):
        return "a playlist, which names sounds and holds none", "download the recordings it names"
    if "<html" in opening or opening.startswith(("<!doctype html", "<head", "<body")):
        return "an HTML page (often an error or login page saved in its place)", "download the recording itself"
    return "an XML text" if opening.startswith("<") else "a text file", _LEAVE


def _nameless(start: bytes) -> tuple[str, str]:
    if not start.strip(b"\0"):
        return "nothing but zero bytes", _AGAIN
    return "no format that is known", f"{_CONVERT} or {_LEAVE}"


def _as_text(data: bytes) -> str | None:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    # A cut through the last character is no fault of the text: the incremental decoder waits for the rest of it.
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(data)
    except UnicodeDecodeError:
        return None
    return None if any(ord(c) < 32 and c not in "\t\r\n\f" for c in text) else text
