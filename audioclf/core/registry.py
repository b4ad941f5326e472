"""A folder is the registry: every module in a package adds the kinds it defines.

A new feature, model, split or augmentation is one new file; forms, command line, recipes
and the contract tests find it by themselves.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any, Generic, TypeVar

from audioclf.core.errors import ParameterError
from audioclf.core.params import Parameters, unknown

T = TypeVar("T", bound=Parameters)


class Registry(Mapping[str, type[T]], Generic[T]):
    """All subclasses of ``base`` with a ``kind``, found in the modules of one package (or module).

    Parameters
    ----------
    base : type
        The :class:`~audioclf.core.params.Parameters` subclass the entries derive from.
    place : str
        Name of the package or module to look in; its modules are imported on first use.
    what : str
        What an entry is called in an error ("feature", "model").
    """

    def __init__(self, base: type[T], place: str, what: str) -> None:
        self._base = base
        self._place = place
        self._what = what
        self._entries: dict[str, type[T]] | None = None

    def _load(self) -> dict[str, type[T]]:
        if self._entries is None:
            found = [
                entry
                for module in self._modules()
                for entry in vars(module).values()
                if inspect.isclass(entry)
                and issubclass(entry, self._base)
                and entry.kind
                and entry.__module__ == module.__name__
            ]
            found.sort(key=lambda entry: (getattr(entry, "order", 100), entry.kind))
            self._entries = {entry.kind: entry for entry in found}
        return self._entries

    def _modules(self) -> Iterator[ModuleType]:
        place = importlib.import_module(self._place)
        yield place
        for info in pkgutil.iter_modules(getattr(place, "__path__", [])):
            yield importlib.import_module(f"{self._place}.{info.name}")

    def __getitem__(self, kind: str) -> type[T]:
        entries = self._load()
        if kind not in entries:
            raise ParameterError(unknown(kind, entries, self._what), "kind")
        return entries[kind]

    def __contains__(self, kind: object) -> bool:
        return kind in self._load()

    def __iter__(self) -> Iterator[str]:
        return iter(self._load())

    def __len__(self) -> int:
        return len(self._load())

    def make(self, values: Mapping[str, Any]) -> T:
        """Entry from plain values with a ``kind``, as TOML gives them."""
        if not isinstance(values, Mapping):
            raise ParameterError(f"A {self._what} is a table with a 'kind', got {values!r}.")
        if "kind" not in values:
            raise ParameterError(f"A {self._what} needs a 'kind': one of {', '.join(self)}.", "kind")
        return self[str(values["kind"])].from_dict(values)
