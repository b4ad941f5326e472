"""Arrays and figures as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from audioclf.core.errors import ParameterError
from audioclf.features import Waveform
from audioclf.features.colormap import palette
from audioclf.plots import colour_png, feature_figure, save


def test_an_array_becomes_its_colours_lowest_row_at_the_bottom(pixels: Callable[..., np.ndarray]) -> None:
    values = np.array([[0.0, 10.0, 20.0], [30.0, 40.0, 99.0], [-5.0, 40.0, 40.0]])
    picture = pixels(colour_png(values, 0, 40))
    expected = matplotlib.colormaps["magma"](np.clip(values[::-1] / 40, 0, 1), bytes=True)
    assert picture.shape == (3, 3, 4)
    assert np.abs(picture.astype(int) - expected).max() <= 3


def test_a_constant_array_and_another_colour_map_work(pixels: Callable[..., np.ndarray]) -> None:
    assert pixels(colour_png(np.full((2, 2), 5.0), 5, 5)).shape == (2, 2, 4)
    grey = pixels(colour_png(np.eye(2), 0, 1, "gray"))
    assert grey[..., 0].tolist() == [[0, 255], [255, 0]]
    assert len(palette("viridis")) == 768
    with pytest.raises(ParameterError, match="no colour map"):
        palette("rainbows")


def test_a_figure_is_saved_whole_or_not_at_all(tmp_path: Path) -> None:
    figure = feature_figure(Waveform().compute(np.ones(10), 8000))
    save(figure, tmp_path / "a.png")
    save(figure, tmp_path / "a.SVG")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in (tmp_path / "a.SVG").read_bytes()[:1000]
    with pytest.raises(ParameterError, match=r"\.png or \.svg, got 'a\.gif'"):
        save(figure, tmp_path / "a.gif")
    with pytest.raises(ParameterError, match="cannot be written"):
        save(figure, tmp_path / "nowhere" / "a.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.SVG", "a.png"]
