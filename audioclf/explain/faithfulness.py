"""Is a map true? What becomes of the class when the marked places are removed, or are all that is left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audioclf.explain.base import Array, Subject

SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)
"""Shares of the map that are removed, or put in."""

MARKED = 0.1
"""The share that is spoken of."""

N_ROLLS = 12
"""Random places the marked tenth is compared with."""

N_CURVES = 3
"""Random places whose whole curves are drawn."""

RANDOM_LIMIT = 0.75
"""Share of the random places that a map must beat not to be called random."""

_LEAST = 0.005
_CLEARLY = 0.05


@dataclass(frozen=True)
class Verdict:
    """What one map of one sound is worth.

    Attributes
    ----------
    probability : float
        Of the explained class, with nothing removed.
    marked, random, loudest : float
        The same with a tenth removed: that of the highest heat, as large a part of the same form at random places (mean
        of :data:`N_ROLLS` rolled maps), and that of the highest values.
    beats : float
        Share of the random places whose removal costs the class less than that of the marked tenth; ties count half.
    shares : tuple of float
        Of the curves' points.
    deletion, insertion : dict of str to tuple of float
        Probability by the share that is removed (or put into silence), for ``"marked"``, ``"random"`` and
        ``"loudest"``.
    drop, increase, gain : float
        Of one sound masked with the map: :math:`\\max(0, p - p_m) / p`, whether :math:`p_m > p`, and
        :math:`\\max(0, p_m - p) / (1 - p)`; averaged over sounds they are the average drop, increase and gain of [1]_.
    fidelity : bool
        Whether the model still predicts for the masked sound what it predicts for the whole one (input fidelity).
    faithfulness : float
        Fall of the probability when what the map marks is masked out.

    References
    ----------
    .. [1] Paissan, Della Libera, Ravanelli, Subakan: "Listenable Maps for Audio Classifiers", ICML 2024.
    """

    probability: float
    marked: float
    random: float
    loudest: float
    beats: float
    shares: tuple[float, ...]
    deletion: Mapping[str, tuple[float, ...]]
    insertion: Mapping[str, tuple[float, ...]]
    drop: float
    increase: bool
    gain: float
    fidelity: bool
    faithfulness: float

    @property
    def is_random(self) -> bool:
        """Whether the map is no better than one at a random place."""
        return self.beats < RANDOM_LIMIT or self.random - self.marked < _LEAST

    @property
    def is_weak(self) -> bool:
        """Whether the prediction hardly changes without the marked tenth."""
        return self.probability - self.marked < _CLEARLY

    @property
    def loudest_wins(self) -> bool:
        """Whether removing what is loudest clearly costs the class more than removing what is marked."""
        return self.loudest < self.marked - _CLEARLY

    def sentence(self, label: str) -> str:
        """What removing a tenth does, in words.

        Parameters
        ----------
        label : str
            Name of the explained class.
        """
        return (
            f"Removing the marked tenth takes {label} from {self.probability:.2f} to {self.marked:.2f}; a random tenth"
            f" to {self.random:.2f}; the loudest tenth to {self.loudest:.2f}."
        )

    def warning(self) -> str:
        """Sentence to stand above a map that is not to be believed; empty for any other."""
        if self.is_random:
            return (
                "This map is no better than one at a random place: removing what it marks changes the prediction no"
                " more than removing as much elsewhere."
            )
        if self.is_weak:
            return "That is little: the prediction does not hang on this tenth of the map."
        if self.loudest_wins:
            return (
                "Removing what is loudest changes the prediction more than removing what this map marks, so it does not"
                " show all that matters."
            )
        return ""


def judge(subject: Subject, heat: Array, class_index: int, *, random_state: int = 0) -> Verdict:
    """Deletion and insertion [1]_ against random places and the loudest, and the measures of L-MAC.

    Random maps are the map itself rolled along both axes, so they have its area and smoothness.

    Parameters
    ----------
    subject : Subject
    heat : np.ndarray [shape=subject.x.shape]
        Any scale, not negative.
    class_index : int
    random_state : int

    References
    ----------
    .. [1] Petsiuk, Das, Saenko: "RISE: Randomized Input Sampling for Explanation of Black-box Models", BMVC 2018.
    """
    rng = np.random.default_rng(random_state)
    order = rank(heat, rng)
    rolled = [_rolled(order, rng) for _ in range(N_ROLLS)]
    loudest = rank(np.abs(subject.x - subject.floor), rng)
    ranks = {"marked": [order], "random": rolled[:N_CURVES], "loudest": [loudest]}
    inner = SHARES[1:-1]
    masks = [one < share for several in ranks.values() for one in several for share in inner]
    more = [one < MARKED for one in rolled[N_CURVES:]]
    peak = float(heat.max())
    soft = (heat / peak if peak > 0 else heat).astype(np.float32)
    way = subject.x - subject.floor
    maps = np.concatenate(
        [
            np.stack([subject.x, subject.floor, subject.floor + soft * way, subject.x - soft * way]),
            subject.cover(np.stack(masks + more)),
            subject.cover(~np.stack(masks)),
        ]
    ).astype(np.float32)
    rows = np.asarray(subject.predict(maps), dtype=np.float64)
    answers = rows[:, class_index]
    whole, empty, kept, left = answers[:4]
    n = len(masks)
    taken, rest, put = answers[4 : 4 + n], answers[4 + n : 4 + n + len(more)], answers[4 + n + len(more) :]
    deletion: dict[str, tuple[float, ...]] = {}
    insertion: dict[str, tuple[float, ...]] = {}
    begin = 0
    for name, several in ranks.items():
        end = begin + len(several) * len(inner)
        for curves, values, first, last in (
            (deletion, taken, whole, empty),
            (insertion, put, empty, whole),
        ):
            mean = values[begin:end].reshape(len(several), -1).mean(axis=0)
            curves[name] = tuple(float(value) for value in (first, *mean, last))
        begin = end
    tenth = inner.index(MARKED)
    places = np.concatenate([taken[len(inner) : len(inner) * (1 + N_CURVES)].reshape(N_CURVES, -1)[:, tenth], rest])
    marked = taken[tenth]
    beats = float(np.mean((places > marked) + 0.5 * (places == marked)))
    return Verdict(
        float(whole),
        float(marked),
        float(places.mean()),
        deletion["loudest"][SHARES.index(MARKED)],
        beats,
        SHARES,
        deletion,
        insertion,
        float(max(0.0, whole - kept) / max(whole, 1e-12)),
        bool(kept > whole),
        float(max(0.0, kept - whole) / max(1 - whole, 1e-12)),
        bool(rows[2].argmax() == rows[0].argmax()),
        float(whole - left),
    )


def area(curve: tuple[float, ...], shares: tuple[float, ...] = SHARES) -> float:
    """Area under a deletion or insertion curve, in [0, 1]."""
    return float(np.trapezoid(curve, shares))


def rank(heat: npt.NDArray[np.floating], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Share of the map that is hotter than each place [shape=heat.shape], in [0, 1); ties in random order."""
    flat = np.asarray(heat).ravel()
    order = np.lexsort((rng.random(flat.size), -flat))
    place = np.empty(flat.size)
    place[order] = np.arange(flat.size) / flat.size
    return place.reshape(np.shape(heat))


def _rolled(order: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """A map moved to another place, round the edges; by a tenth of each axis at least."""
    moved = order
    for axis, size in enumerate(order.shape):
        least = size // 10
        moved = np.roll(moved, int(rng.integers(least, max(size - least, least + 1))), axis)
    return moved
