"""The web app's parts; the only place that imports streamlit."""
