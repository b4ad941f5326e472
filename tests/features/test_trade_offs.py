"""What a parameter costs and gains, in the numbers of its definition."""

from __future__ import annotations

import numpy as np
import pytest

from audioclf.features import CQT, MFCC, STFT, Mel, Spectrum, views
from audioclf.features.trade_offs import size, trade_offs, warnings

SR = 22050


def test_resolution_in_milliseconds_and_hertz() -> None:
    found = trade_offs(STFT(), SR, 5 * SR)
    assert found["n_fft"].startswith("92.9 ms long, bins 10.8 Hz apart")
    assert found["hop_length"].startswith("A frame every 23.2 ms, about 216 frames, 75% overlap")
    assert "gaps" in trade_offs(STFT(hop_length=4096), SR, 5 * SR)["hop_length"]
    assert trade_offs(Spectrum(), SR, 5 * SR)["n_fft"] == "5 s of sound, bins 0.2 Hz apart."
    assert "Windows 530 ms at the bottom" in trade_offs(CQT(), SR, 5 * SR)["bins_per_octave"]
    assert "13.5 mel bands" in trade_offs(MFCC(), SR, SR)["n_mfcc"]


@pytest.mark.parametrize("kind", list(views()))
def test_every_note_stands_at_a_parameter(kind: str) -> None:
    feature = views()[kind]()
    assert set(trade_offs(feature, SR, SR)) <= set(feature.describe())


def test_shape_and_bytes() -> None:
    assert size(Mel().compute(np.zeros(5 * SR, np.float32), SR).values.shape) == "128 × 216 values, 111 kB"


def test_empty_mel_bands_are_named_and_a_hop_beyond_the_sound_remarked() -> None:
    found = warnings(Mel(n_fft=256), SR, SR)
    assert "counted from 0: 0" in found["n_mels"]
    assert "stay empty" in found["n_mels"]
    assert "single frame" in warnings(Mel(hop_length=8192), SR, 4000)["hop_length"]
    assert not warnings(Mel(), SR, SR)
