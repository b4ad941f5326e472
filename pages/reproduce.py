"""The reference systems, run again: the published figure, the figure here, and the pictures they show."""

import streamlit as st

from audioclf.ui import frame, reproduced, reproducing

with frame.page(
    "Reproduce", "Published systems, run again here: what they reported, what comes out, and what that is worth."
) as state:
    reproducing.start(state)
    st.subheader("Published and here", anchor=False)
    report = reproducing.standing(state)
    if report is not None:
        reproduced.downloads(state, report)
        reproduced.show(report)
