"""Listening live: the browser sends the last second and a half whenever something sounds."""

from __future__ import annotations

import base64
import binascii
import functools
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from audioclf.audio.io import Array, wav_bytes
from audioclf.core.errors import AudioclfError, AudioError
from audioclf.datasets.ingest import recorded
from audioclf.experiments.runs import Run
from audioclf.inference.predictor import Classification
from audioclf.ui.inference import explanation, model_client
from audioclf.ui.shell import error_boundary, warmup
from audioclf.ui.shell.text import escape
from audioclf.ui.sound import clip_picker

RATE, SECONDS = 16000, 1.5
_HERE = Path(__file__).parent
_WAIT = 4.0
_PAST = 5


def is_unknown(answer: Classification) -> bool:
    """Whether a sound is like none of the classes."""
    return answer.novelty is not None and answer.novelty > 1


def word(answer: Classification) -> str:
    """The answer in a word or two: a class, or none of these."""
    if any(remark.kind == "silent" for remark in answer.remarks):
        return "Nothing"
    return "None of these" if is_unknown(answer) else answer.label


@functools.cache
def _component() -> Any:
    return st.components.v2.component(
        "audioclf_live",
        html="<div class='live'><button type='button'>Listen live</button>"
        "<div class='meter'><div class='level'></div></div><div class='words' role='status'></div></div>",
        css=(_HERE / "live.css").read_text(encoding="utf-8"),
        js=(_HERE / "live.js").read_text(encoding="utf-8"),
    )


@error_boundary.fragment()
def draw(run: Run) -> None:
    """Draw the button with its level meter, and what was heard last."""
    turn = st.session_state["live.turn"] = st.session_state.get("live.turn", 0) + 1
    result = _component()(
        key=f"record.live {run.id}",
        data={"rate": RATE, "seconds": SECONDS, "turn": turn},
        on_chunk_change=lambda: None,
    )
    if result.chunk:
        heard = _ask(run, samples(result.chunk))
        if heard is not None:
            past = st.session_state.setdefault(f"live {run.id}", [])
            past.insert(0, heard)
            del past[_PAST:]
    past = st.session_state.get(f"live {run.id}", [])
    if past:
        warmup.until_ready()
        st.title(escape(word(past[0]), 40), anchor=False)
        if is_unknown(past[0]):
            st.markdown(f"Nearest is **{escape(past[0].label, 40)}**.")
        explanation.bars(run, past[0].probabilities, key="live.bars")
        st.caption("Before: " + (escape(", ".join(word(one) for one in past[1:])) or "nothing yet"))


def samples(chunk: Any) -> Array:
    """Samples [shape=(n,)] of what the browser sent.

    Raises
    ------
    AudioError
        When it is anything else.
    """
    text = chunk.get("pcm") if isinstance(chunk, dict) else None
    most = round(4 * RATE * SECONDS)
    try:
        if not isinstance(text, str) or len(text) > most:
            raise ValueError
        data = base64.b64decode(text, validate=True)
        return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32767)
    except (ValueError, binascii.Error):
        raise AudioError("The browser sent no sound; reload the page and listen again.") from None


def _ask(run: Run, y: Array) -> Classification | None:
    """What the model hears in the last example of a stretch; None where there is none, or the answer is late."""
    try:
        example = recorded.examples(wav_bytes(y, RATE), "")[-1]
    except AudioclfError:  # a click that was over at once
        return None
    clip = clip_picker.keep(example.sound, "live")
    task = model_client.ask(
        f"live {run.folder} {clip.key}", "Listening", lambda worker: worker.classify(run.folder, clip)
    )
    if not task.wait(_WAIT):
        return None
    clip.path.unlink(missing_ok=True)
    if task.error is not None:
        raise task.error
    found: Classification = task.result
    return found
