"""Use the models of a finished run: classify a sound, and explain the answer."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from audioclf import explain, training
from audioclf.audio.io import Source
from audioclf.audio.level import SILENCE, counted, loudest
from audioclf.core.errors import ParameterError, RunError
from audioclf.datasets import Clip
from audioclf.experiments.transform import ensemble
from audioclf.explain import Verdict, sanity
from audioclf.features import Feature, FeatureMap, Waveform
from audioclf.features.base import Array
from audioclf.inference import evidence
from audioclf.inference.evidence import Explanation
from audioclf.inference.loaded_run import LoadedRun, stacked
from audioclf.inference.remarks import Remark, Trained, band_of, remarks, unknown


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
        Mean over the windows that are not silent.
    windows : tuple of Window
        One, or as many as a longer sound holds.
    remarks : tuple of Remark
        What to know of the sound beside the answer; empty where nothing is the matter with it.
    novelty : float or None
        How far the sound lies from what the models have learned (median over these, mean over the models), as a
        multiple of the distance that 95 of 100 known clips stay below; above 1 it is like none of the classes. None for
        runs that do not know it: those of earlier versions, and of too few clips.
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


class Predictor(LoadedRun):
    """The models of one run, loaded once: classify sounds, and explain the answers.

    Parameters and errors are those of :class:`~audioclf.inference.loaded_run.LoadedRun`.
    """

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
        return self._answered([self.maps(y) for y in windows], split)[0]

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
        rows, far, on_validation = self._answered(maps, split)
        levels = np.array([loudest(window, self.audio.sr) for window in windows])
        kept = counted(levels)
        found = remarks(
            decoded.y, decoded.meter, levels < SILENCE, band_of(maps[0], self.audio.sr), self.audio, self._trained
        )
        novelty = None if far is None else float(np.median(far[kept]))
        if novelty is not None and novelty > 1 and all(remark.kind != "silent" for remark in found):
            found = (unknown(novelty, on_validation), *found)
        return Classification(
            self.classes,
            rows[kept].mean(axis=0),
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

    def explain(
        self,
        sound: Source | Clip,
        *,
        class_index: int | None = None,
        feature_index: int = 0,
        method: str | Mapping[str, Any] | explain.Method | None = None,
        split: str | None = None,
        start: float = 0.0,
        judge: bool = False,
    ) -> Explanation:
        """Where the evidence for a class lies in the feature map of one sound.

        Parameters
        ----------
        sound : path, bytes, file or Clip
        class_index : int, optional
            The most probable class where left out.
        feature_index : int
            Which of the experiment's features to look at; of an ensemble, all models that look at this feature answer.
        method : str, table or Method, optional
            One of :data:`audioclf.explain.METHODS`: its kind, or a table with its kind and parameters. Where left out,
            the method that won the run's own test, see :func:`audioclf.inference.evidence.default_method`.
        split : str, optional
            Whose models to ask: the split in which a clip was tested.
        start : float
            Where in a longer sound the window begins, in seconds.
        judge : bool
            Whether to remove what is marked and see what becomes of the class.

        Raises
        ------
        AudioclfError
        """
        chosen = evidence.method_of(method, self.run)
        feature = evidence.feature_at(self.experiment, feature_index)
        decoded, key = self._decoded(sound)
        y, first = self.window_at(decoded.y, start)
        maps = self.maps(y, self._window_key(key, first))
        probabilities = self._answered([maps], split)[0][0]
        index = int(probabilities.argmax()) if class_index is None else class_index
        if not 0 <= index < len(self.classes):
            raise ParameterError(f"class_index must be 0 to {len(self.classes) - 1}, got {index}.", "class_index")
        shown = maps[feature]
        subject = self.subject(maps, feature_index, split)
        begin = time.perf_counter()
        heat = chosen.heat(subject, index)
        seconds = time.perf_counter() - begin
        peak = float(heat.max())
        shaped = (heat / peak if peak > 0 else heat).reshape(shown.values.shape).astype(np.float32)
        words = explain.describe(shaped, shown, y, self.audio.sr)
        found = Explanation(
            shown,
            shaped,
            index,
            self.classes,
            probabilities,
            y,
            self.audio.sr,
            peak,
            chosen.kind,
            words,
            seconds,
        )
        if judge and not found.empty:
            verdict = explain.judge(self.subject(maps, feature_index, split, rolled=True), shaped, index)
            return replace(found, verdict=verdict)
        return found

    def judge(
        self,
        sound: Source | Clip,
        found: Explanation,
        *,
        feature_index: int = 0,
        split: str | None = None,
        start: float = 0.0,
    ) -> Verdict:
        """What an explanation that :meth:`explain` gave of the same sound is worth; its heat must not be empty."""
        maps = self._maps_at(sound, start)
        return explain.judge(self.subject(maps, feature_index, split, rolled=True), found.heat, found.class_index)

    def checks(
        self,
        sound: Source | Clip,
        found: Explanation,
        *,
        feature_index: int = 0,
        split: str | None = None,
        start: float = 0.0,
    ) -> dict[str, Any]:
        """Whether an explanation changes when the weights are randomised, and whether other methods agree with it.

        Returns
        -------
        dict
            ``"randomised"``: rank correlation with the map of the same networks with random weights, None for models
            that are no networks. ``"agreement"``: for every other method the share of the marked tenth it marks too.
        """
        maps = self._maps_at(sound, start)
        subject = self.subject(maps, feature_index, split)
        own = evidence.method_of(found.method, self.run)
        randomised = None
        if self.experiment.model.family == "network":
            other = self.subject(maps, feature_index, split, randomised=True)
            randomised = sanity.rank_correlation(found.heat, own.heat(other, found.class_index))
        agreement = {
            kind.kind: sanity.overlap(found.heat, kind().heat(subject, found.class_index))
            for kind in evidence.methods_for(self.run)
            if kind.kind != found.method
        }
        return {"randomised": randomised, "agreement": agreement}

    def _maps_at(self, sound: Source | Clip, start: float) -> dict[Feature, FeatureMap]:
        decoded, key = self._decoded(sound)
        y, first = self.window_at(decoded.y, start)
        return self.maps(y, self._window_key(key, first))

    @cached_property
    def _trained(self) -> Trained:
        try:
            clips = self.run.clips
        except RunError:  # a damaged list costs remarks, not the answer
            clips = ()
        return Trained.on(clips, float(self.signature["duration"]), self.audio.sr)

    def answers(self, windows: Sequence[Mapping[Feature, FeatureMap]]) -> tuple[Array, Array | None]:
        """Probabilities [shape=(n, n_classes)] and novelty [shape=(n,)] of windows, given what :meth:`maps` made."""
        return self._answered(windows, None)[:2]

    def _answered(
        self, windows: Sequence[Mapping[Feature, FeatureMap]], split: str | None
    ) -> tuple[Array, Array | None, bool]:
        """Probabilities and novelty of windows, and whether validation clips set the threshold of all models."""
        values = stacked(windows)
        rows, far, on_validation = [], [], True
        for fit in self.fits(split):
            fitted, novelty, x = self.fitted(fit), self._novelty(fit), self.transform(fit)(values)
            rolls = self.experiment.training.test_rolls
            if novelty is None:
                rows.append((fit["member"], fitted.predict_rolled(x, rolls)))
                continue
            probabilities, embedded = fitted.predict_embedded(x, rolls)
            assert embedded is not None
            rows.append((fit["member"], probabilities))
            far.append(novelty.ratio(embedded))
            on_validation &= novelty.on_validation
        return ensemble(self.experiment, rows), np.mean(far, axis=0) if far else None, on_validation

    def _novelty(self, fit: dict[str, Any]) -> training.Novelty | None:
        if fit["id"] not in self._novelties:
            self._novelties[fit["id"]] = training.Novelty.load(self.run.fit_folder(fit["id"]))
        return self._novelties[fit["id"]]

    def points(self, fit: dict[str, Any], values: Mapping[Feature, Array]) -> Array | None:
        """Examples where one fit decides, as points between which Euclidean distance is that of its novelty.

        Where the fit knows no novelty, the points are what its last layer is given.

        Parameters
        ----------
        fit : dict
            One of ``signature["fits"]``.
        values : mapping of Feature to np.ndarray [shape=(n, ...)]
            Of the features of the fit's member.

        Returns
        -------
        np.ndarray [shape=(n, d)], float32, or None
            None for a network whose last layer is given several things.
        """
        embedded: Array | None = self.fitted(fit).embed(self.transform(fit)(values))
        novelty = self._novelty(fit)
        return embedded if embedded is None or novelty is None else novelty.distance.points(embedded)
