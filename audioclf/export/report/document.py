"""One HTML page from a template, with everything in it and every name escaped; and the pictures of a run for it."""

from __future__ import annotations

import base64
import functools
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from audioclf.core.errors import AudioclfError
from audioclf.experiments.runs import Run
from audioclf.plots.canvas import Look
from audioclf.plots.confusion import confusion_figure
from audioclf.plots.curve_figures import folds_figure, twin_figure

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


def curves(run: Run, size: tuple[int, int], titles: Sequence[str], unit: str) -> Iterator[Picture]:
    """Curves of a finished run: of one fit accuracy and loss on one picture, of several a picture for each.

    Parameters
    ----------
    run : Run
    size : (int, int)
        Of the one picture, in pixels.
    titles : sequence of str
        Of the two.
    unit : str
        What a line stands for: a fold, a split.
    """
    history = run.history
    if run.experiment.model.family != "network" or not history:
        return
    if len({row["fit"] for row in history}) == 1:
        yield Picture("curves", "Accuracy and loss", "", lambda theme: twin_figure(history, look=Look(theme, *size)))
        return
    panels = _panels(run, history)
    width = min(460 * len(panels) + 120, 1400)
    for measure, title in zip(("accuracy", "loss"), titles, strict=True):
        words = f"A line for each {unit}; training solid, validation dashed." if measure == "loss" else ""
        yield Picture(f"curves-{measure}", title, words, partial(_folds, panels, measure, width))


def _panels(run: Run, history: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """History of every member of an ensemble, by the name of its features."""
    member = {fit["id"]: int(fit["member"]) for fit in run.signature["fits"]}
    panels: dict[str, list[dict[str, Any]]] = {}
    for number, features in enumerate(run.experiment.members):
        title = ", ".join(feature.title for feature in features)
        panels[title if title not in panels else f"{title} {number + 1}"] = [
            row for row in history if member.get(row["fit"], 0) == number
        ]
    return panels


def _folds(panels: dict[str, list[dict[str, Any]]], measure: str, width: int, theme: str) -> Figure:
    return folds_figure(panels, measure=measure, look=Look(theme, width, 320))


def confusion(run: Run, key: str = "confusion", title: str = "", *, normalised: bool = False) -> Picture:
    """The confusion matrix of a finished run, as large as its classes are many."""
    counts, names = run.metrics["confusion"], run.classes
    letters = min(max(map(len, names)), 28)
    side = max(240, min(56 * len(names), 1600))
    size = (side + 90 + 8 * letters, side + 80 + 6 * letters)
    return Picture(
        key,
        title,
        "",
        lambda theme: confusion_figure(counts, names, normalised=normalised, look=Look(theme, *size)),
    )


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
