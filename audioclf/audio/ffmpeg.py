"""What libsndfile does not read, through PyAV (FFmpeg).

FFmpeg never guesses a format here, sees only formats that were recognised by their bytes, reads only from the file
object it is given, and may open no other file and no network address.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from audioclf.audio.containers import DecodeError
from audioclf.audio.headers import Container
from audioclf.audio.sources import Array, Decoder, Part

_FORMATS = {"RF64": "wav", "TS": "mpegts", "WEBM": "matroska"}
"""FFmpeg's names of containers, where they are not ours in small letters."""

_CODECS = (
    *("aac", "aac_latm", "alac", "flac", "mp1float", "mp2float", "mp3float", "mp1", "mp2", "mp3", "opus", "vorbis"),
    *("amrnb", "amrwb", "speex", "wmav1", "wmav2", "wmapro", "wmalossless", "wmavoice", "ac3", "eac3", "gsm", "gsm_ms"),
    *("adpcm_ima_qt", "adpcm_ima_wav", "adpcm_ms", "adpcm_swf", "adpcm_yamaha", "g722", "g723_1", "g726"),
)
_EXACT_SEEK = ("MP4", "WEBM")
_PREROLL = 0.5


class FFmpegDecoder(Decoder):
    def __init__(self, part: Part, container: Container) -> None:
        import av

        # IndexError: of a stream that appears after the header
        super().__init__(part, (av.FFmpegError, ValueError, RuntimeError, OSError, EOFError, IndexError))
        self._container = container
        with self._refusing():
            self._open()
            try:
                self._describe()
            except BaseException:
                self.close()
                raise

    def _open(self) -> None:
        """Open at the beginning, which a seek need not find again: decoders start with packets of negative times."""
        import av

        # from version 19 on it never stumbles over a title that is no UTF-8, and does not take the word
        lenient = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}
        self._part.seek(0)
        self._input = av.open(
            self._part,
            format=_FORMATS.get(self._container.name, self._container.name.lower()),
            options={"protocol_whitelist": "none", "codec_whitelist": ",".join(_CODECS)},
            **lenient,
        )
        if not self._input.streams.audio:
            self._input.close()
            raise DecodeError("it holds no sound")
        self._stream = self._input.streams.audio[0]
        if self._stream.codec_context is not None:
            self._stream.codec_context.thread_count = 1

    def _again(self) -> None:
        self._input.close()
        self._open()

    def _describe(self) -> None:
        self.exact = self._container.name == "FLAC"
        codec = self._stream.codec_context
        if codec is None or (codec.name not in _CODECS and not codec.name.startswith("pcm_")):
            raise DecodeError(f"its codec is {codec.name if codec is not None else 'not known'}")
        self.sr = codec.sample_rate or 0
        self.channels = codec.channels
        self.format = self._container.name
        self.subtype = codec.name.removesuffix("float").upper()
        duration = self._stream.duration and float(self._stream.duration * self._stream.time_base)
        if not duration and self._input.duration and self._container.measured:
            duration = self._input.duration / 1e6
        if not duration or not self._container.measured:
            duration = self._measure()
        elif self._container.name == "MP4":
            # an edit list may begin with nothing, which is counted and never decoded
            duration -= float(max(0, self._stream.start_time or 0) * self._stream.time_base)
        self.frames = round(duration * self.sr)

    def _measure(self) -> float:
        """Length in seconds from the packets' times, for streams that do not state it; nothing is decoded."""
        first: int | None = None
        last = 0
        for number, packet in enumerate(self._input.demux(self._stream)):
            at = packet.pts if packet.pts is not None else last if packet.size else None
            # the first packet of Windows Media gives no samples: every frame needs the one before it
            if at is not None and (number or self.subtype not in ("WMAV1", "WMAV2")):
                first = at if first is None else min(first, at)
                last = max(last, at + (packet.duration or 0))
        time_base = self._stream.time_base
        self._again()
        return float((last - (first or 0)) * time_base)

    def _decoded(self, start: int, n: int) -> Iterator[Array]:
        frames, position = self._from_near(start)
        for frame in frames:
            if frame.sample_rate != self.sr:
                raise DecodeError(f"its sample rate changes from {self.sr} to {frame.sample_rate} Hz")
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

    def _from_near(self, start: int) -> tuple[Iterator[Any], int]:
        """Frames from before a sample on, and the sample that the first of them begins at."""
        frames = self._input.decode(self._stream)
        if self._container.name not in _EXACT_SEEK or start <= 4 * _PREROLL * self.sr:
            return frames, 0
        first = next(frames, None)
        if first is not None and first.pts is not None and first.samples:
            tick = float(self._stream.time_base)
            self._input.seek(first.pts + int((start / self.sr - _PREROLL) / tick), stream=self._stream)
            frames = self._input.decode(self._stream)
            frame = next(frames, None)
            if frame is not None and frame.pts is not None and frame.samples:
                # Matroska counts in milliseconds, which are no whole samples: the frames themselves lie side by side.
                step = 64 if self.subtype == "VORBIS" else frame.samples
                stated = (frame.pts - first.pts) * tick * self.sr
                position = first.samples + step * round((stated - first.samples) / step)
                if 0 <= position <= start and abs(position - stated) <= 1.5 * tick * self.sr:
                    return itertools.chain([frame], frames), position
        # times that are none, or jump from one edit to the next
        self._again()
        return self._input.decode(self._stream), 0

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
