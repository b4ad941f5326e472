"""Examples made anew for every epoch, ahead of it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from audioclf.audio.io import AudioSettings
from audioclf.augment import AUGMENTATIONS, Copies
from audioclf.core.errors import AudioError, Stopped
from audioclf.datasets import load_dataset
from audioclf.experiments.prefetch import HELPING, Renewal, Samples
from audioclf.features.extraction import load_clip


def numbered(epoch: int, number: int) -> np.ndarray:
    return np.array([epoch, number], np.float32)


@pytest.mark.parametrize("n", [1, HELPING, 2 * HELPING + 3])
def test_every_epoch_in_order(n: int) -> None:
    renewal = Renewal(numbered, n, 3)
    try:
        for epoch in range(3):
            np.testing.assert_array_equal(renewal(epoch), [[epoch, number] for number in range(n)])
    finally:
        renewal.close()


def test_the_next_epoch_is_made_ahead_and_none_beyond() -> None:
    made: list[int] = []
    ready = threading.Event()

    def make(epoch: int, number: int) -> np.ndarray:
        made.append(epoch)
        if epoch == 1:
            ready.set()
        return numbered(epoch, number)

    renewal = Renewal(make, 4, 2)
    renewal(0)
    assert ready.wait(600)
    renewal(1)
    renewal.close()
    assert sorted(made) == [0] * 4 + [1] * 4


def test_a_later_epoch_can_be_the_first() -> None:
    renewal = Renewal(numbered, 5, 10)
    assert renewal(7)[0, 0] == 7
    assert renewal(3)[0, 0] == 3
    renewal.close()


def test_an_error_of_one_example_reaches_the_training() -> None:
    def make(epoch: int, number: int) -> np.ndarray:
        raise AudioError("gone.wav cannot be read; put it back.")

    renewal = Renewal(make, 5, 2)
    with pytest.raises(AudioError, match="gone"):
        renewal(0)
    renewal.close()


def test_closed_it_ends_its_threads() -> None:
    before = threading.active_count()
    renewal = Renewal(lambda epoch, number: (time.sleep(0.001), numbered(epoch, number))[1], 500, 5, n_jobs=2)
    renewal(0)
    renewal.close()
    assert threading.active_count() == before
    with pytest.raises(Stopped):
        renewal(1)


def test_a_stop_is_heard_while_an_epoch_is_waited_for() -> None:
    holding = threading.Event()

    def make(epoch: int, number: int) -> np.ndarray:
        holding.wait(60)
        return numbered(epoch, number)

    def should_stop() -> bool:
        # asked only while there is nothing to give yet
        threading.Timer(0.2, holding.set).start()
        return True

    renewal = Renewal(make, 3 * HELPING, 2, n_jobs=1)
    with pytest.raises(Stopped, match="go on"):
        renewal(0, should_stop)
    renewal.close()


def test_samples_are_those_of_the_clip_changed_and_padded(class_folders: Path) -> None:
    audio = AudioSettings(sr=8000, duration=0.5)
    clip = load_dataset(class_folders).clips[0]
    (change,) = Copies(number=1).changes((AUGMENTATIONS["gaussian-noise"](),), 0)
    samples = Samples(audio)
    expected = load_clip(clip, audio, change=change)
    assert expected.size == 4000
    for _ in range(2):
        np.testing.assert_array_equal(samples.changed(clip, change), expected)
