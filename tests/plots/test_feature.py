"""Figures of feature maps: right size, right axes, right colours, no warning, whatever they are given."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from audioclf.core.errors import ParameterError
from audioclf.features import CQT, FEATURES, MFCC, STFT, Mel, Spectrum, Waveform, views
from audioclf.plots import Look, feature_figure, overlay_figure, to_png, to_svg
from audioclf.plots.screen import to_scale

SR = 22050
Pixels = Callable[..., np.ndarray]
every_feature = pytest.mark.parametrize("kind", list(views()))


def axis_labels(figure: Any) -> list[tuple[str, str]]:
    """Names of x and y of every plot; of a colour bar, the name written along it."""
    along = [("", text.get_text()) for text in figure.texts if text.get_rotation() == 90]
    return [(axes.get_xlabel(), axes.get_ylabel()) for axes in figure.axes] + along


@pytest.mark.parametrize(("kind", "theme"), list(zip(views(), itertools.cycle(["light", "dark"]), strict=False)))
def test_every_feature_is_drawn_in_the_size_and_colours_asked_for(
    kind: str, theme: str, beep: np.ndarray, pixels: Pixels
) -> None:
    look = Look(theme=theme, width=640, height=300, dpi=80)
    shown = FEATURES[kind]().compute(beep, SR)
    figure = feature_figure(shown, title="Beep", look=look)
    picture = pixels(figure)
    assert picture.shape == (300, 640, 4)
    page = {"light": (255, 255, 255, 255), "dark": (18, 13, 27, 255)}[theme]
    assert tuple(picture[0, 0]) == page
    assert pixels(to_png(figure))[0, 0, 3] == 0
    assert figure.axes[0].get_title(loc="left") == "Beep"
    assert figure.axes[0].xaxis.label.get_color() == {"light": "#221a2c", "dark": "#f1ecf6"}[theme]


@every_feature
@pytest.mark.parametrize("n", [1, 600, 44100])
def test_silence_and_very_short_sounds_are_drawn(kind: str, n: int, pixels: Pixels) -> None:
    feature = FEATURES[kind]()
    n = max(n, 64) if kind == "cqt" else n
    look = Look(width=400, height=200)
    for y, scale in ((np.zeros(n), "log"), (np.random.default_rng(0).standard_normal(n), None)):
        assert pixels(feature_figure(feature.compute(y, SR), scale=scale, look=look)).shape == (200, 400, 4)


@pytest.mark.parametrize(
    ("feature", "message"),
    [
        (Waveform(), [("Time (s)", "Amplitude")]),
        (Spectrum(), [("Frequency (Hz)", "Magnitude")]),
        (Spectrum(scale="db"), [("Frequency (Hz)", "Level (dB)")]),
        (STFT(), [("Time (s)", "Frequency (Hz)")]),
        (STFT(scale="magnitude"), [("Time (s)", "Frequency (Hz)"), ("", "Magnitude")]),
        (CQT(), [("Time (s)", "Note (C4 = 262 Hz)")]),
        (Mel(), [("Time (s)", "Frequency (Hz)")]),
        (MFCC(), [("Time (s)", "Coefficient"), ("", "Value")]),
        (MFCC(summary="mean"), [("Coefficient", "Value")]),
    ],
)
def test_axes_say_what_they_are(feature: Mel, message: list[tuple[str, str]], beep: np.ndarray) -> None:
    assert axis_labels(feature_figure(feature.compute(beep, SR))) == message


def test_levels_have_a_bar_in_decibels(beep: np.ndarray) -> None:
    figure = feature_figure(Mel().compute(beep, SR))
    to_png(figure)
    texts = {text.get_text(): text.get_position()[1] for text in figure.texts}
    box = figure.axes[0].get_position()
    assert texts["+0 dB"] == pytest.approx(box.y1)
    assert texts["\N{MINUS SIGN}80 dB"] == pytest.approx(box.y0)


@pytest.mark.parametrize("feature", [STFT(), Mel(), CQT()])
@pytest.mark.parametrize("scale", ["linear", "log", "mel"])
def test_a_tone_shows_where_the_axes_say(
    feature: Mel | STFT | CQT, scale: str, beep: np.ndarray, pixels: Pixels
) -> None:
    figure = feature_figure(feature.compute(beep, SR), scale=scale, look=Look(width=1200, height=700))
    picture = pixels(figure)[..., :3].astype(int).sum(axis=2)
    axes = figure.axes[0]
    box = axes.get_window_extent()
    x0, x1 = axes.transData.transform([(1.02, 0), (1.18, 0)])[:, 0].round().astype(int)
    top = picture.shape[0]
    inside = picture[int(top - box.y1) + 3 : int(top - box.y0) - 3, int(box.x0) + 3 : int(box.x1) - 3]
    lit = np.argwhere(inside > 0.97 * inside.max()) + np.array([int(top - box.y1) + 3, int(box.x0) + 3])
    assert x0 - 20 < np.median(lit[:, 1]) < x1 + 20
    middle = axes.transData.inverted().transform((0, top - np.median(lit[:, 0])))[1]
    tolerance = 0.1 if scale == "log" else (1.5 if scale == "mel" else 90)
    assert middle == pytest.approx(float(to_scale(1000.0, scale)), abs=tolerance)


def test_ticks_stand_at_their_frequencies(beep: np.ndarray) -> None:
    axes = feature_figure(Mel().compute(beep, SR)).axes[0]
    found = dict(zip([t.get_text() for t in axes.get_yticklabels()], axes.get_yticks(), strict=True))
    assert found["1k"] == pytest.approx(15.0)
    notes = feature_figure(CQT().compute(beep, SR)).axes[0]
    found = dict(zip([t.get_text() for t in notes.get_yticklabels()], notes.get_yticks(), strict=True))
    assert 2 ** found["C4"] == pytest.approx(261.6, abs=0.1)
    plain = feature_figure(CQT().compute(beep, SR), notes=False).axes[0]
    assert "1k" in [t.get_text() for t in plain.get_yticklabels()]


def test_silence_is_dark(pixels: Pixels) -> None:
    figure = feature_figure(Mel().compute(np.zeros(SR), SR))
    box = figure.axes[0].get_window_extent()
    inside = pixels(figure)[int(360 - box.y1) + 3 : int(360 - box.y0) - 3, int(box.x0) + 3 : int(box.x1) - 3]
    assert inside[..., :3].max() < 10


def test_limits_and_colour_map_are_taken(beep: np.ndarray) -> None:
    figure = feature_figure(Mel().compute(beep, SR), limits=(-40, -10), colours="viridis")
    (image,) = figure.axes[0].images
    assert image.get_clim() == (-40, -10)
    assert image.get_cmap().name == "viridis"


@pytest.mark.parametrize(
    "name", ["$x^{", "\N{HANGUL SYLLABLE HAN}\N{ROOSTER}.wav", "a\nb\tc", "<b>" * 60, "\\frac", ""]
)
def test_any_name_can_be_a_title(name: str, beep: np.ndarray) -> None:
    figure = feature_figure(Waveform().compute(beep, SR), title=name)
    assert to_png(figure)
    assert to_svg(figure)
    title = figure.axes[0].get_title(loc="left")
    assert "\n" not in title
    assert len(title) <= 90


def test_heat_lies_where_it_belongs(beep: np.ndarray, pixels: Pixels) -> None:
    shown = Mel().compute(beep, SR)
    heat = np.zeros_like(shown.values)
    heat[30:60, 20:40] = 1
    figure = overlay_figure(shown, heat, title="Evidence")
    picture = pixels(figure).astype(int)
    axes = figure.axes[0]
    times, frequencies = shown.axes[1].values, shown.axes[0].values

    def colour(frame: int, row: int) -> int:
        x, y = axes.transData.transform((times[frame], float(to_scale(frequencies[row], "mel"))))
        red, _, blue, _ = picture[round(360 - y), round(x)]
        return int(red - blue)

    assert colour(30, 45) > 30
    assert colour(60, 45) == 0
    assert colour(30, 100) == 0
    assert axis_labels(figure) == [("Time (s)", "Frequency (Hz)"), ("", "Evidence")]
    # and its bar runs from black to the brightest
    right = axes.get_position().x1 * picture.shape[1]
    bar = picture[:, round(right + 19), :3].sum(axis=1)
    assert bar[60] > 300 > 100 > bar[260]


def test_heat_over_a_curve_and_of_zeros_is_drawn(beep: np.ndarray) -> None:
    wave = Waveform().compute(beep, SR)
    assert to_png(overlay_figure(wave, np.linspace(0, 1, beep.size)))
    mel = Mel().compute(beep, SR)
    assert to_png(overlay_figure(mel, np.zeros_like(mel.values)))


def test_what_cannot_be_drawn_is_refused(beep: np.ndarray) -> None:
    shown = Mel().compute(beep, SR)
    with pytest.raises(ParameterError, match=r"\(128, 87\), got \(4, 4\)"):
        overlay_figure(shown, np.zeros((4, 4)))
    with pytest.raises(ParameterError, match="did you mean 'light'"):
        feature_figure(shown, look=Look(theme="ligth"))
    with pytest.raises(ParameterError, match="width must be"):
        feature_figure(shown, look=Look(width=10**6))


def test_drawing_never_loads_pyplot() -> None:
    program = """
import sys, numpy as np
import audioclf.plots as plots
assert "matplotlib" not in sys.modules and "altair" not in sys.modules
from audioclf.features import Mel
shown = Mel().compute(np.ones(5000), 22050)
plots.to_png(plots.feature_figure(shown)), plots.to_svg(plots.grid_figure([[shown]]))
plots.to_png(plots.overlay_figure(shown, np.zeros_like(shown.values)))
plots.to_png(plots.confusion_figure([[1]], ["a"]))
print("matplotlib.pyplot" in sys.modules, "librosa" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
