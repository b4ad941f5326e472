"""What is set in a closed stage of the Train page: in plain words, and with the parameters' names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audioclf.core.params import Parameters
from audioclf.datasets import Dataset
from audioclf.ui.shell.glossary import plain_protocol
from audioclf.ui.shell.text import count, escape, seconds

_ALWAYS = ("sr", "epochs", "batch_size", "learning_rate")
"""Settings that are named even where they are the defaults."""

_SHOWN = ("split", "features", "augmentations", "model")


def plain(stage: str, values: Mapping[str, Any], dataset: Dataset, *, at_once: bool) -> str:
    """What a stage holds by section, for people who do not know the parameters; a model may be fitted ``at_once``."""
    if stage == "audio":
        return _sounds(values)
    if stage == "split":
        return f"tested {plain_protocol(values['split'].sentence(dataset))}"
    if stage == "training":
        if at_once:
            return "fitted in one step"
        training = values["training"]
        most = "at most " if training.early_stopping else ""
        return f"{most}{count(training.epochs, 'time')} through the training clips"
    titles = dict.fromkeys(value.title for section, value in values.items() if section.split(".")[0] == stage)
    return " and ".join(titles) or "none"


def _sounds(values: Mapping[str, Any]) -> str:
    audio, choice = values["audio"], values["dataset"]
    if choice.clips_per_class:
        which = f"{count(choice.clips_per_class, 'clip')} of each class at most"
    else:
        which = "all clips" if choice.share == 1 else f"{choice.share:.0%} of the clips"
    length = "" if audio.duration is None else f", {seconds(audio.duration)} of each"
    return f"{which}{length}, at {audio.sr:,} Hz"


def exact(values: Mapping[str, Any]) -> str | None:
    """The settings by their names, as Markdown: those that differ from the defaults, and what one always asks for."""
    lines = [_named(section, value) for section, value in values.items() if value is not None]
    return "\n\n".join(escape(line) for line in lines if line) or None


def _named(section: str, value: Parameters) -> str:
    usual = type(value)()
    named = []
    for name in value.describe():
        now = getattr(value, name)
        if name != "name" and (name in _ALWAYS or now != getattr(usual, name)):
            shown = ", ".join(map(str, now)) if isinstance(now, tuple) else now
            named.append(f"{name} {'automatic' if now is None else shown}")
    if section.split(".")[0] in _SHOWN:
        named.insert(0, value.title)
    elif named and section != "training":
        named.insert(0, section)
    return " · ".join(named)
