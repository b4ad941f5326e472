"""Values that a parameter is to take in a search: a list, or a range to draw from; read and spelled for people."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from audioclf.core.documents import parse_toml
from audioclf.core.errors import ParameterError
from audioclf.core.params import Parameters, param
from audioclf.core.toml import literal

_RANGE = re.compile(r"\s*([^:,\[\]\"']+?)\s*:\s*([^:,\[\]\"']+?)\s*(?::\s*(log)\s*)?")


@dataclass(frozen=True)
class Range(Parameters):
    """Numbers from ``low`` to ``high``, both included, from which points are drawn."""

    title = "Range"

    low: float = param(0.0, "Smallest value.")
    high: float = param(1.0, "Largest value.")
    log: bool = param(False, "Whether small and large values are drawn alike on a logarithmic scale.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.low >= self.high:
            raise ParameterError(f"high must be above low, {self.low:g}, got {self.high:g}.", "high")
        if self.log and self.low <= 0:
            raise ParameterError(f"low must be above 0 on a logarithmic scale, got {self.low:g}.", "low")

    def __str__(self) -> str:
        return f"{self.low:g}:{self.high:g}" + (":log" if self.log else "")

    def at(self, share: float, number: type[int] | type[float]) -> int | float:
        """The number at a share of the way from ``low`` (0) to ``high`` (1), on the scale of the range."""
        low, high = (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)
        place = low + share * (high - low)
        return self.rounded(math.exp(place) if self.log else place, number)

    def rounded(self, value: float, number: type[int] | type[float]) -> int | float:
        """A number of the range: a whole one, or one of four significant digits."""
        if number is int:
            return min(max(round(value), math.ceil(self.low)), math.floor(self.high))
        return min(max(float(f"{value:.4g}"), self.low), self.high)


@contextmanager
def about(what: str, field: str = "") -> Iterator[None]:
    """Say what an error is about, in front of its sentence."""
    try:
        yield
    except ParameterError as error:
        raise ParameterError(f"{what}: {error}", field or error.field) from None


def values_of(name: str, given: Any) -> tuple[Any, ...] | Range:
    """Values of one parameter as they are kept: plain ones in a tuple, or a range."""
    if isinstance(given, Range):
        return given
    if isinstance(given, Mapping):
        with about(name, f"grid.{name}"):
            return Range.from_dict(given)
    if isinstance(given, str) or not isinstance(given, Iterable):
        given = [given]
    values = tuple(_plain(value) for value in given)
    if not values:
        raise ParameterError(f"{name} has no value to try; list some.", f"grid.{name}")
    repeated = [value for number, value in enumerate(values) if value in values[:number]]
    if repeated:
        raise ParameterError(f"{name} has the value {spelled(repeated[0])} twice; list it once.", f"grid.{name}")
    return values


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value


def read_values(text: str) -> tuple[Any, ...] | Range:
    """Values as people type them: ``1024, 2048`` or, to draw from, ``low:high`` or ``low:high:log``.

    Raises
    ------
    ParameterError
    """
    found = _RANGE.fullmatch(text)
    if found is not None:
        try:
            return Range(float(found[1]), float(found[2]), found[3] is not None)
        except ValueError:
            raise ParameterError(
                f"A range is two numbers such as 0.0001:0.01 or 0.0001:0.01:log, got '{text.strip()}'."
            ) from None
    try:
        return tuple(_plain(value) for value in parse_toml(f"values = [{text}]")["values"])
    except ValueError:
        return tuple(literal(part.strip()) for part in text.split(",") if part.strip())


def spelled(value: Any) -> str:
    """One value for people."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return " + ".join(str(item.get("kind", "?")) for item in value)
    return json.dumps(value, default=str)
