"""YAMNet's front end against TensorFlow's signal functions, which its publisher uses."""

from __future__ import annotations

import numpy as np
import pytest

from audioclf.embeddings import log_mel


@pytest.fixture
def noise() -> np.ndarray:
    envelope = np.linspace(0, 1, 30000) ** 3  # down to silence
    return (envelope * np.random.default_rng(0).uniform(-1, 1, 30000)).astype(np.float32)


def test_log_mel_is_the_publishers(noise: np.ndarray) -> None:
    import tensorflow as tf

    magnitude = tf.abs(tf.signal.stft(noise, frame_length=400, frame_step=160, fft_length=512))
    weights = tf.signal.linear_to_mel_weight_matrix(64, 257, 16000, 125.0, 7500.0)
    expected = tf.math.log(tf.matmul(magnitude, weights) + 0.001).numpy()
    # TensorFlow computes the weights in float32
    np.testing.assert_allclose(log_mel.mel_weights(), weights.numpy(), atol=2e-5)
    np.testing.assert_allclose(log_mel.log_mel(noise), expected, atol=2e-4)


def test_bands_lie_where_librosas_do() -> None:
    import librosa

    slopes_in_hz = librosa.filters.mel(sr=16000, n_fft=512, n_mels=64, fmin=125, fmax=7500, htk=True, norm=None).T
    np.testing.assert_allclose(log_mel.mel_weights(), slopes_in_hz, atol=0.005)


@pytest.mark.parametrize(
    ("n", "expected"), [(1, 1), (15599, 1), (15600, 1), (15601, 2), (23280, 2), (23281, 3), (48000, 6), (80000, 10)]
)
def test_every_sample_is_in_a_patch_as_the_publisher_pads(n: int, expected: int) -> None:
    assert log_mel.n_patches(n) == expected
    assert log_mel.patches(np.ones(n, np.float32)).shape == (expected, 96, 64)


def test_patches_overlap_by_half_and_silence_follows(noise: np.ndarray) -> None:
    found = log_mel.patches(noise)
    np.testing.assert_array_equal(found[0, 48:], found[1, :48])
    np.testing.assert_array_equal(found[-1, -1], np.full(64, np.log(log_mel.OFFSET)))


def test_long_sounds_are_computed_in_blocks(monkeypatch: pytest.MonkeyPatch, noise: np.ndarray) -> None:
    whole = log_mel.log_mel(noise)
    monkeypatch.setattr(log_mel, "_BLOCK", 50)
    np.testing.assert_allclose(log_mel.log_mel(noise), whole, atol=1e-5)
