"""Sounds the features are tried on, and librosa without its warnings."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SR = 22050


def _sound(n: int = 2 * SR, sr: int = SR, seed: int = 0) -> np.ndarray:
    """Chord that fades, a click, noise and a stretch of digital silence."""
    rng = np.random.default_rng(seed)
    t = np.arange(n) / sr
    y = sum(np.sin(2 * np.pi * f * t) for f in (65.4, 440.0, 1244.5)) * np.exp(-t)
    y = 0.1 * y + 0.01 * rng.standard_normal(n)
    y[n // 3] += 0.5
    y[n // 2 : n // 2 + n // 10] = 0
    return y.astype(np.float32)


@pytest.fixture(scope="session")
def sound() -> Callable[..., np.ndarray]:
    """``sound(n=44100, sr=22050, seed=0)``: samples with tones, a click, noise and silence."""
    return _sound


@pytest.fixture(scope="session")
def rooster(esc10: Path) -> tuple[np.ndarray, int]:
    """A real recording: a rooster, 5 s at 44.1 kHz."""
    import soundfile as sf

    y, sr = sf.read(sorted((esc10 / "009 - Rooster").glob("*.ogg"))[0], dtype="float32", always_2d=True)
    return y.mean(axis=1), sr


@pytest.fixture(scope="session")
def quietly() -> Callable[..., Any]:
    """Call librosa and drop the warnings it gives about short sounds and empty bands."""

    def call(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*args, **kwargs)

    return call
