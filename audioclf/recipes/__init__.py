"""Published systems, and ours, as experiments in TOML: the folder is the list.

Each file is an experiment (or a search over one) with one more table, ``[recipe]``: ``title``, ``source``, ``letter``,
``note``, ``stand_in`` (the data set to run on where the published one is not at hand), and under
``[recipe.reference]`` the published figures by name.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from audioclf.core.errors import ParameterError
from audioclf.core.params import unknown
from audioclf.experiments.config import Experiment
from audioclf.models import Network
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
    letter : str
        Which of the reference systems it is or follows, ``"A"`` to ``"E"``; empty for others.
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
    letter: str = ""
    search: Search | None = None

    @property
    def family(self) -> str:
        """What it listens to: ``"instruments"``, ``"digits"``, ``"genres"`` ..., the first word of its name."""
        return self.name.split("-")[0]

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one example on clips of the recipe's own length, or of a second."""
        audio = self.experiment.audio
        shape = self.experiment.features[0].shape(round(audio.sr * (audio.duration or 1.0)), audio.sr)
        return self.experiment.picture.shape(shape)

    @property
    def published(self) -> float | None:
        """Accuracy of the reference, between 0 and 1."""
        return self.reference.get("accuracy")

    @property
    def n_parameters(self) -> int | None:
        """Parameters of one network on the published data; None for a model that has none before it is fitted.

        They are counted without building it, for ``reference.classes`` classes and clips of ``audio.duration``.
        """
        model = self.experiment.model
        if not isinstance(model, Network):
            return None
        return model.count_parameters(self.input_shape, int(self.reference.get("classes", 10)))[0]


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
        about.get("letter", ""),
        search,
    )


def load_recipe(name: str) -> Experiment:
    """The experiment of a recipe, to run or to change.

    Examples
    --------
    >>> experiment = audioclf.load_recipe("instruments-best").with_settings({"training.epochs": 5})
    """
    return get(name).experiment
