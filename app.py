"""audioclf: hear, see and teach a machine to tell sounds apart. Run with ``streamlit run app.py``."""

import streamlit as st

from audioclf.ui.home import page
from audioclf.ui.shell import page_frame

with page_frame.page("Home", heading=False) as state:
    page.hero(state)
    st.space("small")
    page.steps(state)
