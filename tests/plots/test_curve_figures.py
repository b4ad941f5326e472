"""Curves and counts as figures."""

from __future__ import annotations

import numpy as np
import pytest

from audioclf.core.errors import ParameterError
from audioclf.plots.canvas import Look
from audioclf.plots.curve_figures import counts_figure, folds_figure, twin_figure
from audioclf.plots.png import to_png


def history(n: int, part: str = "s00-m0", validated: bool = True):
    return [
        {
            "part": part,
            "epoch": epoch,
            "loss": 2 / epoch,
            "accuracy": 1 - 1 / (epoch + 1),
            "val_loss": 3 / epoch if validated else None,
            "val_accuracy": 0.5 if validated else None,
        }
        for epoch in range(1, n + 1)
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("validated", [True, False])
def test_accuracy_and_loss_have_an_axis_each(theme: str, validated: bool) -> None:
    figure = twin_figure(history(7, validated=validated), title="$x$", look=Look(theme))
    accuracy, loss = figure.axes
    assert accuracy.get_ylabel() == "Accuracy"
    assert loss.get_ylabel() == "Loss"
    assert len(accuracy.lines) == len(loss.lines) == (2 if validated else 1)
    np.testing.assert_allclose(accuracy.lines[0].get_ydata(), [1 - 1 / (epoch + 1) for epoch in range(1, 8)])
    np.testing.assert_allclose(loss.lines[0].get_ydata(), [2 / epoch for epoch in range(1, 8)])
    assert accuracy.get_title(loc="left") == "$x$"
    assert to_png(figure).startswith(b"\x89PNG")


def test_a_training_of_one_epoch_is_drawn_as_a_point() -> None:
    figure = twin_figure(history(1))
    assert figure.axes[0].lines[0].get_marker() == "o"


def test_every_fold_has_its_lines_and_every_feature_a_panel() -> None:
    folds = [row for fold in range(3) for row in history(4, f"s0{fold}-m0")]
    figure = folds_figure({"Mel": folds, "MFCC": folds[:4]})
    mel, mfcc = figure.axes
    assert [axes.get_title(loc="left") for axes in (mel, mfcc)] == ["Mel", "MFCC"]
    assert (len(mel.lines), len(mfcc.lines)) == (3 * 2, 2)
    with pytest.raises(ParameterError, match="did you mean 'loss'"):
        folds_figure({"Mel": folds}, measure="los")
    with pytest.raises(ParameterError, match="at least one history"):
        folds_figure({})


def test_counts_are_bars_of_that_height() -> None:
    (axes,) = counts_figure({"low": 4, "a very long name of a class indeed": 11}).axes
    assert [bar.get_height() for bar in axes.patches] == [4, 11]
