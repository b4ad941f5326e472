"""audioclf: hear, see and teach a machine to tell sounds apart. Run with ``streamlit run app.py``."""

from audioclf.ui.home import page

page.draw()
