"""What does YAMNet hear? 521 classes over time, of any sound, without training."""

from __future__ import annotations

import streamlit as st

from audioclf.datasets import Clip
from audioclf.embeddings import EMBEDDINGS
from audioclf.embeddings.hearing import LISTENER
from audioclf.inference.messages import packed
from audioclf.plots.hearing import hearing_chart
from audioclf.ui.inference import model_client
from audioclf.ui.shell import warmup
from audioclf.ui.shell.text import escape


def toggle(clip: Clip, key: str) -> None:
    """Draw a switch, and below it, where it is on, what is heard in a clip."""
    model = EMBEDDINGS[LISTENER]
    if not st.toggle(f"What does {model.title} hear?", key=f"{key}.on"):
        return
    if not model().at_hand and not st.session_state.get("hearing.fetch"):
        st.caption(f"{model.title}'s weights ({model.n_bytes / 1e6:.0f} MB) are not on this computer.")
        if not st.button("Fetch them", icon=":material/download:", key=f"{key}.fetch"):
            return
        st.session_state["hearing.fetch"] = True

    request = {"do": "hear", "clip": packed(clip)[0]}
    task = model_client.ask(f"hear {clip.key}", "Listening", lambda worker: worker.ask(request)[0])
    found = model_client.wait(f"{key}.heard", task)
    if found is None:
        return
    warmup.until_ready()
    classes = found["classes"]
    rows = list(zip(*(one["scores"] for one in classes.values()), strict=True))
    st.vega_lite_chart(
        hearing_chart(list(classes), found["times"], rows, seconds=found["seconds"], hop=model.hop), key=f"{key}.chart"
    )
    first = ", ".join(f"{escape(label)} {one['mean']:.0%}" for label, one in list(classes.items())[:3])
    st.caption(
        f"Mean scores: {first}. {model.title} knows {len(model().classes)} classes; each has a score of its own, so"
        f" several can be high at once. {escape(found['remark'])}"
    )
