"""Source: a data set known by its name."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from audioclf.core.params import Parameters
from audioclf.datasets.base import Dataset, Progress, ShouldStop


@dataclass(frozen=True)
class Source(Parameters):
    """A data set known by name; its parameters are the options of :func:`audioclf.load_dataset`.

    Attributes
    ----------
    kind, name : str
        What :func:`audioclf.load_dataset` is given.
    title, description, licence, citation : str
        For people.
    """

    name: ClassVar[str] = ""
    description: ClassVar[str] = ""
    licence: ClassVar[str] = ""
    citation: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.name = cls.kind

    @abstractmethod
    def load(self, *, progress: Progress | None = None, should_stop: ShouldStop | None = None) -> Dataset:
        """The data set, made or fetched on first use."""
