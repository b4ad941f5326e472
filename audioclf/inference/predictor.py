"""Use the models of a finished run: classify a sound, and explain the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from audioclf import explain, training
from audioclf.audio.io import AudioSettings, Source, fix_length, load_audio
from audioclf.core.errors import ParameterError, RunError
from audioclf.core.params import unknown
from audioclf.datasets import Clip
from audioclf.experiments.preprocessing import join
from audioclf.experiments.runs import Run
from audioclf.features import FeatureMap
from audioclf.features.base import Array
from audioclf.features.extraction import load_clip
from audioclf.features.scaling import Scaler
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
    """What a run's models say of one sound.

    Attributes
    ----------
    classes : tuple of str
    probabilities : np.ndarray [shape=(n_classes,)]
        Mean over the windows.
    windows : tuple of Window
        One, or as many as a longer sound holds.
    """

    classes: tuple[str, ...]
    probabilities: Array
    windows: tuple[Window, ...]

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
    trust_code : bool
        Allows the import of code that the run names to build its model.

    Raises
    ------
    RunError
        When the run has no models yet, or they cannot be read.
    ParameterError
        When its model names code that is not trusted.
    """

    def __init__(self, run: Run, *, trust_code: bool = False) -> None:
        self.run = run
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

    @cached_property
    def n_samples(self) -> int:
        """Length of what the models take, in samples."""
        return round(float(self.signature["duration"]) * self.audio.sr)

    def maps(self, y: Array) -> list[FeatureMap]:
        """Every feature of the experiment, of one window."""
        return [feature.compute(y, self.audio.sr) for feature in self.experiment.features]

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
        values = self._values([self.maps(y) for y in windows])
        weights = self.experiment.weights or (1.0,) * len(self.experiment.members)
        parts = self._parts(split)
        total = sum(weights[part["member"]] for part in parts)
        summed = sum(self._predict(part, values) * np.float32(weights[part["member"]] / total) for part in parts)
        return np.asarray(summed, dtype=np.float32)

    def classify(self, source: Source, *, split: str | None = None) -> Classification:
        """Classify a sound of any length; one longer than the models' is cut into windows.

        Parameters
        ----------
        source : path, bytes or file
        split : str, optional
            Ask only the models of this split: of a test clip, those that have not learned from it.

        Raises
        ------
        AudioError
            When it cannot be read.
        ParameterError
            When the run has no such split.
        """
        y, _ = load_audio(source, sr=self.audio.sr, mono=self.audio.mono)
        starts, windows = self.windows(y)
        rows = self.probabilities(windows, split)
        return Classification(
            self.classes,
            rows.mean(axis=0),
            tuple(Window(start / self.audio.sr, row) for start, row in zip(starts, rows, strict=True)),
        )

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
        y = self._window(sound, start)
        maps = self.maps(y)
        values = self._values([maps])
        probabilities = self.probabilities([y], split)[0]
        index = int(probabilities.argmax()) if class_index is None else class_index
        if not 0 <= index < len(self.classes):
            raise ParameterError(f"class_index must be 0 to {len(self.classes) - 1}, got {index}.", "class_index")
        if not 0 <= feature_index < len(maps):
            raise ParameterError(f"feature_index must be 0 to {len(maps) - 1}, got {feature_index}.", "feature_index")
        heats = [
            self.experiment.picture.to_map(
                self._heat(part, values, index, feature_index, method), maps[feature_index].values.shape
            )
            for part in self._parts(split)
            if self.experiment.features[feature_index] in self.experiment.members[part["member"]]
        ]
        heat = np.mean(heats, axis=0).astype(np.float32)
        peak = float(heat.max())
        shaped = (heat / peak if peak > 0 else heat).reshape(maps[feature_index].values.shape)
        return Explanation(maps[feature_index], shaped, index, self.classes, probabilities, y, self.audio.sr, peak)

    def _window(self, sound: Source | Clip, start: float) -> Array:
        if isinstance(sound, Clip) and start <= 0:
            return load_clip(sound, self.audio, self.n_samples)
        if isinstance(sound, Clip):
            y = load_clip(sound, self.audio.replace(duration=None))
        else:
            y, _ = load_audio(sound, sr=self.audio.sr, mono=self.audio.mono)
        first = min(max(round(start * self.audio.sr), 0), max(len(y) - 1, 0))
        return fix_length(y[first : first + self.n_samples], self.n_samples, self.audio.pad)

    def _values(self, rows: list[list[FeatureMap]]) -> list[Array]:
        return [np.stack([maps[number].values for maps in rows]) for number in range(len(rows[0]))]

    def _parts(self, split: str | None) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = self.signature["parts"]
        names = dict.fromkeys(part["split"] for part in parts)
        if split is not None and split not in names:
            raise ParameterError(unknown(split, names, "split of this run"), "split")
        return [part for part in parts if split is None or part["split"] == split]

    def _inputs(self, part: dict[str, Any], values: list[Array]) -> Array:
        return join(self._scaled(part, values), self.experiment.combine)

    def _scaled(self, part: dict[str, Any], values: list[Array]) -> list[Array]:
        folder = self.run.part_folder(part["id"])
        members = self.experiment.members[part["member"]]
        return [
            Scaler.load(folder / f"scaling-{number}.npz").apply(
                self.experiment.picture.draw(values[self.experiment.features.index(feature)])
            )
            for number, feature in enumerate(members)
        ]

    def _model(self, part: dict[str, Any]) -> Any:
        if part["id"] not in self._fitted:
            shape = tuple(self.signature["input_shapes"][part["member"]])
            folder = self.run.part_folder(part["id"])
            with trust.trusting_code(self._trust_code):
                self._fitted[part["id"]] = training.load(self.experiment.model, folder, shape, len(self.classes))
        return self._fitted[part["id"]]

    def _predict(self, part: dict[str, Any], values: list[Array]) -> Array:
        rolls = self.experiment.training.test_rolls
        rows: Array = self._model(part).predict_rolled(self._inputs(part, values), rolls)
        return rows

    def _heat(self, part: dict[str, Any], values: list[Array], index: int, feature_index: int, method: str) -> Array:
        fitted, pieces = self._model(part), self._scaled(part, values)
        combine, layer = self.experiment.combine, self.experiment.model.cam_layer
        if method == "grad-cam":
            if layer is None:
                raise ParameterError(
                    f"{self.experiment.model.title} has no convolution layer for Grad-CAM to read;"
                    " explain it by occlusion.",
                    "method",
                )
            return explain.grad_cam(fitted.estimator, join(pieces, combine)[0], index, layer)
        if combine != "concatenate" or len(pieces) == 1:
            return explain.occlusion(fitted.predict_proba, join(pieces, combine)[0], index)

        def predict(covered: Array) -> Array:
            rows = [np.repeat(piece, len(covered), axis=0) for piece in pieces]
            rows[feature_index] = covered
            answer: Array = fitted.predict_proba(join(rows, combine))
            return answer

        # one long row has no patches: the map is covered, and put among the others as before
        return explain.occlusion(predict, pieces[feature_index][0], index)
