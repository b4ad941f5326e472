"""One clip as an augmentation would show it to the network, to see and, where that can be, to hear."""

from __future__ import annotations

import copy
import dataclasses

import numpy as np
import numpy.typing as npt

from audioclf.audio.io import AudioSettings, fix_length
from audioclf.augment.base import Array, Augmentation
from audioclf.features import Feature, FeatureMap
from audioclf.features.resynthesis import masked_sound

_PARTNERS = 7
_LOUDEST = 30.0
"""dB that a preview is made louder by at most."""


def preview(
    augmentation: Augmentation,
    y: npt.ArrayLike,
    sr: int,
    feature: Feature,
    audio: AudioSettings,
    rng: np.random.Generator,
    *,
    other: npt.ArrayLike | None = None,
) -> tuple[Array | None, FeatureMap]:
    """Sound and feature map of one clip, changed once.

    Parameters
    ----------
    augmentation : Augmentation
        Of either stage.
    y : np.ndarray [shape=(n,)], real
        The clip at its own length.
    sr : int [Hz]
    audio : AudioSettings
        Its ``duration`` and ``pad`` say what clips are brought to; without a duration ``y`` keeps its length.
    rng : np.random.Generator
        The same state gives the same preview.
    other : np.ndarray [shape=(m,)], optional
        A second clip for augmentations that mix; without it they have nothing to mix with.

    Returns
    -------
    samples : np.ndarray [shape=(n_samples,)], float32 or None
        None where no sound belongs to the changed map.
    feature_map : FeatureMap

    Raises
    ------
    ParameterError
        When the augmentation cannot change this clip or this feature.
    """
    clip = np.asarray(y, dtype=np.float32)
    n_samples = clip.size if audio.duration is None else max(1, round(audio.duration * sr))
    if augmentation.stage == "samples":
        changed = fix_length(augmentation.apply_samples(clip, sr, rng, n_samples), n_samples, audio.pad)
        return changed, feature.compute(changed, sr)
    clips = [fix_length(clip, n_samples, audio.pad)]
    if other is not None:
        # among several a clip is seldom paired with itself
        clips += [fix_length(np.asarray(other, dtype=np.float32), n_samples, audio.pad)] * _PARTNERS
    heard_rng = copy.deepcopy(rng)
    before = feature.compute(clips[0], sr)
    maps = [before.values, *([feature.compute(clips[1], sr).values] * (len(clips) - 1) if other is not None else [])]
    onehot = np.eye(2, dtype=np.float32)[[0] + [1] * (len(clips) - 1)]
    after = dataclasses.replace(before, values=augmentation.apply(np.stack(maps), onehot, rng)[0][0])
    if augmentation.heard == "curve":
        # the same chances change the samples as they changed the map
        return augmentation.apply(np.stack(clips), onehot, heard_rng)[0][0], after
    return _heard(augmentation.heard, clips[0], sr, before, after), after


def _heard(how: str, y: Array, sr: int, before: FeatureMap, after: FeatureMap) -> Array | None:
    rows = before.axes[0]
    if not how or not before.is_picture or rows.unit != "Hz":
        return None
    if how == "mask":
        gain = np.where(after.values == before.values, 1.0, 0.0)
    elif before.unit == "dB":
        gain = 10 ** (np.minimum(after.values - before.values, _LOUDEST) / 20)
    else:
        return None
    loudest = max(float(gain.max()), 1e-9)
    return np.float32(loudest) * masked_sound(
        y, sr, gain / loudest, times=before.axes[1].values, frequencies=rows.values
    )
