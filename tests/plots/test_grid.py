"""The grid: one colour scale for a row or one for each cell, and every title in its place."""

from __future__ import annotations

import numpy as np
import pytest

from audioclf.core.errors import ParameterError
from audioclf.features import CQT, MFCC, Mel, Waveform
from audioclf.features.averages import difference_map
from audioclf.plots import Look, grid_figure, to_png

SR = 22050


def drawn(figure: object) -> list[tuple[float, float]]:
    return [axes.images[0].get_clim() for axes in figure.axes if axes.images]  # type: ignore[attr-defined]


def test_a_row_shares_its_colours_or_every_cell_has_its_own(beep: np.ndarray) -> None:
    feature = Mel(scale="power")
    row = [feature.compute(beep, SR), feature.compute(3 * beep, SR)]
    together = drawn(grid_figure([row]))
    bars = [len(grid_figure([maps]).artists) for maps in (row, [row[0]] * 2)]
    assert bars[0] == bars[1] > 0, "one bar, also where a map stands twice"
    assert together[0] == together[1]
    assert together[0][1] == row[1].values.max()
    apart = drawn(grid_figure([row], shared=False))
    assert [limits[1] for limits in apart] == [item.values.max() for item in row]


def test_rows_columns_titles_and_axes_stand_where_they_belong(beep: np.ndarray) -> None:
    sounds = [beep, beep[:SR]]
    features = [Waveform(), CQT(), MFCC()]
    figure = grid_figure(
        [[feature.compute(y, SR) for y in sounds] for feature in features],
        column_titles=["long $", "short"],
        look=Look(theme="dark", width=800, height=700),
    )
    cells = [axes for axes in figure.axes if axes.get_xlim() == pytest.approx((0, 2), abs=0.03)]
    assert len(cells) == 6  # the short sound stands on the long one's time
    assert [axes.get_title(loc="left") for axes in cells] == ["long $", "short", "", "", "", ""]
    names = [text.get_text() for text in figure.texts]
    assert [axes.get_xlabel() for axes in cells] == ["", "", "", "", "Time (s)", "Time (s)"]
    assert [axes.get_ylabel() for axes in cells] == ["Amplitude", "", "Note (C4 = 262 Hz)", "", "Coefficient", ""]
    assert len(figure.axes) == 6
    assert names.count("Value") == 1  # two rows of pictures have a colour bar, of decibels and of values
    assert "+0 dB" in names
    assert to_png(figure)


def test_an_empty_cell_stays_empty(beep: np.ndarray) -> None:
    mel = Mel().compute(beep, SR)
    figure = grid_figure([[mel, None], [None, mel]])
    assert len(drawn(figure)) == 2
    assert to_png(figure)


def test_what_is_no_grid_is_refused(beep: np.ndarray) -> None:
    mel = Mel().compute(beep, SR)
    for rows in ([], [[]], [[mel], [mel, mel]]):
        with pytest.raises(ParameterError, match="rows of one length"):
            grid_figure(rows)
    with pytest.raises(ParameterError, match="column_titles must have 1"):
        grid_figure([[mel]], column_titles=["a", "b"])
    with pytest.raises(ParameterError, match="limits must have 1"):
        grid_figure([[mel]], limits=[None, None])


def test_a_row_keeps_to_limits_that_are_given(beep: np.ndarray) -> None:
    mel = Mel().compute(beep, SR)
    (given, free) = drawn(grid_figure([[mel], [mel]], limits=[(-70, 30), None]))
    assert given == (-70, 30)
    assert free != (-70, 30)


def test_a_difference_has_colours_of_its_own_around_zero(beep: np.ndarray) -> None:
    one, other = (Mel(ref="one").compute(gain * beep, SR) for gain in (1, 3))
    figure = grid_figure([[one, other, difference_map(one, other)]], difference=True)
    low, high = drawn(figure)[2]
    assert low == -high < 0
    assert drawn(figure)[0] == drawn(figure)[1] != drawn(figure)[2]
    assert {axes.images[0].get_cmap().name for axes in figure.axes if axes.images} == {"magma", "coolwarm"}
    boxes = [axes.get_position() for axes in figure.axes if axes.images]
    assert boxes[2].x0 - boxes[1].x1 > boxes[1].x0 - boxes[0].x1, "room for the first two's colour bar"
