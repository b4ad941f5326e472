"""What a file is, told from its bytes before any decoder sees it.

Names and suffixes are not asked: an HTML page or a playlist named ``.mp3`` is recognised here and
never reaches libsndfile or FFmpeg. Where a container states its length, it is compared with the
bytes that are there, so that a file that breaks off is reported and not silently shortened.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import BinaryIO

ACCEPTED = "a sound (wav, flac, ogg, opus, mp3, aiff, au, m4a, aac or webm)"


@dataclass(frozen=True)
class Container:
    """A sound container that was recognised.

    Attributes
    ----------
    name : str
        "WAV", "RF64", "AIFF", "AU", "FLAC", "OGG", "MP3", "MP4", "WEBM" or "AAC".
    start, end : int
        Where the sound's bytes lie in the file; tags before and behind an MP3 or AAC stream are left out.
    missing : int
        Bytes that the header promises and the file does not have; 0 where it is whole or where nothing can be told.
    measured : bool
        Whether the header tells the length. Not so for MP3 without a Xing tag, AAC, and FLAC written to a pipe.
    """

    name: str
    start: int
    end: int
    missing: int = 0
    measured: bool = True


class NotASoundError(ValueError):
    """The bytes are no sound; the text names what they look like, ``remedy`` what to do about it."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.remedy = remedy


def recognise(file: BinaryIO, size: int) -> Container:
    """Recognise the container of an open file.

    Parameters
    ----------
    file : seekable binary file
    size : int
        Its length in bytes.

    Raises
    ------
    NotASoundError
        With what the file looks like ("a zip archive") as its text.
    """
    head = _head(file, 0)
    if head[:3] == b"ID3" and size > 10:
        return _behind_id3(file, size)
    if head[:4] in (b"RIFF", b"RIFX", b"RF64") and head[8:12] == b"WAVE":
        name = "RF64" if head[:4] == b"RF64" else "WAV"
        return Container(
            name, 0, size, _missing_in_chunks(file, size, b"data", "big" if head[3:4] == b"X" else "little")
        )
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return Container("AIFF", 0, size, _missing_in_chunks(file, size, b"SSND", "big"))
    if head[:4] == b".snd":
        offset, declared = _u32(head, 4), _u32(head, 8)
        return Container("AU", 0, size, 0 if declared == 0xFFFFFFFF else max(0, offset + declared - size))
    if head[:4] == b"fLaC":
        return _flac(head, 0, size)
    if head[:4] == b"OggS":
        return Container("OGG", 0, size, _missing_in_ogg(file, size))
    if head[4:8] == b"ftyp":
        return Container("MP4", 0, size)
    if head[:4] == b"\x1aE\xdf\xa3":
        return Container("WEBM", 0, size)
    # UTF-16 text begins with the same eleven bits as MPEG audio.
    stream = None if head[:2] == b"\xff\xfe" and _as_text(_at(file, 0, 4096)) else _mpeg(file, 0, size)
    if stream is None:
        raise NotASoundError(*_looks_like(_at(file, 0, 4096)))
    return stream


def _at(file: BinaryIO, position: int, n: int) -> bytes:
    file.seek(position)
    return file.read(n)


def _head(file: BinaryIO, position: int) -> bytes:
    """64 bytes, with zeros for what the file does not have."""
    return _at(file, position, 64).ljust(64, b"\0")


def _u32(data: bytes, position: int) -> int:
    return int.from_bytes(data[position : position + 4], "big")


def _flac(head: bytes, start: int, size: int) -> Container:
    # STREAMINFO is always the first block: 36 bits of total samples from bit 172 on, 0 for "not known".
    total = int.from_bytes(head[21:26], "big") & 0xFFFFFFFFF
    return Container("FLAC", start, size, measured=total > 0)


def _behind_id3(file: BinaryIO, size: int) -> Container:
    """MP3 or AAC (rarely FLAC) behind one or more ID3v2 tags and their padding."""
    start = 0
    for _ in range(16):
        tag = _at(file, start, 10)
        if tag[:3] != b"ID3" or len(tag) < 10:
            break
        # Sizes are "syncsafe": seven bits to a byte. A footer (flag 0x10) adds ten more.
        length = sum((tag[6 + i] & 0x7F) << (21 - 7 * i) for i in range(4))
        start += 10 + length + (10 if tag[5] & 0x10 else 0)
    padding = _at(file, start, 65536)
    start += len(padding) - len(padding.lstrip(b"\0"))
    head = _head(file, start)
    if head[:4] == b"fLaC":
        return _flac(head, start, size)
    stream = _mpeg(file, start, size)
    if stream is None:
        raise NotASoundError("an ID3 tag with no MP3 stream behind it", _AGAIN)
    return stream


def _mpeg(file: BinaryIO, start: int, size: int) -> Container | None:
    """MPEG audio layers 1 to 3, or AAC in ADTS, which share their first twelve bits; None for anything else."""
    head = _head(file, start)
    if head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    end = _before_tags(file, start, size)
    if head[1] & 0xF6 == 0xF0:
        return Container("AAC", start, end, measured=False) if (head[2] >> 2) & 15 < 13 else None
    reserved = (head[1] >> 3) & 3 == 1 or (head[1] >> 1) & 3 == 0 or head[2] >> 4 == 15 or (head[2] >> 2) & 3 == 3
    if reserved:
        return None
    tag = max(head.find(b"Xing", 4, 44), head.find(b"Info", 4, 44))
    # Flags: 1 = number of frames follows, 2 = number of bytes follows. Without the number of frames libsndfile
    # guesses the length from the first frame's bit rate and cuts a variable-rate file short.
    if tag < 0 or not head[tag + 7] & 1:
        return Container("MP3", start, end, measured=False)
    if not head[tag + 7] & 2:
        return Container("MP3", start, end)
    declared = _u32(head, tag + 12)
    missing = start + declared - end
    # Encoders differ in whether the tag's own frame counts, hence the 2 %.
    return Container("MP3", start, end, missing if missing > max(2048, declared // 50) else 0)


def _before_tags(file: BinaryIO, start: int, size: int) -> int:
    """End of an MPEG stream, without the ID3v1 and APEv2 tags behind it."""
    end = size
    if end - start > 128 and _at(file, end - 128, 3) == b"TAG":
        end -= 128
    footer = _at(file, end - 32, 32) if end - start > 32 else b""
    if footer[:8] == b"APETAGEX":
        length = int.from_bytes(footer[12:16], "little") + (32 if footer[23] & 0x80 else 0)
        if 32 <= length < end - start:
            end -= length
    return end


def _missing_in_chunks(file: BinaryIO, size: int, wanted: bytes, order: str) -> int:
    """Walk the chunks of RIFF, RF64 or AIFF to the one with the samples."""
    little = order == "little"
    position, long_size = 12, None
    for _ in range(1000):
        chunk = _at(file, position, 8)
        if len(chunk) < 8:
            break
        length = int.from_bytes(chunk[4:], "little" if little else "big")
        if chunk[:4] == b"ds64":
            long_size = int.from_bytes(_at(file, position + 16, 8), "little")
        if chunk[:4] == wanted:
            if length == 0xFFFFFFFF and long_size is not None:
                length = long_size
            elif little and (0x7FFFF000 <= length <= 0x80000100 or length >= 0xFFFFFF00):
                # Written to a pipe by FFmpeg, SoX or arecord, which cannot come back to fill in the length.
                return 0
            missing = position + 8 + length - size
            return missing if missing > 1 else 0
        position += 8 + length + (length & 1)
    return 0


def _missing_in_ogg(file: BinaryIO, size: int) -> int:
    """Bytes that the last page of an Ogg file lacks. A page is at most 65,307 bytes long."""
    tail = _at(file, max(0, size - 65307), 65307)
    page = tail[max(0, tail.rfind(b"OggS")) :]
    segments = page[26] if len(page) > 26 else 0
    return max(0, 27 + segments + sum(page[27 : 27 + segments]) - len(page))


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
    (0, b"\x30\x26\xb2\x75", "a Windows Media file", _CONVERT),
    (0, b"#!AMR", "an AMR voice recording", _CONVERT),
    (0, b"caff", "a Core Audio file (caf)", _CONVERT),
    (0, b"riff\x2e\x91\xcf\x11", "a Wave64 file (w64)", _CONVERT),
    (0, b"NIST_1A", "a NIST SPHERE file", _CONVERT),
    (0, b"wvpk", "a WavPack file", _CONVERT),
    (0, b"MAC ", "a Monkey's Audio file", _CONVERT),
    (0, b"\x00\x05\x16\x07", "a macOS resource fork (a '._' file), not the sound itself", _LEAVE),
    (0, b"\x93NUMPY", "a NumPy array", "write its samples to WAV"),
    (0, b"\x89HDF", "an HDF5 file", "write its samples to WAV"),
    (0, b"version https://git-lfs", "a Git LFS pointer without its content", "fetch it with 'git lfs pull'"),
)


def _looks_like(start: bytes) -> tuple[str, str]:
    """What the first bytes of no sound look like, and what to do about it."""
    for position, magic, what, remedy in _OTHERS:
        if start[position : position + len(magic)] == magic:
            return what, remedy
    if not start.strip(b"\0"):
        return "nothing but zero bytes", _AGAIN
    text = _as_text(start)
    if text is None:
        return "no format that is known", f"{_CONVERT} or {_LEAVE}"
    opening = text.lstrip().lower()
    if opening.startswith(("#extm3u", "[playlist]")):
        return "a playlist, which names sounds and holds none", "download the recordings it names"
    if "<html" in opening or opening.startswith(("<!doctype html", "<head", "<body")):
        return "an HTML page (often an error or login page saved in its place)", "download the recording itself"
    return "an XML text" if opening.startswith("<") else "a text file", _LEAVE


def _as_text(data: bytes) -> str | None:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    # A cut through the last character is no fault of the text: the incremental decoder waits for the rest of it.
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(data)
    except UnicodeDecodeError:
        return None
    return None if any(ord(c) < 32 and c not in "\t\r\n\f" for c in text) else text
