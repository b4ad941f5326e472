r"""How far an example lies from what a model has learned, and from where on it counts as unknown.

The distance is taken where the model decides: for networks in front of the last layer, for classical models among their
scaled inputs. With :math:`z` the first principal components of that space and the length of what they leave out,
:math:`\mu_c` the mean of class :math:`c` and :math:`\Sigma` the covariance within the classes, shrunk towards a sphere,
it is the Mahalanobis distance :math:`\min_c \sqrt{(z - \mu_c)^T \Sigma^{-1} (z - \mu_c)}` [1]_.

References
----------
.. [1] Lee, Lee, Lee, Shin: "A Simple Unified Framework for Detecting Out-of-Distribution Samples and Adversarial
   Attacks", NeurIPS 2018.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import RunError
from audioclf.core.npz import headers, read_arrays, write_arrays
from audioclf.training.fitted import Fitted

Array = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]

NOVELTY = "novelty.npz"

PERCENTILE = 95.0
"""Share of known clips that lie below the threshold, in per cent."""

COMPONENTS = 32
"""Principal components, at most."""

SHRINKAGE = 0.1
"""Share of a sphere in the covariance."""

FEWEST = 12
"""Training clips that the distance needs; of so few the threshold is rough."""

FEWEST_VALIDATION = 20
"""Validation clips that a threshold needs."""

MOST = 2000
"""Training examples that are looked at."""

ShouldStop = Callable[[], bool]


@dataclass(frozen=True, eq=False)
class Distance:
    """Distance of embedded examples from the nearest class.

    Attributes
    ----------
    mean : np.ndarray [shape=(d,)]
    components : np.ndarray [shape=(k, d)]
    whitening : np.ndarray [shape=(k + 1, k + 1)]
    centres : np.ndarray [shape=(n_classes, k + 1)]
        Whitened means of the classes.
    """

    mean: Array
    components: Array
    whitening: Array
    centres: Array

    @classmethod
    def fit(cls, embedded: Array, labels: Labels) -> Distance | None:
        """Learn the distance from training examples [shape=(n, d)]; None where they are all alike."""
        from sklearn.decomposition import PCA

        n_components = min(COMPONENTS, embedded.shape[1], len(embedded) // 2)
        with np.errstate(divide="ignore", invalid="ignore"):  # sklearn divides by the variance, which may be 0
            pca = PCA(n_components, random_state=0).fit(embedded)
        identity = np.eye(n_components + 1, dtype=np.float32)
        found = cls(_single(pca.mean_), _single(pca.components_), identity, identity)
        z = found._reduced(embedded).astype(np.float64)
        classes, numbers = np.unique(labels, return_inverse=True)
        centres = np.stack([z[numbers == number].mean(axis=0) for number in range(len(classes))])
        within = z - centres[numbers]
        covariance = within.T @ within / len(within)
        size = np.trace(covariance) / len(covariance)
        if not 0 < size < np.inf:
            return None
        shrunk = (1 - SHRINKAGE) * covariance + SHRINKAGE * size * np.eye(len(covariance))
        whitening = np.linalg.cholesky(np.linalg.inv(shrunk))
        return cls(found.mean, found.components, _single(whitening), _single(centres @ whitening))

    def points(self, embedded: Array) -> Array:
        """Examples as points between which the distance is the Euclidean one [shape=(n, k + 1)]."""
        whitened: Array = self._reduced(embedded) @ self.whitening
        return whitened

    def __call__(self, embedded: Array) -> Array:
        """Distance of every example [shape=(n,)]."""
        z = self.points(embedded)
        distances = [np.linalg.norm(z - centre, axis=1) for centre in self.centres]
        nearest: Array = np.min(distances, axis=0)
        return nearest

    def _reduced(self, embedded: Array) -> Array:
        centred = embedded - self.mean
        z = centred @ self.components.T
        rest = np.einsum("ij,ij->i", centred, centred) - np.einsum("ij,ij->i", z, z)
        reduced: Array = np.column_stack([z, np.sqrt(np.maximum(rest, 0))])
        return reduced


@dataclass(frozen=True, eq=False)
class Novelty:
    """A distance and its threshold; called with a model and examples, it returns their ratio.

    Attributes
    ----------
    distance : Distance
    threshold : float
        95 of 100 known clips are no farther.
    on_validation : bool
        Whether the threshold is that of validation clips; of training clips it is too small where the network has
        learned these by heart.
    """

    distance: Distance
    threshold: float
    on_validation: bool

    @classmethod
    def fit(
        cls,
        fitted: Fitted,
        x_train: Array,
        y_train: Labels,
        x_validation: Array | None,
        should_stop: ShouldStop | None = None,
    ) -> Novelty | None:
        """Learn it after a training; None where there are fewer than 12 clips, or nothing to measure.

        Parameters
        ----------
        fitted : Fitted
        x_train : np.ndarray [shape=(n_train, ...)]
        y_train : np.ndarray [shape=(n_train,)], int
        x_validation : np.ndarray [shape=(n_validation, ...)] or None
            Fewer than 20 are too few: each half of the training clips is then measured by the other.
        should_stop : callable, optional

        Raises
        ------
        Stopped
        """
        chosen = np.random.default_rng(0).permutation(len(x_train))[:MOST]
        if len(chosen) < FEWEST:
            return None
        known, labels = fitted.embed(x_train[chosen], should_stop), y_train[chosen]
        if known is None or not np.isfinite(known).all():
            return None
        distance = Distance.fit(known, labels)
        if distance is None:
            return None
        on_validation = x_validation is not None and len(x_validation) >= FEWEST_VALIDATION
        if on_validation:
            assert x_validation is not None
            embedded = fitted.embed(x_validation, should_stop)
            assert embedded is not None
            measured = distance(embedded)
        else:
            halves = [(Distance.fit(known[n::2], labels[n::2]), known[1 - n :: 2]) for n in (0, 1)]
            measured = np.concatenate([one(others) for one, others in halves if one is not None] or [known[:0, 0]])
        threshold = float(np.percentile(measured, PERCENTILE)) if len(measured) else 0.0
        return cls(distance, threshold, on_validation) if 0 < threshold < np.inf else None

    def __call__(self, fitted: Fitted, x: Array) -> Array:
        """Distance of examples as a multiple of the threshold: above 1 they are like none of the classes.

        Parameters
        ----------
        fitted : Fitted
            The model it was learned for.
        x : np.ndarray [shape=(n, ...)]

        Returns
        -------
        np.ndarray [shape=(n,)], float32
        """
        embedded = fitted.embed(x)
        assert embedded is not None
        return self.ratio(embedded)

    def ratio(self, embedded: Array) -> Array:
        """The same of examples as :meth:`Fitted.embed` gives them [shape=(n, d)]."""
        return self.distance(embedded) / np.float32(self.threshold)

    def save(self, folder: Path) -> None:
        """Write it into the folder of the fit."""
        arrays = {name: getattr(self.distance, name).astype("<f4") for name in _AXES}
        about = np.array([self.threshold, self.on_validation], "<f4")
        write_arrays(folder / NOVELTY, {**arrays, "about": about})

    @classmethod
    def load(cls, folder: Path) -> Novelty | None:
        """What :meth:`save` wrote; None for fits that have none, such as those of earlier versions.

        Raises
        ------
        RunError
            When the file is damaged.
        """
        path = folder / NOVELTY
        if not path.is_file():
            return None
        shapes = {name: shape for name, (shape, _) in headers(path).items()}
        try:
            k, d = shapes["components"]
            n_classes = shapes["centres"][0]
        except (KeyError, IndexError, ValueError) as error:
            raise RunError(f"{path.name} is damaged and cannot be read; run the experiment again.") from error
        sizes = {"d": d, "k": k, "k + 1": k + 1, "n_classes": n_classes}
        expected = {name: (tuple(sizes[axis] for axis in axes), "<f4") for name, axes in _AXES.items()}
        arrays = read_arrays(path, {**expected, "about": ((2,), "<f4")})
        threshold, on_validation = np.asarray(arrays["about"], np.float64)
        distance = Distance(**{name: np.asarray(arrays[name], np.float32) for name in _AXES})
        return cls(distance, float(threshold), bool(on_validation))


_AXES = {
    "mean": ("d",),
    "components": ("k", "d"),
    "whitening": ("k + 1", "k + 1"),
    "centres": ("n_classes", "k + 1"),
}


def _single(values: npt.ArrayLike) -> Array:
    return np.asarray(values, np.float32)
