"""One vector per clip: of an embedding, of a feature's means, or of what a trained network's last layer is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from audioclf.audio.io import AudioSettings
from audioclf.core.errors import ParameterError
from audioclf.core.params import unknown
from audioclf.datasets import Clip
from audioclf.embeddings import EMBEDDINGS
from audioclf.experiments.runs import open_run
from audioclf.features import FEATURES, Feature, Mel
from audioclf.features.base import Array
from audioclf.features.cache import FeatureStore
from audioclf.features.extraction import extract, load_clip
from audioclf.inference import neighbours
from audioclf.inference.loaded_run import LoadedRun
from audioclf.similarity import choice

Progress = Callable[[int, int], None]

MEL: Final = "mel"
RUN: Final = "run"

SPACES: Final = {
    **{kind: FEATURES[kind].title for kind in FEATURES if kind in EMBEDDINGS},
    MEL: "Mel spectrogram: mean and deviation",
}
"""What the clips of a data set can be compared by; a trained network beside."""

_TOGETHER: Final = 256


def of_clips(
    clips: Sequence[Clip],
    space: str,
    *,
    n_jobs: int = -1,
    progress: Progress | None = None,
) -> Array:
    """Vectors of clips in one of :data:`SPACES` [shape=(n_clips, d)].

    Raises
    ------
    ParameterError
        For an unknown space.
    AudioclfError
        When a clip cannot be read, or weights cannot be had.
    """
    if space not in SPACES:
        raise ParameterError(unknown(space, SPACES, "way to compare clips"), "space")
    audio = choice.audio_of(clips)
    if space == MEL:
        return _of_mel(clips, audio, n_jobs, progress)
    feature = _embedding(space)
    feature.obtain()
    return extract(clips, feature, audio, store=FeatureStore(), n_jobs=n_jobs, progress=progress)


def _of_mel(clips: Sequence[Clip], audio: AudioSettings, n_jobs: int, progress: Progress | None) -> Array:
    rows = []
    for start in range(0, len(clips), _TOGETHER):  # all maps of a large set would not fit into memory

        def follow(done: int, total: int, start: int = start) -> None:
            if progress is not None:
                progress(start + done, len(clips))

        some = clips[start : start + _TOGETHER]
        maps = extract(some, Mel(), audio, store=FeatureStore(), n_jobs=n_jobs, progress=follow)
        rows.append(np.concatenate([maps.mean(axis=2), maps.std(axis=2)], axis=1))
    return np.concatenate(rows)


def units_of(values: Array, space: str, reference: Array | None = None) -> Array:
    """Vectors of length 1 to compare clips by: of an embedding its mean over time as it is, of all else standardised.

    Parameters
    ----------
    values : np.ndarray [shape=(n, d)]
        As :func:`of_clips`, :func:`of_run` or :func:`of_sound` give them.
    space : str
    reference : np.ndarray [shape=(m, d)], optional
        What is standardised by; the vectors themselves where left out.
    """
    if space in EMBEDDINGS:
        return neighbours.units(values[:, : EMBEDDINGS[space].dimension], standardised=False)
    return neighbours.units(values, reference)


def of_sound(clip: Clip, clips: Sequence[Clip], space: str) -> Array:
    """Vector of one sound, read as the clips it is compared with [shape=(d,)].

    Raises
    ------
    AudioclfError
    """
    audio = choice.audio_of(clips)
    y = load_clip(clip, audio)
    if space == MEL:
        found = Mel().compute(y, audio.sr).values
        return np.concatenate([found.mean(axis=1), found.std(axis=1)])
    return _embedding(space).compute(y, audio.sr).values


def _embedding(space: str) -> Feature:
    """Without silent windows: by these, short sounds of any kind that are padded would be alike."""
    return FEATURES[space].from_dict({"pooling": choice.POOLING, "skip_silence": True})


def of_run(folder: Path, clips: Sequence[Clip], *, progress: Progress | None = None) -> Array:
    """What the last layer of a run's first model is given, for each clip [shape=(n_clips, d)].

    Raises
    ------
    ParameterError
        When its last layer is given several things.
    RunError
        When the run has no models.
    """
    loaded = LoadedRun(open_run(folder))
    fit = loaded.signature["fits"][0]
    values = {}
    for feature in loaded.experiment.members[fit["member"]]:
        feature.obtain()
        values[feature] = extract(clips, feature, loaded.audio, store=FeatureStore(), progress=progress)
    found = loaded.fitted(fit).embed(loaded.transform(fit)(values))
    if found is None:
        raise ParameterError("The last layer of this network is given several things; compare the clips otherwise.")
    return found


def identity(space: str) -> str:
    """What vectors of a space depend on beside the clips.

    Raises
    ------
    AudioclfError
        When weights cannot be had.
    """
    return "" if space not in EMBEDDINGS else EMBEDDINGS[space]().weights_id
