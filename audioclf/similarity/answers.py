"""What the warm process of the models answers beside classifying and explaining."""

from __future__ import annotations

from typing import Any

import numpy as np

from audioclf.core.files import BoundedCache
from audioclf.datasets import Clip
from audioclf.embeddings.hearing import hear
from audioclf.experiments.runs import open_run
from audioclf.features.base import Array
from audioclf.inference import neighbours
from audioclf.inference.messages import Arrays, Frame, unpacked
from audioclf.inference.sound_tasks import Answer
from audioclf.similarity import vectors

_known: BoundedCache[tuple[str, int, str, str], Array] = BoundedCache(4)


def _near(request: dict[str, Any], given: Arrays) -> Frame:
    """Clips of a run's data set that are nearest to a sound."""
    run = open_run(request["run"])
    clips, space = run.clips, str(request["space"])
    key = (str(run.folder), len(clips), space, vectors.identity(space))
    known = _known.get(key)
    if known is None:
        known = vectors.of_clips(clips, space, n_jobs=1)
        _known.put(key, known)
    sound = vectors.of_sound(unpacked(Clip, request["clip"]), clips, space)
    found, similarity = neighbours.nearest(
        vectors.units_of(sound[np.newaxis], space, known), vectors.units_of(known, space), int(request["k"])
    )
    return {"near": found[0].tolist(), "similarity": [float(value) for value in similarity[0]]}, {}


def _hear(request: dict[str, Any], given: Arrays) -> Frame:
    """What YAMNet hears in a clip."""
    clip = unpacked(Clip, request["clip"])
    return hear(clip.path, offset=clip.start, duration=clip.duration).to_dict(), {}


ANSWERS: dict[str, Answer] = {"near": _near, "hear": _hear}
"""What is asked for -> values and arrays."""
