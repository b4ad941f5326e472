"""How good is a run, and where does it go wrong?"""

import streamlit as st

from audioclf.ui import frame, results

with frame.page("Results", "How good is the model, and where does it go wrong?") as state:
    run = results.choose(state)
    metrics = run.metrics
    results.head(run, metrics)
    results.mixups(state, run, metrics)
    names = ["Learning curves", "Classes"] + (["Splits"] if len(metrics["splits"]) > 1 else []) + ["Settings and files"]
    tabs = dict(zip(names, st.tabs(names), strict=True))
    with tabs["Learning curves"]:
        results.curves(run)
    with tabs["Classes"]:
        results.classes(metrics)
    if "Splits" in tabs:
        with tabs["Splits"]:
            results.folds(metrics)
    with tabs["Settings and files"]:
        results.files(run)
