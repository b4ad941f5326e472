"""Bytes or a path in, samples and a sample rate out; nothing is decoded before its header is checked."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from audioclf.params import Parameters, param

Array = npt.NDArray[np.float32]
Source = str | os.PathLike[str] | bytes | BinaryIO


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
    """

    sr: int
    channels: int
    frames: int
    format: str
    subtype: str
    content: str = ""

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
    """Header facts of a sound; nothing is decoded."""
    raise NotImplementedError


def load_audio(
    source: Source,
    *,
    sr: float | None = 22050,
    mono: str = "mean",
    offset: float = 0.0,
    duration: float | None = None,
) -> tuple[Array, int]:
    """Decode a sound to mono float32 samples."""
    raise NotImplementedError


def fix_length(y: Array, n_samples: int, pad: str = "end") -> Array:
    """Cut or pad to an exact number of samples."""
    raise NotImplementedError


def wav_bytes(y: npt.ArrayLike, sr: int) -> bytes:
    """Samples as a 16-bit WAV file in memory, levels kept as they are (clipped at full scale)."""
    raise NotImplementedError


def content_hash(path: Path) -> str:
    """BLAKE2b hash (16 bytes, hexadecimal) of a file's bytes."""
    raise NotImplementedError
