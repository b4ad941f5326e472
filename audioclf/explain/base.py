"""What an explanation method is, and what it is given: one sound as a run's models receive it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError
from audioclf.core.params import Parameters
from audioclf.models.base import Model

Array = npt.NDArray[np.float32]
Predict = Callable[[Array], npt.NDArray[np.floating]]


@dataclass(frozen=True, eq=False)
class Probe:
    """One fit, with its input for the sound that is explained.

    Attributes
    ----------
    model : Model
    estimator : keras.Model or sklearn.base.ClassifierMixin
    x : np.ndarray [shape of one example]
        Scaled and joined as in training.
    baseline : np.ndarray [shape=x.shape]
        The same with the explained feature removed everywhere.
    on_map : callable
        Takes values on ``x`` [shape=x.shape or x.shape without channels] to the explained feature's map.
    """

    model: Model
    estimator: Any
    x: Array
    baseline: Array
    on_map: Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class Subject:
    """One sound and one of its features, ready to be explained.

    Attributes
    ----------
    x : np.ndarray [shape=(rows, frames) or (m,)]
        The feature's map as it was computed, unscaled.
    floor : np.ndarray [shape=x.shape]
        What a place becomes when it is removed, see :func:`floor_of`.
    predict : callable
        Maps [shape=(n, \\*x.shape)] in, mean probabilities [shape=(n, n_classes)] of the explained models out.
    probes : tuple of Probe
        The models that look at this feature.
    """

    x: Array
    floor: Array
    predict: Predict
    probes: tuple[Probe, ...]

    def by_level(self, heat: Array) -> Array:
        """Heat of whole parts, shared among the places of a map by how much of each is there to be removed.

        A place that is silent already cannot have been used. The largest value stays as it is; curves do, too.
        """
        if self.x.ndim == 1:
            return heat
        removed = np.abs(self.x - self.floor)
        shared = heat * removed
        peak = float(shared.max())
        return np.asarray(shared * (float(heat.max()) / peak) if peak > 0 else shared, np.float32)

    def cover(self, masks: npt.NDArray[np.bool_]) -> Array:
        """Maps with the marked places removed [shape=masks.shape]."""
        return np.asarray(np.where(masks, self.floor, self.x), np.float32)


class Method(Parameters):
    """Base of the explanation methods. A subclass is a frozen dataclass with a ``kind`` and a ``heat``.

    Class attributes
    ----------------
    explanation : str
        Two or three sentences for a learner.
    nothing : str
        What an empty map means; ``{}`` stands for the class.
    order : int
        Place in lists.
    falls : bool
        Whether the map's values are falls of the probability, so that its peak can be named.
    """

    explanation: ClassVar[str] = ""
    nothing: ClassVar[str] = "The method finds no place that supports {}."
    order: ClassVar[int] = 100
    falls: ClassVar[bool] = False

    def refusal(self, model: Model, *, picture: bool) -> str:
        """Sentence why the method cannot explain a model; empty where it can.

        Parameters
        ----------
        model : Model
        picture : bool
            Whether the model is given a picture (rows and frames), not a curve.
        """
        return ""

    def heat(self, subject: Subject, class_index: int) -> Array:
        """Evidence for a class.

        Parameters
        ----------
        subject : Subject
        class_index : int

        Returns
        -------
        np.ndarray [shape=subject.x.shape], float32
            Not negative; 0 where a place does not support the class.

        Raises
        ------
        ParameterError
            When the model is none that the method can read.
        """
        raise NotImplementedError

    def require(self, subject: Subject) -> None:
        """Raise where the method cannot explain one of the models.

        Raises
        ------
        ParameterError
        """
        for probe in subject.probes:
            refusal = self.refusal(probe.model, picture=probe.x.ndim > 1)
            if refusal:
                raise ParameterError(refusal, "method")


def mean_of_fits(heats: list[Array]) -> Array:
    """Mean of the maps of several fits, each brought to a largest value of 1 first."""
    scaled = [heat / peak if (peak := float(heat.max())) > 0 else heat for heat in heats]
    mean: Array = np.mean(scaled, axis=0, dtype=np.float32)
    return mean


def require_class(class_index: int, n_classes: int) -> None:
    """Raise ``ParameterError`` for a class that does not exist."""
    if not 0 <= class_index < n_classes:
        raise ParameterError(f"class_index must lie in 0 to {n_classes - 1}, got {class_index}.", "class_index")


def column_of(class_index: int, estimator: Any) -> int:
    """Place of a class among those that an estimator was trained on; ``ParameterError`` where it is none of them."""
    known = [int(number) for number in estimator.classes_]
    if class_index not in known:
        raise ParameterError(
            f"class_index must be one of the classes the model was trained on, {known}, got {class_index}.",
            "class_index",
        )
    return known.index(class_index)


def floor_of(values: Array, unit: str, axes: tuple[str, ...]) -> Array:
    """What every place of a feature map becomes when it is removed.

    Parameters
    ----------
    values : np.ndarray [shape=(rows, frames) or (m,)]
    unit : str
        Unit of the values.
    axes : tuple of str
        Units of the axes: ``"Hz"``, ``"s"`` or empty.

    Returns
    -------
    np.ndarray [shape=values.shape], float32
        Levels over frequency fall to the quietest of the map and samples to 0: silence. Coefficients have no
        silence of their own; each becomes its mean over the clip.
    """
    if "Hz" in axes:
        return np.full_like(values, values.min() if unit else min(float(values.min()), 0.0))
    if values.ndim == 1:
        return np.zeros_like(values)
    return np.repeat(values.mean(axis=1, keepdims=True), values.shape[1], axis=1).astype(np.float32)
