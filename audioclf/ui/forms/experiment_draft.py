"""The experiment that is being put together: a sane beginning for the chosen data, and filling in the forms."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from audioclf import recipes
from audioclf.audio.io import AudioSettings
from audioclf.core.errors import AudioclfError, ParameterError
from audioclf.core.params import Parameters, param
from audioclf.datasets import Dataset
from audioclf.datasets.splits import Holdout, OfficialFolds, OfficialSplit, Protocol
from audioclf.experiments.config import COMBINATIONS, DatasetChoice, Experiment
from audioclf.models.trust import require_allowed
from audioclf.similarity import choice as embeddings
from audioclf.similarity.choice import Candidate
from audioclf.ui.forms import drafts, embedding_choice, parameter_form
from audioclf.ui.shell import current_dataset
from audioclf.ui.shell.state import State

SUGGESTED = "suggestion"

_LONG = 30.0
"""Seconds; whoever brings longer clips rarely means to feed them whole."""


@dataclass(frozen=True)
class Combination(Parameters):
    """How several features meet: the experiment's ``combine`` and ``weights``."""

    title = "Combination"

    combine: str = param(
        "channels",
        "As channels of one input (equal sizes), one after the other, or as an ensemble with one model for each.",
        choices=COMBINATIONS,
    )
    weights: tuple[float, ...] = param(
        (), "Weight of each model of an ensemble, one number per feature; empty weights all equally.", low=0
    )


def begin(state: State, dataset: Dataset) -> None:
    """Fill in what was last taken over, or what was kept or is suggested where the forms are about other data."""
    about = current_dataset.key(state.data, state.options)
    taken = st.session_state.pop("train.taken", None)
    if taken is not None:
        fill(taken)
    elif st.session_state.get("train.data") != about:
        fill(_begun(state, dataset))
    st.session_state["train.data"] = about
    for name, value in st.session_state.pop("train.moved", {}).items():
        st.session_state[name] = value


def _begun(state: State, dataset: Dataset) -> Experiment:
    """What was kept for the chosen data, or the suggestion."""
    try:
        kept = drafts.restored(state)
    except ParameterError as error:
        st.session_state["train.unusable"] = str(error)
        kept = None
    begun = kept or suggestion(state.data, state.options, dataset)
    drafts.begin(state, begun)
    return begun


def unusable() -> str:
    """Why settings that were kept are not in the forms, once; empty where they are, or none were."""
    return str(st.session_state.pop("train.unusable", ""))


def suggestion(name: str, options: Mapping[str, Any], dataset: Dataset) -> Experiment:
    """What to train when nobody has chosen anything, with a split and sizes that suit the data.

    A data set with a recipe of its own gets that. Up to some thousand clips a pretrained embedding is suggested, where
    its weights are at hand; else the compact CNN. An official split or official folds are used where there are some;
    groups are kept together, in a recipe too, where that leaves every class something to learn from.
    """
    recipe = recipe_of(name)
    if recipe:
        known = recipes.load_recipe(recipe)
        choice = DatasetChoice(name, dict(options))
        return known.replace(dataset=choice, split=_together(known.split, dataset), name="", note="")
    best = embedding_choice.suggested(dataset)
    return from_scratch(name, options, dataset) if best is None else embedded(name, options, dataset, best)


def recipe_of(name: str) -> str:
    """The recipe of a data set's own, which is what is suggested for it; empty where it has none."""
    return next((recipe for recipe in (f"{name}-best", f"{name}-compact") if recipe in recipes.names()), "")


def embedded(name: str, options: Mapping[str, Any], dataset: Dataset, best: Candidate) -> Experiment:
    """Logistic regression on a pretrained embedding."""
    choice = DatasetChoice(name, dict(options))
    return embeddings.experiment((best.kind,), choice, split_of(dataset), embeddings.audio_of(dataset.clips), C=best.C)


def from_scratch(name: str, options: Mapping[str, Any], dataset: Dataset) -> Experiment:
    """The compact CNN, which learns from the clips alone."""
    split = split_of(dataset)
    experiment = Experiment(dataset=DatasetChoice(name, dict(options)), split=split, audio=_audio(dataset))
    try:
        n_train = min(len(part.train) for part in split.splits(dataset))
    except AudioclfError:  # shown beside the split, once the page is drawn
        return experiment
    batch_size = min(experiment.training.batch_size, max(n_train // 4, 1))
    return experiment.replace(training=experiment.training.replace(batch_size=batch_size))


def split_of(dataset: Dataset) -> Protocol:
    """The protocol that suits: an official one, or a holdout that keeps groups together where it can."""
    folds = sorted({clip.fold for clip in dataset.clips if clip.fold is not None})
    # of a published training and test set, fold 0 is the test
    held_out = folds[0] if 0 in folds else folds[-1] if folds else 0
    candidates: list[Protocol] = [OfficialSplit()] if any(clip.split for clip in dataset.clips) else []
    candidates += [OfficialFolds(test_folds=(held_out,))] if len(folds) > 1 else []
    candidates += [Holdout(), Holdout(by_group=False)]
    return next((protocol for protocol in candidates if _can_split(protocol, dataset)), Holdout())


def _together(protocol: Protocol, dataset: Dataset) -> Protocol:
    """A recipe's protocol, with groups kept together where the data can be split so."""
    kept = protocol.replace(by_group=True)
    return kept if _can_split(kept, dataset) else protocol


def _can_split(protocol: Protocol, dataset: Dataset) -> bool:
    try:
        protocol.splits(dataset)
    except AudioclfError:
        return False
    return True


def _audio(dataset: Dataset) -> AudioSettings:
    lengths = [clip.seconds for clip in dataset.clips]
    if not lengths or max(lengths) <= _LONG:
        return AudioSettings()
    return AudioSettings(duration=float(min(round(statistics.median(lengths), 1) or 1.0, _LONG)))


def start_from(state: State, name: str, dataset: Dataset) -> Experiment:
    """The suggestion or a recipe, on the chosen data; a recipe keeps its protocol on the data it was published for."""
    if name == SUGGESTED:
        return suggestion(state.data, state.options, dataset)
    choice = DatasetChoice(state.data, dict(state.options))
    recipe = recipes.load_recipe(name)
    published = recipe.dataset.name == state.data or recipe.copies.before_split
    split = recipe.split if published else _together(recipe.split, dataset)
    return recipe.replace(dataset=choice, split=split, name="", note="")


def take(state: State, experiment: Experiment) -> None:
    """Take over an experiment with the data set it names; the next run of the page fills in its forms.

    Raises
    ------
    ParameterError
        When its model is not for the web app.
    """
    require_allowed(experiment.model)
    hand_over(state, experiment)
    st.rerun()


def hand_over(state: State, experiment: Experiment) -> None:
    """Have the Train page's forms filled in with an experiment when it is next drawn."""
    state.choose(experiment.dataset.name, experiment.dataset.options)
    st.session_state["train.taken"] = experiment


def carry_groups(key: str, kind: str) -> None:
    """Take the choice to keep groups together along to the form ``key.kind`` of a protocol that has been chosen now."""
    was = st.session_state.get(f"{key}.was", kind)
    held = st.session_state.get(f"{key}.{was}.by_group")
    if was != kind and held is not None:
        st.session_state[f"{key}.{kind}.by_group"] = held
    st.session_state[f"{key}.was"] = kind


def remember(state: State, experiment: Experiment) -> None:
    """Keep what the forms hold, for other pages and for a reload of this one."""
    if experiment != st.session_state.get("train.experiment"):
        st.session_state["train.experiment"] = experiment
        drafts.keep(state, experiment)


def current(state: State, dataset: Dataset) -> Experiment:
    """What the forms last held without a mistake, or will be filled in with, for the chosen data."""
    held: Experiment | None = st.session_state.get("train.taken") or st.session_state.get("train.experiment")
    if held is not None and (held.dataset.name, dict(held.dataset.options)) == (state.data, state.options):
        return held
    return _begun(state, dataset)


def fill(experiment: Experiment) -> None:
    """Put an experiment into the forms, before they are drawn."""
    session = st.session_state
    session["train.name"], session["train.note"] = experiment.name, experiment.note
    for name in ("audio", "dataset", "picture", "scaling", "copies", "training"):
        parameter_form.fill(getattr(experiment, name), f"train.{name}")
    session["train.split"] = session["train.split.was"] = experiment.split.kind
    parameter_form.fill(experiment.split, f"train.split.{experiment.split.kind}")
    session["train.features"] = [feature.kind for feature in experiment.features]
    for number, feature in enumerate(experiment.features):
        session[f"train.feature.{number}"] = feature.kind
        parameter_form.fill(feature, f"train.feature.{number}.{feature.kind}")
    parameter_form.fill(Combination(experiment.combine, experiment.weights), "train.combination")
    session["train.augmentations"] = [augmentation.kind for augmentation in experiment.augmentations]
    for number, augmentation in enumerate(experiment.augmentations):
        parameter_form.fill(augmentation, f"train.augmentation.{number}.{augmentation.kind}")
    session["train.model"] = experiment.model.kind
    parameter_form.fill(experiment.model, f"train.model.{experiment.model.kind}")
