"""Published systems, and ours, as experiments in TOML: the folder is the list.

Each file is an experiment (or a search over one) with one more table, ``[recipe]``: ``title``, ``source``, ``note``,
``stand_in`` (the data set to run on where the published one is not at hand), and under ``[recipe.reference]`` the
published figures by name.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from audioclf.core.errors import ParameterError
from audioclf.core.params import unknown
from audioclf.experiments.config import Experiment
from audioclf.tuning import Search


@dataclass(frozen=True)
class Recipe:
    """One recipe.

    Attributes
    ----------
    name : str
        Name on the command line; the file's name.
    title : str
    source : str
        Where the system was published; ``"audioclf"`` for ours.
    note : str
        What to know before believing its figure.
    reference : mapping
        Published figures by name: ``accuracy``, ``parameters`` ...
    experiment : Experiment
    stand_in : str
        Known data set to run on where the published one is not at hand; empty where that is always there.
    search : Search or None
        What is tried over the experiment, where the system is a search.
    """

    name: str
    title: str
    source: str
    note: str
    reference: Mapping[str, Any]
    experiment: Experiment
    stand_in: str = ""
    search: Search | None = None

    @property
    def family(self) -> str:
        """What it listens to: ``"instruments"``, ``"digits"``, ``"genres"`` ..., the first word of its name."""
        return self.name.split("-")[0]

    @property
    def letter(self) -> str:
        """Which of the reference systems it is or follows, ``"A"`` to ``"E"``; empty for others."""
        found = re.search(r"[Rr]eference ([A-E])\b", self.source)
        return found[1] if found else ""

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one example on clips of the recipe's own length, or of a second."""
        audio = self.experiment.audio
        shape = self.experiment.features[0].shape(round(audio.sr * (audio.duration or 1.0)), audio.sr)
        return self.experiment.picture.shape(shape)


@cache
def names() -> tuple[str, ...]:
    """Names of all recipes."""
    return tuple(
        sorted(item.name.removesuffix(".toml") for item in files(__name__).iterdir() if item.name.endswith(".toml"))
    )


@cache
def get(name: str) -> Recipe:
    """One recipe by name.

    Raises
    ------
    ParameterError
        For an unknown name; the nearest is named.
    """
    if name not in names():
        raise ParameterError(unknown(name, names(), "recipe"), "recipe")
    values = tomllib.loads((files(__name__) / f"{name}.toml").read_text(encoding="utf-8"))
    about = values.pop("recipe")
    search = Search.from_dict({"name": name, **values}) if "search" in values else None
    experiment = search.experiment if search is not None else Experiment.from_dict({"name": name, **values})
    return Recipe(
        name,
        about["title"],
        about["source"],
        about.get("note", ""),
        about.get("reference", {}),
        experiment,
        about.get("stand_in", ""),
        search,
    )


def load_recipe(name: str) -> Experiment:
    """The experiment of a recipe, to run or to change.

    Examples
    --------
    >>> experiment = audioclf.load_recipe("instruments-best").with_settings({"training.epochs": 5})
    """
    return get(name).experiment
