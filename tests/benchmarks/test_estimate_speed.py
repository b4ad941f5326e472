"""What a training is said to take against what it takes, in the processor's own seconds: load does not count."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audioclf.audio.io import AudioSettings
from audioclf.core.limits import cores
from audioclf.experiments.estimate import feature_seconds, fit_seconds
from audioclf.features import Mel
from audioclf.models import MODELS

FACTOR_OF_STEPS, FACTOR_OF_FITS = 2.0, 3.0
"""The estimate is right when it lies within this factor of the measured time."""

# Two threads wait for each other with their cores busy, which is no work: one core, before TensorFlow counts them.
STEPS = """
import os, sys
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
import json, time
from pathlib import Path
import numpy as np
from audioclf.experiments.estimate import slowness, step_seconds
from audioclf.models import MODELS
from audioclf.training import Training, fit

CASES = {
    "compact-cnn": ({}, (64, 87), 16),
    "mlp": ({}, (84, 87), 16),
    "cnn": ({"filters": (16, 32), "units": (128,)}, (64, 64), 32),
    "resnet": ({}, (64, 64), 16),
}
N = 8
found = {}
for kind, (params, shape, batch_size) in CASES.items():
    model = MODELS[kind](**params)
    x = np.random.default_rng(0).random((N * batch_size, *shape), np.float32)
    batches = []
    fit(
        model,
        x,
        np.arange(len(x)) % 10,
        None,
        None,
        10,
        Training(epochs=4, batch_size=batch_size, keep="last"),
        folder=Path(sys.argv[1]) / kind,
        on_epoch=lambda epoch: None,
        on_batch=lambda share: batches.append(time.process_time()),
    )
    # within an epoch only: between two epochs a checkpoint is written
    steps = np.diff(np.reshape(batches, (4, N)), axis=1)[1:]
    slowness.cache_clear()  # a shared machine may be twice as slow as a moment ago
    said = slowness() * step_seconds(model.summary(shape, 10), shape, batch_size)
    found[kind] = said, float(np.median(steps))
print(json.dumps(found))
"""


@pytest.mark.slow
def test_a_step_takes_what_is_said(tmp_path: Path, measured: Callable[[str], None]) -> None:
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system keeps no process to one core")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", STEPS, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, tuple[float, float]] = json.loads(done.stdout.splitlines()[-1])
    assert len(found) == 4
    for kind, (said, took) in found.items():
        measured(f"{kind}: said {said * 1e3:.1f} ms, took {took * 1e3:.1f} ms of a core per step")
    for kind, (said, took) in found.items():
        assert 1 / FACTOR_OF_STEPS < said / took < FACTOR_OF_STEPS, kind


def test_a_longer_clip_takes_longer(measured: Callable[[str], None]) -> None:
    short, long = (min(feature_seconds.__wrapped__(Mel(), AudioSettings(), s) for _ in range(5)) for s in (3.0, 60.0))
    measured(f"a mel spectrogram of 3 s: {1e3 * short:.1f} ms, of 60 s: {1e3 * long:.1f} ms")
    assert long > short


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in MODELS if MODELS[kind].family == "classical"])
def test_a_fit_takes_what_is_said(kind: str, measured: Callable[[str], None]) -> None:
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
    measured(f"{kind}: said {low:.3f} to {high:.3f} s, took {took:.3f} s of a core")
    assert low / FACTOR_OF_FITS < took < FACTOR_OF_FITS * high
