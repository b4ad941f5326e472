"""A slider over the usual values of one parameter, beside its field: the picture follows it."""

from __future__ import annotations

import math

import streamlit as st

from audioclf.features import views
from audioclf.ui.sound import feature_settings

VALUES: dict[str, tuple[int, ...]] = {
    "n_fft": tuple(2**k for k in range(6, 15)),
    "hop_length": tuple(2**k for k in range(5, 13)),
    "n_mels": (8, 16, 24, 32, 40, 64, 80, 100, 128, 160, 200, 256),
    "n_mfcc": (2, 5, 8, 10, 13, 16, 20, 26, 30, 40, 60, 80, 128),
    "n_bins": (12, 24, 36, 48, 60, 72, 84, 96),
    "bins_per_octave": (12, 24, 36, 48, 60),
}
"""Values that are tried, by the name of the parameter."""


def draw(kind: str) -> None:
    """Draw the choice of a parameter and its slider; moving it fills the field of the form."""
    known = views()[kind].describe()
    names = [name for name, (annotation, _) in known.items() if name in VALUES and annotation is int]
    if not names:
        return
    name = st.pills(
        "Parameter to slide",
        names,
        default=names[0],
        required=True,
        key=f"explore.slide.{kind}",
        label_visibility="collapsed",
        persist_state="session",
    )
    field, key = f"feature.{kind}.{name}", f"explore.slide.{kind}.{name}"
    value = st.session_state.get(field) or 0
    if value <= 0:
        value = getattr(feature_settings.feature(kind), name)
    st.session_state[key] = min(VALUES[name], key=lambda other: abs(math.log(other / value)))

    def fill() -> None:
        st.session_state[field] = st.session_state[key]

    st.select_slider(name, VALUES[name], key=key, on_change=fill, label_visibility="collapsed")
