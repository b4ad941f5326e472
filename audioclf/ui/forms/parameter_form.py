"""Forms drawn from what :mod:`audioclf.core.params` says about a parameter: one description, everywhere the same."""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from audioclf.core.errors import ParameterError
from audioclf.core.params import Param, Parameters, check, coerce
from audioclf.ui.shell.text import escape, plain

P = TypeVar("P", bound=Parameters)


@dataclass
class Form(Generic[P]):
    """What a user has filled in.

    Attributes
    ----------
    value : Parameters or None
        The finished object; None while a field holds something that cannot be.
    problems : dict
        A sentence for every field that holds such a thing, by the name of the field.
    """

    value: P | None
    problems: dict[str, str] = field(default_factory=dict)
    _slots: dict[str, DeltaGenerator] = field(default_factory=dict)
    _marked: set[str] = field(default_factory=set)

    def show_error(self, error: ParameterError) -> None:
        """Show a sentence beside the field it is about; below the page's last element where there is none."""
        name = error.field.rsplit(".", 1)[-1]
        slot = self._slots.get(name)
        self._marked.add(name)
        (slot or st).error(escape(error))

    def note(self, name: str, sentence: str) -> None:
        """Show what a value means below its field, where nothing is wrong with it."""
        if name in self._slots and name not in self._marked:
            self._slots[name].caption(escape(sentence))

    def warn(self, name: str, sentence: str) -> None:
        """Show what deserves a word below the field it is about, or below the page's last element."""
        (self._slots.get(name) or st).warning(escape(sentence))

    @contextmanager
    def beside(self) -> Iterator[None]:
        """What goes wrong inside because of a parameter is shown beside its field."""
        try:
            yield
        except ParameterError as error:
            self.show_error(error)


def parameters(
    cls: type[P],
    key: str,
    *,
    start: P | None = None,
    columns: int = 2,
    hide: Collection[str] = (),
    live: Collection[str] = (),
) -> Form[P]:
    """Draw one widget per parameter; advanced ones only while the user has opened them.

    Parameters
    ----------
    cls : type
        A described :class:`~audioclf.core.params.Parameters` class.
    key : str
        Prefix of the widgets' keys; a widget keeps its value while the session lives.
    start : Parameters or None
        What the fields hold at first; the defaults where there is none.
    columns : int
        How many fields stand beside each other.
    hide : collection of str
        Parameters that are not drawn and keep the value of ``start``.
    live : collection of str
        Texts that count while they are typed, and not only once they are finished.

    Returns
    -------
    Form
    """
    begin = start if start is not None else cls()
    described = {name: item for name, item in cls.describe().items() if name not in hide}
    slots: dict[str, DeltaGenerator] = {}

    def draw(names: list[str]) -> None:
        for first in range(0, len(names), columns):
            for name, column in zip(names[first : first + columns], st.columns(columns), strict=False):
                with column:
                    _widget(name, *described[name], getattr(begin, name), f"{key}.{name}", name in live)
                    slots[name] = st.empty()

    draw([name for name, (_, about) in described.items() if not about.advanced])
    advanced = [name for name, (_, about) in described.items() if about.advanced]
    if advanced:
        more = st.expander("More settings", key=f"{key}:more", on_change="rerun")
        if more.open:
            with more:
                draw(advanced)
    form = held(cls, key, start=begin, hide=hide)
    form._slots = slots
    for name, problem in form.problems.items():
        form.show_error(ParameterError(problem, name))
    if form.value is not None:
        st.session_state[f"{key}:last"] = form.value
    return form


def held(cls: type[P], key: str, *, start: P | None = None, hide: Collection[str] = ()) -> Form[P]:
    """What a form holds, whether it is drawn or not."""
    begin = start if start is not None else cls()
    ready: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, (annotation, about) in cls.describe().items():
        field = f"{key}.{name}"
        if name in hide or field not in st.session_state:
            ready[name] = getattr(begin, name)
            continue
        try:
            value = coerce(_read(st.session_state[field], annotation, name), annotation, name)
            check(value, about, name)
            ready[name] = value
        except ParameterError as error:
            problems[name] = str(error)
    if problems:
        return Form(None, problems)
    try:
        return Form(cls(**ready))
    except ParameterError as error:
        return Form(None, {error.field: str(error)})


def last(cls: type[P], key: str, *, start: P | None = None) -> P:
    """What a form last held without a mistake, from any page; before that ``start``, or the defaults."""
    made = st.session_state.get(f"{key}:last")
    if isinstance(made, cls):
        return made
    return start if start is not None else cls()


def fill(value: Parameters, key: str) -> None:
    """Put an object's values into the fields, before they are drawn."""
    st.session_state[f"{key}:last"] = value
    for name, (annotation, _) in type(value).describe().items():
        st.session_state[f"{key}.{name}"] = _shown(getattr(value, name), annotation)


def _widget(name: str, annotation: Any, about: Param, start: Any, key: str, live: bool = False) -> None:
    # from the code, not from a user: escaped, its underscores would be read out with their backslashes
    label = f"{name} ({about.unit})" if about.unit else name
    shared: dict[str, Any] = {"key": key, "help": escape(about.help), "persist_state": "session"}
    bare, optional = _bare(annotation)
    st.session_state.setdefault(key, _shown(start, annotation))
    if about.choices and typing.get_origin(bare) is not tuple:
        options = ([None] if optional else []) + list(about.choices)
        if st.session_state[key] not in options:
            st.session_state[key] = start
        st.selectbox(label, options, format_func=_choice, **shared)
    elif bare is bool:
        st.toggle(label, **shared)
    elif bare in (int, float):
        start_empty: dict[str, Any] = {"value": None, "placeholder": "automatic"} if optional else {}
        step = int(about.step or 1) if bare is int else float(about.step or _step(start))
        st.number_input(label, step=step, format="%d" if bare is int else "%g", **start_empty, **shared)
    else:
        placeholder = "values, separated by commas" if bare is not str else None
        st.text_input(label, placeholder=placeholder, live=live, **shared)


def _choice(item: Any) -> str:
    return "automatic" if item is None else plain(item)


def _step(start: float | None) -> float:
    """The power of ten at or below a value: 0.001 for a learning rate of 0.003."""
    return 10.0 ** math.floor(math.log10(abs(start))) if start else 0.1


def _bare(annotation: Any) -> tuple[Any, bool]:
    """The type without None, and whether None is allowed."""
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        options = [option for option in typing.get_args(annotation) if option is not type(None)]
        return (float if float in options else options[0]), len(options) < len(typing.get_args(annotation))
    return annotation, False


def _shown(value: Any, annotation: Any) -> Any:
    """A value as its widget holds it."""
    bare, _ = _bare(annotation)
    if typing.get_origin(bare) is tuple:
        return (
            "" if value is None else ", ".join(f"{item:g}" if isinstance(item, float) else str(item) for item in value)
        )
    if bare is float and value is not None:
        return float(value)
    return value


def _read(value: Any, annotation: Any, name: str) -> Any:
    """A widget's value as the parameter's type takes it: text becomes a list of values."""
    bare, optional = _bare(annotation)
    if typing.get_origin(bare) is not tuple:
        if value is None and not optional:
            raise ParameterError(f"{name} is empty; give a number.", name)
        return None if optional and value == "" else value
    if not value.strip():
        return None if optional else ()
    kind = typing.get_args(bare)[0]
    parts = [part.strip() for part in value.replace(";", ",").split(",") if part.strip()]
    if kind not in (int, float):
        return parts
    try:
        return [float(part) for part in parts]
    except ValueError:
        raise ParameterError(f"{name} is a list of numbers separated by commas, got '{value}'.", name) from None
