"""An empty figure of a given size in a theme's colours, and axes on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from audioclf.core.errors import ParameterError
from audioclf.plots.theme import Theme, plain, theme_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FONT: Final = 11.0
_SMALLEST, _LARGEST = 40, 8000


@dataclass(frozen=True)
class Look:
    """How a figure is to look.

    Attributes
    ----------
    theme : "light" or "dark"
        Kind of page it lies on.
    width, height : int
        Size in pixels.
    dpi : int
        Pixels per inch: doubled together with the size, everything is drawn twice as fine.
    """

    theme: str = "light"
    width: int = 900
    height: int = 360
    dpi: int = 100

    @property
    def colours(self) -> Theme:
        """Colours of the theme."""
        return theme_of(self.theme)

    def figure(self) -> Figure:
        """Empty figure.

        Raises
        ------
        ParameterError
            For an unknown theme or an impossible size.
        """
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        for name in ("width", "height", "dpi"):
            if not _SMALLEST <= getattr(self, name) <= _LARGEST:
                raise ParameterError(
                    f"{name} must be from {_SMALLEST} to {_LARGEST}, got {getattr(self, name)}; choose another.", name
                )
        figure = Figure(figsize=(self.width / self.dpi, self.height / self.dpi), dpi=self.dpi)
        FigureCanvasAgg(figure)
        figure.set_facecolor(self.colours.page)
        return figure

    def axes(self, figure: Figure, left: float, bottom: float, right: float, top: float) -> Axes:
        """Axes with margins in inches, in the theme's colours."""
        width, height = self.width / self.dpi, self.height / self.dpi
        box = (
            left / width,
            bottom / height,
            max(0.02, 1 - (left + right) / width),
            max(0.02, 1 - (bottom + top) / height),
        )
        axes = figure.add_axes(box)
        self.dress(axes)
        return axes

    def dress(self, axes: Axes) -> None:
        """Give axes the theme's colours and sizes."""
        axes.set_facecolor("none")
        axes.tick_params(colors=self.colours.text, labelsize=FONT - 1, color=self.colours.muted, length=4)
        for spine in axes.spines.values():
            spine.set_color(self.colours.muted)
            spine.set_linewidth(0.8)

    def label(self, axes: Axes, *, x: str = "", y: str = "", title: str = "", size: float = FONT) -> None:
        """Name the axes and the picture; names are text, whatever is in them."""
        stated: dict[str, Any] = {"color": self.colours.text, "parse_math": False}
        if x:
            axes.set_xlabel(plain(x), fontsize=size, **stated)
        if y:
            axes.set_ylabel(plain(y), fontsize=size, **stated)
        if title:
            # with a y of its own the title need not be kept clear of ticks, for which all of them are laid out twice
            axes.set_title(plain(title), fontsize=size + 2, loc="left", pad=7, y=1.0, **stated)
