"""Search: an experiment, and the values that some of its parameters are to take."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Final

from audioclf.core.errors import ParameterError
from audioclf.core.params import Parameters, param, unknown
from audioclf.core.toml import FromToml
from audioclf.datasets import Dataset
from audioclf.experiments.config import Experiment
from audioclf.experiments.preflight import Plan, examine
from audioclf.tuning.space import Variable, canonical, find, short
from audioclf.tuning.values import Range, about, spelled, values_of

SAMPLERS: Final = ("grid", "random", "tpe")
PRUNERS: Final = ("none", "median", "hyperband")
METRICS: Final = {"val_loss": "lowest", "val_accuracy": "highest"}
"""What points are judged by, and which is best. Never a figure of the test part."""

MOST_POINTS: Final = 256
_DRAWN: Final = 10
_OLD_NAMES: Final = {"method": "sampler", "random_state": "seed"}
"""What ``[search]`` called its parameters in earlier versions."""


@dataclass(frozen=True)
class Point:
    """One experiment of a search.

    Attributes
    ----------
    number : int
        From 1, in the order of the grid or of the draw.
    settings : dict
        What the point sets, by the names of the search.
    experiment : Experiment
    """

    number: int
    settings: Mapping[str, Any]
    experiment: Experiment

    @property
    def title(self) -> str:
        """The settings in a line: ``n_fft 1024, hop_length 256``."""
        return title(self.settings)


def title(settings: Mapping[str, Any]) -> str:
    """Settings in a line, under short names."""
    names = short(settings)
    return ", ".join(f"{names[name]} {spelled(value)}" for name, value in settings.items())


@dataclass(frozen=True)
class Search(FromToml, Parameters):
    """An experiment, and the values that some of its parameters are to take.

    The chosen point is the one with the best validation figure of the epochs whose weights are kept, the
    mean over splits and members of an ensemble; the test part has no say.

    Attributes
    ----------
    experiment : Experiment
        What all points have in common.
    grid : mapping
        Dotted name (as in ``Experiment.with_settings``) to a list of values, or, unless ``sampler="grid"``, also
        to a :class:`Range` or ``{"low": ..., "high": ..., "log": True}``.

    Examples
    --------
    >>> grid = {"feature.n_fft": [1024, 2048], "feature.hop_length": [256, 512]}
    >>> search = audioclf.Search(audioclf.load_recipe("esc10-compact"), grid=grid)
    >>> search.count
    4
    """

    title = "Search"
    what: ClassVar[str] = "search"

    experiment: Experiment = field(default_factory=Experiment)
    grid: Mapping[str, Any] = field(default_factory=dict)
    sampler: str = param(
        "grid",
        "All combinations of the values, points drawn at random, or points proposed by a tree-structured Parzen"
        " estimator (TPE) from the results so far.",
        choices=SAMPLERS,
    )
    n_points: int = param(
        0,
        "How many points a random or TPE search tries (0 means 10, or all where there are fewer); a grid tries all.",
        low=0,
        high=MOST_POINTS,
    )
    metric: str = param(
        "val_loss", "Validation figure that chooses: the lowest loss or the highest accuracy.", choices=METRICS
    )
    pruner: str = param(
        "none",
        "Stops a point early whose validation loss is above the median of the earlier points at the same epoch, or"
        " that falls behind in a Hyperband bracket.",
        choices=PRUNERS,
    )
    seed: int = param(0, "Seed of the draw: the same seed and results give the same points.", low=0, high=2**31 - 1)
    share: float = param(1.0, "Share of every class's clips that the points use.", above=0, high=1, step=0.1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.grid, Mapping) or not self.grid:
            raise ParameterError(
                "A search needs at least one parameter with values to try, such as feature.n_fft = [1024, 2048].",
                "grid",
            )
        object.__setattr__(self, "grid", {str(name): values_of(name, value) for name, value in self.grid.items()})
        spelt = [canonical(name) for name in self.grid]
        twice = [name for name in self.grid if spelt.count(canonical(name)) > 1]
        if twice:
            raise ParameterError(f"{' and '.join(twice)} are the same parameter; give its values once.", "grid")
        self._check_values()
        self._check_count()
        families = {point.experiment.model.family for point in self.preview}
        if self.pruner != "none" and "network" not in families:
            kind = self.preview[0].experiment.model.kind
            raise ParameterError(
                f"Pruning stops a training between epochs, and {kind} is not trained in epochs; set pruner to 'none',"
                " or search over a network.",
                "pruner",
            )

    def _check_values(self) -> None:
        """Every value by itself, so that the one that cannot be is named."""
        for name, variable in self.variables.items():
            given = self.grid[name]
            if isinstance(given, Range):
                if self.sampler == "grid":
                    raise ParameterError(
                        f"{name} is a range, and a grid needs values; list them, or set sampler to 'random' or 'tpe'.",
                        f"grid.{name}",
                    )
                if variable.number is None:
                    raise ParameterError(f"{name} is no number to draw from a range; list its values.", f"grid.{name}")
                whole = variable.number is int
                given = (math.ceil(given.low), math.floor(given.high)) if whole else (given.low, given.high)
                if given[0] > given[1]:
                    raise ParameterError(f"There is no whole number in {name} = {self.grid[name]}.", f"grid.{name}")
            for value in given:
                with about(f"{name} = {spelled(value)}", f"grid.{name}"):
                    self._alone(name, value)

    def _alone(self, name: str, value: Any) -> None:
        if name.endswith(".kind") or name in ("features", "augmentations", "combine", "weights"):
            return  # their effect depends on the others: the points show it
        kinds = {other: values for other, values in self.grid.items() if other.endswith(".kind")}
        if any(canonical(name).startswith(canonical(other).removesuffix("kind")) for other in kinds):
            return
        if "features" not in self.grid and "augmentations" not in self.grid:
            self.experiment.with_settings({name: value})

    @cached_property
    def variables(self) -> dict[str, Variable]:
        """What is varied, by the names of the grid."""
        listed = {name: () if isinstance(value, Range) else value for name, value in self.grid.items()}
        return find(self.experiment, listed)

    def _check_count(self) -> None:
        count = self.combinations
        if self.sampler == "grid":
            if count > MOST_POINTS:
                lengths = " x ".join(str(len(values)) for values in self.grid.values())
                raise ParameterError(
                    f"The grid has {lengths} = {count:,} points, and a search tries at most {MOST_POINTS}; take fewer"
                    " values, or sampler 'random' or 'tpe' with n_points.",
                    "grid",
                )
            if self.n_points not in (0, count):
                raise ParameterError(
                    f"A grid tries all of its {count} points, got n_points {self.n_points}; leave n_points out, or set"
                    " sampler to 'random' or 'tpe'.",
                    "n_points",
                )
        elif self.sampler == "tpe" and count == 1:
            raise ParameterError(
                "TPE chooses between values, and every parameter has a single one; give one of them more values, or"
                " set sampler to 'grid'.",
                "grid",
            )
        elif self.n_points > count:
            raise ParameterError(
                f"Only {count} different points can be drawn, and n_points is {self.n_points}; take fewer, or give"
                " more values.",
                "n_points",
            )

    @cached_property
    def combinations(self) -> float:
        """How many different points there are; infinite with a range of numbers that need not be whole."""
        return math.prod(self._choices(name) for name in self.grid)

    def _choices(self, name: str) -> float:
        given = self.grid[name]
        if not isinstance(given, Range):
            return len(given)
        if self.variables[name].number is int:
            return math.floor(given.high) - math.ceil(given.low) + 1
        return math.inf

    @property
    def count(self) -> int:
        """How many points are tried."""
        if self.sampler == "grid":
            return int(self.combinations)
        return self.n_points or int(min(_DRAWN, self.combinations))

    @cached_property
    def preview(self) -> tuple[Point, ...]:
        """Points that are known before the search begins.

        All points of a grid, in order. Of a search that draws its points: examples in which every listed value and
        both ends of every range occur, without those whose values do not go together.
        """
        if self.sampler == "grid":
            found = itertools.product(*self.grid.values())
            return tuple(
                self.point(number, dict(zip(self.grid, values, strict=True)))
                for number, values in enumerate(found, start=1)
            )
        points: list[Point] = []
        refusal: ParameterError | None = None
        longest = max([3, *(len(given) for given in self.grid.values() if isinstance(given, tuple))])
        for example in range(longest):
            settings = {name: self._example(name, example, longest) for name in self.grid}
            if any(settings == point.settings for point in points):
                continue
            try:
                points.append(self.point(len(points) + 1, settings))
            except ParameterError as error:
                refusal = refusal or error
        if not points and refusal is not None:
            raise refusal
        return tuple(points)

    def _example(self, name: str, example: int, count: int) -> Any:
        given = self.grid[name]
        if isinstance(given, Range):
            number = self.variables[name].number
            assert number is not None
            return given.at(example / (count - 1), number)
        return given[example % len(given)]

    def point(self, number: int, settings: Mapping[str, Any]) -> Point:
        """The point that these settings make.

        Raises
        ------
        ParameterError
            Where they do not go together.
        """
        with about(f"point {number} ({_listed(settings)})", "grid"):
            return Point(number, settings, self._experiment(settings))

    def _experiment(self, settings: Mapping[str, Any]) -> Experiment:
        experiment = self.experiment.with_settings(settings)
        dataset = experiment.dataset
        return experiment.replace(dataset=dataset.replace(share=dataset.share * self.share), name="", note="")

    def examine(self, dataset: Dataset, *, most: int = MOST_POINTS) -> tuple[Plan, ...]:
        """What every point of the preview comes to, before anything is made.

        Parameters
        ----------
        dataset : Dataset
            All of the one the experiment names; the points' share is taken here.
        most : int
            So many points are looked at.

        Raises
        ------
        ParameterError
            Where a point cannot be made, or has nothing to be judged by.
        """
        part = self.preview[0].experiment.dataset.part(dataset)
        plans = []
        for point in self.preview[:most]:
            with about(f"point {point.number} ({point.title})"):
                plan = examine(point.experiment, part)
                if not all(split.validation for split in plan.splits):
                    raise ParameterError(
                        "Points are judged by validation clips, and the split keeps none; set split.validation_size,"
                        " such as 0.2.",
                        "split.validation_size",
                    )
            plans.append(plan)
        return tuple(plans)

    @property
    def advice(self) -> tuple[str, ...]:
        """What works but deserves a word, one sentence each."""
        found = []
        if any(name.startswith("split.") for name in self.grid):
            found.append("The split is searched over, so points are judged on different clips: luck will choose.")
        if "training.label_smoothing" in self.grid and self.metric == "val_loss":
            found.append("label_smoothing changes the loss itself: let val_accuracy choose.")
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """Plain values: the experiment's, and ``search``."""
        about = {key: value for key, value in super().to_dict().items() if key not in ("experiment", "grid")}
        defaults = {name: field_.default for name, field_ in type(self).__dataclass_fields__.items()}
        about = {key: value for key, value in about.items() if value != defaults[key] or key == "sampler"}
        about["grid"] = {
            name: value.to_dict() if isinstance(value, Range) else list(value) for name, value in self.grid.items()
        }
        return {**self.experiment.to_dict(), "search": about}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Search:
        """Search from plain values: an experiment's with a part ``search``.

        Raises
        ------
        ParameterError
        """
        rest = dict(values)
        about = rest.pop("search", None)
        if not isinstance(about, Mapping):
            raise ParameterError(
                "A search is an experiment with a part [search]; add it, with [search.grid].", "search"
            )
        about = {_OLD_NAMES.get(name, name): value for name, value in about.items()}
        for name in about:
            if name not in (*cls.describe(), "grid"):
                raise ParameterError(f"[search] {unknown(name, (*cls.describe(), 'grid'), 'part of a search')}", name)
        return cls(Experiment.from_dict(rest), **about)

    def to_toml(self) -> str:
        """The search as TOML, an experiment's with ``[search]`` and ``[search.grid]``; :meth:`from_toml` reads it."""
        import tomli_w

        return tomli_w.dumps(self.to_dict())


def _listed(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {spelled(value)}" for name, value in settings.items())
