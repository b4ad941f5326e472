"""What the warm process does with sounds alone, without a model: draw figures, and make sound of features.

matplotlib and librosa cost a process seconds and a hundred megabytes, so the web server leaves both to this one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from audioclf.audio.io import AudioSettings
from audioclf.datasets import Clip
from audioclf.features import FEATURES, FeatureMap
from audioclf.inference.messages import Arrays, Frame, packed, unpacked

Answer = Callable[[dict[str, Any], Arrays], Frame]


def drawing(
    maps: Sequence[Sequence[FeatureMap]],
    titles: Sequence[str],
    *,
    shared: bool,
    difference: bool,
    ending: str,
    span: tuple[float, float] | None = None,
) -> Frame:
    """Request for a grid of feature maps (rows of columns) as a file, see :func:`audioclf.plots.grid_figure`.

    Parameters
    ----------
    ending : ".png", ".svg" or ".pdf"
    """
    rows, arrays = packed(maps)
    about = {"titles": list(titles), "shared": shared, "difference": difference, "span": span, "ending": ending}
    return {"do": "draw", "rows": rows, **about}, arrays


def _draw(request: dict[str, Any], given: Arrays) -> Frame:
    from audioclf.plots import Look, grid_figure
    from audioclf.plots.png import FORMATS

    maps = unpacked(list[list[FeatureMap]], request["rows"], given)
    columns, rows = len(maps[0]), len(maps)
    figure = grid_figure(
        maps,
        column_titles=request["titles"],
        shared=request["shared"],
        difference=request["difference"],
        span=request["span"],
        look=Look(width=2 * (300 * columns + 200), height=2 * (200 * rows + 100), dpi=200),
    )
    data = FORMATS[request["ending"]](figure, transparent=False)
    return {}, {"file": np.frombuffer(data, np.uint8)}


def _resynthesize(request: dict[str, Any], given: Arrays) -> Frame:
    from audioclf.features.extraction import load_clip
    from audioclf.features.inversion import resynthesize

    audio = AudioSettings.from_dict(request["audio"])
    y = load_clip(unpacked(Clip, request["clip"]), audio)[: request["n_samples"]]
    heard = resynthesize(y, audio.sr, FEATURES.make(request["feature"]), phase=request["phase"])
    return {"distance": heard.distance, "sr": audio.sr}, {"y": heard.y, "original": y}


ANSWERS: Final[dict[str, Answer]] = {"draw": _draw, "resynthesize": _resynthesize}
"""What answers a request, by its name."""
