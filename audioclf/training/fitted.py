"""Fitted: a trained model that predicts, and how it is written and read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError, RunError
from audioclf.core.files import atomic
from audioclf.core.npz import read_arrays, write_arrays
from audioclf.models.base import Model, Shape
from audioclf.models.classical import Classical, class_probabilities
from audioclf.models.network import Network
from audioclf.training.forward import Forward, before_last, keras_forward, onnx_forward
from audioclf.training.history import Epoch
from audioclf.training.temperature import Temperature

Array = npt.NDArray[np.float32]

WEIGHTS = "weights.npz"
ESTIMATOR = "model.skops"


@dataclass(eq=False)
class Fitted:
    """A trained model.

    Attributes
    ----------
    model : Model
        Its recipe.
    estimator : keras.Model, Forward or sklearn.base.ClassifierMixin
        A Forward predicts and embeds, and cannot be explained or trained on.
    input_shape : tuple of int
        Shape of one example, as the features give it.
    n_classes : int
    history : tuple of Epoch
        Empty when it was read from a file.
    epoch : int
        The epoch its weights are of.
    temperature : Temperature or None
        What its probabilities are calibrated with; None where no one looked for it.
    """

    model: Model
    estimator: Any
    input_shape: Shape
    n_classes: int
    history: tuple[Epoch, ...] = ()
    epoch: int = 0
    temperature: Temperature | None = None

    @cached_property
    def _forward(self) -> Forward | None:
        """None for classical models."""
        if isinstance(self.estimator, Forward):
            return self.estimator
        return keras_forward(self.estimator, *before_last(self.estimator)) if self.model.family == "network" else None

    def predict_proba(self, x: npt.ArrayLike, should_stop: Callable[[], bool] | None = None) -> Array:
        """Probability of every class, calibrated where a temperature is known.

        Parameters
        ----------
        x : np.ndarray [shape=(n, *input_shape)]
            Scaled as the training examples were.
        should_stop : callable, optional
            Looked at between batches.

        Returns
        -------
        np.ndarray [shape=(n, n_classes)], float32
            Rows sum to 1.

        Raises
        ------
        ParameterError
            When the examples have another shape.
        Stopped
        """
        return self._calibrated(self._probabilities(as_examples(x, self.input_shape), should_stop))

    def predict_rolled(self, x: npt.ArrayLike, rolls: int, should_stop: Callable[[], bool] | None = None) -> Array:
        """Probability of every class, as the mean over examples rolled along time in equal steps, then calibrated.

        Parameters
        ----------
        x, should_stop
            As of :meth:`predict_proba`. Time runs along the third axis of pictures, and along the second of curves.
        rolls : int > 0
            1 is :meth:`predict_proba`.
        """
        examples = as_examples(x, self.input_shape)
        axis = 1 if examples.ndim == 2 else 2
        steps = [roll * examples.shape[axis] // rolls for roll in range(rolls)]
        rows = [self._probabilities(np.roll(examples, step, axis), should_stop) for step in steps]
        return self._calibrated(np.mean(rows, axis=0, dtype=np.float32))

    def predict_embedded(self, x: npt.ArrayLike, rolls: int = 1) -> tuple[Array, Array | None]:
        """What :meth:`predict_rolled` and :meth:`embed` give, in one pass through the network where that is possible.

        Returns
        -------
        probabilities : np.ndarray [shape=(n, n_classes)], float32
        embedded : np.ndarray [shape=(n, d)], float32, or None
        """
        if rolls > 1 or self._forward is None or not self._forward.embeds:
            return self.predict_rolled(x, rolls), self.embed(x)
        examples = as_examples(x, self.input_shape)
        rows, embedded = self._forward.outputs(examples, (0, 1))
        return self._calibrated(rows), embedded.reshape(len(examples), -1)

    def _probabilities(self, examples: Array, should_stop: Callable[[], bool] | None) -> Array:
        """What the estimator itself gives."""
        if self._forward is None:
            flat = examples.reshape(len(examples), -1)
            return class_probabilities(self.estimator, flat, self.n_classes)
        return self._forward(examples, should_stop)

    def _calibrated(self, probabilities: Array) -> Array:
        return probabilities if self.temperature is None else self.temperature(probabilities)

    def embed(self, x: npt.ArrayLike, should_stop: Callable[[], bool] | None = None) -> Array | None:
        """Examples where the model decides: what a network's last layer is given, or a classical model's inputs.

        Returns
        -------
        np.ndarray [shape=(n, d)], float32, or None
            None for a network whose last layer is given several things.
        """
        examples = as_examples(x, self.input_shape)
        if self._forward is not None:
            if not self._forward.embeds:
                return None
            (examples,) = self._forward.outputs(examples, (1,), should_stop)
        return examples.reshape(len(examples), -1)

    def predict(self, x: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Number of the most probable class of every example."""
        numbers: npt.NDArray[np.int64] = self.predict_proba(x).argmax(axis=1)
        return numbers


def as_examples(x: npt.ArrayLike, input_shape: Shape) -> Array:
    """Examples as float32, of the shape the model was made for.

    Raises
    ------
    ParameterError
    """
    examples = np.asarray(x, dtype=np.float32)
    if examples.shape[1:] != tuple(input_shape):
        raise ParameterError(
            f"The model takes examples of shape {tuple(input_shape)}, got {examples.shape[1:]};"
            " compute the feature with the settings the model was trained with."
        )
    return examples


def save_weights(network: Any, folder: Path, epoch: int) -> None:
    """Write the network's weights, and the epoch they are of, in one step."""
    arrays = {weight.path: np.asarray(weight) for weight in network.weights}
    write_arrays(folder / WEIGHTS, {**arrays, "epoch": np.array(epoch, dtype="<i8")})


def load_weights(network: Any, folder: Path) -> int:
    """Read weights into a network of the same recipe; returns the epoch they are of.

    Raises
    ------
    RunError
    """
    expected = {weight.path: (tuple(weight.shape), np.dtype(weight.dtype).str) for weight in network.weights}
    arrays = read_arrays(folder / WEIGHTS, {**expected, "epoch": ((), "<i8")})
    for weight in network.weights:
        weight.assign(arrays[weight.path])
    return int(arrays["epoch"])


def save_estimator(estimator: Any, folder: Path) -> None:
    """Write a scikit-learn estimator with skops, in one step."""
    import skops.io

    with atomic(folder / ESTIMATOR) as file:
        skops.io.dump(estimator, file)


def load_estimator(model: Classical, folder: Path) -> Any:
    """Read a scikit-learn estimator; only the types its model names are trusted.

    Raises
    ------
    RunError
    """
    import skops.io

    path = folder / ESTIMATOR
    try:
        unknown = set(skops.io.get_untrusted_types(file=path)) - set(model.trusted_types)
        if unknown:
            raise RunError(
                f"{path.name} holds {sorted(unknown)[0]}, which {model.title} does not consist of; the file was not"
                " opened, because it may run foreign code."
            )
        return skops.io.load(path, trusted=list(model.trusted_types))
    except RunError:
        raise
    except Exception as error:  # skops raises whatever a damaged file makes it stumble over
        raise RunError(f"{path.name} is damaged and cannot be read; run the experiment again.") from error


def _require_size(model: Model, path: Path, input_shape: Shape, n_classes: int) -> None:
    """Raise a RunError where a network would have more weights than its file holds, before any of them is allocated."""
    if isinstance(model, Network) and model.listed:
        n_weights = sum(row.parameters for row in model.summary(input_shape, n_classes))
        if 4 * n_weights > path.stat().st_size:
            raise RunError(
                f"{path.name} is too small: {model.title} on {tuple(input_shape)} has {n_weights:,} weights; the recipe"
                " beside it is of another model."
            )


def load(model: Model, folder: Path, input_shape: Shape, n_classes: int, onnx: Path | None = None) -> Fitted:
    """Read a trained model: its recipe builds it, the folder's files give the numbers.

    Parameters
    ----------
    model : Model
    folder : Path
    input_shape : tuple of int
    n_classes : int
    onnx : Path, optional
        The network as an ONNX file, which is opened instead, without TensorFlow.

    Raises
    ------
    RunError
        When there is no trained model in the folder, or it does not fit the recipe.
    """
    name = WEIGHTS if model.family == "network" else ESTIMATOR
    if not (folder / name).is_file():
        raise RunError(f"There is no trained model here: {name} is missing; run the experiment to its end first.")
    temperature = Temperature.load(folder)
    if onnx is not None:
        return Fitted(model, onnx_forward(onnx), tuple(input_shape), n_classes, temperature=temperature)
    if isinstance(model, Classical):
        estimator = load_estimator(model, folder)
        built = model.build(input_shape, n_classes)
        if type(estimator) is not type(built) or estimator.n_features_in_ != int(np.prod(input_shape)):
            raise RunError(
                f"{name} holds a {type(estimator).__name__}, and the recipe asks for a {type(built).__name__} on"
                f" {int(np.prod(input_shape))} values; the recipe beside it is of another model."
            )
        return Fitted(model, estimator, tuple(input_shape), n_classes, epoch=1, temperature=temperature)
    _require_size(model, folder / name, input_shape, n_classes)
    network = model.build(input_shape, n_classes)
    epoch = load_weights(network, folder)
    return Fitted(model, network, tuple(input_shape), n_classes, epoch=epoch, temperature=temperature)
