"""Why a model predicts what it predicts: where the evidence lies in the feature map, and what it sounds like."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from audioclf import explain, plots
from audioclf.audio.io import Array, wav_bytes
from audioclf.experiments.runs import Run
from audioclf.features import FeatureMap
from audioclf.inference.evidence import Explanation
from audioclf.ui.inference import model_client
from audioclf.ui.inference.sound_picker import Subject
from audioclf.ui.shell import warmup
from audioclf.ui.shell.text import distinct, escape, plain
from audioclf.ui.sound import feature_panels
from audioclf.ui.sound.player import player, track

METHODS = {"grad-cam": "Grad-CAM", "occlusion": "Occlusion"}
EXPLAINED = {
    "grad-cam": "Grad-CAM: the filters of the last convolution, weighted by how much each supports the class. The"
    " map is coarse, because pooling has made it small by then.",
    "occlusion": "Occlusion: one patch after another is covered, and where the probability falls most, the evidence"
    " was. It works for any model but takes a little longer.",
}
NOTHING = {
    "grad-cam": "No filter of the last convolution supports {}: there is no evidence to show.",
    "occlusion": "Covering any patch of the feature leaves the probability of {} as it is: the prediction depends on no"
    " single place, or the class was never likely.",
}
_LEAST = 1e-4
"""A smaller fall of the probability is rounding."""
_HEIGHT = 340
_LOWEST_PLAYED = 8000


def draw(run: Run, subject: Subject, *, start: float = 0.0) -> None:
    """Draw the answer, the picture with and without the evidence, and the two sounds.

    Parameters
    ----------
    run : Run
    subject : Subject
    start : float
        Where in a longer sound the window begins, in seconds.
    """
    how = which = st.container()
    if len(run.experiment.features) > 1 or run.experiment.model.cam_layer is not None:
        how, which = st.columns([2, 3], gap="medium", vertical_alignment="bottom")
    found = ask(run, subject, how, which, start=start)
    if found is None:
        return
    _answer(run, subject, found.probabilities)
    left, right = st.columns(2, gap="medium")
    with left:
        note = "as the model receives it"
        sound = track("The sound", playable(found.y, found.sr), len(found.y) / found.sr, note)
        player("evidence.sound", [sound], [feature_panels.panel(found.shown, title=found.title)], height=_HEIGHT)
    with right:
        found.draw()
    left, right = st.columns([3, 2], gap="medium")
    with left:
        bars(run, found.probabilities, subject.true, key="evidence.bars")
    with right:
        st.caption(escape(EXPLAINED[found.method]))


@dataclass(frozen=True, eq=False)
class Evidence:
    """Where in one sound the evidence for one class lies.

    Attributes
    ----------
    label : str
        The class.
    title : str
        Name of the feature.
    method : str
    shown : FeatureMap
    heat : np.ndarray [shape of ``shown.values``]
    peak : float
        What 1 in the heat stands for, see :class:`audioclf.inference.predictor.Explanation`.
    probabilities : np.ndarray [shape=(n_classes,)]
    y : np.ndarray [shape=(n,)]
    sr : int
    """

    label: str
    title: str
    method: str
    shown: FeatureMap
    heat: Array
    peak: float
    probabilities: Array
    y: Array
    sr: int

    def draw(self, height: int = _HEIGHT) -> None:
        """Draw the feature map under its evidence, and the sound of what is marked; a sentence where there is none."""
        if self.peak < _LEAST:
            st.info(escape(NOTHING[self.method].format(self.label)), icon=":material/visibility_off:")
            return
        content = hashlib.blake2b(self.heat.tobytes() + self.y.tobytes(), digest_size=16).hexdigest()
        note = f"only the part that supports {self.label}"
        sound = track("What the model used", _used(content, self), len(self.y) / self.sr, note)
        panel = feature_panels.panel(self.shown, title=f"Evidence for {self.label}", heat=self.heat)
        player("evidence.used", [sound], [panel], height=height)
        if self.method == "occlusion":
            points = f"{100 * self.peak:.0f}" if self.peak > 0.095 else f"{100 * self.peak:.2g}"
            st.caption(f"Covering the brightest part lowers the probability by {points} percentage points.")


@st.cache_resource(max_entries=64, show_spinner=False)
def _used(content: str, _evidence: Evidence) -> bytes:
    y = heard(_evidence.shown, _evidence.heat, _evidence.y, _evidence.sr)
    return wav_bytes(y, _evidence.sr)


def ask(
    run: Run, subject: Subject, how: DeltaGenerator, which: DeltaGenerator, *, start: float = 0.0
) -> Evidence | None:
    """Ask the model for its evidence, by a method and for a class that are drawn to choose from.

    Parameters
    ----------
    run : Run
    subject : Subject
    how, which : DeltaGenerator
        Where the choice of the method, and that of the class, are drawn.
    start : float
        Where in a longer sound the window begins, in seconds.

    Returns
    -------
    Evidence or None
        None while the answer is under way.
    """
    feature_index, method = _how(run, how)
    if run.experiment.features[feature_index].heavy:
        title = run.experiment.features[feature_index].title
        st.info(f"The numbers of the {title} have no place in time or pitch, so no evidence is drawn on them.")
        return None
    options: dict[str, Any] = {"feature_index": feature_index, "method": method, "split": subject.split}
    if start:
        options["start"] = start
    asked: Explanation | None = model_client.wait("answer", model_client.explain(run, subject.clip, **options))
    if asked is None:
        return None
    predicted = asked.class_index
    wanted = _class(run, asked.probabilities, predicted, subject.true, which, f"{subject.clip.key} {start}")
    if wanted != predicted:
        task = model_client.explain(run, subject.clip, class_index=wanted, **options)
        asked = model_client.wait("evidence", task)
        if asked is None:
            return None
    warmup.until_ready()
    return Evidence(
        plain(run.classes[wanted], 40),
        run.experiment.features[feature_index].title,
        method,
        asked.feature_map,
        asked.heat,
        asked.peak,
        asked.probabilities,
        asked.y,
        asked.sr,
    )


def window(run: Run, subject: Subject) -> float:
    """Draw the choice of a window where the sound is longer than what the model takes; returns where it begins."""
    length = float(run.signature["duration"])
    last = subject.clip.seconds - length
    if subject.number is not None or last < length / 2:
        return 0.0
    return float(st.slider("From (s)", 0.0, float(np.ceil(last)), 0.0, min(length, 1.0), key="evidence.start"))


def _how(run: Run, place: DeltaGenerator) -> tuple[int, str]:
    """Draw the choice of the picture and of the method, where there is one."""
    features = run.experiment.features
    # networks that look at the same picture answer together
    numbers = [number for number, feature in enumerate(features) if features.index(feature) == number]
    methods = list(METHODS) if run.experiment.model.cam_layer is not None else ["occlusion"]
    feature_index, method = 0, methods[0]
    with place, st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        if len(numbers) > 1:
            titles = distinct(features[number].title for number in numbers)
            chosen = st.selectbox("Feature", range(len(numbers)), format_func=titles.__getitem__, width=220)
            feature_index = numbers[chosen]
        if len(methods) > 1:
            method = st.segmented_control(
                "Method",
                methods,
                default=methods[0],
                required=True,
                format_func=METHODS.__getitem__,
                key="evidence.method",
                persist_state="session",
            )
    return feature_index, str(method)


def _class(run: Run, probabilities: Array, predicted: int, truth: str, place: DeltaGenerator, about: str) -> int:
    """Draw the choice of the class whose evidence is shown: the model's answer, the truth, any other."""
    true = run.classes.index(truth) if truth in run.classes else predicted
    order = [predicted, true, *np.argsort(-probabilities, kind="stable").tolist()]
    numbers = list(dict.fromkeys(int(number) for number in order))
    roles = {true: " (true class)"} | {predicted: " (predicted)"}
    titles = distinct(
        f"{plain(run.classes[number], 40)}, {probabilities[number]:.1%}{roles.get(number, '')}" for number in numbers
    )
    with place:
        chosen = st.selectbox(
            "Evidence for",
            range(len(numbers)),
            format_func=titles.__getitem__,
            key=f"evidence.class {run.id} {about}",
        )
    return numbers[chosen]


def _answer(run: Run, subject: Subject, probabilities: Array) -> None:
    predicted = int(probabilities.argmax())
    words = f"The model predicted **{escape(run.classes[predicted], 60)}** ({probabilities[predicted]:.1%})"
    if not subject.true:
        st.markdown(f"{words}.")
    elif subject.true == run.classes[predicted]:
        st.markdown(f"{words}, which is correct. :green[:material/check_circle:]")
    elif subject.true in run.classes:
        st.markdown(f"{words}, but the true class is **{escape(subject.true, 60)}**. :red[:material/cancel:]")
    else:
        st.markdown(f"{words}. It was never trained on **{escape(subject.true, 60)}**.")


def playable(y: Array, sr: int) -> bytes:
    """Samples as a WAV file that every browser plays: none does below 3 kHz, and small devices not below 8."""
    if sr < _LOWEST_PLAYED:
        import soxr

        y, sr = soxr.resample(y, sr, _LOWEST_PLAYED), _LOWEST_PLAYED
    return wav_bytes(y, sr)


def heard(shown: FeatureMap, heat: Array, y: Array, sr: int) -> Array:
    """What of a sound a heat map marks [shape=(n,)]."""
    frequencies = times = None
    for axis in shown.axes:
        if axis.unit == "s":
            times = axis.values
        elif axis.unit == "Hz":
            frequencies = axis.values
    if not shown.is_picture:
        heat = heat[np.newaxis] if times is not None else heat[:, np.newaxis]
    if times is None:
        times = np.zeros(1)
    return explain.masked_sound(y, sr, heat, times=times, frequencies=frequencies)


def bars(run: Run, probabilities: Array, true: str = "", key: str = "bars") -> None:
    """Probabilities of the first classes as bars."""
    names = distinct(plain(label, 32) for label in run.classes)
    known = names[run.classes.index(true)] if true in run.classes else None
    st.vega_lite_chart(plots.probability_chart(names, probabilities.tolist(), true=known), key=key)
