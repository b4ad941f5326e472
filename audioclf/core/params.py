"""Parameters described once: name, type, default, range, unit and a sentence of help.

Features, models, augmentations, splits and training settings are frozen dataclasses whose
fields are made with :func:`param`. Validation, TOML, the command line's ``--set``, the
app's forms and the documentation all read that one description.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import functools
import math
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Final, Self

from audioclf.core.errors import ParameterError


@dataclass(frozen=True)
class Param:
    """The description of one parameter.

    Attributes
    ----------
    help : str
        One sentence in the words of the field.
    low, high : float or None
        Inclusive range, for a number or for every item of a tuple.
    above : float or None
        Exclusive lower bound.
    choices : tuple
        The only values allowed; empty where the range decides.
    unit : str
        ``"Hz"``, ``"s"``, ``"dB"``, ``"samples"`` ... or empty.
    step : float or None
        A sensible step for a form's widget.
    advanced : bool
        Whether a form may hide it behind "more".
    """

    help: str
    low: float | None = None
    high: float | None = None
    above: float | None = None
    choices: tuple[Any, ...] = ()
    unit: str = ""
    step: float | None = None
    advanced: bool = False


def param(
    default: Any,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    choices: Iterable[Any] = (),
    unit: str = "",
    step: float | None = None,
    advanced: bool = False,
) -> Any:
    """Declare a dataclass field together with its :class:`Param` description."""
    described = Param(help, low, high, above, tuple(choices), unit, step, advanced)
    return field(default=default, metadata={"param": described})


@dataclass(frozen=True)
class Parameters:
    """Base of every described, validated, frozen value.

    Subclasses are frozen dataclasses with :func:`param` fields. A wrong value raises
    :class:`~audioclf.core.errors.ParameterError` when the object is made, so an object that
    exists is valid by itself.
    """

    kind: ClassVar[str] = ""
    """Short name in TOML, on the command line and in the registry."""

    title: ClassVar[str] = ""
    """Name shown to people."""

    def __post_init__(self) -> None:
        for item in fields(self):
            value = coerce(getattr(self, item.name), _type_hints(type(self))[item.name], item.name)
            described = item.metadata.get("param")
            if described is not None:
                check(value, described, item.name)
            object.__setattr__(self, item.name, value)

    @classmethod
    def describe(cls) -> dict[str, tuple[Any, Param]]:
        """Type and description of every parameter, by name, in order."""
        return {
            item.name: (_type_hints(cls)[item.name], item.metadata["param"])
            for item in fields(cls)
            if "param" in item.metadata
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Make the object from plain values; an unknown name is an error that names the nearest."""
        known = [item.name for item in fields(cls)]
        # the kind has chosen the class; where there is nothing to choose, it is a name like any other
        given = {name: value for name, value in values.items() if not (cls.kind and name == "kind")}
        for name in given:
            if name not in known:
                raise ParameterError(unknown(name, known, f"parameter of {cls.title or cls.__name__}"), name)
        return cls(**given)

    def to_dict(self) -> dict[str, Any]:
        """Plain values (tuples as lists, ``None`` left out), with ``kind`` first where there is one."""
        plain: dict[str, Any] = {"kind": self.kind} if self.kind else {}
        for item in fields(self):
            value = getattr(self, item.name)
            if value is not None:
                plain[item.name] = list(value) if isinstance(value, tuple) else value
        return plain

    def replace(self, **changes: Any) -> Self:
        """Copy with some parameters changed; the copy is validated like any other."""
        known = [item.name for item in fields(self)]
        for name in changes:
            if name not in known:
                raise ParameterError(unknown(name, known, f"parameter of {self.title or self.kind}"), name)
        return dataclasses.replace(self, **changes)


_type_hints: Callable[[type], dict[str, Any]] = functools.cache(typing.get_type_hints)


def unknown(name: str, known: Iterable[str], what: str) -> str:
    """Sentence for a name that does not exist, with the nearest one that does."""
    names = list(known)
    near = difflib.get_close_matches(name, names, 1, 0.5)
    hint = f"did you mean '{near[0]}'?" if near else f"choose one of: {', '.join(names)}."
    return f"'{name}' is no {what}; {hint}"


_SCALARS: Final = {bool: "true or false", int: "a whole number", float: "a finite number", str: "a text"}


def coerce(value: Any, annotation: Any, name: str) -> Any:
    """Bring a plain value (from TOML, JSON or a form) to the annotated type, or say why not."""
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        options = typing.get_args(annotation)
        if value is None and type(None) in options:
            return None
        *others, last = (option for option in options if option is not type(None))
        for option in others:
            with contextlib.suppress(ParameterError):
                return coerce(value, option, name)
        return coerce(value, last, name)
    if typing.get_origin(annotation) is tuple:
        item = typing.get_args(annotation)[0]
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise ParameterError(f"{name} is a list of values, got {value!r}.", name)
        return tuple(coerce(part, item, name) for part in value)
    if annotation not in _SCALARS:
        return value
    if annotation in (bool, str):
        fits = isinstance(value, annotation)
    else:
        fits = _is_number(value) and not isinstance(value, bool) and math.isfinite(value)
        fits = fits and (annotation is float or value == int(value))
    if not fits:
        raise ParameterError(f"{name} is {_SCALARS[annotation]}, got {value!r}.", name)
    return annotation(value)


def check(value: Any, described: Param, name: str) -> None:
    """Raise unless the value (every item of a tuple) keeps to its description."""
    if value is None:
        return
    if isinstance(value, tuple):
        for item in value:
            check(item, described, name)
        return
    unit = f" {described.unit}" if described.unit else ""
    if described.choices:
        if value not in described.choices:
            raise ParameterError(unknown(str(value), map(str, described.choices), f"value of {name}"), name)
        return
    if not _is_number(value) or isinstance(value, bool):
        return
    if described.above is not None and value <= described.above:
        raise ParameterError(f"{name} must be above {described.above:g}{unit}, got {value:g}.", name)
    if described.low is not None and value < described.low:
        raise ParameterError(f"{name} must be at least {described.low:g}{unit}, got {value:g}.", name)
    if described.high is not None and value > described.high:
        raise ParameterError(f"{name} must be at most {described.high:g}{unit}, got {value:g}.", name)


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError, OverflowError):
        return False
    return not isinstance(value, str)
