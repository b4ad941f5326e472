"""What pages ask the warm process beside classifying and explaining: rankings, neighbours, and a changed clip."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from audioclf.augment.alteration import Alteration
from audioclf.datasets import Clip
from audioclf.features.base import Array, FeatureMap
from audioclf.inference.messages import Arrays, packed_map

if TYPE_CHECKING:
    from audioclf.inference.predictor import Predictor

Answer = tuple[dict[str, Any], Arrays]

_KEPT: Final = 4


@dataclass(frozen=True, eq=False)
class Altered:
    """A model's answer to a changed clip.

    Attributes
    ----------
    probabilities : np.ndarray [shape=(n_classes,)]
    y : np.ndarray [shape=(n,)]
        The changed samples.
    sr : int
    feature_map : FeatureMap
        First feature that is a picture of the sound, of the changed samples as the model is given them.
    """

    probabilities: Array
    y: Array
    sr: int
    feature_map: FeatureMap


def alter(predictor: Predictor, clip: Clip, alteration: Alteration, split: str | None = None) -> Altered:
    """Change a clip and ask the models what it is now.

    Parameters
    ----------
    predictor : Predictor
    clip : Clip
    alteration : Alteration
    split : str, optional
        Whose models to ask: the split in which the clip was tested.

    Raises
    ------
    AudioclfError
        When the clip cannot be read, or nothing of it is left.
    """
    from audioclf.features import Waveform

    changed = alteration(predictor.samples(clip), predictor.audio.sr)
    _, windows = predictor.windows(changed)
    rows = predictor.probabilities(windows, split)
    feature = next((one for one in predictor.experiment.features if not one.heavy), Waveform())
    shown = feature.compute(windows[0], predictor.audio.sr)
    return Altered(rows.mean(axis=0), changed, predictor.audio.sr, shown)


class Questions:
    """Answers them in the process; what is costly to make stays at hand for the next question."""

    def __init__(self) -> None:
        self._near: OrderedDict[tuple[int, str], Any] = OrderedDict()
        self._asked: Mapping[str, Callable[[Predictor, Clip, Mapping[str, Any]], Answer]] = {
            "neighbours": self._neighbours,
            "alter": self._alter,
        }

    def knows(self, what: str) -> bool:
        """Whether this is a question about a clip that is answered here."""
        return what in self._asked

    def answer(self, predictor: Predictor, clip: Clip, request: Mapping[str, Any]) -> Answer:
        """Values and arrays."""
        return self._asked[request["do"]](predictor, clip, request)

    def _neighbours(self, predictor: Predictor, clip: Clip, request: Mapping[str, Any]) -> Answer:
        from audioclf.inference.neighbours import Neighbourhood

        key = id(predictor), str(request["split"])
        if key not in self._near or self._near[key].predictor is not predictor:
            self._near[key] = Neighbourhood(predictor, request["split"])
            while len(self._near) > _KEPT:
                self._near.popitem(last=False)
        known = predictor.run.clips[request["number"]]
        found = self._near[key].nearest(known, request["classes"], request["k"])
        return {"neighbours": [[[one.clip, one.distance] for one in of_class] for of_class in found]}, {}

    def _alter(self, predictor: Predictor, clip: Clip, request: Mapping[str, Any]) -> Answer:
        found = alter(predictor, clip, Alteration.from_dict(request["alteration"]), request["split"])
        values, arrays = packed_map(found.feature_map)
        return values | {"sr": found.sr}, arrays | {"probabilities": found.probabilities, "y": found.y}


def rank(folder: Path) -> dict[str, Any]:
    """The ranking of a run's test clips, see :func:`audioclf.training.ranking.ranking`."""
    from audioclf.experiments.runs import open_run
    from audioclf.training.ranking import ranking

    run = open_run(folder)
    predictions = run.predictions
    return ranking(
        [item.true for item in predictions], np.array([item.probabilities for item in predictions]), run.classes
    )
