"""Level and clipping of a sound, measured channel by channel while it is decoded."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

SILENCE = -60.0
"""Level below which a frame of 20 ms is silent, in dB of full scale."""

FULL_SCALE = 0.999
"""Three samples in a row from here on are clipped."""

FLOOR = -120.0
"""Level that is given to digital silence, in dB of full scale."""

FRAME = 0.02
"""Length of the frames whose level is measured, in seconds."""


class LevelMeter:
    """What is known of a sound before its channels are mixed; :func:`audioclf.audio.io.load_audio` fills it in.

    Attributes
    ----------
    sr : int
        Sample rate of the file in Hz.
    remark : str
        See :class:`audioclf.audio.io.AudioInfo`.
    n : int
        Samples per channel.
    """

    def __init__(self) -> None:
        self.sr = 0
        self.remark = ""
        self.n = 0
        self._clipped = 0
        self._sums: npt.NDArray[np.float64] = np.zeros((2, 0))

    def add(self, block: Array, mixed: Array) -> None:
        """Measure one block [shape=(n, channels)] and what its channels were mixed to [shape=(n,)]."""
        if not len(block):
            return
        if not self.n:
            self._sums = np.zeros((2, block.shape[1] + 1))
        self.n += len(block)
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused after decoding
            for number, y in enumerate([*block.T, mixed]):
                self._sums[0, number] += y.sum(dtype=np.float64)
                self._sums[1, number] += np.einsum("i,i", y, y, dtype=np.float64)
        self._clipped += max(clipped_samples(y) for y in block.T)

    @property
    def clipped(self) -> float:
        """Share of samples that stand at full scale, three or more in a row, in the channel where it is largest."""
        return self._clipped / max(self.n, 1)

    @property
    def channels(self) -> tuple[float, ...]:
        """Level of every channel without its DC offset, in dB of full scale; at least -120."""
        return self._levels[:-1]

    @property
    def mixed(self) -> float:
        """Level of what the channels were mixed to, likewise."""
        return self._levels[-1]

    @property
    def _levels(self) -> tuple[float, ...]:
        mean, square = self._sums / max(self.n, 1)
        return tuple(decibels(float(power)) for power in square - mean**2)


def decibels(power: float) -> float:
    """Power in dB of full scale; at least -120."""
    return max(FLOOR, 10 * math.log10(max(power, 1e-12)))


def loudest(y: Array, sr: int) -> float:
    """Level of the loudest 20 ms of a sound [shape=(n,)], without their mean, in dB of full scale; at least -120."""
    size = min(len(y), max(1, round(FRAME * sr)))
    if not size:
        return FLOOR
    frames = y[: len(y) // size * size].reshape(-1, size)
    return decibels(float(frames.var(axis=1).max()))


def counted(levels: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Which of several stretches count towards one answer for all, by their :func:`loudest`.

    Those that are not silent; all where all are.
    """
    loud = np.asarray(levels) >= SILENCE
    return np.asarray(loud | ~loud.any())


def clipped_samples(y: Array) -> int:
    """Samples in runs of three or more at full scale."""
    if max(float(y.max()), -float(y.min())) < FULL_SCALE:
        return 0
    full = np.concatenate([[False], np.abs(y) >= FULL_SCALE, [False]])
    edges = np.flatnonzero(full[1:] != full[:-1])
    lengths = edges[1::2] - edges[::2]
    return int(lengths[lengths >= 3].sum())
