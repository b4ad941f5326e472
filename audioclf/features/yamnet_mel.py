"""What YAMNet is given of a sound: its own log mel spectrogram, as a feature."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from audioclf.embeddings import log_mel
from audioclf.embeddings.base import resampled, resampled_length
from audioclf.features.base import Axis, Feature, FeatureMap
from audioclf.features.mel import mel_edges


@dataclass(frozen=True)
class YAMNetMel(Feature):
    """Log mel spectrogram as YAMNet's publisher makes it; see :mod:`audioclf.embeddings.log_mel`."""

    kind: ClassVar[str] = "yamnet-mel"
    title: ClassVar[str] = "YAMNet's mel spectrogram"
    order: ClassVar[int] = 72
    viewed: ClassVar[bool] = False
    own_sr: ClassVar[int | None] = log_mel.SR
    explanation: ClassVar[str] = (
        "What the network YAMNet is given of a sound: 64 mel bands from 125 to 7,500 Hz, a hundred times a second, as"
        " logarithms. The sound is brought to 16 kHz first. It has no settings, since the network knows no other."
    )

    def compute(self, y: npt.ArrayLike, sr: float) -> FeatureMap:
        """``log(magnitude + 0.001)`` of the mel bands [shape=(64, n_frames)].

        Frames are not centred, and silence follows the sound until none begins in it.
        """
        samples = resampled(self.samples(y, sr), sr, log_mel.SR)
        n_frames = _n_frames(samples.size)
        padded = np.zeros((n_frames - 1) * log_mel.HOP + log_mel.FRAME, np.float32)
        padded[: samples.size] = samples
        values = np.ascontiguousarray(log_mel.log_mel(padded).T)
        bands = mel_edges(log_mel.BANDS, log_mel.FMIN, log_mel.FMAX, htk=True)[1:-1]
        times = (np.arange(n_frames) * log_mel.HOP + log_mel.FRAME / 2) / log_mel.SR
        axes = (Axis(bands, "Frequency", "Hz", "mel"), Axis(times, "Time", "s"))
        return FeatureMap(values, axes, "Log magnitude", "", self.kind)

    def shape(self, n_samples: int, sr: float) -> tuple[int, ...]:
        return (log_mel.BANDS, _n_frames(resampled_length(n_samples, sr, log_mel.SR)))

    def advice(self, sr: float, n_samples: int) -> tuple[str, ...]:
        if sr >= log_mel.SR:
            return ()
        return (
            f"At {sr:,.0f} Hz a sound ends at {sr / 2:,.0f} Hz, and YAMNet listens up to 7,500 Hz: its upper bands stay"
            " empty; set sr to 16000 where the recordings have more.",
        )


def _n_frames(n_samples: int) -> int:
    return 1 + log_mel.BEYOND + max(0, math.ceil((n_samples - log_mel.FRAME) / log_mel.HOP))
