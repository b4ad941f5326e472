"""A changed clip, and what a run's models make of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audioclf.augment.alteration import Alteration
from audioclf.datasets import Clip
from audioclf.features.base import Array, FeatureMap

if TYPE_CHECKING:
    from audioclf.inference.predictor import Predictor


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
    """Change a clip and ask the models what it is now: all, or those of one split.

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
