"""The warm process for what needs matplotlib or librosa: figures as files, sounds made of features.

It is another one than that of the models, so that nobody waits for a prediction because someone saves a figure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from audioclf.inference.messages import Arrays
from audioclf.inference.model_server import ModelWorker


@st.cache_resource(show_spinner=False)
def _worker() -> ModelWorker:
    return ModelWorker()


def ask(request: Mapping[str, Any], given: Arrays | None = None) -> tuple[dict[str, Any], Arrays]:
    """Send a request and wait for its answer; from a task or a download, never from a page.

    Raises
    ------
    AudioclfError
        What the process refused in words, or that it died.
    """
    return _worker().ask(request, given)
