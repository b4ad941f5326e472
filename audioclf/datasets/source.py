"""Source: a data set known by its name."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from audioclf.core.params import Parameters
from audioclf.datasets.base import Clip, Dataset, Problem, Progress, ShouldStop


@dataclass(frozen=True)
class Source(Parameters):
    """A data set known by name; its parameters are the options of :func:`audioclf.load_dataset`.

    Attributes
    ----------
    kind : str
        What :func:`audioclf.load_dataset` is given.
    title, description, licence, citation : str
        For people.
    """

    description: ClassVar[str] = ""
    licence: ClassVar[str] = ""
    citation: ClassVar[str] = ""

    @abstractmethod
    def load(self, *, progress: Progress | None = None, should_stop: ShouldStop | None = None) -> Dataset:
        """The data set, made or fetched on first use."""

    def _dataset(self, clips: Iterable[Clip], problems: Iterable[Problem] = ()) -> Dataset:
        about = {name: getattr(self, name) for name in ("description", "licence", "citation")}
        return Dataset(self.title, tuple(clips), tuple(problems), source=self.kind, **about)
