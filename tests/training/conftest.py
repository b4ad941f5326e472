"""Small separable data and small models that train in a second."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audioclf.models import MODELS, Model
from audioclf.training import Epoch, Fitted, Training, fit

SHAPE = (12, 10)


@pytest.fixture(scope="session")
def data() -> tuple[Any, Any, Any, Any]:
    """48 training and 24 validation pictures of three classes, each with a bright row of its own."""
    rng = np.random.default_rng(0)
    y = np.arange(72) % 3
    x = rng.normal(size=(72, *SHAPE)).astype(np.float32)
    x[np.arange(72), 4 * y] += 1.5
    return x[:48], y[:48], x[48:], y[48:]


@pytest.fixture(scope="session")
def small_cnn() -> Model:
    return MODELS["compact-cnn"].from_dict({"filters": [6, 8], "dropout": 0.2})


@pytest.fixture(scope="session")
def train(data: Any) -> Callable[..., tuple[Fitted, list[Epoch]]]:
    """``train(model, folder, training, **options)``: fit on the small data, returns the model and its epochs."""

    def call(model: Model, folder: Path, training: Training, **options: Any) -> tuple[Fitted, list[Epoch]]:
        reported: list[Epoch] = []
        parts = options.pop("data", data)
        return fit(model, *parts, 3, training, folder=folder, on_epoch=reported.append, **options), reported

    return call
