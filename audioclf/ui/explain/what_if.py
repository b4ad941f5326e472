"""What if the sound were another: change one clip and hear it, with the model's answer as it changes."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import streamlit as st

from audioclf.audio.noise import COLOURS
from audioclf.augment.alteration import Alteration
from audioclf.core.errors import ParameterError
from audioclf.experiments.runs import Run
from audioclf.inference.questions import Altered
from audioclf.plots.alteration import before_after_chart
from audioclf.ui.explain import robustness_view
from audioclf.ui.inference import model_client
from audioclf.ui.inference.sound_picker import Subject
from audioclf.ui.shell import error_boundary, warmup
from audioclf.ui.shell.text import distinct, escape, plain
from audioclf.ui.sound import cache, feature_panels
from audioclf.ui.sound.player import player, track

_KEY: Final = "what-if"
_NO_NOISE: Final = "none"
_SNRS: Final = (_NO_NOISE, "40", "30", "20", "15", "10", "5", "0", "-5", "-10", "-20")
_OCTAVES: Final = (0, 63, 125, 250, 500, 1000, 2000, 4000, 8000, 16000)


def draw(run: Run, subject: Subject) -> None:
    """Draw the changes to choose, the changed sound, and what the model makes of it."""
    left, right = st.columns([3, 2], gap="large")
    with right:
        alteration = _changes(run, subject)
    with left, error_boundary.boundary("what if"):
        _answer(run, subject, alteration)
    robustness_view.draw(run)


def _key(name: str) -> str:
    return f"{_KEY}.{st.session_state.get(f'{_KEY}:turn', 0)}.{name}"


def _changes(run: Run, subject: Subject) -> Alteration:
    """Draw the controls; returns what they say."""
    seconds = max(round(min(subject.clip.seconds or 1.0, 60.0), 2), 0.1)
    top = run.experiment.audio.sr / 2
    edges = [*(hertz for hertz in _OCTAVES if hertz < top), round(top)]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Change the sound**", width="stretch")
        if st.button("Reset", icon=":material/restart_alt:", key=f"{_KEY}.reset"):
            st.session_state[f"{_KEY}:turn"] = st.session_state.get(f"{_KEY}:turn", 0) + 1
            st.rerun()
    one, two = st.columns(2, gap="medium")
    with one:
        semitones = st.slider("Pitch (semitones)", -12.0, 12.0, 0.0, 0.5, key=_key("pitch"))
        snr = st.select_slider("Noise (SNR in dB)", _SNRS, key=_key("snr"))
        gain = st.slider("Level (dB)", -60.0, 20.0, 0.0, 1.0, key=_key("gain"))
    with two:
        rate = st.slider("Speed", 0.5, 2.0, 1.0, 0.05, key=_key("speed"))
        noise = st.selectbox("Kind of noise", list(COLOURS), key=_key("noise"), disabled=snr == _NO_NOISE)
        reverb = st.slider("Reverberation (s)", 0.0, 3.0, 0.0, 0.1, key=_key("reverb"))
    low, high = st.select_slider(
        "Frequencies that stay", edges, (edges[0], edges[-1]), format_func=_hertz, key=_key("keep")
    )
    band = st.select_slider("Band that is removed", edges, (edges[0], edges[0]), format_func=_hertz, key=_key("band"))
    begin, end = st.slider("Part that stays (s)", 0.0, seconds, (0.0, seconds), 0.01, key=_key("part"))
    made: dict[str, Any] = {
        "semitones": semitones,
        "rate": rate,
        "gain": gain,
        "reverb": reverb,
        "snr": None if snr == _NO_NOISE else float(snr),
        "noise": noise,
        "low_stop": float(low),
        "high_stop": None if high == edges[-1] else float(high),
        "band_from": float(band[0]),
        "band_to": float(band[1]),
        "start": begin,
        "end": None if end >= seconds else end,
    }
    try:
        return Alteration(**made)
    except ParameterError as error:
        st.error(escape(error), icon=":material/error:")
        st.stop()


def _hertz(value: int) -> str:
    return f"{value / 1000:g} kHz" if value >= 1000 else f"{value} Hz"


def _answer(run: Run, subject: Subject, alteration: Alteration) -> None:
    before: Altered | None = model_client.wait(
        "what if before", model_client.alter(run, subject.clip, Alteration(), subject.split)
    )
    if before is None:
        return
    after: Altered | None = model_client.wait(
        "what if", model_client.alter(run, subject.clip, alteration, subject.split)
    )
    if after is None:
        return
    warmup.until_ready()
    st.markdown(_sentence(run, before, after, changed=alteration != Alteration(noise=alteration.noise)))
    wav = cache.playable(after.y, after.sr)
    title = "The changed sound" if alteration != Alteration() else "The sound"
    sound = track(title, wav, len(after.y) / after.sr, f"{len(after.y) / after.sr:.2f} s")
    player("what-if", [sound], [feature_panels.panel(after.feature_map, title="As the model receives it")], height=260)
    names = distinct(plain(label, 32) for label in run.classes)
    true = names[run.classes.index(subject.true)] if subject.true in run.classes else None
    st.vega_lite_chart(
        before_after_chart(names, before.probabilities.tolist(), after.probabilities.tolist(), true=true),
        key="what-if.bars",
    )
    st.caption("Bars: the changed sound. Grey ticks: the sound as it is.")


def _sentence(run: Run, before: Altered, after: Altered, *, changed: bool) -> str:
    was, now = (int(np.argmax(one.probabilities)) for one in (before, after))
    name = escape(plain(run.classes[now], 40))
    share = float(after.probabilities[now])
    if not changed:
        return f"The model predicts **{name}** ({share:.1%}). Move a slider, and hear and see what that changes."
    if was != now:
        earlier = escape(plain(run.classes[was], 40))
        return f"Now the model predicts **{name}** ({share:.1%}) instead of {earlier}. :material/swap_horiz:"
    return f"The model still predicts **{name}** ({share:.1%}, before {before.probabilities[was]:.1%})."
