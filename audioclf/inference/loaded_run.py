"""The models of a run, loaded once, and what they are given of a sound."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from audioclf import training
from audioclf.audio.io import AudioSettings, Source, fix_length, load_audio
from audioclf.audio.level import LevelMeter
from audioclf.core import params
from audioclf.core.errors import ParameterError, RunError
from audioclf.datasets import Clip
from audioclf.experiments.runs import Run
from audioclf.experiments.transform import Transform
from audioclf.explain import sanity
from audioclf.explain.base import Subject
from audioclf.features import Feature, FeatureMap
from audioclf.features.base import Array
from audioclf.inference import evidence
from audioclf.inference.sound_cache import Sound, SoundCache, file_key
from audioclf.models import trust


class LoadedRun:
    """The models of one run, loaded once.

    Parameters
    ----------
    run : Run
        Finished.
    cache : SoundCache, optional
        Where decoded clips and their features stay for the next question; nothing is kept where left out.
    trust_code : bool
        Allows the import of code that the run names to build its model.
    onnx : mapping of str to Path, optional
        The networks as ONNX files by the id of the fit, see :func:`audioclf.inference.networks.onnx_networks`. They
        predict without TensorFlow, and explain nothing.

    Raises
    ------
    RunError
        When the run has no models yet, or they cannot be read.
    ParameterError
        When its model names code that is not trusted.
    """

    def __init__(
        self,
        run: Run,
        cache: SoundCache | None = None,
        *,
        trust_code: bool = False,
        onnx: Mapping[str, Path] | None = None,
    ) -> None:
        self.run = run
        self._cache = SoundCache(0) if cache is None else cache
        self._trust_code = trust_code or trust.code_trusted()
        self._onnx = onnx or {}
        with trust.trusting_code(self._trust_code):
            trust.require_trusted(run.experiment.model)
        self.experiment = run.experiment
        self.signature = run.signature
        made, known = int(self.signature.get("version", 1)), self.experiment.model.version
        if made != known:
            raise RunError(
                f"The models of run '{run.name}' are of version {made} of {self.experiment.model.title}, and this"
                f" audioclf builds version {known}: its weights do not go with it; train the run again."
            )
        self.classes = run.classes
        self.audio: AudioSettings = self.experiment.audio.replace(duration=self.signature["duration"])
        self._fitted: dict[str, training.Fitted] = {}
        self._random: dict[str, training.Fitted] = {}
        self._transforms: dict[str, Transform] = {}
        self._novelties: dict[str, training.Novelty | None] = {}

    @cached_property
    def n_samples(self) -> int:
        """Length of what the models take, in samples."""
        return round(float(self.signature["duration"]) * self.audio.sr)

    def maps(self, y: Array, key: Hashable = None) -> dict[Feature, FeatureMap]:
        """Every feature of the experiment, of one window.

        Parameters
        ----------
        y : np.ndarray [shape=(n_samples,)]
        key : hashable, optional
            Names the window in the cache; nothing is kept where left out.
        """
        sr = self.audio.sr
        return {
            feature: self._cache.feature(None if key is None else (key, feature), partial(feature.compute, y, sr))
            for feature in dict.fromkeys(self.experiment.features)
        }

    def windows(self, y: Array) -> tuple[list[int], list[Array]]:
        """Cut samples into windows of the models' length; a rest shorter than half a window is left out."""
        starts = list(range(0, max(len(y) - self.n_samples // 2, 1), self.n_samples))
        return starts, [
            fix_length(y[start : start + self.n_samples], self.n_samples, self.audio.pad) for start in starts
        ]

    def window_at(self, y: Array, start: float = 0.0) -> tuple[Array, int]:
        """Samples of the models' length [shape=(n_samples,)] from a time in seconds on, and the first one's number."""
        first = min(max(round(start * self.audio.sr), 0), max(len(y) - 1, 0))
        return fix_length(y[first : first + self.n_samples], self.n_samples, self.audio.pad), first

    def subject(
        self,
        maps: Mapping[Feature, FeatureMap],
        feature_index: int,
        split: str | None,
        *,
        rolled: bool = False,
        randomised: bool = False,
    ) -> Subject:
        """One window and one of its features, for the models that look at it; see :func:`evidence.subject_of`.

        Parameters
        ----------
        maps : mapping of Feature to FeatureMap
            As :meth:`maps` gives them.
        randomised : bool
            Whether all that the networks learned is made random.
        """
        feature = evidence.feature_at(self.experiment, feature_index)
        asked = [fit for fit in self.fits(split) if feature in self.experiment.members[fit["member"]]]
        model_of = self._randomised if randomised else self.fitted
        models = [(int(fit["member"]), model_of(fit), self.transform(fit)) for fit in asked]
        return evidence.subject_of(self.experiment, models, maps, feature, rolled=rolled)

    def _decoded(self, sound: Source | Clip) -> tuple[Sound, Hashable]:
        """A whole sound at the experiment's rate, and what names it in the cache."""
        sr, mono = self.audio.sr, self.audio.mono

        def decode(source: Source, offset: float = 0.0, duration: float | None = None) -> Sound:
            meter = LevelMeter()
            return Sound(load_audio(source, sr=sr, mono=mono, offset=offset, duration=duration, meter=meter)[0], meter)

        if not isinstance(sound, Clip):
            return decode(sound), None
        key = (file_key(sound.path), sound.start, sound.duration, sr, mono)
        return self._cache.samples(key, lambda: decode(sound.path, sound.start, sound.duration)), key

    def _window_key(self, key: Hashable, first: int) -> Hashable:
        return None if key is None else (key, first, self.n_samples, self.audio.pad)

    def fits(self, split: str | None) -> list[dict[str, Any]]:
        """What the run's signature lists of its fits: all, or those of one split.

        Raises
        ------
        ParameterError
            When the run has no such split.
        """
        fits: list[dict[str, Any]] = self.signature["fits"]
        names = dict.fromkeys(fit["split"] for fit in fits)
        if split is not None and split not in names:
            raise ParameterError(params.unknown(split, names, "split of this run"), "split")
        return [fit for fit in fits if split is None or fit["split"] == split]

    def transform(self, fit: dict[str, Any]) -> Transform:
        """What one fit does to feature maps."""
        name = fit["id"]
        if name not in self._transforms:
            self._transforms[name] = Transform.load(self.experiment, fit["member"], self.run.fit_folder(name))
        return self._transforms[name]

    def fitted(self, fit: dict[str, Any]) -> training.Fitted:
        """The trained model of one fit."""
        if fit["id"] not in self._fitted:
            shape = tuple(self.signature["input_shapes"][fit["member"]])
            folder = self.run.fit_folder(fit["id"])
            with trust.trusting_code(self._trust_code):
                self._fitted[fit["id"]] = training.load(
                    self.experiment.model, folder, shape, len(self.classes), self._onnx.get(fit["id"])
                )
        return self._fitted[fit["id"]]

    def _randomised(self, fit: dict[str, Any]) -> training.Fitted:
        if fit["id"] not in self._random:
            with trust.trusting_code(self._trust_code):
                self._random[fit["id"]] = sanity.randomised(self.fitted(fit))
        return self._random[fit["id"]]


def stacked(windows: Sequence[Mapping[Feature, FeatureMap]]) -> dict[Feature, Array]:
    """Values of every feature of several windows [shape=(n_windows, ...)]."""
    return {feature: np.stack([maps[feature].values for maps in windows]) for feature in windows[0]}
