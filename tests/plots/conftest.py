"""Sounds whose pictures are known beforehand."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest

from audioclf.plots import to_png

SR = 22050


@pytest.fixture(scope="session")
def beep() -> np.ndarray:
    """Two seconds of faint noise with a tone of 1 kHz from 1.0 to 1.2 s."""
    t = np.arange(2 * SR) / SR
    y = 1e-3 * np.random.default_rng(0).standard_normal(t.size)
    return (y + 0.5 * np.sin(2 * np.pi * 1000 * t) * ((t >= 1) & (t < 1.2))).astype(np.float32)


@pytest.fixture(scope="session")
def pixels() -> Callable[..., np.ndarray]:
    """Figure (or PNG bytes) as an array [shape=(height, width, 4)], uint8."""
    from PIL import Image

    def read(picture: object) -> np.ndarray:
        data = picture if isinstance(picture, bytes) else to_png(picture, transparent=False)  # type: ignore[arg-type]
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))

    return read
