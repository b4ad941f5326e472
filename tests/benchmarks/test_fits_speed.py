"""Training against plain Keras in the same run: reference B's networks, one after the other and two at a time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from audioclf.core import limits

# Keras's own layers and loop on the same network; an epoch's seconds hold no compilation but the first's.
PLAIN = """
import os, sys, time
began = time.perf_counter()
os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
import json, tempfile
from pathlib import Path
import numpy as np
import keras
from audioclf.models import MODELS

def pictures(n):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, 40, 40, 1)).astype(np.float32), np.arange(n) % 10

def as_keras_has_it(layer):
    if isinstance(layer, keras.layers.BatchNormalization):
        return keras.layers.BatchNormalization.from_config(layer.get_config())
    return type(layer).from_config(layer.get_config())

class Clock(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seconds = []
    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.perf_counter()
    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.began)

def plain(kind):
    network = keras.models.clone_model(MODELS[kind]().build((40, 40), 10), clone_function=as_keras_has_it)
    network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return network
"""

THEIRS = (
    PLAIN
    + """
x, y = pictures(320)
xv, yv = pictures(80)
out = {"start": time.perf_counter() - began, "fits": []}
for _ in range(2):
    began, clock = time.perf_counter(), Clock()
    best = tempfile.mkdtemp() + "/best.weights.h5"
    kept = keras.callbacks.ModelCheckpoint(best, save_best_only=True, save_weights_only=True)
    plain("resnet").fit(x, y, batch_size=32, epochs=4, verbose=0, validation_data=(xv, yv), callbacks=[clock, kept])
    out["fits"].append([time.perf_counter() - began, *clock.seconds[1:]])
print(json.dumps(out))
"""
)

OURS = """
import os, sys, time
began = time.perf_counter()
os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
import json, tempfile
from pathlib import Path
import numpy as np
from audioclf.core import limits
from audioclf.models import MODELS
from audioclf.training import Training, fit
limits.one_thread()

def pictures(n):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, 40, 40)).astype(np.float32), np.arange(n) % 10

x, y = pictures(320)
xv, yv = pictures(80)
out = {"start": time.perf_counter() - began, "fits": []}
for _ in range(2):
    began, epochs = time.perf_counter(), []
    training = Training(epochs=4, batch_size=32)
    fit(MODELS["resnet"](), x, y, xv, yv, 10, training, folder=Path(tempfile.mkdtemp()), on_epoch=epochs.append)
    out["fits"].append([time.perf_counter() - began, *(row.seconds for row in epochs[1:])])
    out["input"] = epochs[-1].input_share
print(json.dumps(out))
"""

INTERLEAVED = (
    PLAIN
    + """
from audioclf.training import Training, fit
kind, batch_size = sys.argv[1], int(sys.argv[2])
x, y = pictures(512)
network, ours, theirs, shares = plain(kind), [], [], []
since = time.process_time()

def one_epoch_of_each(row):  # in turns, and in processor time over all threads, which neighbours hardly change
    global since
    ours.append(time.process_time() - since)
    shares.append(row.input_share)
    since = time.process_time()
    network.fit(x, y, batch_size=batch_size, verbose=0)
    theirs.append(time.process_time() - since)
    since = time.process_time()

training = Training(epochs=6, batch_size=batch_size)
fit(MODELS[kind](), x[..., 0], y, None, None, 10, training, folder=Path(tempfile.mkdtemp()), on_epoch=one_epoch_of_each)
print(json.dumps({"ours": min(ours), "theirs": min(theirs), "input": min(shares)}))
"""
)


def processes(program: str, number: int, *arguments: object) -> list[dict[str, Any]]:
    """Run a program in so many processes at a time; what each printed last."""
    command = [sys.executable, "-W", "ignore", "-c", program, *map(str, arguments)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(number)]
    found = []
    for process in started:
        out, error = process.communicate()
        assert process.returncode == 0, error.decode()[-3000:]
        found.append(json.loads(out.splitlines()[-1]))
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "batch_size"), [("compact-cnn", 16), ("resnet", 32)])
def test_as_many_samples_per_second_as_plain_keras(kind: str, batch_size: int, measured: Callable[[str], None]) -> None:
    (found,) = processes(INTERLEAVED, 1, kind, batch_size)
    measured(f"{kind}: { ({name: round(value, 4) for name, value in found.items()}) }")
    assert found["ours"] < found["theirs"]
    assert found["input"] < 0.05


@pytest.mark.slow
def test_ten_networks_of_reference_b_in_half_the_time_of_plain_keras(measured: Callable[[str], None]) -> None:
    """Five folds x two features x 50 epochs: start, first steps and epochs measured, the rest counted up."""
    if limits.cores() < 2:
        pytest.skip("two models at a time need two processors")
    ours = processes(OURS, 2)
    (theirs,) = processes(THEIRS, 1)

    def whole(found: dict[str, Any], models: int) -> float:
        epoch = min(min(epochs) for _, *epochs in found["fits"])
        begin = max(0.0, min(whole - sum(epochs) for whole, *epochs in found["fits"]) - epoch)
        scale = 1280 / 320  # the training clips of a fold
        return float(found["start"] + models * (begin + 50 * scale * epoch))

    our_time, their_time = max(whole(found, 5) for found in ours), whole(theirs, 10)
    measured(f"ours {our_time:.0f} s, plain Keras {their_time:.0f} s; {ours} {theirs}")
    assert their_time / our_time > 2
