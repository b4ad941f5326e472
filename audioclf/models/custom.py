"""Custom: a Keras network that a function of the user's own builds."""

from __future__ import annotations

import importlib
import inspect
import math
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from audioclf.core.errors import ParameterError
from audioclf.core.params import param
from audioclf.models import trust
from audioclf.models.base import Shape, as_picture, check_shape
from audioclf.models.layers import Row
from audioclf.models.network import Network

Builder = Callable[..., Any]

_GIVEN: dict[str, Builder] = {}
"""Functions that were given in this process, or imported with leave, by the name a run's TOML has for them."""


@dataclass(frozen=True)
class Custom(Network):
    """``builder(input_shape, n_classes, **options) -> keras.Model``, from Python and the command line only.

    ``input_shape`` is ``(rows, frames, channels)`` of a picture, ``(n,)`` of a curve; the model ends in the
    softmax probabilities of the classes and is not compiled.

    Examples
    --------
    >>> model = audioclf.models.Custom(builder=my_function, options={"units": 32})
    >>> experiment = audioclf.Experiment(model=model)

    In TOML: ``kind = "custom"``, ``builder = "my_module:my_function"`` and a table ``[model.options]``. The module is
    imported when an experiment of your own is run, so run only files whose code you trust; where a run or a search is
    opened, it is imported only with ``trust_code=True`` (``--trust-code``).
    """

    kind = "custom"
    title = "Your own network"
    order = 90
    batch_normalization = False  # unknown
    listed = False
    explanation = (
        "A Keras network that a function of your own builds, from Python or the command line. "
        "Everything around it stays as it is: splits, features, training, results and explanations."
    )

    builder: str = param("", "The function, as module:function; from Python the function itself can be given.")
    options: Mapping[str, Any] = field(default_factory=dict)
    explained_layer: str = param("", "Name of the layer that Grad-CAM reads; empty leaves Grad-CAM out.")

    def __post_init__(self) -> None:
        given: Any = self.builder
        if callable(given):
            name = f"{given.__module__}:{given.__qualname__}"
            _GIVEN[name] = given
            object.__setattr__(self, "builder", name)
        if not isinstance(self.options, Mapping):
            raise ParameterError(f"options is a table of the builder's arguments, got {self.options!r}.", "options")
        super().__post_init__()

    def to_dict(self) -> dict[str, Any]:
        plain = super().to_dict()
        options = plain.pop("options")
        return {**plain, "options": dict(options)} if options else plain

    def network_shape(self, input_shape: Shape) -> Shape:
        return input_shape if len(input_shape) == 1 else as_picture(input_shape, self.title)

    def build(self, input_shape: Shape, n_classes: int, random_state: int = 0) -> Any:
        """The builder's Keras model, once it is found to fit."""
        check_shape(input_shape, n_classes, self.title)
        build = self._function()
        try:
            inspect.signature(build).bind(input_shape, n_classes, **self.options)
        except TypeError as error:
            raise ParameterError(
                f"{self.builder} is called with the input shape, the number of classes and the options"
                f" {dict(self.options)}, and does not take them: {error}.",
                "options",
            ) from None
        import keras

        shape = self.network_shape(tuple(input_shape))
        # layers without a name of their own are counted from the start, so that weights find their place again
        keras.backend.clear_session(free_memory=False)
        keras.utils.set_random_seed(random_state)
        network = build(shape, n_classes, **self.options)
        if not isinstance(network, keras.Model):
            raise ParameterError(f"{self.builder} must return a keras.Model, got {type(network).__name__}.", "builder")
        made = (tuple(network.input_shape), tuple(network.output_shape))
        if made != ((None, *shape), (None, n_classes)):
            raise ParameterError(
                f"{self.builder} must take examples of shape {shape} and give {n_classes} probabilities, and its"
                f" network goes from {made[0][1:]} to {made[1][1:]}.",
                "builder",
            )
        last = network.layers[-1]
        if not (isinstance(last, keras.layers.Dense) and last.activation is keras.activations.softmax):
            raise ParameterError(
                f"{self.builder} must end in a Dense layer with softmax activation, and its last layer is {last.name}.",
                "builder",
            )
        return network

    def summary(self, input_shape: Shape, n_classes: int) -> list[Row]:
        """Layers as Keras lists them; imports and builds the network."""
        import keras

        return [
            Row(
                layer.name,
                type(layer).__name__,
                tuple(layer.output.shape[1:]),
                sum(math.prod(weight.shape) for weight in layer.trainable_weights),
                sum(math.prod(weight.shape) for weight in layer.non_trainable_weights if "seed" not in weight.path),
            )
            for layer in self.build(input_shape, n_classes).layers
            if not isinstance(layer, keras.layers.InputLayer)
        ]

    def refused_by_app(self, *, shared: bool) -> str:
        return (
            "A network of your own runs code from your computer, which the app does not do; run this experiment from"
            " Python or with: audioclf run FILE.toml."
        )

    @property
    def names_code(self) -> str:
        return "" if self.builder in _GIVEN else self.builder

    @property
    def only_here(self) -> bool:
        """A function of the script itself, or one inside another, has no name for another process."""
        return self.builder.startswith("__main__:") or "<locals>" in self.builder

    @property
    def cam_layer(self) -> str | None:
        """The layer that was named for it."""
        return self.explained_layer or None

    def _function(self) -> Builder:
        """The function itself.

        Raises
        ------
        ParameterError
            When there is none of that name, it may not be imported, or this process works for the web app.
        """
        if trust.is_job():
            trust.require_allowed(self)
        if self.builder in _GIVEN:
            return _GIVEN[self.builder]
        module, _, name = self.builder.partition(":")
        if not module or not name:
            raise ParameterError(
                f"builder names a function as module:function, such as my_networks:small, got {self.builder!r}.",
                "builder",
            )
        trust.require_trusted(self)
        # an installed command does not look where it is started, as python -m does
        if os.getcwd() not in sys.path:
            sys.path.append(os.getcwd())
        try:
            found: Any = importlib.import_module(module)
            for step in name.split("."):
                found = getattr(found, step)
        except (ImportError, AttributeError, ValueError) as error:
            raise ParameterError(
                f"{self.builder} cannot be imported ({error}); put the function at the top of a module that Python"
                " finds, beside where you start it or on PYTHONPATH.",
                "builder",
            ) from error
        if not callable(found):
            raise ParameterError(f"{self.builder} is no function, got {type(found).__name__}.", "builder")
        _GIVEN[self.builder] = found
        return _GIVEN[self.builder]
