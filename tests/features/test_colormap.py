"""Maps become colour pictures as matplotlib colours them, and heat finds its way back to the frames."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import Normalize

from audioclf.core.errors import ParameterError
from audioclf.features.colormap import COLORMAPS, Picture, palette

MAPS = np.random.default_rng(0).normal(30, 40, (3, 40, 60)).astype(np.float32)


@pytest.mark.parametrize("colormap", COLORMAPS[1:])
def test_a_picture_of_the_maps_own_size_has_matplotlibs_colours(colormap: str) -> None:
    drawn = Picture(colormap=colormap, vmin=-20, vmax=80, height=40, width=60).draw(MAPS)
    expected = matplotlib.colormaps[colormap](Normalize(-20, 80)(MAPS), bytes=True)[..., :3] / 255
    assert drawn.shape == (3, 40, 60, 3)
    assert drawn.dtype == np.float32
    assert (np.abs(drawn - expected).max(axis=-1) > 1e-6).mean() < 0.001  # a value on the border of two colours


def test_without_limits_each_map_takes_its_own_range() -> None:
    drawn = Picture(colormap="gray", height=40, width=60).draw(MAPS)
    assert drawn.min(axis=(1, 2, 3)).tolist() == [0, 0, 0]
    assert drawn.max(axis=(1, 2, 3)).tolist() == [1, 1, 1]
    constant = Picture(colormap="gray", height=4, width=4).draw(np.full((1, 5, 6), 7, np.float32))
    assert np.isfinite(constant).all()


@given(height=st.integers(1, 90), width=st.integers(1, 90))
def test_any_size_stays_within_its_colours(height: int, width: int) -> None:
    drawn = Picture(colormap="viridis", vmin=0, vmax=50, height=height, width=width).draw(MAPS[:1])
    assert drawn.shape == (1, height, width, 3)
    assert drawn.min() >= 0
    assert drawn.max() <= 1


def test_shrinking_takes_the_mean_and_not_every_second_value() -> None:
    stripes = np.tile(np.array([0.0, 1.0], np.float32), (8, 32))[None]
    drawn = Picture(colormap="gray", vmin=0, vmax=1, height=8, width=8).draw(stripes)
    np.testing.assert_allclose(drawn[:, :, 1:-1], 0.5, atol=0.02)


def test_off_it_hands_everything_through() -> None:
    off = Picture()
    assert not off.on
    assert off.draw(MAPS) is MAPS
    assert off.shape((7,)) == (7,)
    np.testing.assert_array_equal(off.to_map(MAPS[0], (40, 60)), MAPS[0])


def test_a_spot_of_the_picture_comes_back_to_its_row_and_frame() -> None:
    picture = Picture(colormap="viridis", height=20, width=30)
    heat = np.zeros((20, 30), np.float32)
    heat[5, 24] = 1
    back = picture.to_map(heat, (40, 90))
    assert back.shape == (40, 90)
    row, frame = np.unravel_index(back.argmax(), back.shape)
    assert abs(row - 10.5) <= 1
    assert abs(frame - 73) <= 1.5


def test_a_curve_is_refused_in_words() -> None:
    with pytest.raises(ParameterError, match="curve of 6,513 values") as caught:
        Picture(colormap="viridis").shape((6513,))
    assert caught.value.field == "colormap"


def test_limits_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(ParameterError, match="above vmin, 5, got 5") as caught:
        Picture(vmin=5, vmax=5)
    assert caught.value.field == "vmax"


def test_a_palette_holds_the_colours_of_matplotlib() -> None:
    expected = matplotlib.colormaps["viridis"](np.arange(256), bytes=True)[:, :3]
    assert palette("viridis") == expected.tobytes()
    with pytest.raises(ParameterError, match="no colour map"):
        palette("rainbows")
