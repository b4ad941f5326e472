"""audioclf: hear, see and teach a machine to tell sounds apart. Run with ``streamlit run app.py``."""

import streamlit as st

from audioclf.ui import frame, home

with frame.page("Home", heading=False) as state:
    home.hero(state)
    st.space("small")
    home.steps(state)
