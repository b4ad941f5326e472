"""Networks that begin with layers which never learn: what it gives for an example is computed once."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from audioclf.core.documents import read_json
from audioclf.core.errors import RunError
from audioclf.core.files import write_atomic
from audioclf.models.base import Model
from audioclf.training.forward import Forward, keras_forward

Array = npt.NDArray[np.float32]

REMARKS = "remarks.json"

_GROWTH = 2.0
"""How many times the values of the examples its output may take."""


class Divided:
    """A network as two that share its layers: the frozen beginning, and what learns.

    Where nothing is frozen, or the frozen layers' output would take much more memory than the
    examples, ``learning`` is the whole network and :meth:`ahead` gives examples as they are.

    Parameters
    ----------
    model : Model
    network : keras.Model
        Built from it.
    changing : bool
        Whether the examples change from epoch to epoch, so that nothing can be computed once.

    Attributes
    ----------
    learning : keras.Model
        Takes what :meth:`ahead` gives, ends in the network's probabilities.
    """

    def __init__(self, model: Model, network: Any, *, changing: bool) -> None:
        self.learning = network
        self._frozen: Forward | None = None
        name = model.frozen_until
        if name is None or changing:
            return
        border = network.get_layer(name).output
        if math.prod(border.shape[1:]) > _GROWTH * math.prod(network.input_shape[1:]):
            return
        import keras

        self.learning = keras.Model(border, network.output, name=f"{network.name}_learning")
        self._frozen = keras_forward(keras.Model(network.input, border, name=f"{network.name}_frozen"))

    def ahead(self, x: Array, should_stop: Callable[[], bool] | None = None) -> Array:
        """What the learning layers are given for examples [shape=(n, ...)].

        Raises
        ------
        Stopped
        """
        return x if self._frozen is None else self._frozen(x, should_stop)


def write_remarks(folder: Path, remarks: Sequence[str]) -> None:
    """Keep remarks about a model beside it; no file where there are none."""
    if remarks:
        write_atomic(folder / REMARKS, json.dumps(list(remarks), ensure_ascii=False))


def read_remarks(folder: Path) -> tuple[str, ...]:
    """Remarks about the model in a folder, one sentence each.

    Raises
    ------
    RunError
        Where the file is damaged.
    """
    path = folder / REMARKS
    if not path.is_file():
        return ()
    try:
        return tuple(map(str, read_json(path)))
    except (OSError, ValueError, TypeError) as error:
        raise RunError(f"{path.name} cannot be read ({error}); the run is damaged, so run it again.") from error
