r"""Temperature scaling: one number that makes the probabilities of a model as often right as they state.

With :math:`p` the probabilities of a clip, :math:`q_c \propto p_c^{1/T}`; for a network that is the softmax of its
logits divided by :math:`T` [1]_. Above 1 the temperature makes a model less sure, below 1 surer; the most probable
class stays the same. It is the one of the lowest log loss on validation clips, held near 1 by a weak prior (a normal
distribution of :math:`\ln T` with standard deviation 1, which weighs about as much as one clip): without it the
temperature of a model that is right on every validation clip would be 0.

References
----------
.. [1] Guo, Pleiss, Sun, Weinberger: "On Calibration of Modern Neural Networks", ICML 2017.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from audioclf.core.documents import read_json
from audioclf.core.errors import RunError
from audioclf.core.files import write_atomic

Array = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float64]

TEMPERATURE = "temperature.json"

FEWEST = 20
"""Validation clips that a temperature needs."""

LOWEST, HIGHEST = 0.05, 20.0

SMALLEST = float(np.finfo(np.float32).eps)
"""What a probability of 0 counts as, at most: the logarithm of 0 would outweigh all other clips."""

_GRID = np.linspace(math.log(LOWEST), math.log(HIGHEST), 25)


@dataclass(frozen=True)
class Temperature:
    """A temperature, and what it was fitted on; called with probabilities, it returns calibrated ones.

    Attributes
    ----------
    value : float
        1 leaves probabilities as they are.
    n_validation : int
        Validation clips there were.
    log_loss_before, log_loss_after : float or None
        On the validation clips, without and with the temperature; None where none was fitted.
    note : str
        Why none was fitted; empty where one was.
    """

    value: float = 1.0
    n_validation: int = 0
    log_loss_before: float | None = None
    log_loss_after: float | None = None
    note: str = ""

    @classmethod
    def fit(cls, probabilities: npt.ArrayLike | None, labels: npt.ArrayLike | None) -> Temperature:
        """Find the temperature of a trained model.

        Parameters
        ----------
        probabilities : np.ndarray [shape=(n, n_classes)] or None
            What the model gives for the validation clips; None where there are none.
        labels : np.ndarray [shape=(n,)], int, or None

        Returns
        -------
        Temperature
            1, with a note, for fewer than 20 clips and for probabilities that are no numbers.
        """
        from scipy.optimize import minimize_scalar

        rows = np.zeros((0, 0)) if probabilities is None or labels is None else np.asarray(probabilities, np.float64)
        n = len(rows)
        if n < FEWEST:
            there = "there were none" if not n else f"there {'was' if n == 1 else 'were'} {n}"
            return cls(1.0, n, note=f"a temperature needs {FEWEST} validation clips, and {there}")
        if not np.isfinite(rows).all():
            return cls(1.0, n, note="the model's probabilities on the validation clips are no numbers")
        logits, true = _logits(rows), np.asarray(labels, np.int64)

        def cost(log_temperature: float) -> float:
            return n * _log_loss(logits, true, math.exp(log_temperature)) + log_temperature**2 / 2

        best = int(np.argmin([cost(float(place)) for place in _GRID]))
        around = _GRID[max(best - 1, 0)], _GRID[min(best + 1, len(_GRID) - 1)]
        fine = float(minimize_scalar(cost, bounds=around, method="bounded", options={"xatol": 1e-5}).x)
        found = math.exp(min(0.0, float(_GRID[best]), fine, key=cost))
        return cls(found, n, _log_loss(logits, true, 1.0), _log_loss(logits, true, found))

    def __call__(self, probabilities: Array) -> Array:
        """Calibrated probabilities [shape=(n, n_classes)], float32; the same array where the temperature is 1."""
        if self.value == 1 or not len(probabilities):
            return probabilities
        logits = _logits(np.asarray(probabilities, np.float64)) / self.value
        shares = np.exp(logits)
        calibrated: Array = (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)
        # rounding may make two classes equal, of which the first would become the predicted one
        top = probabilities.argmax(axis=1)
        moved = np.flatnonzero(calibrated.argmax(axis=1) != top)
        calibrated[moved, top[moved]] = np.nextafter(calibrated[moved].max(axis=1), np.float32(2))
        return calibrated

    @property
    def sentence(self) -> str:
        """What was done to the probabilities, in words."""
        if self.note:
            return f"The probabilities are as the model gives them: {self.note}."
        how = "less sure" if self.value > 1 else "surer" if self.value < 1 else "neither surer nor less sure"
        return (
            f"A temperature of {self.value:.2f}, fitted on {self.n_validation:,} validation clips, makes the model"
            f" {how}; their log loss went from {self.log_loss_before:.3g} to {self.log_loss_after:.3g}."
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {("temperature" if name == "value" else name): value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Temperature:
        """What :meth:`to_dict` gave.

        Raises
        ------
        ValueError
            With a clause that states what is wrong.
        """
        try:
            value, before, after = (values.get(name) for name in ("temperature", "log_loss_before", "log_loss_after"))
            found = cls(
                float(value),  # type: ignore[arg-type]
                int(values.get("n_validation", 0)),
                None if before is None else float(before),
                None if after is None else float(after),
                str(values.get("note", "")),
            )
        except (AttributeError, OverflowError, TypeError, ValueError):
            raise ValueError("it holds no temperature") from None
        if not LOWEST <= found.value <= HIGHEST:
            raise ValueError(f"a temperature lies between {LOWEST:g} and {HIGHEST:g}, not at {found.value:g}")
        if not found.note and (found.log_loss_before is None or found.log_loss_after is None):
            raise ValueError("it holds no log loss")
        return found

    def save(self, folder: Path) -> None:
        """Write it into the folder of the fit."""
        write_atomic(folder / TEMPERATURE, json.dumps(self.to_dict(), indent=1), durable=True)

    @classmethod
    def load(cls, folder: Path) -> Temperature | None:
        """What :meth:`save` wrote; None for fits of earlier versions.

        Raises
        ------
        RunError
            When the file is damaged.
        """
        path = folder / TEMPERATURE
        if not path.is_file():
            return None
        try:
            return cls.from_dict(read_json(path))
        except (OSError, ValueError) as error:
            raise RunError(f"{path.name} cannot be read ({error}); the run is damaged, so run it again.") from error


def temperature_sentences(temperatures: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """What was done to the probabilities of a run, in words: a sentence for one model, a summary for several.

    Parameters
    ----------
    temperatures : sequence of mapping
        As metrics.json holds them.

    Raises
    ------
    ValueError
        Where one of them is damaged.
    """
    found = [Temperature.from_dict(values) for values in temperatures]
    fitted = sorted(each.value for each in found if not each.note)
    if len(fitted) < 2:
        return tuple(dict.fromkeys(each.sentence for each in found))
    before, after = (
        np.mean([value for each in found if (value := getattr(each, name)) is not None])
        for name in ("log_loss_before", "log_loss_after")
    )
    sentence = (
        f"Each model has a temperature of its own, {fitted[0]:.2f} to {fitted[-1]:.2f}, fitted on its validation clips;"
        f" their mean log loss went from {before:.3g} to {after:.3g}."
    )
    return (sentence, *dict.fromkeys(each.sentence for each in found if each.note))


def _logits(probabilities: Numbers) -> Numbers:
    """Logits of probabilities, the largest of a row 0; a probability of 0 counts as the smallest of its row."""
    positive = np.where(probabilities > 0, probabilities, SMALLEST)
    logits = np.log(np.maximum(probabilities, positive.min(axis=1, keepdims=True)))
    shifted: Numbers = logits - logits.max(axis=1, keepdims=True)
    return shifted


def _log_loss(logits: Numbers, true: npt.NDArray[np.int64], temperature: float) -> float:
    scaled = logits / temperature
    return float(np.mean(np.log(np.exp(scaled).sum(axis=1)) - scaled[np.arange(len(true)), true]))
