"""The two kinds of places data comes from: a set known by its name, and files that are one's own."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from audioclf.datasets.base import Dataset, Progress, ShouldStop
from audioclf.datasets.layout import Reading
from audioclf.datasets.tree import Tree, clips
from audioclf.params import Parameters


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


@dataclass(frozen=True)
class Reader(Parameters):
    """A way to make clips of files; its parameters are the options of :func:`audioclf.load_dataset`.

    Attributes
    ----------
    order : int
        Readers are asked in this order whether a tree suits them.
    """

    order: ClassVar[int] = 100
    description: ClassVar[str] = ""

    @classmethod
    @abstractmethod
    def suits(cls, tree: Tree) -> bool:
        """Whether this is how the files are read when nobody says otherwise."""

    @abstractmethod
    def understand(self, tree: Tree) -> Reading:
        """How the files are read, from their names and tables alone.

        Raises
        ------
        DatasetError
            When nothing in the files can be read so.
        """

    def load(
        self, reading: Reading, *, progress: Progress | None = None, should_stop: ShouldStop | None = None
    ) -> Dataset:
        """The data set that a reading describes."""
        found, problems = clips(reading.rows, progress=progress, should_stop=should_stop)
        return Dataset(reading.name, tuple(found), (*reading.problems, *problems), source=str(reading.tree.path))
