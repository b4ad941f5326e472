"""Where a stream of MPEG audio (layers 1 to 3) or ADTS AAC begins and ends, whatever stands around it.

Tags in front may state a wrong size and downloads may begin with other bytes, so a beginning counts when frames follow
one another from there on: every frame's header says how long it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import BinaryIO

from audioclf.audio.headers import Container, read_at

SEARCHED = 2**18
"""Bytes that are searched for a first frame."""

SEARCHED_TAG = 2**23
"""The same where a tag (which may hold a picture) stands in front."""

_CHAIN = 4
"""Frames in a row that make a stream."""

_MOST_LOOKS = 20_000
_HEAD = 256
"""Bytes that hold a first frame's tag."""

_SYNC = re.compile(rb"\xff[\xf0-\xff\xe2-\xe7][^\xf0-\xff]", re.DOTALL)
_KBITS = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


@dataclass(frozen=True)
class _Frame:
    kind: tuple[int, ...]
    length: int
    """In bytes; 0 for a free bit rate."""
    samples: int


def frame(head: bytes) -> _Frame | None:
    """What the first six bytes of a frame say; None where they are no header."""
    if len(head) < 6 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    if head[1] & 0xF6 == 0xF0:
        rate, length = (head[2] >> 2) & 15, (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        return _Frame((0, head[1], rate), length, 1024) if rate < 13 and length >= 7 else None
    version, layer = (head[1] >> 3) & 3, 4 - ((head[1] >> 1) & 3)
    bits, rate = head[2] >> 4, (head[2] >> 2) & 3
    if version == 1 or layer == 4 or bits == 15 or rate == 3:
        return None
    sr = (44100, 48000, 32000)[rate] >> {3: 0, 2: 1, 0: 2}[version]
    samples = 384 if layer == 1 else 576 if layer == 3 and version != 3 else 1152
    padding = (head[2] >> 1) & 1
    kind = (version, layer, rate)
    if not bits:
        return _Frame(kind, 0, samples)
    rate_bits = 1000 * _KBITS[(1, layer) if version == 3 else (2, min(layer, 2))][bits - 1]
    length = (12 * rate_bits // sr + padding) * 4 if layer == 1 else samples // 8 * rate_bits // sr + padding
    return _Frame(kind, length, samples)


def find(file: BinaryIO, start: int, size: int, *, searched: int = 0, origin: int | None = None) -> Container | None:
    """The stream at ``start`` or, where no frames follow there, the first within ``searched`` bytes from ``origin``."""
    head = read_at(file, start, _HEAD).ljust(_HEAD, b"\0")
    first = frame(head)
    certain = first is not None and (
        _tag(head) >= 0 or not first.length or _follows(file, start, before_tags(file, start, size), first)
    )
    found = None if certain or not searched else _search(file, start if origin is None else origin, size, searched)
    # what is not certain may be a lone frame, or one that damage follows
    place = found if found is not None else start if first is not None else None
    return None if place is None else _stream(file, place, size)


def tag_end(file: BinaryIO, start: int) -> int:
    """Where the ID3v2 and APE tags that begin at ``start`` say that they end, zeros behind them included."""
    position = start
    for _ in range(16):
        tag = read_at(file, position, 32)
        if tag[:3] == b"ID3" and len(tag) >= 10:
            # Sizes are "syncsafe": seven bits to a byte. A footer (flag 0x10) adds ten more.
            length = sum((tag[6 + i] & 0x7F) << (21 - 7 * i) for i in range(4))
            position += 10 + length + (10 if tag[5] & 0x10 else 0)
        elif tag[:8] == b"APETAGEX" and len(tag) == 32:
            position += 32 + int.from_bytes(tag[12:16], "little")
        else:
            break
    if position > start:
        padding = read_at(file, position, 65536)
        position += len(padding) - len(padding.lstrip(b"\0"))
    return position


def before_tags(file: BinaryIO, start: int, size: int) -> int:
    """End of a stream, without the ID3v1 and APEv2 tags behind it."""
    end = size
    for _ in range(4):
        before = end
        if end - start > 128 and read_at(file, end - 128, 3) == b"TAG":
            end -= 128
        footer = read_at(file, end - 32, 32) if end - start > 32 else b""
        if footer[:8] == b"APETAGEX":
            length = int.from_bytes(footer[12:16], "little") + (32 if footer[23] & 0x80 else 0)
            if 32 <= length < end - start:
                end -= length
        if end == before:
            break
    return end


def _stream(file: BinaryIO, start: int, size: int) -> Container:
    head, end = read_at(file, start, _HEAD).ljust(_HEAD, b"\0"), before_tags(file, start, size)
    first, tag = frame(head), _tag(head)
    assert first is not None
    if not first.kind[0] and head[1] & 0xF6 == 0xF0:
        return Container("AAC", start, end, measured=False)
    # Flags: 1 = number of frames follows, 2 = number of bytes follows. Without the number of frames libsndfile
    # guesses the length from the first frame's bit rate and cuts a variable-rate file short.
    flags = head[tag + 7] if tag >= 0 else 0
    frames = int.from_bytes(head[tag + 8 : tag + 12], "big") if flags & 1 else 0
    if not frames:
        return Container("MP3", start, end, measured=False)
    missing = 0
    if flags & 2:
        declared = int.from_bytes(head[tag + 12 : tag + 16], "big")
        missing = start + declared - end
        # Encoders differ in whether the tag's own frame counts, hence the 2 %.
        missing = missing if missing > max(2048, declared // 50) else 0
    cut = _delay_and_padding(head[tag + 8 + sum(n for bit, n in enumerate((4, 4, 100, 4)) if flags >> bit & 1) :])
    held = frames * first.samples
    fault = f"its tag takes away {cut} samples, and its {frames} frames hold {held}" if cut >= held else ""
    return Container("MP3", start, end, missing, fault=fault)


def _delay_and_padding(encoder: bytes) -> int:
    """Samples that the encoder's part of a Xing tag takes away, at the beginning and the end together."""
    if encoder[:4] not in (b"LAME", b"Lavf", b"Lavc"):
        return 0
    both = int.from_bytes(encoder[21:24], "big")
    return (both >> 12) + (both & 0xFFF)


def _tag(head: bytes) -> int:
    return max(head.find(b"Xing", 4, 44), head.find(b"Info", 4, 44))


def _follows(file: BinaryIO, start: int, end: int, first: _Frame) -> bool:
    """Whether frames of one kind follow one another from ``start`` on, or up to the very end."""
    position, now = start, first
    for count in range(1, _CHAIN + 1):
        position += now.length
        if position == end and count > 1:
            return True
        following = frame(read_at(file, position, 6)) if position < end else None
        if following is None or following.kind != first.kind or not following.length:
            return False
        now = following
    return True


def _search(file: BinaryIO, start: int, size: int, searched: int) -> int | None:
    data = read_at(file, start, searched)
    end = before_tags(file, start, size)
    for count, match in enumerate(_SYNC.finditer(data)):
        if count == _MOST_LOOKS:
            break
        at = start + match.start()
        first = frame(read_at(file, at, 6))
        if first is not None and first.length and _follows(file, at, end, first):
            return at
    return None
