"""The stages of an experiment: a line for each, one of them open as a form, and the experiment they come to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

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
from audioclf.ui.shell.current_dataset import known_groups
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import escape
from audioclf.ui.train import augmentation_preview, own_feature, stage_words

MOST_FEATURES = 4
STAGES = {
    "audio": "Sounds",
    "split": "Split",
    "features": "Features",
    "augmentations": "Augmentation",
    "model": "Model",
    "training": "Training",
}
"""Stages by the section of the experiment they set, on the way from sounds to a trained model."""

OPEN = "train.stage"
"""Key under which the session keeps the open stage; empty where all are closed."""

_WITHIN = {
    "dataset": "audio",
    "combine": "features",
    "picture": "features",
    "scaling": "features",
    "copies": "augmentations",
}
"""Sections that are set in the stage of another."""

_CHANGES = {"samples": "Sound", "map": "Feature"}
_FITTED_AT_ONCE = frozenset(Training.describe()) - {"class_weight", "calibrate", "seed"}


@dataclass
class Sheet:
    """The filled-in forms."""

    experiment: Experiment | None = None
    """None while a field holds something that cannot be."""
    sections: dict[str, tuple[Form[Any], DeltaGenerator | None]] = field(default_factory=dict)
    """The form of every section, and the place where it stands if it is drawn."""
    problem: str = ""
    """Why there is no experiment, beginning with the stage it is about."""
    drawing: bool = False
    """Whether the stage at hand is open; of a closed one the values are read, and nothing is drawn."""

    def form(self, section: str, cls: type[Parameters], key: str, **options: Any) -> Form[Any]:
        """Read the form of a section, and draw it where its stage is open."""
        if not self.drawing:
            self.sections[section] = parameter_form.held(cls, key, hide=options.get("hide", ())), None
        else:
            place = st.container()
            with place:
                self.sections[section] = parameter_form.parameters(cls, key, **options), place
        return self.sections[section][0]

    def kind(self, label: str, registry: Registry[Any], key: str) -> str:
        """Read the choice of one entry of a registry, and draw it with its explanation where its stage is open."""
        if not self.drawing:
            return str(st.session_state.get(key) or next(iter(registry)))
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

    def place(self, section: str) -> DeltaGenerator | None:
        """Where the form of a section stands; None where its stage is closed."""
        return self.sections[section][1] if section in self.sections else None

    def values(self, prefix: str) -> list[Any]:
        """What the sections hold whose names begin so."""
        return [form.value for section, (form, _) in self.sections.items() if section.startswith(prefix)]

    def of(self, stage: str) -> dict[str, Any]:
        """What a stage holds, by section; None where that cannot be."""
        return {section: form.value for section, (form, _) in self.sections.items() if stage_of(section) == stage}

    def show_error(self, error: ParameterError) -> None:
        """Take up what is wrong, and show it beside the field it is about where that is drawn."""
        self.problem = str(error)
        for section in sorted(self.sections, key=len, reverse=True):
            if error.field == section or error.field.startswith(f"{section}."):
                self.problem = f"{STAGES[stage_of(section)]}: {error}"
                form, place = self.sections[section]
                if place is not None:
                    with place:
                        form.show_error(ParameterError(str(error), error.field.removeprefix(section).lstrip(".")))
                return


def stage_of(section: str) -> str:
    """Key of the stage in which a section is set."""
    first = section.split(".")[0]
    return _WITHIN.get(first, first)


def draw(state: State, dataset: Dataset) -> Sheet:
    """Draw a line for every stage, and the form of the open one; returns what all of them hold."""
    sheet = Sheet()
    for stage, read in zip(STAGES, (_audio, _split, _features, _augmentations, _model, _training), strict=True):
        sheet.drawing = st.session_state.get(OPEN) == stage
        with st.container(border=True):
            if sheet.drawing:
                _line(f"**{STAGES[stage]}**", "Done", stage, "")
            read(sheet, dataset)
            if not sheet.drawing:
                words = f"**{STAGES[stage]}:** {_summary(sheet, stage, dataset)}"
                _line(words, "Change", stage, stage, stage_words.exact(sheet.of(stage)))
    sheet.experiment = _experiment(sheet, state)
    if sheet.experiment is not None:
        experiment_draft.remember(state, sheet.experiment)
    if (place := sheet.place("model")) is not None:
        with place:
            own_feature.offer(state, sheet.experiment)
    return sheet


def _line(words: str, button: str, stage: str, opens: str, help: str | None = None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"train.line.{stage}"):
        st.markdown(words, width="stretch", help=help)
        st.button(button, type="tertiary", key=f"{OPEN}.{stage}", on_click=_open, args=(opens,))


def _open(stage: str) -> None:
    st.session_state[OPEN] = stage


def _experiment(sheet: Sheet, state: State) -> Experiment | None:
    """What the stages come to, where nothing is wrong with any of them."""
    for section, (form, _) in sheet.sections.items():
        for problem in form.problems.values():
            sheet.problem = f"{STAGES[stage_of(section)]}: {problem}"
            return None
    values: dict[str, Any] = {section: form.value for section, (form, _) in sheet.sections.items()}
    together = values.get("combine", Combination())
    try:
        return Experiment(
            dataset=values["dataset"].replace(name=state.data, options=dict(state.options)),
            audio=values["audio"],
            split=values["split"],
            features=tuple(sheet.values("features.")),
            combine=together.combine,
            weights=together.weights if together.combine == "ensemble" else (),  # the field stays filled in
            picture=values["picture"],
            scaling=values["scaling"],
            augmentations=tuple(sheet.values("augmentations.")),
            copies=values.get("copies", Copies()),
            model=values["model"],
            training=values["training"],
            name=st.session_state["train.name"].strip(),
            note=st.session_state["train.note"],
        )
    except ParameterError as error:
        where = "combine.weights" if error.field == "weights" else error.field
        sheet.show_error(ParameterError(str(error), where))
        return None


def _summary(sheet: Sheet, stage: str, dataset: Dataset) -> str:
    """What is set in a closed stage, in plain words, or what is wrong with it."""
    for section, (form, _) in sheet.sections.items():
        if stage_of(section) == stage and form.value is None:
            return f":red[{escape(next(iter(form.problems.values())))}]"
    return escape(stage_words.plain(stage, sheet.of(stage), dataset, at_once=_classical()), 240)


def _features(sheet: Sheet, dataset: Dataset) -> None:
    kinds: list[str] = st.session_state["train.features"]
    for number in range(len(kinds)):
        if sheet.drawing and number:
            st.divider()
        if sheet.drawing and len(kinds) > 1:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**Feature {number + 1}**", width="stretch")
                _remove("train.features", "train.feature", number)
        kinds[number] = sheet.kind("Feature", FEATURES, f"train.feature.{number}")
        sheet.form(f"features.{number}", FEATURES[kinds[number]], f"train.feature.{number}.{kinds[number]}")
    if len(kinds) > 1:
        _subheading(sheet, "Together")
        sheet.form("combine", Combination, "train.combination")
    if sheet.drawing and len(kinds) < MOST_FEATURES and st.button("Add another feature", icon=":material/add:"):
        unused = next((kind for kind in ("mfcc", "cqt", "stft", *FEATURES) if kind not in kinds), kinds[0])
        st.session_state[f"train.feature.{len(kinds)}"] = unused
        kinds.append(unused)
        st.rerun()
    _subheading(sheet, "Scaling")
    sheet.form("scaling", Scaling, "train.scaling")
    _subheading(sheet, "Colours", "Only for networks that were made for photographs, such as VGG16.")
    drawn = st.session_state.get("train.picture.colormap", "none") != "none"
    hidden = () if drawn else tuple(name for name in Picture.describe() if name != "colormap")
    sheet.form("picture", Picture, "train.picture", hide=hidden)


def _subheading(sheet: Sheet, title: str, caption: str = "") -> None:
    if sheet.drawing:
        st.divider()
        st.markdown(f"**{title}**")
        if caption:
            st.caption(caption)


def _model(sheet: Sheet, dataset: Dataset) -> None:
    kind = sheet.kind("Model", MODELS, "train.model")
    sheet.form("model", MODELS[kind], f"train.model.{kind}")


def _training(sheet: Sheet, dataset: Dataset) -> None:
    if sheet.drawing and _classical():
        st.markdown("This model is fitted in one step: there are no epochs and no learning rate to set.")
    sheet.form("training", Training, "train.training", columns=3, hide=_FITTED_AT_ONCE if _classical() else ())


def _classical() -> bool:
    """Whether the chosen model is fitted at once; its form may stand further down."""
    kind = str(st.session_state.get("train.model"))
    return kind in MODELS and MODELS[kind].family == "classical"


def _split(sheet: Sheet, dataset: Dataset) -> None:
    kind = sheet.kind("Split", PROTOCOLS, "train.split")
    experiment_draft.carry_groups("train.split", kind)
    if sheet.drawing:
        if PROTOCOLS[kind].leaky:
            st.warning(
                "The model will have learned from the test clips: its accuracy will say nothing about new sounds."
            )
        st.caption(f"This data set has {known_groups(dataset)}.")
    sheet.form("split", PROTOCOLS[kind], f"train.split.{kind}")


def _augmentations(sheet: Sheet, dataset: Dataset) -> None:
    kinds: list[str] = st.session_state["train.augmentations"]
    if sheet.drawing:
        st.markdown(
            "Training clips are changed a little, so that the model can learn more from them; test clips never are."
        )
    for number, kind in enumerate(kinds):
        key = f"train.augmentation.{number}.{kind}"
        if not sheet.drawing:
            sheet.form(f"augmentations.{number}", AUGMENTATIONS[kind], key)
            continue
        with st.container(border=True):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{escape(AUGMENTATIONS[kind].title)}**", width="stretch")
                _remove("train.augmentations", "train.augmentation", number)
            st.markdown(escape(AUGMENTATIONS[kind].explanation))
            form = sheet.form(f"augmentations.{number}", AUGMENTATIONS[kind], key)
            shown: list[Any] = [sheet.sections[name][0].value for name in ("split", "features.0", "audio")]
            if form.value is not None and None not in shown:
                split, first, audio = shown
                augmentation_preview.draw(dataset, split, first, audio, form.value, f"train.preview.{number}.{kind}")
    if sheet.drawing:
        _add(kinds)
    of_samples = [kind for kind in kinds if AUGMENTATIONS[kind].stage == "samples"]
    if of_samples or parameter_form.held(Copies, "train.copies").value != Copies():
        _subheading(sheet, "Copies")
        form = sheet.form("copies", Copies, "train.copies")
        made = sheet.values("augmentations.")
        if sheet.drawing and form.value is not None and None not in made:
            if form.value.before_split:
                st.warning("Copies of one clip are on both sides of the split: the accuracy will be too high.")
            words = form.value.sentence(made)
            st.caption(escape(f"{words[0].upper()}{words[1:]}." if words else ""))


def _add(kinds: list[str]) -> None:
    """Draw the choice of one more augmentation."""
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


def _audio(sheet: Sheet, dataset: Dataset) -> None:
    if sheet.drawing:
        st.markdown("How every clip is read before its features are computed.")
    sheet.form("audio", AudioSettings, "train.audio")
    if sheet.drawing:
        st.markdown("**How many of them**")
    sheet.form("dataset", DatasetChoice, "train.dataset", hide=("name",))


def _remove(kinds_key: str, prefix: str, number: int) -> None:
    """Draw the button that takes one entry off a list; what stands behind it moves up with its settings."""
    if not st.button("Remove", icon=":material/close:", key=f"{prefix}.remove.{number}", type="tertiary"):
        return
    kinds: list[str] = st.session_state[kinds_key]
    moved: dict[str, Any] = {}
    for i, kind in enumerate(kinds[number + 1 :], start=number):
        moved[f"{prefix}.{i}"] = kind
        settings = f"{prefix}.{i + 1}.{kind}."
        for name, value in st.session_state.items():
            if str(name).startswith(settings):
                moved[f"{prefix}.{i}.{kind}.{str(name).removeprefix(settings)}"] = value
    del kinds[number]
    st.session_state["train.moved"] = moved
    st.rerun()
