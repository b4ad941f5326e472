"""One HTML page from a template, with everything in it and every name escaped; and pictures for it."""

from __future__ import annotations

import base64
import functools
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from audioclf.core.errors import AudioclfError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Draw = Callable[[str], "Figure"]


@dataclass(frozen=True)
class Picture:
    """One picture, drawn when it is asked for.

    Attributes
    ----------
    key : str
        Names it within its run.
    title, caption : str
        Above and below it.
    draw : callable
        ``theme -> Figure``; the theme is ``"light"`` or ``"dark"``.
    """

    key: str
    title: str
    caption: str
    draw: Draw

    def png(self, theme: str) -> bytes:
        """The picture on the colour of its page, with at most 256 colours: a third of the size.

        Raises
        ------
        AudioclfError
            When its sounds are not there any more.
        """
        from PIL import Image

        from audioclf.plots.png import to_png

        picture = Image.open(io.BytesIO(to_png(self.draw(theme), transparent=False))).convert("RGB")
        buffer = io.BytesIO()
        picture.quantize(256, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
        return buffer.getvalue()


def embedded(pictures: Iterable[Picture]) -> list[dict[str, str]]:
    """Pictures as a template takes them; one that cannot be drawn as a sentence in its place."""
    shown = []
    for picture in pictures:
        about = {"key": picture.key, "title": picture.title, "caption": picture.caption, "error": ""}
        try:
            about |= {theme: address(picture.png(theme), "image/png") for theme in ("light", "dark")}
        except AudioclfError as error:
            about["error"] = str(error)
        shown.append(about)
    return shown


def address(data: bytes, mime: str) -> str:
    """Data as the address of itself."""
    return f"data:{mime};base64,{base64.b64encode(data).decode('ascii')}"


def render(template: str, **values: Any) -> str:
    """The page as text; nothing outside of it is needed to read it."""
    return str(_environment().get_template(template).render(**values))


@functools.cache
def _environment() -> Any:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("audioclf.export.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
