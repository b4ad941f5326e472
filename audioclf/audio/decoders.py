"""Two decoders with one face: soundfile for what libsndfile reads, PyAV (FFmpeg) for the rest.

Both hand out blocks of float32 samples, so that nobody has to trust a header about how much memory a file needs.
FFmpeg never guesses a format here, sees only formats that were recognised by their bytes, reads only from the file
object it is given, and may open no other file and no network address.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, BinaryIO, Protocol

import numpy as np
import numpy.typing as npt

from audioclf.audio.containers import Container
from audioclf.audio.sources import SMALL

Array = npt.NDArray[np.float32]

BLOCK_SAMPLES = 2**20
"""Samples (over all channels) that are decoded at once."""


class DecodeError(ValueError):
    """A decoder gave up; the text is its reason."""


class Decoder(Protocol):
    """An open sound; ``frames`` is what its header says, or what its packets add up to."""

    sr: int
    channels: int
    frames: int
    format: str
    subtype: str

    def blocks(self, start: int, n: int) -> Iterator[Array]:
        """Float32 blocks of shape (samples, channels) from sample ``start`` on, about ``n`` samples in all."""
        ...

    def close(self) -> None:
        """Let go of the decoder; the file object stays open."""
        ...


def open_decoder(file: BinaryIO, container: Container) -> Decoder:
    """Open a recognised sound; reads the header and decodes nothing.

    Raises
    ------
    DecodeError
        When the decoder refuses the header.
    """
    part: _Memory | _Part
    if isinstance(file, io.BytesIO) and container.end - container.start <= SMALL:
        part = _Memory(file.getbuffer()[container.start : container.end])
    else:
        part = _Part(file, container.start, container.end)
    if container.name in _AV_FORMATS and not (container.name in ("MP3", "FLAC") and container.measured):
        return _AvDecoder(part, container)
    return _SoundfileDecoder(part)


class _Part(io.RawIOBase):
    """A stretch of a file as a file of its own, whose methods never raise.

    libsndfile calls back into these methods, and an exception in such a callback is printed to stderr and lost; so a
    seek before the beginning stops at the beginning, and what the file itself raises is kept in ``error``.
    """

    def __init__(self, file: BinaryIO, start: int, end: int) -> None:
        self._file = file
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
        self._position += len(data)
        return data

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _Memory(io.BytesIO):
    """The same for bytes in memory, at the speed of C: of its methods only a seek before the beginning can raise."""

    error: Exception | None = None

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        try:
            return super().seek(offset, whence)
        except ValueError:
            return super().seek(0)


class _SoundfileDecoder:
    def __init__(self, part: _Memory | _Part) -> None:
        import soundfile

        self._part = part
        self._failures = (soundfile.SoundFileError, RuntimeError, ValueError, OSError)
        try:
            self._file = soundfile.SoundFile(part)
        except self._failures as error:
            raise DecodeError(_reason(error, part)) from error
        self.sr: int = self._file.samplerate
        self.channels: int = self._file.channels
        self.frames: int = self._file.frames
        self.format: str = self._file.format
        self.subtype: str = self._file.subtype

    def blocks(self, start: int, n: int) -> Iterator[Array]:
        per_block = max(1, BLOCK_SAMPLES // self.channels)
        try:
            if start:
                self._seek(start, per_block)
            while n > 0:
                block: Array = self._file.read(min(n, per_block), dtype="float32", always_2d=True)
                if not len(block):
                    break
                n -= len(block)
                yield block
        except self._failures as error:
            raise DecodeError(_reason(error, self._part)) from error
        if self._part.error is not None:
            raise DecodeError(str(self._part.error))

    def _seek(self, start: int, per_block: int) -> None:
        """Go to a sample, around two faults of libsndfile 1.2.2 with Vorbis."""
        if self.subtype != "VORBIS":
            self._file.seek(start)
            return
        # A damaged set-up header goes unnoticed, and a seek then dies in vorbis_synthesis_trackonly, on a decoder that
        # was never set up. A read of such a file is merely empty.
        if not len(self._file.read(1)):
            raise DecodeError("its content cannot be decoded")
        self._file.seek(0)
        # A seek into the last page lands up to a block beside its target, for that page's end is cut to the sample. So
        # seek before it (a page is 255 packets at most, a packet is 1,024 samples in all but rare files) and read on.
        position = max(0, min(start, self.frames - 255 * 1024))
        self._file.seek(position)
        while position < start:
            passed = len(self._file.read(min(start - position, per_block), dtype="float32"))
            if not passed:
                break
            position += passed

    def close(self) -> None:
        self._file.close()


def _reason(error: Exception, part: _Memory | _Part) -> str:
    if part.error is not None:
        return str(part.error)
    text = str(getattr(error, "error_string", "")).strip().rstrip(".").removeprefix("Error : ")
    if "SF_INFO" in text:
        return "its header states an impossible sample rate or number of channels"
    # libsndfile calls internal what it did not foresee, and there is nothing a user could do with the words.
    vague = not text or "internal" in text.lower() or "unspecified" in text.lower()
    return "its content cannot be decoded" if vague else text[0].lower() + text[1:]


_AV_FORMATS = {"MP4": "mp4", "WEBM": "matroska", "AAC": "aac", "MP3": "mp3", "FLAC": "flac"}
_AV_CODECS = ("aac", "alac", "flac", "mp1float", "mp2float", "mp3float", "mp1", "mp2", "mp3", "opus", "vorbis")
_AV_EXACT_SEEK = ("MP4", "WEBM")
_AV_PREROLL = 0.5


class _AvDecoder:
    def __init__(self, part: _Memory | _Part, container: Container) -> None:
        import av

        self._part = part
        self._container = container
        self._failures = (av.FFmpegError, ValueError, RuntimeError, OSError, EOFError)
        name = _AV_FORMATS[container.name]
        # from version 19 on it never stumbles over a title that is no UTF-8, and does not take the word
        lenient = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}
        try:
            self._input = av.open(
                part,
                format=name,
                options={"protocol_whitelist": "none", "codec_whitelist": ",".join(_AV_CODECS)},
                **lenient,
            )
        except self._failures as error:
            raise DecodeError(_av_reason(error, part)) from error
        try:
            self._describe()
        except self._failures as error:
            self.close()
            raise DecodeError(_av_reason(error, part)) from error

    def _describe(self) -> None:
        if not self._input.streams.audio:
            raise DecodeError("it holds no sound")
        self._stream = self._input.streams.audio[0]
        codec = self._stream.codec_context
        if codec is None or (codec.name not in _AV_CODECS and not codec.name.startswith("pcm_")):
            raise DecodeError(f"its codec is {codec.name if codec is not None else 'not known'}")
        codec.thread_count = 1
        self.sr: int = codec.sample_rate or 0
        self.channels: int = codec.channels
        self.format: str = self._container.name
        self.subtype: str = codec.name.removesuffix("float").upper()
        duration = self._stream.duration and float(self._stream.duration * self._stream.time_base)
        if not duration and self._input.duration and self._container.measured:
            duration = self._input.duration / 1e6
        if not duration or not self._container.measured:
            duration = self._measure()
        self.frames: int = round(duration * self.sr)

    def _measure(self) -> float:
        """Length in seconds from the packets' times, for streams that do not state it; nothing is decoded."""
        first: int | None = None
        last = 0
        for packet in self._input.demux(self._stream):
            at = packet.pts if packet.pts is not None else last if packet.size else None
            if at is not None:
                first = at if first is None else min(first, at)
                last = max(last, at + (packet.duration or 0))
        self._input.seek(0)
        return float((last - (first or 0)) * self._stream.time_base)

    def blocks(self, start: int, n: int) -> Iterator[Array]:
        try:
            yield from self._decoded(start, n)
        except self._failures as error:
            raise DecodeError(_av_reason(error, self._part)) from error
        if self._part.error is not None:
            raise DecodeError(str(self._part.error))

    def _decoded(self, start: int, n: int) -> Iterator[Array]:
        origin = self._stream.start_time or 0
        sought = self._container.name in _AV_EXACT_SEEK and start > 4 * _AV_PREROLL * self.sr
        if sought:
            target = start / self.sr - _AV_PREROLL
            self._input.seek(origin + int(target / self._stream.time_base), stream=self._stream)
        position: int | None = None if sought else 0
        for frame in self._input.decode(self._stream):
            if frame.sample_rate != self.sr:
                raise DecodeError(f"its sample rate changes from {self.sr} to {frame.sample_rate} Hz")
            if position is None:
                if frame.pts is None:
                    raise DecodeError("its packets carry no times")
                position = round(float((frame.pts - origin) * frame.time_base) * self.sr)
            block = _samples(frame)
            if block.shape[1] != self.channels:
                raise DecodeError(f"its channels change from {self.channels} to {block.shape[1]}")
            skip = min(max(0, start - position), len(block))
            position += len(block)
            block = block[skip : skip + n]
            n -= len(block)
            if len(block):
                yield block
            if n <= 0:
                return

    def close(self) -> None:
        self._input.close()


def _samples(frame: Any) -> Array:
    """Samples of one decoded frame as (samples, channels); integers are scaled to -1 ... 1."""
    channels: int = frame.layout.nb_channels
    if frame.format.is_planar and channels > 7:
        # PyAV counts planes up to the first null pointer, and the table has eight places: eight planes or more have
        # none behind them, and it reads on (seen in 18.1 as a crash). Interleaved, all channels are one plane.
        from av import AudioResampler

        (frame,) = AudioResampler(format=frame.format.packed).resample(frame)
    values = frame.to_ndarray()
    values = values.T if frame.format.is_planar else values.reshape(-1, channels)
    if values.dtype.kind == "f":
        return np.asarray(values, dtype=np.float32)
    half = 2.0 ** (8 * values.dtype.itemsize - 1)
    return np.asarray((values - half if values.dtype.kind == "u" else values) / half, dtype=np.float32)


def _av_reason(error: Exception, part: _Memory | _Part) -> str:
    if part.error is not None:
        return str(part.error)
    if isinstance(error, DecodeError):
        return str(error)
    return "its content cannot be decoded"
