"""Every parameter of an experiment that a search can vary, by its dotted name."""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from audioclf.augment import AUGMENTATIONS
from audioclf.core.errors import ParameterError
from audioclf.core.params import Param, Parameters
from audioclf.datasets.splits import PROTOCOLS
from audioclf.experiments.config import COMBINATIONS, Experiment
from audioclf.features import FEATURES
from audioclf.models import MODELS

_REGISTRIES: Final[Mapping[str, Iterable[str]]] = {
    "split": PROTOCOLS,
    "features": FEATURES,
    "augmentations": AUGMENTATIONS,
    "model": MODELS,
}
_WHOLE: Final = ("features", "augmentations", "combine", "weights")
"""Lists and texts of an experiment that can be replaced whole."""


@dataclass(frozen=True)
class Variable:
    """One parameter of one experiment.

    Attributes
    ----------
    name : str
        As ``Experiment.with_settings`` takes it; the only feature's begins with ``feature.``.
    value : object
        What the experiment has.
    annotation : object
        Type.
    about : Param
        Range, choices, unit and help.
    """

    name: str
    value: Any
    annotation: Any
    about: Param

    @property
    def number(self) -> type[int] | type[float] | None:
        """``int`` or ``float`` where it is a number, and so can be drawn from a range."""
        options = (
            typing.get_args(self.annotation)
            if typing.get_origin(self.annotation) in (types.UnionType, typing.Union)
            else (self.annotation,)
        )
        if self.about.choices:
            return None
        return float if float in options else int if int in options else None


def variables(experiment: Experiment) -> dict[str, Variable]:
    """Every parameter of an experiment by name, in the order in which a clip meets them.

    The data set is left out: all points of a search are judged on the same clips.
    """
    found: dict[str, Variable] = {}
    for part in dataclasses.fields(experiment):
        value = getattr(experiment, part.name)
        if part.name == "dataset":
            continue
        if isinstance(value, Parameters):
            found |= _of(part.name, value, part.name)
        elif isinstance(value, tuple):
            for number, item in enumerate(value):
                if isinstance(item, Parameters):
                    alone = part.name == "features" and len(value) == 1
                    found |= _of("feature" if alone else f"{part.name}.{number}", item, part.name)
    if len(experiment.features) > 1:
        how = Param("How several features meet.", choices=COMBINATIONS)
        found["combine"] = Variable("combine", experiment.combine, str, how)
    order = {name: position for position, name in enumerate(_ORDER)}
    return dict(sorted(found.items(), key=lambda item: order.get(item[0].split(".")[0], len(order))))


_ORDER: Final = (
    "audio",
    "split",
    "feature",
    "features",
    "picture",
    "combine",
    "scaling",
    "copies",
    "augmentations",
    "model",
    "training",
)


def _of(name: str, value: Parameters, part: str) -> dict[str, Variable]:
    found: dict[str, Variable] = {}
    if value.kind and part in _REGISTRIES:
        about = Param("Which one; another kind begins with its own defaults.", choices=tuple(_REGISTRIES[part]))
        found[f"{name}.kind"] = Variable(f"{name}.kind", value.kind, str, about)
    for key, (annotation, described) in type(value).describe().items():
        found[f"{name}.{key}"] = Variable(f"{name}.{key}", getattr(value, key), annotation, described)
    return found


def canonical(name: str) -> str:
    """One spelling of a name: ``feature.n_fft`` and ``features.0.n_fft`` are the same."""
    return "features.0." + name.removeprefix("feature.") if name.startswith("feature.") else name


def find(experiment: Experiment, grid: Mapping[str, Iterable[Any]]) -> dict[str, Variable]:
    """The variables that a grid names, also those that only another kind in the grid has.

    Raises
    ------
    ParameterError
        For a name that is none, with the nearest that is.
    """
    known = {canonical(name): variable for name, variable in _reachable(experiment, grid)}
    found: dict[str, Variable] = {}
    for name in grid:
        if canonical(name) in known:
            found[name] = known[canonical(name)]
        elif name in _WHOLE:
            found[name] = Variable(name, getattr(experiment, name), tuple, Param("The whole list."))
        else:
            raise ParameterError(_unknown(name, [variable.name for variable in known.values()]), f"grid.{name}")
    return found


def values_in(experiment: Experiment, names: Iterable[str]) -> dict[str, Any]:
    """Values that parameters have in an experiment, by name; None for one that it has not."""
    known = {canonical(name): variable.value for name, variable in variables(experiment).items()}
    whole = experiment.to_dict()
    found = {name: known.get(canonical(name), whole.get(name)) for name in names}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


def _reachable(experiment: Experiment, grid: Mapping[str, Iterable[Any]]) -> Iterator[tuple[str, Variable]]:
    for name, values in grid.items():
        if name.endswith(".kind") or name in _WHOLE:
            for value in values:
                yield from variables(experiment.with_settings({name: value})).items()
    yield from variables(experiment).items()  # last: where it has the parameter, its own value is shown


def _unknown(name: str, known: list[str]) -> str:
    if name.split(".")[0] in ("dataset", "name", "note"):
        return (
            f"'{name}' cannot be searched over: all points are judged on the same clips; take a parameter of a stage."
        )
    last = {one: one.rsplit(".", 1)[-1] for one in known}
    ends = difflib.get_close_matches(name.rsplit(".", 1)[-1], last.values(), 1)
    near = difflib.get_close_matches(name, [one for one, end in last.items() if end in ends], 1, 0.0)
    near = near or difflib.get_close_matches(name, known, 1, 0.8)
    hint = f"did you mean '{near[0]}'?" if near else "such as feature.n_fft, model.kind or training.learning_rate."
    return f"'{name}' is no parameter of this experiment; {hint}"


def short(names: Iterable[str]) -> dict[str, str]:
    """Names for a narrow column: the last part, or the last two where that would mean two of them."""
    names = list(names)
    ends = [name.rsplit(".", 1)[-1] for name in names]
    return {
        name: name if ends.count(end) > 1 or end in ("kind", "mode") or end.isdigit() else end
        for name, end in zip(names, ends, strict=True)
    }
