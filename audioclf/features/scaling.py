"""From feature values to what a model is fed: scaling, learned from training clips only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import RunError
from audioclf.core.npz import read_plain, write_arrays
from audioclf.core.params import Parameters, param

Array = npt.NDArray[np.float32]

SCALINGS = ("none", "minmax", "standard", "row-standard", "global-standard", "clip-minmax", "clip-standard")


@dataclass(frozen=True)
class Scaling(Parameters):
    """How feature values are scaled: the ``[scaling]`` part of an experiment.

    ``minmax`` and ``standard`` treat every value of the map by itself, as scikit-learn's
    ``MinMaxScaler`` and ``StandardScaler`` do on flattened maps; ``row-standard`` has one mean and
    deviation per row (frequency or coefficient), ``global-standard`` one for all; the two
    ``clip-`` ones look at one clip alone and learn nothing.
    """

    title = "Scaling"

    mode: str = param("row-standard", "What is brought to a common range, and how.", choices=SCALINGS)


def _fits(sizes: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Whether an array of these sizes is broadcast to a shape without making it larger."""
    return all(size in (1, wanted) for size, wanted in zip(sizes[::-1], shape[::-1], strict=False))


@dataclass(frozen=True, eq=False)
class Scaler:
    """A fitted scaling: ``(x - offset) / scale``, or one made anew for every clip."""

    mode: str
    offset: Array
    scale: Array

    @classmethod
    def fit(cls, scaling: Scaling, x: Array) -> Scaler:
        """Learn offset and scale from training examples [shape=(n_examples, ...)]."""
        offset, scale = np.zeros(1, np.float32), np.ones(1, np.float32)
        if scaling.mode == "minmax":
            offset, scale = x.min(axis=0), np.ptp(x, axis=0)
        elif scaling.mode == "standard":
            offset, scale = x.mean(axis=0, dtype=np.float64), x.std(axis=0, dtype=np.float64)
        elif scaling.mode == "row-standard":
            axes = (0, 2) if x.ndim > 2 else tuple(range(x.ndim))
            offset, scale = x.mean(axes, np.float64, keepdims=True)[0], x.std(axes, np.float64, keepdims=True)[0]
        elif scaling.mode == "global-standard":
            offset, scale = np.array([x.mean(dtype=np.float64)]), np.array([x.std(dtype=np.float64)])
        # a value that never changes carries nothing; dividing by one leaves it at zero
        scale = np.where(scale < 1e-8, 1.0, scale)
        return cls(scaling.mode, offset.astype(np.float32), scale.astype(np.float32))

    def apply(self, x: Array, like: Array | None = None) -> Array:
        """Scaled copy of examples [shape=(n_examples, ...)]; the examples themselves where nothing is scaled.

        What looks at one clip alone looks at ``like`` instead, where it is given.
        """
        if self.mode == "none":
            return np.asarray(x, np.float32)
        axes = tuple(range(1, x.ndim))
        offset, scale = self.offset, self.scale
        seen = x if like is None else like
        if self.mode == "clip-minmax":
            offset, scale = seen.min(axes, keepdims=True), np.ptp(seen, axis=axes, keepdims=True)
        elif self.mode == "clip-standard":
            offset, scale = seen.mean(axes, keepdims=True), seen.std(axes, keepdims=True)
        if any(len(sizes) > x.ndim or not _fits(sizes, x.shape) for sizes in (np.shape(offset), np.shape(scale))):
            raise RunError(
                f"The scaling of this run is of values of shape {np.shape(offset)[1:]}, and the features are of shape"
                f" {x.shape[1:]}; train the run again."
            )
        scaled: Array = ((x - offset) / np.where(scale < 1e-8, np.float32(1), scale)).astype(np.float32)
        return scaled

    def save(self, path: Path) -> None:
        """Write to one ``.npz`` file, whole or not at all."""
        write_arrays(path, {"mode": np.array(self.mode), "offset": self.offset, "scale": self.scale})

    @classmethod
    def load(cls, path: Path) -> Scaler:
        """Read what :meth:`save` wrote; a RunError where that cannot be."""
        try:
            stored = read_plain(path)
            mode, offset, scale = str(stored["mode"]), stored["offset"], stored["scale"]
            if mode not in SCALINGS or {offset.dtype.kind, scale.dtype.kind} != {"f"}:
                raise ValueError(mode)
            return cls(mode, offset.astype(np.float32), scale.astype(np.float32))
        except (RunError, ValueError, KeyError) as error:
            raise RunError(f"The scaling of this run ({path.name}) cannot be read; train the run again.") from error
