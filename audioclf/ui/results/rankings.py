"""How well the probabilities rank the classes: ROC and precision-recall curves, and the share among the top k."""

from __future__ import annotations

from typing import Any

import streamlit as st

from audioclf.experiments.runs import Run
from audioclf.plots.ranking import ranking_chart
from audioclf.ui.inference import model_client
from audioclf.ui.shell.switch import switch
from audioclf.ui.shell.table import height
from audioclf.ui.shell.text import distinct, escape, plain

_KINDS = {"ROC": "roc", "Precision and recall": "pr"}
_ALL = "All classes"


def draw(run: Run) -> None:
    """Draw them; scikit-learn measures in the process of the models, since a page has no need of it."""
    found: dict[str, Any] | None = model_client.wait("ranking", model_client.rank(run))
    if found is None:
        return
    _figures(found)
    names = distinct(plain(one["class"], 32) for one in found["classes"])
    tested = {name: one for name, one in zip(names, found["classes"], strict=True) if one["auc"] is not None}
    untested = [name for name in names if name not in tested]
    if untested:
        which = ", ".join(untested[:6]) + (" …" if len(untested) > 6 else "")
        st.caption(escape(f"No curve can be drawn of {which}: no test clip, or every one, is of that class."))
    if not tested:
        return
    left, right = st.columns(2, gap="medium")
    with left:
        with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
            kind = _KINDS[switch("Curve", list(_KINDS), "results.curve")]
            chosen = st.selectbox(
                "Class", [_ALL, *tested], key="results.curve.class", label_visibility="collapsed", width=220
            )
        curves = {name: one[kind] for name, one in tested.items()}
        st.vega_lite_chart(
            ranking_chart(curves, kind=kind, chosen=None if chosen == _ALL else chosen), key="results.ranking"
        )
        st.caption(
            "Each class against all others: a point for every probability from which on a clip would be taken for it."
            if kind == "roc"
            else "Precision: of the clips above the threshold, the share of the class. Recall: of its clips, the share"
            " above the threshold."
        )
    with right:
        _table(tested)


def _figures(found: dict[str, Any]) -> None:
    with st.container(horizontal=True, gap="medium"):
        for title, key in (("Mean area under ROC", "macro_auc"), ("Mean average precision", "macro_ap")):
            if found[key] is not None:
                st.metric(title, f"{found[key]:.3f}", width="content")
        for k, share in enumerate(found["top"], start=1):
            if k > 1 and len(found["classes"]) > k:
                st.metric(f"In the top {k}", f"{share:.1%}", width="content")


def _table(tested: dict[str, dict[str, Any]]) -> None:
    import pandas as pd

    rows = [
        {"class": name, "ROC area": one["auc"], "average precision": one["ap"], "test clips": one["positives"]}
        for name, one in tested.items()
    ]
    share = {
        name: st.column_config.ProgressColumn(format="%.3f", min_value=0, max_value=1, width=100)
        for name in ("ROC area", "average precision")
    }
    st.dataframe(pd.DataFrame(rows), hide_index=True, height=height(len(rows), 11), column_config=share)
