"""Whether an explanation is true: the sentence above its picture, and the curves behind that sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from audioclf import plots
from audioclf.experiments.runs import Run
from audioclf.explain import METHODS, Verdict
from audioclf.ui.inference import model_client
from audioclf.ui.inference.sound_picker import Subject
from audioclf.ui.shell.text import escape

_FIGURES = {
    "Average drop": "How much of the probability is lost when only what the map marks is left, as a share of it"
    " (L-MAC, 2024).",
    "Average gain": "How much of the way to certainty is gained when only what the map marks is left (L-MAC, 2024).",
    "Input fidelity": "Whether the model predicts the same when only what the map marks is left.",
    "Faithfulness": "How much the probability falls when what the map marks is taken away.",
    "With random weights": "Rank correlation with the map of the same network with random weights (Adebayo et al."
    " 2018): near 0 where the map shows what was learned, near 1 where it would look like this without any learning.",
}


def sentence(run: Run, subject: Subject, label: str, options: Mapping[str, Any]) -> None:
    """Draw what removing the marked tenth does to the class; a warning where a random tenth does as much."""
    with st.container(key="verdict"):
        answer = model_client.wait("verdict", model_client.judge(run, subject.clip, **options), height=0, timeout=1.0)
        if answer is None or answer[0] is None:
            return
        verdict: Verdict = answer[0]
        words = escape(verdict.sentence(label))
        if verdict.is_random:
            st.warning(f"**{escape(verdict.warning())}** {words}", icon=":material/casino:")
        elif verdict.is_weak or verdict.loudest_wins:
            st.info(f"{words} {escape(verdict.warning())}", icon=":material/info:")
        else:
            st.success(words, icon=":material/verified:")


def details(run: Run, subject: Subject, options: Mapping[str, Any]) -> None:
    """Draw the switch for the whole test, and the test where it is on."""
    if not st.toggle("Test this map", key="evidence.test"):
        return
    task = model_client.judge(run, subject.clip, checks=True, **options)
    answer = model_client.wait("checks", task, height=200)
    if answer is None or answer[0] is None:
        return
    verdict, checks = answer
    left, right = st.columns(2, gap="medium")
    for place, title, curves, note in (
        (left, "Deletion", verdict.deletion, "The lower, the better the map: what is removed first mattered."),
        (right, "Insertion", verdict.insertion, "The higher, the better: what is put into silence first is enough."),
    ):
        with place:
            st.markdown(f"**{title}**")
            named = {name.capitalize(): curve for name, curve in curves.items()}
            st.vega_lite_chart(plots.share_chart(verdict.shares, named), key=f"evidence.{title}")
            st.caption(note)
    figures = {
        "Average drop": f"{verdict.drop:.0%}",
        "Average gain": f"{verdict.gain:.0%}",
        "Input fidelity": "yes" if verdict.fidelity else "no",
        "Faithfulness": f"{verdict.faithfulness:.2f}",
    }
    if checks.get("randomised") is not None:
        figures["With random weights"] = f"{checks['randomised']:.2f}"
    with st.container(horizontal=True, gap="medium"):
        for name, value in figures.items():
            st.metric(name, value, help=_FIGURES[name], width="content")
    agreement = checks.get("agreement", {})
    if agreement:
        listed = ", ".join(f"{METHODS[kind].title} {share:.0%}" for kind, share in agreement.items())
        st.caption(f"Of the marked tenth, other methods mark (10 % by chance): {escape(listed)}.")
