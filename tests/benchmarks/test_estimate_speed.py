"""What a training is said to take against what it takes, in the processor's own seconds: load does not count."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audioclf.estimate import fit_seconds, slowness, step_seconds
from audioclf.limits import cores
from audioclf.models import MODELS
from audioclf.training import Training, fit

FACTOR = 3.0
"""The estimate is right when it lies within this factor of the measured time."""
STEPS = 8

CASES: list[tuple[str, dict[str, Any], tuple[int, int], int]] = [
    ("compact-cnn", {}, (64, 87), 16),
    ("mlp", {}, (84, 87), 16),
    ("cnn", {"filters": (16, 32), "units": (128,)}, (64, 64), 32),
    ("resnet", {}, (64, 64), 16),
]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "params", "shape", "batch_size"), CASES, ids=[case[0] for case in CASES])
def test_a_step_takes_what_is_said(
    kind: str,
    params: dict[str, Any],
    shape: tuple[int, int],
    batch_size: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model: Any = MODELS[kind](**params)
    rng = np.random.default_rng(0)
    x = rng.random((STEPS * batch_size, *shape), np.float32)
    batches: list[float] = []
    fit(
        model,
        x,
        np.arange(len(x)) % 10,
        None,
        None,
        10,
        Training(epochs=4, batch_size=batch_size, keep="last"),
        folder=tmp_path,
        on_epoch=lambda epoch: None,
        on_batch=lambda share: batches.append(time.process_time()),
    )
    # within an epoch only: between two epochs a checkpoint is written
    steps = np.diff(np.reshape(batches, (4, STEPS)), axis=1)[1:]
    slowness.cache_clear()  # a shared machine may be twice as slow as when another test asked
    said, took = slowness() * step_seconds(model.summary(shape, 10), shape, batch_size), float(np.median(steps))
    with capsys.disabled():
        print(f"\n{kind}: said {said * 1e3:.1f} ms, took {took * 1e3:.1f} ms of a core per step")
    assert 1 / FACTOR < said / took < FACTOR


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in MODELS if MODELS[kind].family == "classical"])
def test_a_fit_takes_what_is_said(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    model: Any = MODELS[kind]()
    rng = np.random.default_rng(0)
    y = np.arange(300) % 6
    x = (0.3 * rng.standard_normal((6, 800))[y] + rng.standard_normal((300, 800))).astype(np.float32)
    estimator = model.build((800,), 6)
    began = time.process_time()
    estimator.fit(x, y)
    took = time.process_time() - began
    low, high = fit_seconds(model, 300, 800, 6)  # type: ignore[misc]
    if model.on_all_cores:  # what was said is the wall clock's
        low, high = low * cores(), high * cores()
    with capsys.disabled():
        print(f"\n{kind}: said {low:.3f} to {high:.3f} s, took {took:.3f} s of a core")
    assert low / FACTOR < took < FACTOR * high
