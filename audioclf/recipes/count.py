"""Parameter count of a recipe's network, without building it."""

from __future__ import annotations

from audioclf.models import Network
from audioclf.recipes import Recipe


def count_parameters(recipe: Recipe) -> int | None:
    """Parameters of one network of the recipe on its own data; None for a model that has none before it is fitted.

    The number of classes and the clip length are those of the published data (``reference.classes``,
    ``audio.duration``).
    """
    model = recipe.experiment.model
    if not isinstance(model, Network):
        return None
    return model.count_parameters(recipe.input_shape, int(recipe.reference.get("classes", 10)))[0]
