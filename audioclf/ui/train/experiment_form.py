"""The forms of an experiment, one function per part, and the experiment that comes out of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from audioclf.audio.io import AudioSettings
from audioclf.augment import AUGMENTATIONS, Copies
from audioclf.core.errors import ParameterError
from audioclf.core.params import Parameters
from audioclf.core.registry import Registry
from audioclf.datasets import Dataset
from audioclf.datasets.splits import PROTOCOLS
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.features import FEATURES
from audioclf.features.colormap import Picture
from audioclf.features.scaling import Scaling
from audioclf.models import MODELS
from audioclf.training import Training
from audioclf.ui.forms import experiment_draft, parameter_form
from audioclf.ui.forms.experiment_draft import Combination
from audioclf.ui.forms.parameter_form import Form
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import count, escape
from audioclf.ui.train import augmentation_preview

MOST_FEATURES = 4
TABS = {
    "audio": "Sounds",
    "split": "Split",
    "features": "Pictures",
    "augmentations": "Augmentation",
    "model": "Model",
    "training": "Training",
}
"""Parts of an experiment by the heading their form stands under, on the way from sounds to a trained model."""

_WITHIN = {
    "dataset": "audio",
    "combine": "features",
    "picture": "features",
    "scaling": "features",
    "copies": "augmentations",
}
"""Parts whose form stands under the heading of another."""

_CHANGES = {"samples": "Sound", "map": "Picture"}
_FITTED_AT_ONCE = frozenset(Training.describe()) - {"class_weight", "seed"}


@dataclass
class Sheet:
    """The filled-in forms.

    Attributes
    ----------
    experiment : Experiment or None
        None while a field holds something that cannot be.
    parts : dict
        The form of every part, and the place where it stands.
    """

    experiment: Experiment | None = None
    parts: dict[str, tuple[Form[Any], DeltaGenerator]] = field(default_factory=dict)

    def complain(self, error: ParameterError) -> str:
        """Show a sentence beside the field it is about; returns the heading the field stands under."""
        for part in sorted(self.parts, key=len, reverse=True):
            if error.field == part or error.field.startswith(f"{part}."):
                form, place = self.parts[part]
                with place:
                    form.complain(ParameterError(str(error), error.field.removeprefix(part).lstrip(".")))
                return heading(part)
        return ""


def heading(part: str) -> str:
    """Heading of the tab in which the form of a part stands."""
    first = part.split(".")[0]
    return TABS.get(_WITHIN.get(first, first), "")


def draw(state: State, dataset: Dataset) -> Sheet:
    """Draw all forms in tabs; returns what they hold."""
    sheet = Sheet()
    tabs: dict[str, Callable[[Sheet, Dataset], None]] = {
        "audio": _audio,
        "split": _split,
        "features": _features,
        "augmentations": _augmentations,
        "model": _model,
        "training": _training,
    }
    for place, part in zip(_tabs([TABS[part] for part in tabs]), tabs, strict=True):
        with place:
            tabs[part](sheet, dataset)
    values: dict[str, Any] = {part: form.value for part, (form, _) in sheet.parts.items()}
    if None not in values.values():
        together = values.get("combine", Combination())
        try:
            sheet.experiment = Experiment(
                dataset=values["dataset"].replace(name=state.data, options=dict(state.options)),
                audio=values["audio"],
                split=values["split"],
                features=_in_order(values, "features"),
                combine=together.combine,
                weights=together.weights if together.combine == "ensemble" else (),  # the field stays filled in
                picture=values["picture"],
                scaling=values["scaling"],
                augmentations=_in_order(values, "augmentations"),
                copies=values.get("copies", Copies()),
                model=values["model"],
                training=values["training"],
                name=st.session_state["train.name"].strip(),
                note=st.session_state["train.note"],
            )
        except ParameterError as error:
            where = "combine.weights" if error.field == "weights" else error.field
            sheet.complain(ParameterError(str(error), where))
    if sheet.experiment is not None:
        experiment_draft.remember(sheet.experiment)
    return sheet


def _tabs(titles: list[str]) -> Sequence[DeltaGenerator]:
    """Draw the tabs; the chosen one stays chosen when the page moves, and when the reader comes back to it."""
    session = st.session_state
    session.setdefault("train.tab", session.get("train.tab:last", TABS["features"]))
    tabs = st.tabs(titles, key="train.tab", on_change="rerun")
    session["train.tab:last"] = session["train.tab"]
    return tabs


def _in_order(values: dict[str, Any], what: str) -> tuple[Any, ...]:
    return tuple(values[part] for part in values if part.startswith(f"{what}."))


def _form(sheet: Sheet, part: str, cls: type[Parameters], key: str, **options: Any) -> Form[Any]:
    place = st.container()
    with place:
        form = parameter_form.parameters(cls, key, **options)
    sheet.parts[part] = (form, place)
    return form


def _kind(label: str, registry: Registry[Any], key: str) -> str:
    """Draw the choice of one entry with its explanation."""
    kind = st.pills(
        label,
        [name for name in registry if getattr(registry[name], "listed", True)],
        required=True,
        format_func=lambda name: registry[name].title,
        key=key,
        label_visibility="collapsed",
        persist_state="session",
    )
    chosen = str(kind or next(iter(registry)))
    st.markdown(escape(registry[chosen].explanation))
    return chosen


def _features(sheet: Sheet, dataset: Dataset) -> None:
    kinds: list[str] = st.session_state["train.features"]
    for number in range(len(kinds)):
        if number:
            st.divider()
        if len(kinds) > 1:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**Picture {number + 1}**", width="stretch")
                _remove("train.features", "train.feature", number)
        kinds[number] = _kind("Feature", FEATURES, f"train.feature.{number}")
        _form(sheet, f"features.{number}", FEATURES[kinds[number]], f"train.feature.{number}.{kinds[number]}")
    if len(kinds) > 1:
        st.divider()
        st.markdown("**Together**")
        _form(sheet, "combine", Combination, "train.combination")
    if len(kinds) < MOST_FEATURES and st.button("Add another picture", icon=":material/add:"):
        unused = next((kind for kind in ("mfcc", "cqt", "stft", *FEATURES) if kind not in kinds), kinds[0])
        st.session_state[f"train.feature.{len(kinds)}"] = unused
        kinds.append(unused)
        st.rerun()
    st.divider()
    st.markdown("**Scaling**")
    _form(sheet, "scaling", Scaling, "train.scaling")
    st.markdown("**Colours**")
    st.caption("Only for networks that were made for photographs, such as VGG16.")
    drawn = st.session_state.get("train.picture.colormap", "none") != "none"
    hidden = () if drawn else tuple(name for name in Picture.describe() if name != "colormap")
    _form(sheet, "picture", Picture, "train.picture", hide=hidden)


def _model(sheet: Sheet, dataset: Dataset) -> None:
    kind = _kind("Model", MODELS, "train.model")
    _form(sheet, "model", MODELS[kind], f"train.model.{kind}")


def _training(sheet: Sheet, dataset: Dataset) -> None:
    if _classical():
        st.markdown("This model is fitted at once: there are no epochs and no learning rate to set.")
    _form(sheet, "training", Training, "train.training", columns=3, hide=_FITTED_AT_ONCE if _classical() else ())


def _classical() -> bool:
    """Whether the chosen model is fitted at once; its form may stand further down."""
    kind = str(st.session_state.get("train.model"))
    return kind in MODELS and MODELS[kind].family == "classical"


def _split(sheet: Sheet, dataset: Dataset) -> None:
    kind = _kind("Split", PROTOCOLS, "train.split")
    if PROTOCOLS[kind].leaky:
        st.warning("The test clips are known to the model: the accuracy will say nothing about new sounds.")
    groups = len({clip.group for clip in dataset.clips if clip.group is not None})
    folds = len({clip.fold for clip in dataset.clips if clip.fold is not None})
    st.caption(
        f"This data set has {count(groups, 'group') if groups else 'no groups'} and"
        f" {count(folds, 'official fold') if folds else 'no official folds'}"
        + (", and an official split." if any(clip.split for clip in dataset.clips) else ".")
    )
    _form(sheet, "split", PROTOCOLS[kind], f"train.split.{kind}")


def _augmentations(sheet: Sheet, dataset: Dataset) -> None:
    kinds: list[str] = st.session_state["train.augmentations"]
    st.markdown("The training clips are changed a little, so that more can be learned from them; test clips never are.")
    for number, kind in enumerate(kinds):
        with st.container(border=True):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{escape(AUGMENTATIONS[kind].title)}**", width="stretch")
                _remove("train.augmentations", "train.augmentation", number)
            st.markdown(escape(AUGMENTATIONS[kind].explanation))
            key = f"train.augmentation.{number}.{kind}"
            form = _form(sheet, f"augmentations.{number}", AUGMENTATIONS[kind], key)
            split, first, audio = (cast(Any, sheet.parts[part][0].value) for part in ("split", "features.0", "audio"))
            if form.value is not None and None not in (split, first, audio):
                augmentation_preview.draw(dataset, split, first, audio, form.value, f"train.preview.{number}.{kind}")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Augmentation",
            list(AUGMENTATIONS),
            format_func=lambda kind: f"{_CHANGES[AUGMENTATIONS[kind].stage]}: {AUGMENTATIONS[kind].title}",
            key="train.augmentation.new",
            width=320,
        )
        if st.button("Add", icon=":material/add:", key="train.augmentation.add"):
            kinds.append(chosen)
            st.rerun()
    of_samples = [kind for kind in kinds if AUGMENTATIONS[kind].stage == "samples"]
    if of_samples or parameter_form.last(Copies, "train.copies") != Copies():
        st.divider()
        st.markdown("**Copies**")
        form = _form(sheet, "copies", Copies, "train.copies")
        made = [of.value for part, (of, _) in sheet.parts.items() if part.startswith("augmentations.")]
        if form.value is not None and None not in made:
            if form.value.before_split:
                st.warning("Copies of one clip stand on both sides of the split: the accuracy will say too much.")
            st.caption(escape(_sentence(form.value.sentence(made))))


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}." if words else ""


def _audio(sheet: Sheet, dataset: Dataset) -> None:
    st.markdown("How every clip is read before its picture is made.")
    _form(sheet, "audio", AudioSettings, "train.audio")
    st.markdown("**How many of them**")
    _form(sheet, "dataset", DatasetChoice, "train.dataset", hide=("name",))


def _remove(kinds_key: str, prefix: str, number: int) -> None:
    """Draw the button that takes one entry off a list; what stands behind it moves up with its settings."""
    if not st.button("Remove", icon=":material/close:", key=f"{prefix}.remove.{number}", type="tertiary"):
        return
    kinds: list[str] = st.session_state[kinds_key]
    kept = [dict(_settings(f"{prefix}.{i}.{kind}")) for i, kind in enumerate(kinds) if i != number]
    del kinds[number]
    st.session_state["train.moved"] = {
        name: value
        for i, (kind, values) in enumerate(zip(kinds, kept, strict=True))
        for name, value in {
            f"{prefix}.{i}": kind,
            **{f"{prefix}.{i}.{kind}.{setting}": value for setting, value in values.items()},
        }.items()
    }
    st.rerun()


def _settings(prefix: str) -> list[tuple[str, Any]]:
    return [
        (str(name).removeprefix(f"{prefix}."), value)
        for name, value in st.session_state.items()
        if str(name).startswith(f"{prefix}.")
    ]
