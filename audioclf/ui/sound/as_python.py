"""The view as a few lines of Python that draw the same picture: against our API, or with librosa and matplotlib."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

import streamlit as st

from audioclf.audio.io import AudioSettings
from audioclf.core import workspaces
from audioclf.core.settings import cache_folder, number
from audioclf.datasets import Clip, Dataset
from audioclf.features import Feature
from audioclf.plots.screen import Limits
from audioclf.ui.shell import current_dataset
from audioclf.ui.shell.state import State
from audioclf.ui.shell.switch import switch
from audioclf.ui.sound import clip_picker, feature_settings, librosa_script
from audioclf.ui.sound.drawn_view import View

OURS, LIBROSA = "audioclf", "librosa and matplotlib"


def draw(view: View, state: State, dataset: Dataset | None) -> None:
    """Draw the button that opens the script, and the script.

    Parameters
    ----------
    view : View
    state : State
        Says how the data set is loaded.
    dataset : Dataset or None
        The one the clips are of; None where the sound was uploaded.
    """
    with st.popover("Python"):
        which = switch("Library", [OURS, LIBROSA], "python.which")
        if which == OURS:
            text = ours(view, dataset, state.data, state.options)
        else:
            text = librosa_script.script(view, shown_path)
        st.code(text, language="python")
        st.caption("The script draws the same picture, with the parameters that are set.")


def of_clip(state: State, clip: Clip, kinds: Sequence[str], span: Limits | None) -> None:
    """Draw the script of one sound, or of a stretch of it, as some features, with the parameters that are set."""
    features = tuple(feature_settings.feature(kind) for kind in kinds)
    view = View(((clip,),), (clip.label,), features, feature_settings.audio_of(clip), span=span, steady=True)
    draw(view, state, _dataset_of(state, clip))


def of_resynthesis(state: State, clip: Clip, feature: Feature, phase: str, n_samples: int) -> None:
    """Draw the script that makes sound of a feature again."""
    with st.popover("Python"):
        text = heard(
            clip,
            _dataset_of(state, clip),
            state.data,
            state.options,
            feature,
            feature_settings.audio(),
            phase,
            n_samples,
        )
        st.code(text, language="python")


def _dataset_of(state: State, clip: Clip) -> Dataset | None:
    """The data set a clip is of; None for a sound of one's own."""
    dataset = current_dataset.loaded(state)
    return dataset if dataset is not None and clip.key in clip_picker.ids(dataset)[1] else None


def shown_path(clip: Clip) -> str:
    """Where a clip's file is; on a shared server only its name, for its folders are nobody's to know."""
    if workspaces.shared() or clip.path.parent == cache_folder() / "own":
        return clip.file or clip.path.name
    return str(clip.path)


def ours(view: View, dataset: Dataset | None, source: str, options: dict[str, Any]) -> str:
    """The script against our API.

    Parameters
    ----------
    view : View
    dataset : Dataset or None
    source, options
        As for :func:`audioclf.load_dataset`.
    """
    kinds = sorted({type(feature).__name__ for feature in view.features})
    mean = view.n_samples is not None
    longest = max(clip.seconds for group in view.groups for clip in group)
    lines = ["from pathlib import Path", ""]
    if view.audio.duration is None and longest > number("max_clip_seconds"):  # which the page reads in pieces
        lines = ["import os", *lines, f'os.environ["AUDIOCLF_MAX_CLIP_SECONDS"] = "{math.ceil(longest)}"', ""]
    lines += ["from audioclf import load_dataset"] if dataset is not None else ["from audioclf import load_audio"]
    lines += ["from audioclf.audio.io import AudioSettings", f"from audioclf.features import {', '.join(kinds)}"]
    lines += ["from audioclf.features.averages import difference_map, mean_map"] if mean else []
    lines += ["from audioclf.features.extraction import load_clip"] if dataset is not None else []
    lines += ["from audioclf.features.zoom import zoomed"] if view.span else []
    steady = view.steady and view.span is not None
    lines += [f"from audioclf.plots import grid_figure, save{', value_limits' if steady else ''}", ""]
    lines += [f"audio = {_made(view.audio)}", f"features = [{', '.join(_made(one) for one in view.features)}]"]
    if dataset is None:
        path = view.groups[0][0].file or view.groups[0][0].name
        lines += [f"sounds = [load_audio({path!r}, sr=audio.sr, mono=audio.mono)[0]]"]
    else:
        lines += [_loaded(source, options)]
        known = clip_picker.ids(dataset)[1]
        numbers = [[known[clip.key] for clip in group] for group in view.groups]
        lines += _means(numbers, view) if mean else [*_clips(numbers)]
    whole, stretch = "feature.compute(y, audio.sr)", "zoomed(feature, y, audio.sr, *span)"
    lines += [f"span = {view.span}  # seconds"] if view.span else []
    if not mean:
        lines += [f"maps = [[{stretch if view.span else whole} for y in sounds] for feature in features]"]
    if steady:
        lines += [f"limits = [value_limits([{whole} for y in sounds]) for feature in features]  # of the whole"]
    titles = f"column_titles={list(view.titles)!r}"
    how = f"shared={view.shared}{', difference=True' if mean else ''}{', span=span' if view.span else ''}"
    lines += [f"figure = grid_figure(maps, {titles}, {how}{', limits=limits' if steady else ''})"]
    lines += ['save(figure, Path("comparison.png"))']
    return "\n".join(lines) + "\n"


def heard(
    clip: Clip,
    dataset: Dataset | None,
    source: str,
    options: dict[str, Any],
    feature: Feature,
    audio: AudioSettings,
    phase: str,
    n_samples: int,
) -> str:
    """The script that makes sound of the first ``n_samples`` samples of a clip again."""
    lines = ["from pathlib import Path", ""]
    lines += [f"from audioclf import {'load_audio' if dataset is None else 'load_dataset'}, resynthesize"]
    lines += ["from audioclf.audio.io import AudioSettings, wav_bytes"]
    lines += [f"from audioclf.features import {type(feature).__name__}"]
    lines += [] if dataset is None else ["from audioclf.features.extraction import load_clip"]
    lines += ["", f"audio = {_made(audio)}"]
    if dataset is None:
        lines += [f"y, _ = load_audio({clip.file or clip.name!r}, sr=audio.sr, mono=audio.mono)"]
    else:
        number = clip_picker.ids(dataset)[1][clip.key]
        lines += [_loaded(source, options), f"y = load_clip(dataset.clips[{number}], audio)"]
    lines += [f"heard = resynthesize(y[:{n_samples}], audio.sr, {_made(feature)}, phase={phase!r})"]
    lines += ['Path("heard.wav").write_bytes(wav_bytes(heard.y, audio.sr))', 'print(f"{heard.distance:.1f} dB")']
    return "\n".join(lines) + "\n"


def _loaded(source: str, options: dict[str, Any]) -> str:
    given = "".join(f", {name}={value!r}" for name, value in options.items())
    return f"dataset = load_dataset({source!r}{given})"


def _clips(numbers: Sequence[Sequence[int]]) -> list[str]:
    wanted = [group[0] for group in numbers]
    return [f"sounds = [load_clip(dataset.clips[number], audio) for number in {wanted}]"]


def _means(numbers: Sequence[Sequence[int]], view: View) -> list[str]:
    return [
        f"groups = {list(map(list, numbers))}",
        f"n_samples = {view.n_samples}",
        "sounds = [[load_clip(dataset.clips[n], audio, n_samples) for n in group] for group in groups]",
        "maps = []",
        "for feature in features:",
        "    one, other = (mean_map([feature.compute(y, audio.sr) for y in group])[0] for group in sounds)",
        "    maps.append([one, other, difference_map(one, other)])",
    ]


def _made(value: Any) -> str:
    """How an object of parameters is made: only what differs from the defaults."""
    start: Final = type(value)()
    changed = [
        f"{field.name}={getattr(value, field.name)!r}"
        for field in fields(value)
        if getattr(value, field.name) != getattr(start, field.name)
    ]
    return f"{type(value).__name__}({', '.join(changed)})"
