"""Bytes or a path in, samples and a sample rate out; nothing is decoded before its header is checked.

A user expects a message about a file that is not whole. So a file that breaks off, or holds less than its header
promises, is refused with what is there and what is missing, and never shortened in silence; a longer file than its
header says is read as far as the header says.
"""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from audioclf.audio.containers import ACCEPTED, DecodeError, NotASoundError, recognise
from audioclf.audio.decoders import open_decoder
from audioclf.audio.level import LevelMeter
from audioclf.audio.sources import Array as Array
from audioclf.audio.sources import Decoder, opened
from audioclf.audio.sources import Source as Source
from audioclf.audio.sources import display_name as display_name
from audioclf.core import settings
from audioclf.core.errors import AudioError, ParameterError
from audioclf.core.params import Parameters, param

MIN_SR, MAX_SR = 1000, 768_000
"""Sample rates that are accepted, in Hz."""

MAX_CHANNELS = 64
"""Most channels that are accepted."""

MAX_SAMPLES = 2**27
"""Most samples, over all channels, that are decoded as one clip: 512 MB of float32."""

MEND = "copy or download it again, or save what is there as a new WAV in an audio editor"


@dataclass(frozen=True)
class AudioInfo:
    """What a file's header says, and the hash of its content.

    Attributes
    ----------
    sr : int
        Sample rate in Hz.
    channels : int
    frames : int
        Samples per channel.
    format, subtype : str
        As libsndfile names them ("WAV", "PCM_16"), or the container's and codec's name.
    content : str
        BLAKE2b hash of the file's bytes (16 bytes, hexadecimal); empty where it was not asked for.
    remark : str
        What was wrong with the file and how it was read all the same, one sentence; empty where all is well.
    """

    sr: int
    channels: int
    frames: int
    format: str
    subtype: str
    content: str = ""
    remark: str = ""

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.frames / self.sr


@dataclass(frozen=True)
class AudioSettings(Parameters):
    """How clips are read before any feature is computed: the ``[audio]`` part of an experiment."""

    title = "Audio"

    sr: int = param(22050, "Sample rate all clips are resampled to.", low=1000, high=192000, unit="Hz", step=50)
    mono: str = param("mean", "How several channels become one.", choices=("mean", "left", "right"))
    duration: float | None = param(
        None, "Length all clips are cut or padded to; empty takes the longest clip.", above=0, high=600, unit="s"
    )
    pad: str = param(
        "end", "Where silence goes when a clip is short; 'repeat' loops the clip.", choices=("end", "center", "repeat")
    )


def read_info(source: Source, *, content: bool = False) -> AudioInfo:
    """Header facts of a sound; nothing is decoded.

    Parameters
    ----------
    source : path, bytes or seekable binary file
        A file object is read from its beginning and left where it stood.
    content : bool
        Whether to hash the bytes too, which reads the whole file.

    Returns
    -------
    AudioInfo
        For a stream that does not state its length (MP3 without a Xing tag, AAC, a browser's recording) ``frames``
        is counted from its packets.

    Raises
    ------
    AudioError
        When the source is no sound, breaks off, or has a sample rate outside 1 to 768 kHz, more than 64 channels
        or no samples.
    """
    with opened(source) as (file, name):
        with checked_decoder(file, name) as (sound, remark):
            info = AudioInfo(sound.sr, sound.channels, sound.frames, sound.format, sound.subtype, remark=remark)
        return replace(info, content=_hash(file)) if content else info


def load_audio(
    source: Source,
    *,
    sr: float | None = 22050,
    mono: str = "mean",
    offset: float = 0.0,
    duration: float | None = None,
    meter: LevelMeter | None = None,
) -> tuple[Array, int]:
    """Decode a sound, or a stretch of it, to mono float32 samples.

    Equal to ``librosa.load`` within 1e-6 for what libsndfile reads, except that a stretch begins at the nearest
    sample (librosa cuts the fraction off), that a stretch of MP3 or Vorbis is a part of the whole (librosa's may begin
    with silence, or beside it), and that damaged input is refused.

    Parameters
    ----------
    source : path, bytes or seekable binary file
        A file object is read from its beginning and left where it stood.
    sr : float or None
        Sample rate of the result in Hz, a whole number from 1000 to 768000; resampled with soxr's "HQ". None keeps
        the file's own.
    mono : {"mean", "left", "right"}
        How several channels become one; "right" is the second of them. Of one channel each gives that channel.
    offset : float
        Where to begin, in seconds from the start of the file.
    duration : float or None
        How much to read, in seconds; None reads to the end, and a stretch that passes the end stops there.
    meter : LevelMeter, optional
        Measures every channel at the file's own rate while it is decoded.

    Returns
    -------
    y : ndarray, shape (n,), float32
        Samples as they are stored: nothing is normalised, and values beyond -1 ... 1 are kept.
    sr : int
        Sample rate of ``y`` in Hz.

    Raises
    ------
    AudioError
        When :func:`read_info` would refuse the source, when it holds less than its header promises, when a sample is
        NaN or infinite, or when the stretch is longer than the setting ``max_clip_seconds`` or 2**27 samples.
    ParameterError
        When ``sr``, ``mono``, ``offset`` or ``duration`` cannot be.
    """
    target = check_arguments(sr, mono, offset, duration)
    with opened(source, whole=True) as (file, name), checked_decoder(file, name) as (sound, remark):
        start, n = _stretch(sound, target or sound.sr, offset, duration, name)
        if meter is not None:
            meter.sr, meter.remark = sound.sr, remark
        y = _decode(sound, start, n, mono, name, meter)
        native = sound.sr
    _check_finite(y, name)
    if target is None or target == native:
        return y, native
    y = _resample(y, native, target)
    _check_finite(y, name)
    return y, target


def fix_length(y: Array, n_samples: int, pad: str = "end") -> Array:
    """Cut or pad samples [shape=(n,)] to exactly ``n_samples``, at least 1, float32.

    ``pad`` is where silence goes when ``y`` is short: behind it ("end"), on both sides ("center"), or nowhere because
    the clip is looped ("repeat"). A long ``y`` loses its end in any case.
    """
    if n_samples < 1:
        raise ParameterError(f"n_samples must be at least 1, got {n_samples}.", "n_samples")
    if pad not in ("end", "center", "repeat"):
        raise ParameterError(f"pad must be 'end', 'center' or 'repeat', got {pad!r}.", "pad")
    y = np.asarray(y, dtype=np.float32)
    if len(y) >= n_samples:
        return y[:n_samples]
    if pad == "repeat":
        return np.resize(y, n_samples)
    before = (n_samples - len(y)) // 2 if pad == "center" else 0
    return np.pad(y, (before, n_samples - len(y) - before))


def wav_bytes(y: npt.ArrayLike, sr: int) -> bytes:
    """Samples as a 16-bit WAV file in memory, levels kept as they are (clipped at full scale).

    Parameters
    ----------
    y : array_like, shape (n,) or (n, channels)
        Samples, full scale at -1 ... 1. What was read from a 16-bit file comes out bit by bit the same.
    sr : int
        Sample rate in Hz.
    """
    import soundfile

    values = np.asarray(y)
    if values.ndim not in (1, 2) or not values.size:
        raise AudioError(f"A WAV file needs samples of shape (n,) or (n, channels), got {values.shape}.")
    if not np.isfinite(values).all():
        raise AudioError("A WAV file needs finite samples, got NaN or infinity; check what made them.")
    # 2**15 undoes libsndfile's own scaling on reading; its float writer takes 2**15 - 1, which changes samples.
    pcm = np.clip(np.rint(values * 32768.0), -32768, 32767).astype(np.int16)
    buffer = io.BytesIO()
    soundfile.write(buffer, pcm, sr, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


def content_hash(source: Path | BinaryIO) -> str:
    """BLAKE2b hash (16 bytes, hexadecimal) of a file's bytes."""
    with opened(source) as (file, _):
        return _hash(file)


def _hash(file: BinaryIO) -> str:
    file.seek(0)
    return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()  # type: ignore[arg-type]


@contextmanager
def checked_decoder(file: BinaryIO, name: str) -> Iterator[tuple[Decoder, str]]:
    """The decoder of a file whose header has been checked, and a remark on the file."""
    size = file.seek(0, io.SEEK_END)
    if not size:
        raise AudioError(f"{name} is empty (0 bytes), a sound was expected; copy or download it again.")
    try:
        container = recognise(file, size)
    except NotASoundError as error:
        raise AudioError(f"{name} looks like {error}, but {ACCEPTED} was expected; {error.remedy}.") from None
    if container.missing:
        raise AudioError(
            f"{name} breaks off: {container.missing} bytes that its header promises are not there; {MEND}."
        )
    try:
        sound = open_decoder(file, container)
    except DecodeError as error:
        raise AudioError(
            f"{name} cannot be read as {container.name}: {error}; convert it to WAV or leave it out."
        ) from None
    try:
        _check_header(sound, name)
        yield sound, container.remark
    except DecodeError as error:
        raise AudioError(f"{name} is damaged or breaks off ({error}); {MEND}.") from None
    except MemoryError:
        raise AudioError(f"{name} needs more memory than is free; choose a shorter stretch of it.") from None
    finally:
        sound.close()


def _check_header(sound: Decoder, name: str) -> None:
    if not MIN_SR <= sound.sr <= MAX_SR:
        raise AudioError(
            f"{name} states a sample rate of {sound.sr} Hz, {MIN_SR} to {MAX_SR} Hz were expected; "
            "save it again with its true sample rate."
        )
    if not 1 <= sound.channels <= MAX_CHANNELS:
        raise AudioError(
            f"{name} has {sound.channels} channels, 1 to {MAX_CHANNELS} were expected; mix it down to mono or stereo."
        )
    if sound.frames < 1:
        raise AudioError(
            f"{name} holds no samples (its header states a length of 0), a sound was expected; "
            "record it again or leave it out."
        )


def check_arguments(sr: float | None, mono: str, offset: float, duration: float | None) -> int | None:
    if sr is not None and not (MIN_SR <= sr <= MAX_SR and sr == int(sr)):
        raise ParameterError(f"sr must be a whole number from {MIN_SR} to {MAX_SR} Hz, got {sr:g}.", "sr")
    if mono not in ("mean", "left", "right"):
        raise ParameterError(f"mono must be 'mean', 'left' or 'right', got {mono!r}.", "mono")
    if not 0 <= offset < math.inf:
        raise ParameterError(f"offset must be a finite number of seconds from 0 on, got {offset:g}.", "offset")
    if duration is not None and not 0 < duration < math.inf:
        raise ParameterError(f"duration must be a finite number of seconds above 0, got {duration:g}.", "duration")
    return None if sr is None else int(sr)


def _stretch(sound: Decoder, sr: int, offset: float, duration: float | None, name: str) -> tuple[int, int]:
    """First sample and number of samples to decode, within the limits on memory."""
    start = round(offset * sound.sr)
    if start >= sound.frames:
        raise AudioError(
            f"{name} is {sound.frames / sound.sr:g} s long, a stretch from {offset:g} s on was asked for; "
            "begin earlier."
        )
    n = sound.frames - start
    if duration is not None:
        n = min(n, max(1, round(duration * sound.sr)))
    longest = settings.number("max_clip_seconds")
    if n > longest * sound.sr:
        raise AudioError(
            f"{name} would give {n / sound.sr:.0f} s in one clip, at most {longest:g} s were expected; "
            "cut it, choose a stretch with offset and duration, or raise AUDIOCLF_MAX_CLIP_SECONDS."
        )
    if max(n * sound.channels, n * sr / sound.sr) > MAX_SAMPLES:
        raise AudioError(
            f"{name} would take {n * max(sound.channels, sr / sound.sr):.3g} samples ({n / sound.sr:.0f} s, "
            f"{sound.channels} channels, {sound.sr} Hz), at most {MAX_SAMPLES:.3g} in one clip were expected; "
            "choose a shorter stretch, or convert it to fewer channels and a lower sample rate."
        )
    return start, n


def _decode(sound: Decoder, start: int, n: int, mono: str, name: str, meter: LevelMeter | None) -> Array:
    chunks = []
    for block in sound.blocks(start, n):
        chunks.append(to_mono(block, mono))
        if meter is not None:
            meter.add(block, chunks[-1])
    y: Array = chunks[0] if len(chunks) == 1 else np.concatenate(chunks) if chunks else np.zeros(0, np.float32)
    slack = 0 if sound.exact else round(0.1 * sound.sr)
    if not len(y) or len(y) < n - slack:
        raise AudioError(
            f"{name} is damaged or breaks off: {len(y) / sound.sr:.3f} s of {n / sound.sr:.3f} s could be decoded; "
            f"{MEND}."
        )
    return y


def to_mono(block: Array, mono: str) -> Array:
    channels = block.shape[1]
    if channels == 1 or mono == "left":
        return np.ascontiguousarray(block[:, 0])
    if mono == "right":
        return np.ascontiguousarray(block[:, 1])
    y = block[:, 0].copy()
    with np.errstate(over="ignore", invalid="ignore"):
        for channel in range(1, channels):
            y += block[:, channel]
    y /= channels
    return y


def _check_finite(y: Array, name: str) -> None:
    if not np.isfinite(y).all():
        raise AudioError(
            f"{name} holds samples that are NaN or infinite, finite numbers were expected; "
            "export it again as 16-bit WAV."
        )


def _resample(y: Array, native: int, target: int) -> Array:
    import soxr

    n = math.ceil(len(y) * target / native)
    resampled: Array = soxr.resample(y, native, target, quality="HQ")
    return fix_length(resampled, n)
