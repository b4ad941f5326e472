"""Model: a described, validated recipe for a classifier, and the registry's base."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError
from audioclf.core.params import Parameters

Array = npt.NDArray[np.float32]
Shape = tuple[int, ...]


class Model(Parameters):
    """Base of the models. A subclass is a frozen dataclass with a ``kind`` and a ``build``.

    Class attributes
    ----------------
    family : str
        ``"network"`` (Keras: epochs, curves, Grad-CAM) or ``"classical"`` (scikit-learn: fitted at once).
    explanation : str
        Two or three sentences for a learner.
    order : int
        Place in lists.
    version : int
        Counted up when the same parameters come to make another model: weights of the old one are then refused.
    listed : bool
        Whether forms offer it.
    feature : str
        Kind of the one feature that it takes, neither scaled nor coloured; empty where it takes any.
    costly : bool
        Whether an answer takes so long that no explanation by hundreds of them is made unasked.
    """

    family: ClassVar[str] = ""
    version: ClassVar[int] = 1
    listed: ClassVar[bool] = True
    feature: ClassVar[str] = ""
    costly: ClassVar[bool] = False
    explanation: ClassVar[str] = ""
    order: ClassVar[int] = 100

    def build(self, input_shape: Shape, n_classes: int, random_state: int = 0) -> Any:
        """Untrained model.

        Parameters
        ----------
        input_shape : tuple of int
            Shape of one example: ``(n_rows, n_frames)`` or ``(n_rows, n_frames, n_channels)`` of a
            picture, ``(n,)`` of a curve. Networks of pictures add the channel axis themselves;
            classical models and MLPs flatten.
        n_classes : int > 1
        random_state : int

        Returns
        -------
        keras.Model or sklearn.base.ClassifierMixin
            A network ends in softmax probabilities and is not compiled.

        Raises
        ------
        ParameterError
            When the shape cannot go through the model.
        """
        raise NotImplementedError

    def obtain(self) -> None:
        """Have at hand what the model begins with, such as weights learned elsewhere; before any work is done.

        Raises
        ------
        AudioclfError
            When it cannot be had and the model does not say to go on without.
        """

    def initialise(self, built: Any) -> tuple[str, ...]:
        """Fill a built, untrained model with what it begins with.

        Returns
        -------
        tuple of str
            Remarks to show beside every result of this model, one sentence each.

        Raises
        ------
        AudioclfError
            When it cannot be had and the model does not say to go on without.
        """
        return ()

    def refused_by_app(self, *, shared: bool) -> str:
        """Sentence why the web app does not train this model; empty where it does.

        Parameters
        ----------
        shared : bool
            Whether people who do not know each other use the server.
        """
        return ""

    @property
    def names_code(self) -> str:
        """Code that building the model would import, as module:function; empty where there is none."""
        return ""

    @property
    def only_here(self) -> bool:
        """Whether no other process can build it."""
        return False

    @property
    def frozen_until(self) -> str | None:
        """Name of the last layer of the part that never learns and has no chance in it; None where all learn.

        What it gives for an example is computed once, and not in every epoch.
        """
        return None

    def require_examples(self, n_train: int) -> None:
        """Raise a ParameterError where so few training examples will not do; most models take any number."""

    def require_files(self) -> None:
        """Raise a ParameterError where a file that the model needs is not there; most need none."""

    def advice(self, n_rarest: int) -> tuple[str, ...]:
        """What works but deserves a word, one sentence each.

        Parameters
        ----------
        n_rarest : int
            Training clips of the smallest class.
        """
        return ()

    @property
    def cam_layer(self) -> str | None:
        """Name of the layer whose output Grad-CAM reads, or None where the model has no such layer."""
        return None

    def unfold(self, heat: Array, shape: tuple[int, int]) -> Array:
        """A layer's map as it lies on an example; most lie there as they are.

        Parameters
        ----------
        heat : np.ndarray [shape=(rows, frames)]
            Values of the layer's maps.
        shape : (int, int)
            Rows and frames of the example.

        Returns
        -------
        np.ndarray [shape=(any rows, any frames)]
            To be stretched over the example.
        """
        return heat


def check_shape(input_shape: Shape, n_classes: int, title: str) -> None:
    """Raise unless the shape and number of classes make sense for any model."""
    if not input_shape or any(size < 1 for size in input_shape) or len(input_shape) > 3:
        raise ParameterError(f"{title} needs an input shape such as (rows, frames), got {input_shape}.", "input_shape")
    if n_classes < 2:
        raise ParameterError(f"{title} needs at least two classes, got {n_classes}.", "n_classes")


def as_picture(input_shape: Shape, title: str) -> tuple[int, int, int]:
    """Shape of a picture with its channel axis; a curve is not one.

    Raises
    ------
    ParameterError
    """
    if len(input_shape) == 2:
        return (*input_shape, 1)
    if len(input_shape) == 3:
        return input_shape
    raise ParameterError(
        f"{title} looks at pictures (STFT, CQT, mel, MFCC), and got a curve of {math.prod(input_shape)} values;"
        " choose such a feature, or a model that takes curves (MLP, logistic regression, SVM, tree).",
        "model",
    )
