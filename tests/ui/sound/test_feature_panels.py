"""Panels carry the values and axes of the feature map they show."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from audioclf import features
from audioclf.features import CQT, FEATURES, STFT, Mel, Waveform
from audioclf.ui.sound import feature_panels

SR = 22050
Tone = Callable[..., npt.NDArray[np.float32]]


def decoded(panel: dict[str, Any]) -> npt.NDArray[np.uint8]:
    """Bytes of a panel's picture, lowest row first."""
    from PIL import Image

    data = base64.b64decode(panel["image"].split(",", 1)[1])
    return np.asarray(Image.open(io.BytesIO(data)))[::-1]


@pytest.mark.parametrize("kind", list(features.views()))
def test_every_feature_has_a_panel(kind: str, tone: Tone) -> None:
    shown = FEATURES[kind]().compute(tone(440.0, 1.0), SR)
    panel = feature_panels.panel(shown, title=kind)
    assert panel["kind"] == ("picture" if shown.is_picture else "curve")
    assert panel["x"]["low"] < panel["x"]["high"]
    assert panel["low"] < panel["high"]


@pytest.mark.parametrize("feature", [STFT(), Mel(), CQT()])
def test_the_brightest_row_stands_at_the_tone(feature: Any, tone: Tone) -> None:
    shown = feature.compute(tone(1000.0, 1.0), SR)
    panel = feature_panels.panel(shown, title="")
    picture = decoded(panel)
    brightest = int(picture.astype(float).mean(axis=1).argmax())
    frequency = np.interp(brightest, panel["y"]["at"], panel["y"]["values"])
    assert frequency == pytest.approx(1000, rel=0.06)


def test_a_grey_level_tells_the_value_within_half_a_step(tone: Tone) -> None:
    shown = Mel().compute(tone(440.0, 1.0), SR)
    panel = feature_panels.panel(shown, title="")
    step = (panel["high"] - panel["low"]) / 255
    read = panel["low"] + decoded(panel).astype(float) * step
    assert np.abs(read - shown.values).max() <= step / 2 + 1e-4


def test_limits_given_are_the_ends_of_the_colours(tone: Tone) -> None:
    shown = Mel().compute(tone(440.0, 1.0), SR)
    picture = decoded(feature_panels.panel(shown, title="", limits=(-40.0, -20.0)))
    assert (picture[shown.values <= -40] == 0).all()
    assert (picture[shown.values >= -20] == 255).all()


def test_time_begins_half_a_frame_before_the_first_and_ends_half_a_frame_after_the_last(tone: Tone) -> None:
    panel = feature_panels.panel(STFT(hop_length=512).compute(tone(440.0, 1.0), SR), title="")
    half = 256 / SR
    n_frames = decoded(panel).shape[1]
    assert panel["x"]["low"] == pytest.approx(-half)
    assert panel["x"]["high"] == pytest.approx((n_frames - 1) * 512 / SR + half)


def test_an_outline_keeps_the_peaks_of_a_long_wave(tone: Tone) -> None:
    y = tone(440.0, 2.0)
    y[31234] = 0.9
    y[12345] = -0.8
    panel = feature_panels.panel(Waveform().compute(y, SR), title="")
    assert max(panel["highs"]) == pytest.approx(0.9, rel=1e-3)
    assert min(panel["lows"]) == pytest.approx(-0.8, rel=1e-3)
    assert panel["high"] == -panel["low"] == pytest.approx(0.9, rel=1e-3)


def test_silence_has_colours_too() -> None:
    panel = feature_panels.panel(Mel(scale="power").compute(np.zeros(SR, np.float32), SR), title="")
    assert panel["low"] < panel["high"]


def test_the_palette_runs_from_black_to_pale_yellow() -> None:
    digits = feature_panels.colours()
    assert len(digits) == 256 * 6
    assert digits[:6] == "000003"
    assert digits[-6:].startswith("fb")
