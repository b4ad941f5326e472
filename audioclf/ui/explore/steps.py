"""Step by step: how the MFCC of one frame of the user's own clip come about."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import streamlit as st

from audioclf.audio.io import AudioSettings
from audioclf.core.errors import ParameterError
from audioclf.datasets import Clip
from audioclf.features import CQT, MFCC
from audioclf.features.mfcc_steps import MFCCSteps, mfcc_steps
from audioclf.ui.explore.steps_text import steps_of
from audioclf.ui.shell import error_boundary, media
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import escape
from audioclf.ui.sound import cache, clip_picker, feature_settings
from audioclf.ui.sound.component import component
from audioclf.ui.sound.player import player
from audioclf.ui.sound.view_link import Field, whole

FRAME: Final = "explore.steps.frame"
"""Where the session keeps the number of the frame."""

LINK: Final = [Field("frame", FRAME, None, whole(0, 10**7))]
"""What is chosen here, as the page's link keeps it."""

_MOST_VALUES: Final = 1_500_000
_OUTLINE: Final = 500
_LOWEST: Final = 30.0
_SCRIPTS: Final = ("sound/element.js", "sound/axes.js", "explore/steps.js")


def draw(state: State, clip: Clip) -> None:
    """Draw the sound and the steps of the frame that is chosen, with the parameters the MFCC were given."""
    _draw(clip, feature_settings.audio())


@error_boundary.fragment()
def _draw(clip: Clip, audio: AudioSettings) -> None:
    feature = feature_settings.feature("mfcc")
    assert isinstance(feature, MFCC)
    cqt = feature_settings.feature("cqt")
    assert isinstance(cqt, CQT)
    sound = clip_picker.track(clip, audio, note=clip_picker.facts(clip))
    player("explore.steps", [sound], [], height=0)
    made = numbers(clip, feature, cqt, audio)
    if made.n_frames < made.all_frames:
        st.caption(f"The first {made.about['seconds']:.1f} s of the sound are followed.")
    for sentence in (*feature.advice(audio.sr, len(cache.samples(clip, audio))), *made.remarks):
        st.caption(escape(sentence))
    chosen = st.session_state.get(FRAME)
    frame = min(made.n_frames // 4 if chosen is None else int(chosen), made.n_frames - 1)
    described = [asdict(step) for step in steps_of(feature, cqt, audio.sr)]
    layout = [[name, list(array.shape)] for name, array in made.arrays.items()]
    address = media.address(made.blob, "application/octet-stream")
    result = component("steps", "steps", ("explore/steps.css",), _SCRIPTS)(
        # what another clip's slider was left at is no choice for this one
        key=f"explore.steps {clip.key}",
        data={"numbers": address, "layout": layout, "steps": described, "frame": frame, **made.about},
        default={"frame": frame},
        on_frame_change=lambda: None,
    )
    if result.frame is not None and int(result.frame) not in (chosen, frame):
        st.session_state[FRAME] = int(result.frame)
        st.rerun()
    st.caption("The features use the settings made in the view of each feature.")


@dataclass(frozen=True, eq=False)
class Numbers:
    """What the browser needs: arrays one behind the other, and a few numbers about them."""

    arrays: dict[str, np.ndarray[Any, np.dtype[np.float32]]]
    blob: bytes
    about: dict[str, Any]
    n_frames: int
    all_frames: int
    remarks: tuple[str, ...]


@cache.kept(24, 24)
def numbers(clip: Clip, feature: MFCC, cqt: CQT, audio: AudioSettings) -> Numbers:
    """All steps of all frames of a clip (of a long one, of the first)."""
    y = cache.samples(clip, audio)
    steps = mfcc_steps(y, audio.sr, feature)
    n = min(steps.n_frames, max(1, _MOST_VALUES // steps.spectra.shape[1]))
    shown = y if n == steps.n_frames else y[: n * feature.hop_length]
    arrays = {
        "samples": steps.samples[: (n - 1) * feature.hop_length + feature.n_fft],
        "outline": _outline(shown),
        "window": steps.window,
        "spectra": steps.spectra[:n],
        "edges": steps.edges,
        "bands": steps.bands[:n],
        "levels": steps.levels[:n],
        "cosines": steps.cosines,
        "coefficients": steps.coefficients[:n],
        "times": steps.times[:n],
    }
    remarks: tuple[str, ...] = ()
    about = _about(steps, n, feature, audio, shown)
    try:
        notes = cqt.replace(scale="db", ref="max").compute(y, audio.sr)
    except ParameterError as error:
        remarks = (f"The constant-Q transform is left out: {error}",)
    else:
        rows, time = notes.axes
        hop = cqt.hop_length / audio.sr
        until = max(1, int(np.searchsorted(time.values, len(shown) / audio.sr, side="right")))
        arrays |= {"cqt": notes.values.T[:until], "cqt_hz": rows.values}
        about["cqt"] = {"hop": hop, "start": 0.0}
    packed = {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in arrays.items()}
    blob = b"".join(array.tobytes() for array in packed.values())
    return Numbers(packed, blob, about, n, steps.n_frames, remarks)


def _about(
    steps: MFCCSteps, n_frames: int, feature: MFCC, audio: AudioSettings, shown: np.ndarray[Any, Any]
) -> dict[str, Any]:
    loudest, quietest = float(steps.levels.max()), float(steps.levels.min())
    size = max(float(np.abs(shown).max()), 1e-6)
    return {
        "n_frames": n_frames,
        "n_fft": feature.n_fft,
        "hop_length": feature.hop_length,
        "stretch": feature.n_fft / audio.sr,
        "seconds": len(shown) / audio.sr,
        "nyquist": audio.sr / 2,
        "limits": [-size, size],
        "levels": [quietest, loudest] if loudest > quietest else [loudest - 80, loudest],
        # cosines of unit length are their own inverse
        "inverse": feature.dct_type == 2 and feature.norm == "ortho" and feature.lifter == 0,
        "beside": {
            "low": _LOWEST,
            "high": audio.sr / 2,
            "peak": max(float(steps.spectra.max()), 1e-12),
            "floor": loudest - 80,
            "power": feature.power,
        },
    }


def _outline(y: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Lowest and highest sample of every stretch of the sound, in turn."""
    begin = np.linspace(0, len(y), min(_OUTLINE, len(y)) + 1).astype(int)[:-1]
    return np.stack([np.minimum.reduceat(y, begin), np.maximum.reduceat(y, begin)], axis=1).ravel()
