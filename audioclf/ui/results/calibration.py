"""The tab "Calibration" of the Results page: whether the model is right as often as it states."""

from __future__ import annotations

from typing import Any

import streamlit as st

from audioclf import plots
from audioclf.core.errors import RunError
from audioclf.experiments.runs import Run
from audioclf.training.reliability import Bin, Reliability, reliability
from audioclf.training.temperature import temperature_sentences
from audioclf.ui.shell.text import count, escape

_FULL = 10
"""Clips that a bin needs to stand for its probability."""


def calibration(run: Run, metrics: dict[str, Any]) -> None:
    """Draw it."""
    found, sentences = _read(run, metrics)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader(escape(headline(found)), anchor=False)
        theme = st.context.theme.type or "light"
        bins = found.to_dict()["bins"]
        st.vega_lite_chart(plots.reliability_chart(bins, theme=theme), key=f"reliability {run.id}")
    with right:
        if metrics["leaky"]:
            st.markdown("The clips are known from the training, so this shows nothing about new sounds.")
        else:
            st.markdown(escape(verdict(found)))
        st.caption(
            "A bar for the clips of which the model is about equally sure, and how many they are: its height is the"
            " share it got right. The dot is where the bar would end if every percentage were true; a bar below its dot"
            " is too sure, one above it too cautious."
        )
        if found.few:
            st.info(
                f"With only {count(found.n, 'test clip')}, a bar stands for few, and a single one moves it.",
                icon=":material/info:",
            )
        if all(one.get("note") for one in metrics.get("temperatures") or ()):
            st.caption(escape(" ".join(sentences)))
        with st.expander("In the words of the field", icon=":material/school:"):
            _terms(found, sentences)


def headline(found: Reliability) -> str:
    """How sure the model is and how often right, in the fullest bin below certainty, or over all where none is full."""
    full = [each for each in found.bins if each.n >= _FULL]
    doubtful = [each for each in full if each.high < 1]
    shown: Bin | Reliability = max(doubtful or full, key=lambda each: each.n) if full else found
    confidence, accuracy = shown.confidence, shown.accuracy
    return f"When the model says {_percent(confidence)}, it is right in {_percent(accuracy)} of the cases."


def verdict(found: Reliability) -> str:
    """Whether its percentages can be taken at their word."""
    gap = found.confidence - found.accuracy
    over_all = (
        f"Over all {count(found.n, 'test clip')} it is {_percent(found.confidence)} sure on average and right in"
        f" {_percent(found.accuracy)}."
    )
    if found.error <= found.chance:
        if found.few:
            return f"{over_all} With so few clips, that is no more than chance."
        return f"{over_all} The difference is no more than chance: its percentages can be taken at their word."
    how = "too sure of itself" if gap > 0 else "too cautious"
    if abs(gap) < found.error / 2:
        how = "too sure in some places and too cautious in others"
    return f"{over_all} That is more than chance: the model is {how}."


def _terms(found: Reliability, sentences: tuple[str, ...]) -> None:
    st.markdown(
        f"**Expected calibration error** {found.error:.3f} over {count(found.n, 'test clip')}: the mean distance"
        f" between confidence and accuracy over 15 bins of equal width, weighted by their clips. A perfectly calibrated"
        f" model stays below {found.chance:.3f} in 95 of 100 cases with clips of these probabilities."
    )
    st.markdown(f"**Temperature scaling.** {escape(' '.join(sentences))}")
    st.caption("Guo, Pleiss, Sun, Weinberger: On Calibration of Modern Neural Networks, ICML 2017.")


def _read(run: Run, metrics: dict[str, Any]) -> tuple[Reliability, tuple[str, ...]]:
    try:
        if "calibration" in metrics:
            found = Reliability.from_dict(metrics["calibration"])
        else:  # a run of an earlier version
            items = run.predictions
            found = reliability([item.true for item in items], [item.probabilities for item in items])
        sentences = temperature_sentences(metrics.get("temperatures") or ())
    except (TypeError, ValueError) as error:
        raise RunError(f"metrics.json of run '{run.name}' is damaged ({error}); run it again.") from error
    older = "The run is of an earlier version, which gave the probabilities as they come from the model."
    return found, sentences or (older,)


def _percent(share: float) -> str:
    """In whole per cent, with decimals where it would read as certain and is not."""
    text = f"{share:.0%}" if share in (0, 1) or 0.005 <= share < 0.995 else f"{min(max(share, 0.001), 0.999):.1%}"
    return text.replace("%", " %")
