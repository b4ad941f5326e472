r"""How far an example lies from what a model has learned, and from where on it counts as unknown.

The distance is taken where the model decides: for networks in front of the last layer, for classical models among their
scaled inputs. With :math:`z` the first principal components of that space and the length of what they leave out,
:math:`\mu_c` the mean of class :math:`c` and :math:`\Sigma` the covariance within the classes, shrunk towards a sphere,
it is the Mahalanobis distance :math:`\min_c \sqrt{(z - \mu_c)^T \Sigma^{-1} (z - \mu_c)}` [1]_. A few clips of each
class tell no covariance: of an embedding the distance is then one minus the cosine to the nearest class's mean.

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

FEWEST_EMBEDDED = 6
"""As many of an embedding."""

FEW = 10
"""Training clips of a class, on average, below which an embedding is compared by the cosine."""

FOLDS = 10
"""Parts in which training clips are measured by the others; up to :data:`ALONE` clips each is one."""
ALONE = 40

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
class Angle:
    """One minus the cosine of an embedding, as it was before it was scaled, and the mean of the nearest class.

    Attributes
    ----------
    offset, scale : np.ndarray [shape=(d,)]
        What was subtracted from the embedding, and what it was divided by then.
    directions : np.ndarray [shape=(n_classes, d)]
        Means of the classes' vectors of length 1, of length 1.
    """

    offset: Array
    scale: Array
    directions: Array

    @classmethod
    def fit(cls, embedded: Array, labels: Labels, scaling: tuple[Array, Array]) -> Angle | None:
        """Learn the distance from training examples [shape=(n, d)]; None where they are all alike."""
        if not np.ptp(embedded, axis=0).any():
            return None
        found = cls(_single(scaling[0]), _single(scaling[1]), embedded)
        known = found.points(embedded)
        means = np.stack([known[labels == label].mean(axis=0) for label in np.unique(labels)])
        return cls(found.offset, found.scale, units(means))

    def points(self, embedded: Array) -> Array:
        """Examples as vectors of length 1 [shape=(n, d)]."""
        return units(embedded * self.scale + self.offset)

    def __call__(self, embedded: Array) -> Array:
        """Distance of every example [shape=(n,)]."""
        return _single(1 - (self.points(embedded) @ self.directions.T).max(axis=1))


@dataclass(frozen=True, eq=False)
class Novelty:
    """A distance and its threshold; called with a model and examples, it returns their ratio.

    Attributes
    ----------
    distance : Distance or Angle
    threshold : float
        95 of 100 known clips are no farther.
    on_validation : bool
        Whether the threshold is that of validation clips; of training clips it is too small where the network has
        learned these by heart.
    """

    distance: Distance | Angle
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
        *,
        scaling: tuple[Array, Array] | None = None,
    ) -> Novelty | None:
        """Learn it after a training; None where there are too few clips, or nothing to measure.

        Parameters
        ----------
        fitted : Fitted
        x_train : np.ndarray [shape=(n_train, ...)]
        y_train : np.ndarray [shape=(n_train,)], int
        x_validation : np.ndarray [shape=(n_validation, ...)] or None
            Fewer than 20 are too few: every training clip is then measured by what is learned from others.
        should_stop : callable, optional
        scaling : (np.ndarray, np.ndarray) [shape=(d,)], optional
            Of an embedding that a classical model is given: what was subtracted from it, and what it was divided by.

        Raises
        ------
        Stopped
        """
        chosen = np.random.default_rng(0).permutation(len(x_train))[:MOST]
        if len(chosen) < (FEWEST if scaling is None else FEWEST_EMBEDDED):
            return None
        known, labels = fitted.embed(x_train[chosen], should_stop), y_train[chosen]
        if known is None or not np.isfinite(known).all():
            return None
        few = scaling is not None and len(known) < FEW * len(np.unique(labels))

        def learn(rows: npt.NDArray[np.bool_] | slice) -> Distance | Angle | None:
            if few and scaling is not None:
                return Angle.fit(known[rows], labels[rows], scaling)
            return Distance.fit(known[rows], labels[rows])

        distance = learn(slice(None))
        if distance is None:
            return None
        on_validation = x_validation is not None and len(x_validation) >= FEWEST_VALIDATION
        if on_validation:
            assert x_validation is not None
            embedded = fitted.embed(x_validation, should_stop)
            assert embedded is not None
            measured = distance(embedded)
        else:
            folds = np.arange(len(known)) % (len(known) if len(known) <= ALONE else FOLDS)
            parts = [(learn(folds != fold), known[folds == fold]) for fold in range(folds.max() + 1)]
            measured = np.concatenate([one(others) for one, others in parts if one is not None] or [known[:0, 0]])
        threshold = float(np.percentile(measured, PERCENTILE)) if len(measured) else 0.0
        return cls(distance, threshold, on_validation) if 0 < threshold < np.inf else None

    def __call__(self, fitted: Fitted, x: Array) -> Array:
        """Distance of examples as a multiple of the threshold [shape=(n,)]: above 1 they are like none of the classes.

        ``fitted`` is the model it was learned for.
        """
        embedded = fitted.embed(x)
        assert embedded is not None
        return self.ratio(embedded)

    def ratio(self, embedded: Array) -> Array:
        """The same of examples as :meth:`Fitted.embed` gives them [shape=(n, d)]."""
        return self.distance(embedded) / np.float32(self.threshold)

    def save(self, folder: Path) -> None:
        """Write it into the folder of the fit."""
        arrays = {name: getattr(self.distance, name).astype("<f4") for name in _AXES[type(self.distance)]}
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
            kind = Angle if "directions" in shapes else Distance
            k, d = (0, shapes["directions"][1]) if kind is Angle else shapes["components"]
            n_classes = shapes["directions" if kind is Angle else "centres"][0]
        except (KeyError, IndexError, ValueError) as error:
            raise RunError(f"{path.name} is damaged and cannot be read; run the experiment again.") from error
        sizes = {"d": d, "k": k, "k + 1": k + 1, "n_classes": n_classes}
        expected = {name: (tuple(sizes[axis] for axis in axes), "<f4") for name, axes in _AXES[kind].items()}
        arrays = read_arrays(path, {**expected, "about": ((2,), "<f4")})
        threshold, on_validation = np.asarray(arrays["about"], np.float64)
        distance = kind(**{name: np.asarray(arrays[name], np.float32) for name in _AXES[kind]})
        return cls(distance, float(threshold), bool(on_validation))


_AXES: dict[type[Distance | Angle], dict[str, tuple[str, ...]]] = {
    Distance: {
        "mean": ("d",),
        "components": ("k", "d"),
        "whitening": ("k + 1", "k + 1"),
        "centres": ("n_classes", "k + 1"),
    },
    Angle: {"offset": ("d",), "scale": ("d",), "directions": ("n_classes", "d")},
}


def units(vectors: Array) -> Array:
    """Vectors of length 1 [shape=(n, d)]; one of zeros stays one."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return _single(vectors / np.where(lengths > 0, lengths, 1))


def _single(values: npt.ArrayLike) -> Array:
    return np.asarray(values, np.float32)
