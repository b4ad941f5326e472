"""Waiting for the first call in a place that can be interrupted."""

from __future__ import annotations

import time

import streamlit as st

from audioclf.ui.shell import warmup


def until_ready() -> None:
    """Say that the first pictures take a moment, until they do not.

    The script gives way between the steps, so the reader can click on something else meanwhile.
    """
    if warmup.ready():
        return
    warmup.start(0.0)
    slot = st.empty()
    with st.spinner("The first picture after a start takes some seconds …", show_time=True):
        while not warmup.ready():
            time.sleep(0.1)
            slot.empty()
