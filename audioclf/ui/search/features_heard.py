"""Below a comparison of features: one clip as every feature keeps it, to hear."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from audioclf.datasets import Clip
from audioclf.experiments.runs import Run
from audioclf.features import Waveform
from audioclf.features.inversion import INVERTIBLE, PHASES
from audioclf.plots.screen import value_limits
from audioclf.tuning.studies import Row
from audioclf.ui.jobs import follow
from audioclf.ui.shell import tasks
from audioclf.ui.shell.text import count, distinct, escape, plain
from audioclf.ui.sound import cache, clip_picker, feature_panels, made_again
from audioclf.ui.sound.made_again import MadeAgain
from audioclf.ui.sound.player import player, track

_HEIGHT = 60


def draw(found: Sequence[Row]) -> None:
    """Draw the switch, and below it, where it is on, the choice of a clip and its sounds.

    The rows are those of a comparison of features, in the order of its table.
    """
    if not st.toggle("Hear what each feature keeps", key="studies.hear"):
        return
    run = found[0].run
    clips = _clips(run)
    if not clips:
        st.caption("The sounds of these runs are no longer on this machine.")
        return
    names = distinct(plain(clip.label, 40) for clip in clips)
    chosen = st.selectbox("A clip of", range(len(clips)), format_func=names.__getitem__, key="studies.heard", width=280)
    clip, audio = clips[chosen], run.experiment.audio
    n_samples = min(len(cache.samples(clip, audio)), round(made_again.LONGEST * audio.sr))
    made = {
        row.title: made_again.make(clip, row.run.experiment.features[0], audio, PHASES[0], n_samples)
        for row in found
        if row.run.experiment.features[0].kind in INVERTIBLE
    }

    follow.live(
        lambda: all(task.finished for task in made.values()), lambda: _players(found, clip, run, made), every=0.5
    )


def _clips(run: Run) -> list[Clip]:
    """The first clip of every class that is still there."""
    first: dict[str, Clip] = {}
    for clip in run.clips:
        if clip.label not in first and clip.path.is_file():
            first[clip.label] = clip
    return list(first.values())


def _players(found: Sequence[Row], clip: Clip, run: Run, made: dict[str, tasks.Task]) -> None:
    ready = {title: task.result for title, task in made.items() if task.finished and isinstance(task.result, MadeAgain)}
    known = next(iter(ready.values()), None)
    if known is None:
        st.caption("Making the sounds …")
        return
    limits = value_limits([known.before])
    tracks = [clip_picker.track(clip, run.experiment.audio, title="The clip itself", note=clip.name)]
    panels = [feature_panels.panel(known.before, title="", limits=limits)]
    for row in found:
        one = ready.get(row.title)
        if one is not None:
            tracks.append(track(row.title, one.wav, one.seconds, f"{one.distance:.1f} dB away"))
            panels.append(feature_panels.panel(one.after, title="", track=len(panels), limits=limits))
    player("studies.sounds", tracks, panels, layout="list", height=_HEIGHT, action="", sync=True)
    waiting = sum(not task.finished for task in made.values())
    if waiting:
        st.caption(f"{count(waiting, 'more sound')} to come …")
    for title, task in made.items():
        if task.error is not None:
            st.caption(escape(f"{title}: {task.error}"))
    whole = [row.title for row in found if isinstance(row.run.experiment.features[0], Waveform)]
    silent = [row.title for row in found if row.title not in made and row.title not in whole]
    words = "Made of the feature's numbers alone, the phase guessed (Griffin-Lim); dB is how far the levels are apart."
    if whole:
        words += f" {', '.join(whole)}: the clip itself."
    if silent:
        words += f" {', '.join(silent)}: no order in time is kept, so there is no sound to make."
    st.caption(escape(words))
