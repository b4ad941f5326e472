"""A map in words: which frequencies, which moments, or everywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audioclf.features.base import FeatureMap

MASS = 0.6
"""Share of the heat that words speak of."""

WIDE = 0.6
"""A stretch as long as this share of its axis says nothing about a place."""

SILENT_DB = -40.0
"""Below the loudest frame by this much, a frame counts as silence."""

_EDGE = 0.04
_FRAME = 1024


@dataclass(frozen=True)
class Words:
    """What a map says.

    Attributes
    ----------
    sentence : str
        Where the evidence lies.
    kind : str
        ``"place"``, ``"everywhere"``, ``"silence"`` or ``"nothing"``.
    """

    sentence: str
    kind: str

    @property
    def warns(self) -> bool:
        """Whether the evidence lies where no sound is."""
        return self.kind == "silence"


def describe(
    heat: npt.NDArray[np.floating], shown: FeatureMap, y: npt.NDArray[np.floating] | None = None, sr: float = 0.0
) -> Words:
    """Put a heat map into words.

    Parameters
    ----------
    heat : np.ndarray [shape of ``shown.values``]
        Not negative.
    shown : FeatureMap
        Its axes tell frequency from time; a map of coefficients has no frequencies to name.
    y : np.ndarray [shape=(n,)], optional
        The samples, to tell silence from sound.
    sr : float [Hz]

    Returns
    -------
    Words
    """
    total = float(heat.sum())
    if total <= 0:
        return Words("Nothing in this sound supports the class.", "nothing")
    units = [axis.unit for axis in shown.axes]
    where, when = "", ""
    if "s" in units:
        axis = units.index("s")
        times = shown.axes[axis].values
        over_time = heat.sum(axis=tuple(n for n in range(heat.ndim) if n != axis)) / total
        silence = _silence(over_time, times, y, sr)
        if silence:
            return Words(f"The model mostly uses {silence}.", "silence")
        when = _when(over_time, times)
    if "Hz" in units:
        axis = units.index("Hz")
        over_rows = heat.sum(axis=tuple(n for n in range(heat.ndim) if n != axis)) / total
        where = _where(over_rows, shown.axes[axis].values)
    found = ", ".join(part for part in (where, when) if part)
    if found:
        return Words(f"Mostly {found}.", "place")
    return Words("Everywhere: the evidence has no place of its own in this sound.", "everywhere")


def _shortest(weights: npt.NDArray[np.floating]) -> tuple[int, int] | None:
    """First and last index of the shortest stretch that holds :data:`MASS`, with what goes on beside it as strongly.

    None where that is no narrow one.
    """
    sums = np.concatenate([[0.0], np.cumsum(weights)])
    ends = np.searchsorted(sums, sums[:-1] + MASS - 1e-9)
    lengths = np.where(ends <= len(weights), ends - np.arange(len(weights)), len(weights) + 1)
    first = int(lengths.argmin())
    last = first + int(lengths[first]) - 1
    enough = weights[first : last + 1].mean() / 2
    while first > 0 and weights[first - 1] >= enough:
        first -= 1
    while last < len(weights) - 1 and weights[last + 1] >= enough:
        last += 1
    return None if last - first + 1 > WIDE * len(weights) else (first, last)


def _when(weights: npt.NDArray[np.floating], times: npt.NDArray[np.float64]) -> str:
    found = _shortest(weights)
    if found is None or len(times) < 2:
        return ""
    step = float(times[1] - times[0])
    begin, end = times[found[0]] - step / 2, times[found[1]] + step / 2
    length = times[-1] + step
    if begin <= times[0] + _EDGE * length:
        return f"before {_seconds(end)}"
    if end >= times[-1] - _EDGE * length:
        return f"after {_seconds(begin)}"
    first, last = _seconds(begin), _seconds(end)
    return f"around {first}" if first == last else f"between {first} and {last}"


def _where(weights: npt.NDArray[np.floating], frequencies: npt.NDArray[np.float64]) -> str:
    found = _shortest(weights)
    if found is None:
        return ""
    first, last = found
    low = frequencies[first] if first == 0 else (frequencies[first - 1] + frequencies[first]) / 2
    high = frequencies[last] if last == len(frequencies) - 1 else (frequencies[last] + frequencies[last + 1]) / 2
    edge = _EDGE * len(frequencies)
    if first <= edge:
        return f"below {_hertz(high)}"
    if last >= len(frequencies) - 1 - edge:
        return f"above {_hertz(low)}"
    from_, to = _hertz(low), _hertz(high)
    if from_ == to:
        return f"around {from_}"
    if from_.split()[1] == to.split()[1]:
        from_ = from_.split()[0]
    return f"{from_} to {to}"


def _silence(
    weights: npt.NDArray[np.floating],
    times: npt.NDArray[np.float64],
    y: npt.NDArray[np.floating] | None,
    sr: float,
) -> str:
    """Which silence holds most of the evidence; empty where sound does."""
    if y is None or not sr or len(y) < 2 or len(times) < 2:
        return ""
    # a level for every time of the map, from the samples around it
    centres = np.clip(np.round(times * sr).astype(int), 0, len(y) - 1)
    half = max(_FRAME // 2, int((times[1] - times[0]) * sr) // 2)
    power = np.concatenate([[0.0], np.cumsum(np.asarray(y, np.float64) ** 2)])
    begin, end = np.clip(centres - half, 0, len(y)), np.clip(centres + half, 0, len(y))
    level = (power[end] - power[begin]) / np.maximum(end - begin, 1)
    loudest = level.max()
    if loudest <= 0:
        return "silence: there is no sound"
    quiet = level < loudest * 10 ** (SILENT_DB / 10)
    if weights[quiet].sum() < MASS:
        return ""
    sounding = np.flatnonzero(~quiet)
    before = float(weights[: sounding[0]].sum())
    after = float(weights[sounding[-1] + 1 :].sum())
    if before >= MASS:
        return "the silence before the sound"
    if after >= MASS:
        return "the silence after the sound"
    return "the silence around the sound"


def _seconds(value: float) -> str:
    return f"{max(value, 0):.1f} s" if value >= 0.95 else f"{max(value, 0):.2f}".rstrip("0").rstrip(".") + " s"


def _hertz(value: float) -> str:
    """Two digits, in Hz below 1000."""
    if value <= 0:
        return "0 Hz"
    digits = 1 - int(np.floor(np.log10(value)))
    rounded = round(value, digits)
    return f"{rounded:.0f} Hz" if rounded < 1000 else f"{rounded / 1000:g} kHz"
