"""The confusion matrix: which class was taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError
from audioclf.features.colormap import palette
from audioclf.plots.canvas import FONT, Look
from audioclf.plots.theme import SEQUENTIAL, plain, theme_of
from audioclf.plots.vega import GREY, Spec, chart, layers, mark, name, quantity
from audioclf.training.metrics import normalized

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CELL: Final = "cell"
"""Name of the selection: a click gives the cell's ``true`` and ``predicted`` class."""

INKS: Final = ("#ffffff", "#1a1424")
_WRITTEN: Final = 30
"""Up to so many classes the numbers are written into the cells."""


def confusion_chart(
    counts: npt.ArrayLike, classes: Sequence[str], *, normalised: bool = False, theme: str = "light"
) -> Spec:
    """Confusion matrix to click on, the true class on y.

    Parameters
    ----------
    counts : np.ndarray [shape=(n_classes, n_classes)], int
        Clips by true class (row) and predicted class (column).
    classes : sequence of str
    normalised : bool
        Colour and number as share of the true class's clips instead of clips.
    theme : "light" or "dark"
        Kind of page it lies on: few clips look like the page.

    Returns
    -------
    dict
        A Vega-Lite specification with a point selection named ``"cell"`` over the fields ``true`` and ``predicted``.

    Raises
    ------
    ParameterError
        When the matrix does not fit the classes.
    """
    matrix, shares = _checked(counts, classes)
    ramp = _ramp(theme)
    shown = shares if normalised else matrix
    most = 1.0 if normalised else float(max(matrix.max(), 1))
    rows = [
        {
            "true": classes[i],
            "predicted": classes[j],
            "clips": int(matrix[i, j]),
            "share": float(shares[i, j]),
            "depth": float(shown[i, j]) / most,
            "text": _text(matrix[i, j], shares[i, j], normalised),
            "ink": _ink(ramp, float(shown[i, j]) / most),
        }
        for i in range(len(classes))
        for j in range(len(classes))
    ]
    size = max(14, min(48, 640 // len(classes)))
    room = 70 + 5 * min(24, max(map(len, classes)))
    names = list(dict.fromkeys(classes))
    axis: dict[str, Any] = {"labelLimit": 180, "labelOverlap": False, "ticks": False, "domain": False, "grid": False}
    encoding = {
        "x": name("predicted", "Predicted class", scale={"domain": names}, axis={"labelAngle": -45, **axis}),
        "y": name("true", "True class", scale={"domain": names}, axis=axis),
    }
    of_cell = {
        "color": quantity("depth", scale={"domain": [0, 1], "range": _hex(ramp)}, legend=None),
        "strokeWidth": {"condition": {"param": CELL, "empty": False, "value": 4}, "value": 0.3},
        "tooltip": [
            name("true", "True class"),
            name("predicted", "Predicted class"),
            quantity("clips", "Clips"),
            quantity("share", "Share of the true class", format=".1%"),
        ],
    }
    chosen = {"type": "point", "fields": ["true", "predicted"], "on": "click", "clear": "dblclick"}
    cells = mark("rect", of_cell, stroke=GREY, cursor="pointer") | {"params": [{"name": CELL, "select": chosen}]}
    marks = [cells]
    if len(classes) <= _WRITTEN:
        # Two layers of one colour each: a text's colour without a scale of its own cannot stand beside the cells'.
        font = max(9, min(14, size // 3))
        marks += [
            mark("text", {"text": name("text")}, fontSize=font, color=ink, cursor="pointer")
            | {"transform": [{"filter": f"datum.ink === '{ink}'"}]}
            for ink in INKS
        ]
    return chart(layers(rows, encoding, *marks), height=size * len(classes) + room)


def confusion_figure(
    counts: npt.ArrayLike,
    classes: Sequence[str],
    *,
    normalised: bool = False,
    title: str = "",
    look: Look | None = None,
) -> Figure:
    """Confusion matrix as a figure, the true class on y.

    Parameters
    ----------
    counts, classes, normalised
        As in :func:`confusion_chart`.
    title : str
    look : Look or None
        Theme, size and resolution; None takes a size that suits the number of classes.

    Raises
    ------
    ParameterError
        When the matrix does not fit the classes.
    """
    matrix, shares = _checked(counts, classes)
    shown = shares if normalised else matrix
    most = 1.0 if normalised else float(max(matrix.max(), 1))
    names = [plain(name, 28) for name in classes]
    letters = max(map(len, names))
    n = len(classes)
    if look is None:
        side = max(240, min(2400, 56 * n))
        look = Look(
            width=side + round(80 + 7.8 * letters), height=side + round(70 + 6 * letters + (35 if title else 0))
        )
    ramp = _ramp(look.theme)
    figure = look.figure()
    axes = look.axes(figure, 0.6 + 0.078 * letters, 0.55 + 0.06 * letters, 0.2, 0.5 if title else 0.15)
    from matplotlib.colors import ListedColormap

    axes.imshow(shown / most, cmap=ListedColormap(ramp / 255.0), vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(n), names, rotation=45, ha="right", rotation_mode="anchor", parse_math=False)
    axes.set_yticks(range(n), names, parse_math=False)
    axes.tick_params(length=0)
    if n <= _WRITTEN:
        size = max(5.0, min(FONT, axes.get_window_extent().width / n / look.dpi * 72 / 3.2))
        for i in range(n):
            for j in range(n):
                text = _text(matrix[i, j], shares[i, j], normalised)
                ink = _ink(ramp, float(shown[i, j]) / most)
                axes.text(j, i, text, ha="center", va="center", fontsize=size, color=ink)
    look.label(axes, x="Predicted class", y="True class", title=title)
    return figure


def _checked(counts: npt.ArrayLike, classes: Sequence[str]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    matrix = np.asarray(counts)
    if matrix.shape != (len(classes),) * 2 or not len(classes):
        raise ParameterError(
            f"A confusion matrix of {len(classes)} classes has shape ({len(classes)}, {len(classes)}), got"
            f" {matrix.shape}; pass counts and classes of the same run.",
            "counts",
        )
    return matrix, normalized(matrix)


def _text(clips: int, share: float, normalised: bool) -> str:
    """What stands in a cell: a dot where there is nothing, so that the mistakes stand out."""
    if not clips:
        return "·"
    return f"{share:.2f}" if normalised else f"{int(clips)}"


def _ramp(theme: str) -> npt.NDArray[np.uint8]:
    """Part of magma from the page's side of it to the other [shape=(256, 3)]."""
    theme_of(theme)
    colours = np.frombuffer(palette(SEQUENTIAL), np.uint8).reshape(256, 3)
    if theme == "dark":
        return np.asarray(colours[np.linspace(18, 235, 256).astype(int)])
    darker = colours[np.linspace(252, 60, 256).astype(int)]
    # Magma ends in yellow; nothing should look like the page, so the first colours fade into white.
    white = (1 - np.linspace(0, 1, 256)[:, np.newaxis]) ** 4
    return np.asarray(darker + (255 - darker) * white).round().astype(np.uint8)


def _hex(ramp: npt.NDArray[np.uint8]) -> list[str]:
    return [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in ramp[:: 255 // 15].tolist()]


def _ink(ramp: npt.NDArray[np.uint8], depth: float) -> str:
    """Black or white, whichever is easier to read on a colour."""
    red, green, blue = ramp[round(255 * depth)] / 255.0
    brightness = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2
    return INKS[int(brightness > 0.18)]
