"""Features: what a classifier, and a person, sees of a sound.

Every feature is a frozen dataclass of parameters in a module of its own; ``compute`` turns samples
into a :class:`FeatureMap` that knows its axes. :data:`FEATURES` holds them by ``kind``.
"""

from audioclf.core.registry import Registry
from audioclf.features.base import Axis, Feature, FeatureMap, stack
from audioclf.features.cqt import CQT
from audioclf.features.embedding import SpeechEmbeddingFeature, YAMNetEmbedding
from audioclf.features.mel import Mel
from audioclf.features.mfcc import MFCC
from audioclf.features.spectrum import Spectrum
from audioclf.features.stft import STFT
from audioclf.features.waveform import Waveform
from audioclf.features.yamnet_mel import YAMNetMel

FEATURES: Registry[Feature] = Registry(Feature, "audioclf.features", "feature")
"""Every feature by its ``kind``, in the order of lists."""


def views() -> dict[str, type[Feature]]:
    """Features that pages compute and draw by themselves, beside one another; the others are made for a model."""
    return {kind: feature for kind, feature in FEATURES.items() if feature.viewed and not feature.heavy}


__all__ = [
    "CQT",
    "FEATURES",
    "MFCC",
    "STFT",
    "Axis",
    "Feature",
    "FeatureMap",
    "Mel",
    "Spectrum",
    "SpeechEmbeddingFeature",
    "Waveform",
    "YAMNetEmbedding",
    "YAMNetMel",
    "stack",
    "views",
]
