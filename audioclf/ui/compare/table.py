"""What a comparison holds: sounds in columns, features in rows, and which values the colours of each cell run over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audioclf.features import Feature, FeatureMap
from audioclf.plots.screen import Limits, difference_limits, value_limits


@dataclass(frozen=True)
class Column:
    """One sound.

    Attributes
    ----------
    title, note : str
        Its class, and a second line.
    sound : bytes
        A WAV file a browser plays; empty where there is none.
    seconds : float
    """

    title: str
    note: str
    sound: bytes
    seconds: float


@dataclass(frozen=True, eq=False)
class Table:
    """A comparison, ready to be drawn.

    Attributes
    ----------
    columns : tuple of Column
    features : tuple of Feature
        One per row.
    maps : tuple of tuples of FeatureMap
        Rows of columns.
    shared : bool
        Whether a colour means the same in a whole row.
    difference : bool
        Whether the last column is a difference, with colours of its own around zero.
    span : (float, float) or None
        Stretch of time that is shown, in seconds; None for all of every sound.
    """

    columns: tuple[Column, ...]
    features: tuple[Feature, ...]
    maps: tuple[tuple[FeatureMap, ...], ...]
    shared: bool = True
    difference: bool = False
    span: Limits | None = None

    def limits(self, row: int) -> list[Limits]:
        """Values at the two ends of the colours of every cell of a row."""
        maps: Sequence[FeatureMap] = self.maps[row]
        plain = maps[:-1] if self.difference else maps
        found = [value_limits(plain)] * len(plain) if self.shared else [value_limits([item]) for item in plain]
        return [*found, difference_limits(maps[-1])] if self.difference else found

    def has_bar(self, column: int) -> bool:
        """Whether a colour bar stands to the right of a column."""
        last = len(self.columns) - 1
        if self.difference:
            return column == last or (column == last - 1 and self.shared)
        return self.shared and column == last
