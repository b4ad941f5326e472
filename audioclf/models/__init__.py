"""Models: one module per model or small family; the folder is the registry."""

from __future__ import annotations

from typing import Any

from audioclf.core.registry import Registry
from audioclf.models import trust
from audioclf.models.base import Model, Shape
from audioclf.models.network import Network

MODELS: Registry[Model] = Registry(Model, "audioclf.models", "model")
"""All models by ``kind``, the default first."""

__all__ = ["MODELS", "Model", "Network", "Shape", "build"]


def build(name: str, input_shape: Shape, n_classes: int, random_state: int = 0, **params: Any) -> Any:
    """Untrained model by name.

    Parameters
    ----------
    name : str
        A ``kind`` in :data:`MODELS`: ``"compact-cnn"``, ``"mlp"``, ``"logreg"`` ...
    input_shape : tuple of int
        Shape of one example, such as ``(rows, frames)``.
    n_classes : int > 1
    random_state : int
        Seed of the initial weights, or of the estimator.
    **params
        The model's parameters, under Keras's and scikit-learn's names.

    Returns
    -------
    keras.Model or sklearn.base.ClassifierMixin

    Raises
    ------
    ParameterError
        For an unknown name, parameter or value, and when the shape cannot go through the model.
    AudioclfError
        When weights it begins with cannot be had.

    Examples
    --------
    >>> audioclf.models.build("cnn", (168, 87, 1), 10).count_params()
    62197898
    """
    model = MODELS[name].from_dict(params)
    with trust.trusting_code(True):  # a builder is named by whoever calls
        built = model.build(tuple(input_shape), n_classes, random_state)
    model.initialise(built)
    return built
