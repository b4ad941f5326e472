"""The compact CNN to 0.93 against reference A's CNN to its end, both trained here."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from audioclf import recipes
from audioclf.augment import on_batches
from audioclf.datasets import load_dataset
from audioclf.features.extraction import extract
from audioclf.training import Epoch, fit


@pytest.mark.slow
def test_compact_cnn_reaches_the_published_figure_20_times_sooner(
    tmp_path: Path, measured: Callable[[str], None]
) -> None:
    dataset = load_dataset("instruments")
    labels = np.asarray(dataset.labels)
    compact = recipes.get("instruments-best").experiment.with_settings(
        {"training.epochs": 10, "split.validation_size": 0.0}
    )
    (split,) = compact.split.splits(dataset)
    train, test = list(split.train), list(split.test)

    started = time.perf_counter()
    x = extract(dataset.clips, compact.features[0], compact.audio)
    fitted = fit(
        compact.model,
        x[train],
        labels[train],
        None,
        None,
        10,
        compact.training,
        folder=tmp_path / "compact",
        on_epoch=lambda epoch: None,
        augment=on_batches(compact.augmentations),
    )
    ours = time.perf_counter() - started
    accuracy = float((fitted.predict(x[test]) == labels[test]).mean())

    # two epochs of the published network; the second, free of compilation, stands for all twenty
    published = recipes.get("instruments-cqt-cnn").experiment.with_settings({"training.epochs": 2})
    rng = np.random.default_rng(0)
    pictures = rng.normal(size=(320, 168, 87)).astype(np.float32)  # time does not depend on the values
    epochs: list[Epoch] = []
    fit(
        published.model,
        pictures,
        rng.integers(0, 10, 320),
        None,
        None,
        10,
        published.training,
        folder=tmp_path / "published",
        on_epoch=epochs.append,
    )
    theirs = 20 * epochs[1].seconds
    measured(f"{os.cpu_count()} cores: {ours:.1f} s to {accuracy:.2f} with features; published {theirs:.0f} s")
    assert accuracy >= 0.93
    assert theirs / ours >= 20
