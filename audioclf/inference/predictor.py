"""Use the models of a finished run: classify a sound, and explain the answer."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from audioclf import explain, training
from audioclf.audio.io import AudioSettings, Source, fix_length, load_audio
from audioclf.audio.level import LevelMeter
from audioclf.core import params
from audioclf.core.errors import ParameterError, RunError
from audioclf.datasets import Clip
from audioclf.experiments.runs import Run
from audioclf.experiments.transform import Transform, ensemble
from audioclf.features import Feature, FeatureMap, Waveform
from audioclf.features.base import Array
from audioclf.inference.remarks import Remark, Trained, band_of, remarks, unknown
from audioclf.inference.sound_cache import Sound, SoundCache, file_key
from audioclf.models import trust

METHODS = ("grad-cam", "occlusion")


@dataclass(frozen=True, eq=False)
class Window:
    """Answer for one stretch of a sound.

    Attributes
    ----------
    start : float
        Where the stretch begins, in seconds.
    probabilities : np.ndarray [shape=(n_classes,)]
    """

    start: float
    probabilities: Array


@dataclass(frozen=True, eq=False)
class Classification:
    """What a run's models predict for one sound.

    Attributes
    ----------
    classes : tuple of str
    probabilities : np.ndarray [shape=(n_classes,)]
        Mean over the windows.
    windows : tuple of Window
        One, or as many as a longer sound holds.
    remarks : tuple of Remark
        What to know of the sound beside the answer; empty where nothing is the matter with it.
    novelty : float or None
        How far the sound lies from what the models have learned (median over the windows, mean over the models), as a
        multiple of the distance that 95 of 100 known clips stay below; above 1 it is like none of the classes. None for
        runs that do not know it: those of earlier versions, and of fewer than 20 clips.
    """

    classes: tuple[str, ...]
    probabilities: Array
    windows: tuple[Window, ...]
    remarks: tuple[Remark, ...] = ()
    novelty: float | None = None

    @property
    def label(self) -> str:
        """The most probable class."""
        return self.classes[int(self.probabilities.argmax())]


@dataclass(frozen=True, eq=False)
class Explanation:
    """Where in the feature map the evidence for one class lies.

    Attributes
    ----------
    feature_map : FeatureMap
        Unscaled, with its axes.
    heat : np.ndarray [shape=feature_map.values.shape]
        0 (nothing) to 1 (most).
    class_index : int
        The class that is explained.
    classes : tuple of str
    probabilities : np.ndarray [shape=(n_classes,)]
    y : np.ndarray [shape=(n,)]
        The samples the model was given.
    sr : int
    peak : float
        What 1 in the heat stands for: by occlusion, how much the probability falls where it falls most; by Grad-CAM
        the height of the models' mean map, each of which goes up to 1. 0 where no model found anything.
    """

    feature_map: FeatureMap
    heat: Array
    class_index: int
    classes: tuple[str, ...]
    probabilities: Array
    y: Array
    sr: int
    peak: float = 1.0


class Predictor:
    """The models of one run, loaded once.

    Parameters
    ----------
    run : Run
        Finished.
    cache : SoundCache, optional
        Where decoded clips and their features stay for the next question; nothing is kept where left out.
    trust_code : bool
        Allows the import of code that the run names to build its model.

    Raises
    ------
    RunError
        When the run has no models yet, or they cannot be read.
    ParameterError
        When its model names code that is not trusted.
    """

    def __init__(self, run: Run, cache: SoundCache | None = None, *, trust_code: bool = False) -> None:
        self.run = run
        self._cache = SoundCache(0) if cache is None else cache
        self._trust_code = trust_code or trust.code_trusted()
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
        self._fitted: dict[str, Any] = {}
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

    def probabilities(self, windows: Sequence[Array], split: str | None = None) -> Array:
        """Class probabilities of windows of exactly :attr:`n_samples` samples.

        Parameters
        ----------
        windows : sequence of np.ndarray [shape=(n_samples,)]
        split : str, optional
            Ask only the models of this split; all are averaged otherwise.

        Returns
        -------
        np.ndarray [shape=(n_windows, n_classes)]
        """
        return self._probabilities([self.maps(y) for y in windows], split)

    def _probabilities(self, windows: Sequence[Mapping[Feature, FeatureMap]], split: str | None) -> Array:
        values = _stacked(windows)
        return ensemble(self.experiment, [(fit["member"], self._predict(fit, values)) for fit in self._fits(split)])

    def classify(self, sound: Source | Clip, *, split: str | None = None) -> Classification:
        """Classify a sound of any length; one longer than the models' is cut into windows.

        Parameters
        ----------
        sound : path, bytes, file or Clip
        split : str, optional
            Ask only the models of this split: of a test clip, those that have not learned from it.

        Raises
        ------
        AudioError
            When it cannot be read.
        ParameterError
            When the run has no such split.
        """
        decoded, key = self._decoded(sound)
        starts, windows = self.windows(decoded.y)
        maps = [self.maps(window, self._window_key(key, start)) for start, window in zip(starts, windows, strict=True)]
        rows = self._probabilities(maps, split)
        found = remarks(decoded.y, decoded.meter, windows, band_of(maps[0], self.audio.sr), self.audio, self._trained)
        novelty, on_validation = self._far(maps, split)
        if novelty is not None and novelty > 1 and all(remark.kind != "silent" for remark in found):
            found = (unknown(novelty, on_validation), *found)
        return Classification(
            self.classes,
            rows.mean(axis=0),
            tuple(Window(start / self.audio.sr, row) for start, row in zip(starts, rows, strict=True)),
            found,
            novelty,
        )

    def show(self, sound: Source | Clip) -> tuple[FeatureMap, Array]:
        """A whole sound at its own length: the experiment's first feature that is a picture of it, and the samples.

        An embedding is none; its waveform stands for it. Samples [shape=(n,)].

        Raises
        ------
        AudioError
            When it cannot be read.
        """
        feature = next((one for one in self.experiment.features if not one.heavy), Waveform())
        decoded, key = self._decoded(sound)
        y = decoded.y
        if key is not None:  # a sound of the models' length is the window they are given
            key = (self._window_key(key, 0) if len(y) == self.n_samples else (key, "whole"), feature)
        return self._cache.feature(key, partial(feature.compute, y, self.audio.sr)), y

    def samples(self, sound: Source | Clip) -> Array:
        """Samples of a whole sound at the experiment's rate [shape=(n,)]; never to be changed."""
        return self._decoded(sound)[0].y

    def windows(self, y: Array) -> tuple[list[int], list[Array]]:
        """Cut samples into windows of the models' length; a rest shorter than half a window is left out."""
        starts = list(range(0, max(len(y) - self.n_samples // 2, 1), self.n_samples))
        return starts, [
            fix_length(y[start : start + self.n_samples], self.n_samples, self.audio.pad) for start in starts
        ]

    def explain(
        self,
        sound: Source | Clip,
        *,
        class_index: int | None = None,
        feature_index: int = 0,
        method: str = "grad-cam",
        split: str | None = None,
        start: float = 0.0,
    ) -> Explanation:
        """Where the evidence for a class lies in the feature map of one sound.

        Parameters
        ----------
        sound : path, bytes, file or Clip
        class_index : int, optional
            The most probable class where left out.
        feature_index : int
            Which of the experiment's features to look at; of an ensemble, all models that look at this feature answer.
        method : str
            ``"grad-cam"`` (networks of pictures) or ``"occlusion"`` (any model).
        split : str, optional
            Whose models to ask: the split in which a clip was tested.
        start : float
            Where in a longer sound the window begins, in seconds.

        Raises
        ------
        AudioclfError
        """
        if method not in METHODS:
            raise ParameterError(f"method is 'grad-cam' or 'occlusion', got {method!r}.", "method")
        features = self.experiment.features
        decoded, key = self._decoded(sound)
        whole = decoded.y
        first = min(max(round(start * self.audio.sr), 0), max(len(whole) - 1, 0))
        y = fix_length(whole[first : first + self.n_samples], self.n_samples, self.audio.pad)
        maps = self.maps(y, self._window_key(key, first))
        values = _stacked([maps])
        probabilities = self._probabilities([maps], split)[0]
        index = int(probabilities.argmax()) if class_index is None else class_index
        if not 0 <= index < len(self.classes):
            raise ParameterError(f"class_index must be 0 to {len(self.classes) - 1}, got {index}.", "class_index")
        if not 0 <= feature_index < len(features):
            raise ParameterError(
                f"feature_index must be 0 to {len(features) - 1}, got {feature_index}.", "feature_index"
            )
        shown = maps[features[feature_index]]
        heats = [
            self.experiment.picture.to_map(self._heat(fit, values, index, feature_index, method), shown.values.shape)
            for fit in self._fits(split)
            if features[feature_index] in self.experiment.members[fit["member"]]
        ]
        heat = np.mean(heats, axis=0).astype(np.float32)
        peak = float(heat.max())
        shaped = (heat / peak if peak > 0 else heat).reshape(shown.values.shape)
        return Explanation(shown, shaped, index, self.classes, probabilities, y, self.audio.sr, peak)

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

    @cached_property
    def _trained(self) -> Trained:
        try:
            clips = self.run.clips
        except RunError:  # a damaged list costs remarks, not the answer
            clips = ()
        return Trained.on(clips, float(self.signature["duration"]), self.audio.sr)

    def _window_key(self, key: Hashable, first: int) -> Hashable:
        return None if key is None else (key, first, self.n_samples, self.audio.pad)

    def _fits(self, split: str | None) -> list[dict[str, Any]]:
        fits: list[dict[str, Any]] = self.signature["fits"]
        names = dict.fromkeys(fit["split"] for fit in fits)
        if split is not None and split not in names:
            raise ParameterError(params.unknown(split, names, "split of this run"), "split")
        return [fit for fit in fits if split is None or fit["split"] == split]

    def _transform(self, fit: dict[str, Any]) -> Transform:
        if fit["id"] not in self._transforms:
            folder = self.run.fit_folder(fit["id"])
            self._transforms[fit["id"]] = Transform.load(self.experiment, fit["member"], folder)
        return self._transforms[fit["id"]]

    def _model(self, fit: dict[str, Any]) -> Any:
        if fit["id"] not in self._fitted:
            shape = tuple(self.signature["input_shapes"][fit["member"]])
            folder = self.run.fit_folder(fit["id"])
            with trust.trusting_code(self._trust_code):
                self._fitted[fit["id"]] = training.load(self.experiment.model, folder, shape, len(self.classes))
        return self._fitted[fit["id"]]

    def _predict(self, fit: dict[str, Any], values: Mapping[Feature, Array]) -> Array:
        rolls = self.experiment.training.test_rolls
        rows: Array = self._model(fit).predict_rolled(self._transform(fit)(values), rolls)
        return rows

    def _far(self, windows: Sequence[Mapping[Feature, FeatureMap]], split: str | None) -> tuple[float | None, bool]:
        """See :attr:`Classification.novelty`; and whether validation clips set the threshold of all models."""
        known = [(fit, one) for fit in self._fits(split) if (one := self._novelty(fit)) is not None]
        if not known:
            return None, False
        values = _stacked(windows)
        rows = [novelty(self._model(fit), self._transform(fit)(values)) for fit, novelty in known]
        return float(np.median(np.mean(rows, axis=0))), all(novelty.on_validation for _, novelty in known)

    def _novelty(self, fit: dict[str, Any]) -> training.Novelty | None:
        if fit["id"] not in self._novelties:
            self._novelties[fit["id"]] = training.Novelty.load(self.run.fit_folder(fit["id"]))
        return self._novelties[fit["id"]]

    def points(self, fit: dict[str, Any], values: Mapping[Feature, Array]) -> Array | None:
        """Feature maps where a fit of :attr:`signature` decides, as points [shape=(n, d)] whose Euclidean distance is
        that of its novelty, where it knows one; None for a network whose last layer is given several things."""
        embedded: Array | None = self._model(fit).embed(self._transform(fit)(values))
        novelty = self._novelty(fit)
        return embedded if embedded is None or novelty is None else novelty.distance.points(embedded)

    def _heat(
        self, fit: dict[str, Any], values: Mapping[Feature, Array], index: int, feature_index: int, method: str
    ) -> Array:
        fitted, transform = self._model(fit), self._transform(fit)
        pieces = transform.scaled(values)
        combine, layer = self.experiment.combine, self.experiment.model.cam_layer
        if method == "grad-cam":
            if layer is None:
                raise ParameterError(
                    f"{self.experiment.model.title} has no convolution layer for Grad-CAM to read;"
                    " explain it by occlusion.",
                    "method",
                )
            return explain.grad_cam(fitted.estimator, transform.join(pieces)[0], index, layer)
        if combine != "concatenate" or len(pieces) == 1:
            return explain.occlusion(fitted.predict_proba, transform.join(pieces)[0], index)

        def predict(covered: Array) -> Array:
            rows = [np.repeat(piece, len(covered), axis=0) for piece in pieces]
            rows[feature_index] = covered
            answer: Array = fitted.predict_proba(transform.join(rows))
            return answer

        # one long row has no patches: the map is covered, and put among the others as before
        return explain.occlusion(predict, pieces[feature_index][0], index)


def _stacked(windows: Sequence[Mapping[Feature, FeatureMap]]) -> dict[Feature, Array]:
    """Values of every feature of several windows [shape=(n_windows, ...)]."""
    return {feature: np.stack([maps[feature].values for maps in windows]) for feature in windows[0]}
