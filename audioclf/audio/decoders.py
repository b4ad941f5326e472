"""Two decoders with one face: soundfile for what libsndfile reads, PyAV (FFmpeg) for the rest.

Both hand out blocks of float32 samples, so that nobody has to trust a header about how much memory a file needs.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Iterator
from typing import Any, BinaryIO

from audioclf.audio.containers import DecodeError
from audioclf.audio.ffmpeg import FFmpegDecoder
from audioclf.audio.headers import Container
from audioclf.audio.sources import SMALL, Array, Decoder, FilePart, MemoryPart, Part

BLOCK_SAMPLES = 2**20
"""Samples (over all channels) that are decoded at once."""


def open_decoder(file: BinaryIO, container: Container) -> Decoder:
    """Open a recognised sound; reads the header and decodes nothing.

    Raises
    ------
    DecodeError
        When the decoder refuses the header.
    """
    if container.fault:
        raise DecodeError(container.fault)
    part: Part
    patches = tuple((position - container.start, values) for position, values in container.patches)
    if isinstance(file, io.BytesIO) and container.end - container.start <= SMALL:
        part = MemoryPart(file.getbuffer()[container.start : container.end])
        for position, values in patches:
            part.getbuffer()[position : position + len(values)] = values
    else:
        part = FilePart(file, container.start, container.end, patches)
    return _SoundfileDecoder(part) if _by_soundfile(container) else FFmpegDecoder(part, container)


_SOUNDFILE_CODECS: dict[str, tuple[bytes, ...]] = {
    # PCM, MS ADPCM, float, A-law, µ-law, IMA ADPCM, GSM, NMS ADPCM, G.721, MPEG
    "WAV": tuple(bytes((tag, 0)) for tag in (0x01, 0x02, 0x03, 0x06, 0x07, 0x11, 0x31, 0x38, 0x40, 0x50, 0x55)),
    "AIFF": (
        *(b"NONE", b"twos", b"sowt", b"raw ", b"fl32", b"FL32", b"fl64", b"FL64", b"in24", b"42ni", b"in32", b"23ni"),
        *(b"ulaw", b"ULAW", b"alaw", b"ALAW", b"ima4", b"GSM ", b"DWVW"),
    ),
    "CAF": (b"lpcm", b"ulaw", b"alaw", b"alac"),
    "OGG": (b"\x01vorbis", b"OpusHead"),
}


def _by_soundfile(container: Container) -> bool:
    if container.name in ("MP3", "FLAC"):
        return container.measured
    known = _SOUNDFILE_CODECS.get("WAV" if container.name in ("RF64", "W64") else container.name)
    if known is None:
        return container.name in ("AU", "NIST")
    return not container.codec or container.codec.startswith(known)


@functools.cache
def _reader() -> type[Any]:
    import soundfile

    class Reader(soundfile.SoundFile):  # type: ignore[misc]
        """soundfile seeks to where it stands after every block, and MPEG is silent or wrong behind every seek."""

        def seekable(self) -> bool:
            return False

    return Reader


class _SoundfileDecoder(Decoder):
    def __init__(self, part: Part) -> None:
        import soundfile

        super().__init__(part, (soundfile.SoundFileError, RuntimeError, ValueError, OSError))
        with self._refusing():
            self._file = _reader()(part)
        self._can_seek = soundfile.SoundFile.seekable(self._file)
        self.sr = self._file.samplerate
        self.channels = self._file.channels
        self.frames = self._file.frames
        self.format = self._file.format
        self.subtype = self._file.subtype
        # Lossless formats state their length to the sample; encoders of the others disagree by a packet or two.
        self.exact = self.format not in ("OGG", "MP3") and not self.subtype.startswith("MPEG")

    def _decoded(self, start: int, n: int) -> Iterator[Array]:
        per_block = max(1, BLOCK_SAMPLES // self.channels)
        if start:
            self._seek(start, per_block)
        while n > 0:
            block: Array = self._file.read(min(n, per_block), dtype="float32", always_2d=True)
            if not len(block):
                break
            n -= len(block)
            yield block

    def _seek(self, start: int, per_block: int) -> None:
        """Go to a sample, around faults of libsndfile 1.2.2 with Vorbis and MPEG, and with codecs it cannot seek in."""
        position = start
        if not self._can_seek:
            position = 0
        elif self.subtype == "VORBIS":
            # A damaged set-up header goes unnoticed, and a seek then dies in vorbis_synthesis_trackonly, on a decoder
            # that was never set up. A read of such a file is merely empty.
            if not len(self._file.read(1)):
                raise DecodeError("its content cannot be decoded")
            self._file.seek(0)
            # A seek into the last page lands up to a block beside its target, for that page's end is cut to the sample.
            # A page is 255 packets at most, a packet is 1,024 samples in all but rare files.
            position = min(start, self.frames - 255 * 1024)
        elif self.subtype.startswith("MPEG"):
            # Frames hold sound of those behind them, up to 511 bytes away, and are silent until these were read.
            position = start - 32 * 1152
        position = max(0, position)
        if position:
            self._file.seek(position)
        self._read_on(start - position, per_block)

    def _read_on(self, n: int, per_block: int) -> None:
        while n > 0:
            passed = len(self._file.read(min(n, per_block), dtype="float32"))
            if not passed:
                break
            n -= passed

    def close(self) -> None:
        self._file.close()

    def _reason(self, error: Exception) -> str:
        text = str(getattr(error, "error_string", "")).strip().rstrip(".").removeprefix("Error : ")
        if "SF_INFO" in text:
            return "its header states an impossible sample rate or number of channels"
        # libsndfile calls internal what it did not foresee, and there is nothing a user could do with the words.
        vague = not text or "internal" in text.lower() or "unspecified" in text.lower()
        return super()._reason(error) if vague else text[0].lower() + text[1:]
