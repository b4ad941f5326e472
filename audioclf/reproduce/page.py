"""One HTML page with everything in it: the table, what is to be known, and the pictures, for light and dark."""

from __future__ import annotations

import base64
import os
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any

import numpy as np

from audioclf.core.errors import AudioclfError
from audioclf.core.text import duration
from audioclf.experiments.fit import read_result
from audioclf.recipes import Recipe
from audioclf.reproduce.pictures import Picture
from audioclf.reproduce.plan import REFERENCES
from audioclf.reproduce.rows import LEAKY, Row
from audioclf.reproduce.table import HEADER, words

Say = Callable[[str], None]

_STYLE = """
:root { color-scheme: light dark; --page: #ffffff; --text: #221a2c; --soft: #6b6176; --line: #ddd3e4;
  --card: #f7f3fa; --mark: #a8327d; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --page: #120d1b; --text: #f1ecf6; --soft: #b3a8c0; --line: #382d4a;
  --card: #1d1629; --mark: #f1719a; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1320px; padding: 1.5rem 1rem 4rem; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .3rem; } h2 { margin: 2.6rem 0 .2rem; font-size: 1.3rem; }
h3 { margin: 2rem 0 .2rem; font-size: 1.05rem; } h4 { margin: 1.2rem 0 .3rem; font-size: .95rem; font-weight: 600; }
p { margin: .3rem 0; max-width: 75ch; } .soft, figcaption { color: var(--soft); font-size: .9rem; }
.wide { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; margin-top: 1rem; }
table { border-collapse: collapse; font-size: .86rem; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .45rem .6rem; border-bottom: 1px solid var(--line); }
th { background: var(--card); position: sticky; top: 0; font-weight: 600; } tr:last-child td { border-bottom: 0; }
td:first-child { white-space: nowrap; } td.long { min-width: 12rem; } td.data { min-width: 7rem; }
td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
a { color: var(--mark); } .leaky { color: var(--bad); font-weight: 600; }
figure { margin: .4rem 0 1rem; } img { max-width: 100%; height: auto; display: block; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .5rem 0; font-size: .92rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 600px) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .4rem; } }
"""

_LONG = ("protocol", "verdict")
_NUMBERS = ("published", "epochs", "time")


def html(
    rows: Sequence[Row],
    recipes: Sequence[Recipe],
    pictures: Callable[[Row], Iterable[Picture]],
    sounds: Callable[[str], Iterable[Picture]],
    *,
    say: Say = lambda sentence: None,
) -> str:
    """The whole page as text; nothing outside of it is needed to read it.

    Parameters
    ----------
    rows : sequence of Row
    recipes : sequence of Recipe
        One per row.
    pictures : callable
        Pictures of one finished row's run.
    sounds : callable
        Pictures of the sounds of one reference, by its letter.
    say : callable
        Called with what is being drawn.
    """
    body = [
        "<h1>Reference systems, reproduced</h1>",
        f"<p class='soft'>Made on {_text(time.strftime('%Y-%m-%d'))} on {os.cpu_count()} cores"
        f" ({_text(platform.machine())}, {_text(platform.system())}). Every figure here is on the clips that the"
        " protocol beside it tests; the interval of 95 % is over groups where they are known (over splits, of few"
        " groups), or else Wilson's over clips.</p>",
        _table(rows),
    ]
    if any(row.leaky for row in rows):
        body.append(
            f"<p><span class='leaky'>{LEAKY}</span>: the model had met the clips it is judged on, or copies of them."
            " Such a figure says nothing about new sounds.</p>"
        )
    for letter in dict.fromkeys(row.letter for row in rows):
        about = f"Reference {letter}. {REFERENCES[letter]}" if letter in REFERENCES else "Others"
        body.append(f"<h2>{_text(about)}</h2>")
        say(f"Drawing the sounds of reference {letter}" if letter else "Drawing")
        body += _figures(sounds(letter))
        for row, recipe in zip(rows, recipes, strict=True):
            if row.letter == letter:
                say(f"Drawing {row.recipe}")
                body += [*_about(row, recipe), *_figures(pictures(row))]
    return (
        "<!doctype html>\n<html lang='en'>\n<head>\n<meta charset='utf-8'>\n"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>\n"
        "<title>Reference systems, reproduced · audioclf</title>\n"
        f"<style>{_STYLE}</style>\n</head>\n<body>\n" + "\n".join(body) + "\n</body>\n</html>\n"
    )


def _table(rows: Sequence[Row]) -> str:
    head = "".join(f"<th scope='col'>{_text(name)}</th>" for name in HEADER)
    lines = []
    for row in rows:
        cells = []
        for name, text in zip(HEADER, words(row), strict=True):
            shown = _marked(text)
            if name == "recipe":
                shown = f"<a href='#{_text(row.recipe)}'>{shown}</a>"
            kind = " class='number'" if name in _NUMBERS else " class='long'" if name in _LONG else " class='data'"
            cells.append(f"<td{kind}>{shown}</td>")
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return f"<div class='wide'><table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"


def _about(row: Row, recipe: Recipe) -> list[str]:
    facts = {name: _marked(shown) for name, shown in figures(row, recipe).items()}
    listed = "".join(f"<dt>{_text(name)}</dt><dd>{shown}</dd>" for name, shown in facts.items())
    return [
        f"<h3 id='{_text(row.recipe)}'>{_text(row.recipe)}: {_text(row.title)}</h3>",
        f"<p class='soft'>{_text(row.source)}</p>",
        f"<p>{_text(recipe.note)}</p>" if recipe.note else "",
        f"<dl>{listed}</dl>",
    ]


def figures(row: Row, recipe: Recipe) -> dict[str, str]:
    """What came of a system, and everything that was published of it beside what it is here, by name."""
    reference = recipe.reference
    shown = {"Result": row.verdict}
    metrics: dict[str, Any] = {}
    if row.run is not None and row.accuracy is not None:
        try:
            metrics = row.run.metrics
        except AudioclfError:
            metrics = {}
    if row.accuracy is not None:
        published = "" if row.published is None else f"; published {row.published:g}"
        shown["Accuracy"] = f"{words(row)[3]}, {row.n_test:,} clips{published}"
    if row.protocol:
        shown["Protocol"] = row.protocol
    splits = metrics.get("splits", [])
    if len(splits) > 1:
        shown["Folds"] = ", ".join(f"{split['accuracy']:.3f}" for split in splits)
    for name, accuracies in alone(row).items():
        mean = sum(accuracies) / len(accuracies)
        listed = ", ".join(f"{value:.3f}" for value in accuracies)
        shown[f"{name} alone"] = f"{mean:.3f}" + (f"; folds {listed}" if len(accuracies) > 1 else "")
    if reference.get("folds"):
        shown["Folds, published"] = ", ".join(f"{value:g}" for value in reference["folds"])
    for name, label in _CURVES.items():
        if reference.get(name) is not None:
            here = _last(row, name)
            shown[label] = f"published {_listed(reference[name])}" + (f"; here {_listed(here)}" if here else "")
    if reference.get("features_seconds") is not None:
        took = metrics.get("seconds_features")
        shown["Features of all clips"] = f"published {duration(reference['features_seconds'])}" + (
            "" if took is None else f"; here {duration(took)}"
        )
    if reference.get("time"):
        shown["Time, published"] = str(reference["time"])
    if row.seconds is not None:
        shown["Time here"] = duration(row.seconds)
    return shown


def alone(row: Row) -> dict[str, list[float]]:
    """Accuracy of each member of an ensemble by itself, fold by fold; empty for other models."""
    run = row.run
    if run is None or row.accuracy is None or len(run.experiment.members) < 2:
        return {}
    try:
        fits, truth = run.signature["fits"], run.predictions
        found: dict[str, list[float]] = {}
        for fit in fits:
            features = run.experiment.members[fit["member"]]
            true = np.array([item.true for item in truth if item.split == fit["split"]])
            right = read_result(run.fit_folder(fit["id"])).probabilities.argmax(axis=1) == true
            name = ", ".join(feature.title for feature in features)
            found.setdefault(name, []).append(float(right.mean()))
    except (AudioclfError, OSError, KeyError, ValueError, TypeError):
        return {}
    return found


_CURVES = {
    "train_accuracy": "Training accuracy at the last epoch, mean over folds",
    "val_accuracy": "Validation accuracy at the last epoch, mean over folds",
}


def _last(row: Row, name: str) -> list[float]:
    """Mean over the folds of each member's history at its last epoch; empty where it cannot be known."""
    if row.run is None or row.accuracy is None:
        return []
    key = name.replace("train_", "")
    try:
        history, fits = row.run.history, row.run.signature["fits"]
    except (AudioclfError, KeyError):
        return []
    means = []
    for member in dict.fromkeys(fit["member"] for fit in fits):
        ids = [fit["id"] for fit in fits if fit["member"] == member]
        last = [[line for line in history if line["fit"] == fit][-1:] for fit in ids]
        values = [line[0][key] for line in last if line and line[0].get(key) is not None]
        if not values:
            return []
        means.append(sum(values) / len(values))
    return means


def _listed(values: Any) -> str:
    return " and ".join(f"{value:.3f}" for value in (values if isinstance(values, list | tuple) else [values]))


def _figures(pictures: Iterable[Picture]) -> list[str]:
    shown = []
    for picture in pictures:
        try:
            light, dark = (_address(picture.png(theme)) for theme in ("light", "dark"))
        except AudioclfError as error:
            shown.append(f"<p class='soft'>{_text(picture.title or picture.key)}: {_text(str(error))}</p>")
            continue
        title = f"<h4>{_text(picture.title)}</h4>" if picture.title else ""
        caption = f"<figcaption>{_text(picture.caption)}</figcaption>" if picture.caption else ""
        shown.append(
            f"{title}<figure><picture><source media='(prefers-color-scheme: dark)' srcset='{dark}'>"
            f"<img loading='lazy' alt='{_text(picture.title or picture.caption or picture.key)}' src='{light}'>"
            f"</picture>{caption}</figure>"
        )
    return shown


def _address(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def _marked(text: str) -> str:
    return _text(text).replace(LEAKY, f"<span class='leaky'>{LEAKY}</span>")


def _text(text: str) -> str:
    return escape(" ".join(str(text).split()), quote=True)
