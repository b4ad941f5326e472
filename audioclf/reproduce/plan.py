"""What will be run: which recipes, each on which data, for how many epochs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from audioclf import recipes
from audioclf.core.errors import AudioclfError, DatasetError, ParameterError
from audioclf.core.params import unknown
from audioclf.datasets import SOURCES, Dataset, load_dataset
from audioclf.datasets.catalog.published import Published
from audioclf.experiments.config import Experiment
from audioclf.models import Network
from audioclf.recipes import Recipe
from audioclf.tuning import Search

REFERENCES = {
    "A": "Instruments: notes of ten General MIDI programs",
    "B": "Spoken digits: mel and MFCC pictures, a residual network, an ensemble",
    "C": "Genres: MFCC pictures, transfer learning, Grad-CAM",
    "D": "Genres with audio augmentation",
    "E": "Sound scenes: an MLP on MFCC",
}
"""The reference systems by their letter."""

RANDOM = ("without_weights", "random")
"""A model's setting to go on where its published weights cannot be had."""


@dataclass(frozen=True)
class Data:
    """The data that a recipe runs on.

    Attributes
    ----------
    name : str
        What :func:`audioclf.load_dataset` is given; empty where there is nothing to run on.
    options : mapping
    title : str
        For people.
    stand_in : bool
        Whether it is other data than the published system's.
    missing : str
        Why there is nothing to run on, one sentence; empty where there is.
    seconds : float or None
        Length of its longest clip, where that is known.
    """

    name: str
    options: Mapping[str, Any]
    title: str
    stand_in: bool = False
    missing: str = ""
    seconds: float | None = None


@dataclass(frozen=True)
class Planned:
    """One recipe on the data it will run on.

    Attributes
    ----------
    recipe : Recipe
    data : Data
    epochs : int or None
        At most so many epochs; None trains as published.
    random_weights : bool
        Whether a network whose published weights cannot be had goes on with random ones; its result says so.
    """

    recipe: Recipe
    data: Data
    epochs: int | None = None
    random_weights: bool = False

    @property
    def words(self) -> str:
        """Which data, whether it is the published one, and how long its clips are where that is not as published."""
        if not self.data.stand_in:
            return self.data.title
        length = f", clips of {self._shorter:g} s" if self._shorter else ""
        return f"{self.data.title} (stand-in{length})"

    @property
    def _shorter(self) -> float | None:
        """Clip length of a stand-in where it is below the published one: nothing is gained by padding all of them."""
        here, published = self.data.seconds, self.recipe.experiment.audio.duration
        if self.data.stand_in and here and published and here < published:
            return round(here, 1) or here
        return None

    @cached_property
    def experiment(self) -> Experiment:
        """The recipe's experiment, changed only in its data (with the length of clips) and its number of epochs."""
        made = self.recipe.experiment
        if self._shorter:
            made = made.replace(audio=made.audio.replace(duration=self._shorter))
        dataset = made.dataset
        if self.data.name:
            dataset = dataset.replace(name=self.data.name, options=dict(self.data.options))
        training = made.training
        if self.epochs is not None and isinstance(made.model, Network):
            training = training.replace(epochs=min(self.epochs, training.epochs))
        model = made.model
        if self.random_weights and RANDOM[0] in model.describe():
            model = model.replace(**{RANDOM[0]: RANDOM[1]})
        return made.replace(dataset=dataset, training=training, model=model)

    @property
    def search(self) -> Search | None:
        """The search over that experiment, where the recipe is one."""
        return None if self.recipe.search is None else self.recipe.search.replace(experiment=self.experiment)


def choose(wanted: Iterable[str]) -> tuple[Recipe, ...]:
    """Recipes by name, by the letter of their reference system, or by family; all five systems where nothing is named.

    Parameters
    ----------
    wanted : iterable of str
        ``"digits-mel"``, ``"B"``, ``"digits"``.

    Raises
    ------
    ParameterError
        For a name that is none of these; the nearest is named.
    """
    every = [recipes.get(name) for name in recipes.names()]
    asked = list(wanted)
    for word in asked:
        if not any(matches(recipe, word) for recipe in every):
            known = [*recipes.names(), *REFERENCES, *dict.fromkeys(recipe.family for recipe in every)]
            raise ParameterError(unknown(word, known, "recipe, reference system or family of recipes"), "recipe")
    found = [recipe for recipe in every if (any(matches(recipe, word) for word in asked) if asked else recipe.letter)]
    return tuple(sorted(found, key=lambda recipe: recipe.letter or "Z"))


def matches(recipe: Recipe, word: str) -> bool:
    """Whether a word names this recipe: its name, its reference's letter, or its family."""
    return word in (recipe.name, recipe.letter, recipe.family) or (len(word) == 1 and word.upper() == recipe.letter)


def plan(
    chosen: Iterable[Recipe],
    *,
    datasets: Mapping[str, str] | None = None,
    epochs: Mapping[str, int] | None = None,
    random_weights: bool = False,
    find: Callable[[Recipe, str | None], Data] | None = None,
) -> list[Planned]:
    """Recipes with the data and the number of epochs that were asked for.

    Parameters
    ----------
    chosen : iterable of Recipe
    datasets : mapping, optional
        Name or path of a data set by recipe, letter or family; ``""`` stands for all others.
    epochs : mapping, optional
        Most epochs in the same way.
    random_weights : bool
        Where published weights cannot be had, go on with random ones.
    find : callable, optional
        Instead of :func:`find_data`.
    """
    known: dict[tuple[str, str, str | None], Data] = {}
    planned = []
    for recipe in chosen:
        given = _option_for(recipe, datasets or {})
        key = (recipe.experiment.dataset.name, recipe.stand_in, given)
        if key not in known:
            known[key] = (find or find_data)(recipe, given)
        planned.append(Planned(recipe, known[key], _option_for(recipe, epochs or {}), random_weights))
    return planned


def _option_for(recipe: Recipe, options: Mapping[str, Any]) -> Any:
    """What is given for this recipe: by its name before its letter, its family, and all."""
    for word in (recipe.name, *filter(None, (recipe.letter, recipe.letter.lower())), recipe.family, ""):
        if word in options:
            return options[word]
    return None


def find_data(recipe: Recipe, given: str | None = None) -> Data:
    """The data a recipe runs on.

    Parameters
    ----------
    recipe : Recipe
    given : str, optional
        Name or path of a data set. A path is first read as the published set, then as the stand-in, then as data of
        one's own. Without it: the published set where it was fetched before, else the stand-in where that was.

    Returns
    -------
    Data
        With ``missing`` set where there is none.
    """
    published = recipe.experiment.dataset.name
    if given:
        return _given(given, published, recipe.stand_in)
    for name in filter(None, (published, recipe.stand_in)):
        source = SOURCES[name]
        if not issubclass(source, Published) or source.is_fetched():
            if name == published:
                made = "" if issubclass(source, Published) else ", made here"
                return Data(name, dict(recipe.experiment.dataset.options), f"{source.title}{made}")
            return Data(name, {}, source.title, stand_in=True, seconds=_longest(load_dataset(name)))
    titles = [SOURCES[name].title for name in filter(None, (published, recipe.stand_in))]
    lacking = f"Neither {titles[0]} nor {titles[1]} is" if len(titles) > 1 else f"{titles[0]} is not"
    fetched = recipe.stand_in or published
    return Data(
        "",
        {},
        SOURCES[published].title,
        missing=f"{lacking} on this machine; name a folder that has it (--dataset {recipe.family}=FOLDER), or"
        f" fetch it with: audioclf data add {fetched}.",
    )


def _given(given: str, published: str, stand_in: str) -> Data:
    if given in SOURCES:
        if given == published:
            return Data(given, {}, SOURCES[given].title)
        return Data(given, {}, SOURCES[given].title, stand_in=True, seconds=_longest(load_dataset(given)))
    path = str(Path(given).expanduser().resolve())
    for name in filter(None, (published, stand_in)):
        source = SOURCES[name]
        if issubclass(source, Published):
            try:
                dataset = load_dataset(name, path=path)
            except DatasetError:
                continue
            # one file of GTZAN is broken for everyone
            part = f", {len(dataset):,} of {source.n_clips:,} clips" if len(dataset) < source.n_clips - 1 else ""
            title = f"{source.title}{part}"
            return Data(name, {"path": path}, title, stand_in=name != published, seconds=_longest(dataset))
    try:
        dataset = load_dataset(path)
    except AudioclfError as error:
        return Data("", {}, "", missing=str(error))
    return Data(path, {}, dataset.name, stand_in=True, seconds=_longest(dataset))


def _longest(dataset: Dataset) -> float | None:
    return max((clip.seconds for clip in dataset.clips), default=None)
