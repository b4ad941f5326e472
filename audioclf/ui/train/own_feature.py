"""The feature that a pretrained model was made for, one press away where another one is chosen."""

from __future__ import annotations

import streamlit as st

from audioclf.experiments.config import Experiment
from audioclf.features import FEATURES
from audioclf.features.colormap import Picture
from audioclf.features.scaling import Scaling
from audioclf.ui.forms import experiment_draft
from audioclf.ui.shell.state import State


def offer(state: State, experiment: Experiment | None) -> None:
    """Draw the button where the chosen model takes one feature alone, and is given anything else."""
    if experiment is None or not experiment.model.feature:
        return
    feature, scaling = FEATURES[experiment.model.feature](), Scaling(mode="none")
    audio = experiment.audio.replace(sr=feature.own_sr or experiment.audio.sr)
    if experiment.features == (feature,) and experiment.scaling == scaling and not experiment.picture.on:
        return
    if st.button(f"Use {feature.title}", icon=":material/swap_horiz:", key="train.own_feature"):
        fitting = experiment.replace(
            audio=audio, features=(feature,), scaling=scaling, picture=Picture(), combine="channels", weights=()
        )
        experiment_draft.take(state, fitting)
