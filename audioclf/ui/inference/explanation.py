"""Why a model predicts what it predicts: where the evidence lies in the feature map, and what it sounds like."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from audioclf import explain, plots
from audioclf.audio.io import Array
from audioclf.datasets.catalog.planted import true_box
from audioclf.experiments.runs import Run
from audioclf.explain import METHODS
from audioclf.explain.pointing import iou, points_into, truth_of
from audioclf.features import FeatureMap
from audioclf.inference.evidence import Explanation, default_method, layers_of, methods_for, read_choice
from audioclf.ui.inference import model_client, verdict
from audioclf.ui.inference.sound_picker import Subject
from audioclf.ui.shell import warmup
from audioclf.ui.shell.text import count, distinct, escape, plain
from audioclf.ui.sound import cache, feature_panels
from audioclf.ui.sound.player import player, track

EXPLAINED = {kind: f"{method.title}: {method.explanation}" for kind, method in METHODS.items()}
"""What every method does, for a learner."""

_HEIGHT = 340


def draw(run: Run, subject: Subject, *, start: float = 0.0) -> None:
    """Draw the answer, whether its explanation is true, the feature with the evidence, and the sounds of both.

    Of a longer sound, the window that begins at ``start`` (in seconds) is explained.
    """
    if not subject.clip.path.is_file():
        _gone(run, subject)
        return
    how, which = st.columns([3, 2], gap="medium", vertical_alignment="bottom")
    found = ask(run, subject, how, which, start=start)
    if found is None:
        return
    asked = found.found
    _answer(run, subject, asked.probabilities)
    if not asked.empty:
        verdict.sentence(run, subject, found.label, found.options)
    found.draw(beside=True)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        bars(run, asked.probabilities, subject.true, key="evidence.bars")
    with right:
        st.caption(escape(EXPLAINED[asked.method]))
        for remark in remarks(run, asked, found.options["feature_index"]):
            st.caption(escape(remark))
    if not asked.empty:
        verdict.details(run, subject, found.options)


def _gone(run: Run, subject: Subject) -> None:
    """Draw what is known of a clip whose sound is gone: the answer of its test, where it was tested."""
    tested = [item for item in run.predictions if item.clip == subject.number] if subject.number is not None else []
    item = next((one for one in tested if one.split == subject.split), None)
    if item is not None:
        probabilities = np.asarray(item.probabilities, np.float32)
        _answer(run, subject, probabilities)
        bars(run, probabilities, subject.true, key="evidence.bars")
    st.caption("The sound of this clip is no longer on this machine, so it cannot be played or explained.")


def remarks(run: Run, found: Explanation, feature_index: int) -> list[str]:
    """What to know of a map: what it cost, why the method is the default, and what it cannot show."""
    experiment = run.experiment
    title = METHODS[found.method].title
    words = [f"This map took {max(found.seconds, 0.01):.2g} s."]
    choice = read_choice(run)
    if choice is not None and choice["method"] == found.method:
        n, on = choice.get("n_clips", 0), choice.get("clips", "validation")
        words.append(f"{title} is the default of this run: it won the deletion test on {count(n, f'{on} clip')}.")
    feature = experiment.features[feature_index]
    looking = [member for member in experiment.members if feature in member]
    if len(looking) < len(experiment.members):
        words.append(
            f"{len(looking)} of {len(experiment.members)} models look at this feature; map and test are of these alone."
        )
    if not any(axis.unit == "Hz" for axis in found.feature_map.axes) and found.feature_map.is_picture:
        words.append(
            "Rows are coefficients and have no frequency, so what is heard follows time alone; a place is removed by"
            " giving each coefficient its mean over the clip."
        )
    if experiment.picture.on:
        words.append("The network is given a colour picture; what it used is brought back to the map it was drawn of.")
    if experiment.model.frozen_until is not None and found.method in ("occlusion", "random-masks"):
        words.append("This network is slow, so fewer and larger parts are removed.")
    return words


@dataclass(frozen=True, eq=False)
class Evidence:
    """Where in one sound the evidence for one class lies."""

    label: str
    """The class."""
    title: str
    """Name of the feature."""
    found: Explanation
    options: Mapping[str, Any]
    """What the model process was asked with."""
    truth: npt.NDArray[np.bool_] | None
    """Where the evidence is [shape of the feature map], for a sound that was made to have it there."""

    def draw(self, height: int = _HEIGHT, *, beside: bool = False) -> None:
        """Draw the feature map under its evidence, and the sounds of it; a sentence where there is none.

        The feature as the model receives it can stand ``beside``; ``height`` is in pixels.
        """
        found = self.found
        shown, seconds = found.feature_map, len(found.y) / found.sr
        whole = track("The sound", cache.playable(found.y, found.sr), seconds, "as the model receives it")
        bare = feature_panels.panel(shown, title=self.title)
        if found.empty:
            words = f"{METHODS[found.method].nothing.format(self.label)} Another method may find more."
            st.info(escape(words), icon=":material/visibility_off:")
            if beside:
                player("evidence.sound", [whole], [bare], height=height)
            return
        used = track("What the model used", used_sound(found), seconds, f"what supports {self.label}")
        ignored = track("What it ignored", used_sound(found, invert=True), seconds, "the rest")
        marked = feature_panels.panel(shown, title=f"Evidence for {self.label}", heat=found.drawn, track=1)
        panels = [bare, marked] if beside else [marked]
        if self.truth is not None:
            panels.append(feature_panels.panel(shown, title="Where it truly is", heat=self.truth.astype(np.float32)))
        player("evidence.used", [whole, used, ignored], panels, height=height, columns=len(panels), sync=True)
        if found.words.warns:
            st.warning(f"**Where?** {escape(found.words.sentence)}", icon=":material/warning:")
        else:
            st.markdown(f"**Where?** {escape(found.words.sentence)}")
        if self.truth is not None:
            hit = "lies in the true place" if points_into(found.heat, self.truth) else "misses the true place"
            share = iou(found.heat, self.truth)
            st.markdown(f"**Known answer.** The hottest point {hit}; intersection over union {share:.2f}.")
        if METHODS[found.method].falls:
            points = f"{100 * found.peak:.0f}" if found.peak > 0.095 else f"{100 * found.peak:.2g}"
            st.caption(f"Removing the brightest part alone lowers the probability by {points} percentage points.")


def used_sound(found: Explanation, *, invert: bool = False) -> bytes:
    """What of its sound an explanation marks, or what it leaves, as a WAV file."""
    content = hashlib.blake2b(found.heat.tobytes() + found.y.tobytes(), digest_size=16).hexdigest()
    return _used(content, invert, found)


@st.cache_resource(max_entries=64, show_spinner=False)
def _used(content: str, invert: bool, _found: Explanation) -> bytes:
    y = heard(_found.feature_map, _found.heat, _found.y, _found.sr, invert=invert)
    return cache.playable(y, _found.sr)


def ask(
    run: Run, subject: Subject, how: DeltaGenerator, which: DeltaGenerator, *, start: float = 0.0
) -> Evidence | None:
    """Ask the model for its evidence, by a method and for a class that are drawn to choose from; None while it answers.

    The choice of the method is drawn in ``how``, that of the class in ``which``; of a longer sound, the window that
    begins at ``start`` (in seconds) is asked about.
    """
    feature_index, method = _how(run, how)
    feature = run.experiment.features[feature_index]
    if feature.heavy:
        st.info(f"The numbers of the {feature.title} have no place in time or pitch, so no evidence is drawn on them.")
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
        options["class_index"] = wanted
        asked = model_client.wait("evidence", model_client.explain(run, subject.clip, **options))
        if asked is None:
            return None
    warmup.until_ready()
    truth = _truth(subject, asked) if not start else None
    return Evidence(plain(run.classes[wanted], 40), feature.title, asked, options, truth)


def _truth(subject: Subject, asked: Explanation) -> npt.NDArray[np.bool_] | None:
    """Where the evidence for the true class is known to be; None for other classes and sounds."""
    if asked.classes[asked.class_index] != subject.true:
        return None
    return truth_of(asked.feature_map, true_box(subject.clip))


def window(run: Run, subject: Subject) -> float:
    """Draw the choice of a window where the sound is longer than what the model takes; returns where it begins."""
    length = float(run.signature["duration"])
    last = subject.clip.seconds - length
    if subject.number is not None or last < length / 2:
        return 0.0
    return float(st.slider("From (s)", 0.0, float(np.ceil(last)), 0.0, min(length, 1.0), key="evidence.start"))


def _how(run: Run, place: DeltaGenerator) -> tuple[int, dict[str, Any]]:
    """Draw the choice of the feature, of the method and of the layer it reads, where there is one."""
    features = run.experiment.features
    # networks that look at the same feature answer together
    numbers = [number for number, feature in enumerate(features) if features.index(feature) == number]
    kinds = [method.kind for method in methods_for(run)]
    usual = default_method(run)
    feature_index, method = 0, {"kind": usual}
    with place, st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        if len(numbers) > 1:
            titles = distinct(features[number].title for number in numbers)
            chosen = st.selectbox("Feature", range(len(numbers)), format_func=titles.__getitem__, width=220)
            feature_index = numbers[chosen]
        if len(kinds) > 1:
            method["kind"] = st.selectbox(
                "Method",
                kinds,
                index=kinds.index(usual),
                format_func=lambda kind: METHODS[kind].title,
                key=f"evidence.method {run.id}",
                width=240,
            )
        layers = layers_of(run) if "layer" in METHODS[method["kind"]].describe() else ()
        if len(layers) > 1:
            layer = st.selectbox("Layer", layers, key=f"evidence.layer {run.id}", width=200)
            if layer != layers[0]:
                method["layer"] = layer
        if method["kind"] == "occlusion" and len(run.signature["input_shapes"][0]) > 1:
            covers = METHODS["occlusion"].describe()["cover"][1].choices
            cover = st.selectbox("Removed at once", covers, format_func=str.capitalize, key="evidence.cover", width=160)
            if cover != covers[0]:
                method["cover"] = cover
    return feature_index, method


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


def heard(shown: FeatureMap, heat: Array, y: Array, sr: int, *, invert: bool = False) -> Array:
    """What of a sound a heat map marks, or what it leaves [shape=(n,)]."""
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
    return explain.masked_sound(y, sr, heat, times=times, frequencies=frequencies, invert=invert)


def bars(run: Run, probabilities: Array, true: str = "", key: str = "bars") -> None:
    """Probabilities of the first classes as bars."""
    names = distinct(plain(label, 32) for label in run.classes)
    known = names[run.classes.index(true)] if true in run.classes else None
    st.vega_lite_chart(plots.probability_chart(names, probabilities.tolist(), true=known), key=key)
