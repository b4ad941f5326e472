"""Search: an experiment, and the values that some of its parameters are to take."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Final

import numpy as np

from audioclf.core.errors import ParameterError
from audioclf.core.params import Parameters, param, unknown
from audioclf.core.toml import FromToml
from audioclf.datasets import Dataset
from audioclf.experiments.config import Experiment
from audioclf.experiments.preflight import Outlook, examine
from audioclf.tuning.space import Variable, canonical, find, short
from audioclf.tuning.values import Range, about, spelled, values_of

METHODS: Final = ("grid", "random")
METRICS: Final = {"val_loss": "lowest", "val_accuracy": "highest"}
"""What points are judged by, and which is best. Never a figure of the test part."""

MOST_POINTS: Final = 256
_RANDOM_POINTS: Final = 10


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
        names = short(self.settings)
        return ", ".join(f"{names[name]} {spelled(value)}" for name, value in self.settings.items())


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
        Dotted name (as in ``Experiment.with_settings``) to a list of values, or for ``method="random"`` also
        to a :class:`Range` or ``{"low": ..., "high": ..., "log": True}``.

    Examples
    --------
    >>> grid = {"feature.n_fft": [1024, 2048], "feature.hop_length": [256, 512]}
    >>> search = audioclf.Search(audioclf.load_recipe("esc10-compact"), grid=grid)
    >>> len(search.points)
    4
    """

    title = "Search"
    what: ClassVar[str] = "search"

    experiment: Experiment = field(default_factory=Experiment)
    grid: Mapping[str, Any] = field(default_factory=dict)
    method: str = param("grid", "All combinations of the values, or points drawn at random.", choices=METHODS)
    n_points: int = param(
        0, "How many points a random search tries (0 means 10); a grid tries all.", low=0, high=MOST_POINTS
    )
    metric: str = param(
        "val_loss", "Validation figure that chooses: the lowest loss or the highest accuracy.", choices=METRICS
    )
    random_state: int = param(0, "Seed of the draw.", low=0, high=2**31 - 1)
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
        _ = self.points

    def _check_values(self) -> None:
        """Every value by itself, so that the one that cannot be is named."""
        for name, variable in self.variables.items():
            given = self.grid[name]
            if isinstance(given, Range):
                if self.method == "grid":
                    raise ParameterError(
                        f"{name} is a range, and a grid needs values; list them, or set method to 'random'.",
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
            return  # what they come to depends on the others: the points tell
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

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """All points, in order."""
        settings = list(self._grid_points() if self.method == "grid" else self._random_points())
        found = []
        for number, values in enumerate(settings, start=1):
            with about(f"point {number} ({_listed(values)})", "grid"):
                found.append(Point(number, values, self._experiment(values)))
        return tuple(found)

    def _experiment(self, settings: Mapping[str, Any]) -> Experiment:
        experiment = self.experiment.with_settings(settings)
        dataset = experiment.dataset
        return experiment.replace(dataset=dataset.replace(share=dataset.share * self.share), name="", note="")

    def _grid_points(self) -> Iterator[dict[str, Any]]:
        count = math.prod(len(values) for values in self.grid.values())
        if count > MOST_POINTS:
            lengths = " x ".join(str(len(values)) for values in self.grid.values())
            raise ParameterError(
                f"The grid has {lengths} = {count:,} points, and a search tries at most {MOST_POINTS}; take fewer"
                " values, or method 'random' with n_points.",
                "grid",
            )
        if self.n_points not in (0, count):
            raise ParameterError(
                f"A grid tries all of its {count} points, got n_points {self.n_points}; leave n_points out, or set"
                " method to 'random'.",
                "n_points",
            )
        for values in itertools.product(*self.grid.values()):
            yield dict(zip(self.grid, values, strict=True))

    def _random_points(self) -> Iterator[dict[str, Any]]:
        wanted = self.n_points or _RANDOM_POINTS
        rng = np.random.default_rng(self.random_state)
        seen: dict[str, dict[str, Any]] = {}
        for _ in range(100 * wanted):
            # in an order of its own, since TOML writes ranges behind lists
            drawn = {name: self._draw(name, rng) for name in sorted(self.grid)}
            seen.setdefault(json.dumps(drawn, default=str), {name: drawn[name] for name in self.grid})
            if len(seen) == wanted:
                break
        if len(seen) < wanted:
            raise ParameterError(
                f"Only {len(seen)} different points can be drawn, and n_points is {wanted}; take fewer, or give more"
                " values.",
                "n_points",
            )
        yield from seen.values()

    def _draw(self, name: str, rng: np.random.Generator) -> Any:
        given = self.grid[name]
        if isinstance(given, Range):
            number = self.variables[name].number
            assert number is not None
            return given.draw(number, rng)
        return given[int(rng.integers(len(given)))]

    def examine(self, dataset: Dataset, *, most: int = MOST_POINTS) -> tuple[Outlook, ...]:
        """What every point comes to, before anything is made.

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
        part = self.points[0].experiment.dataset.part(dataset)
        outlooks = []
        for point in self.points[:most]:
            with about(f"point {point.number} ({point.title})"):
                outlook = examine(point.experiment, part)
                if not all(split.validation for split in outlook.splits):
                    raise ParameterError(
                        "Points are judged by validation clips, and the split keeps none; set split.validation_size,"
                        " such as 0.2.",
                        "split.validation_size",
                    )
            outlooks.append(outlook)
        return tuple(outlooks)

    @property
    def advice(self) -> tuple[str, ...]:
        """What works but deserves a word, one sentence each."""
        said = []
        if any(name.startswith("split.") for name in self.grid):
            said.append("The split is searched over, so points are judged on different clips: luck will choose.")
        if "training.label_smoothing" in self.grid and self.metric == "val_loss":
            said.append("label_smoothing changes the loss itself: let val_accuracy choose.")
        return tuple(said)

    def to_dict(self) -> dict[str, Any]:
        """Plain values: the experiment's, and ``search``."""
        about = {key: value for key, value in super().to_dict().items() if key not in ("experiment", "grid")}
        defaults = {name: field_.default for name, field_ in type(self).__dataclass_fields__.items()}
        about = {key: value for key, value in about.items() if value != defaults[key] or key == "method"}
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
