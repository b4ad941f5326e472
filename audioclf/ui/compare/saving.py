"""A comparison as a file: a figure, or one HTML page with the sounds inside, which opens without us."""

from __future__ import annotations

import functools
import json
from html import escape
from typing import Final

import streamlit as st

from audioclf.inference import sound_tasks
from audioclf.ui.compare import grid
from audioclf.ui.compare.table import Table
from audioclf.ui.shell.text import plain
from audioclf.ui.sound import sound_worker
from audioclf.ui.sound.feature_settings import file_button

_FIGURES: Final = {"png": "PNG, for slides", "svg": "SVG, for print", "pdf": "PDF, for print"}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data: blob:; media-src data:;
 style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --st-font: system-ui, sans-serif; --st-text-color: #221a2c;
  --st-background-color: #ffffff; --st-border-color: #ddd3e4; --st-primary-color: #a8327d; }}
@media (prefers-color-scheme: dark) {{ :root {{ --st-text-color: #f1ecf6; --st-background-color: #120d1b;
  --st-border-color: #382d4a; --st-primary-color: #f1719a; }} }}
body {{ margin: 0 auto; max-width: 1400px; padding: 1rem; font: 16px/1.5 var(--st-font);
  background: var(--st-background-color); color: var(--st-text-color); }}
h1 {{ font-size: 1.5rem; margin: 0 0 .2rem; }} p {{ margin: 0 0 1rem; }}
{style}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{note}</p>
<div class="comparison"></div>
</main>
<script type="application/json" id="data">{data}</script>
<script>
{script}
start({{ parentElement: document, data: JSON.parse(document.getElementById("data").textContent) }});
</script>
</body>
</html>
"""


def draw(table: Table, name: str, note: str) -> None:
    """Draw the ways to save a comparison; a file is made when its button is pressed, in no page's run.

    Parameters
    ----------
    table : Table
    name : str
        Of the data set.
    note : str
        The parameters of the features, for who opens the page later.
    """
    with st.popover("Save"):
        for ending, label in _FIGURES.items():
            file_button(label, functools.partial(figure, table, f".{ending}"), f"comparison.{ending}")
        made = functools.partial(html, table, f"Comparison: {plain(name, 80)}", note)
        file_button("HTML page, with the sounds", made, "comparison.html")


def figure(table: Table, ending: str) -> bytes:
    """The comparison as a figure, drawn by the warm process."""
    titles = [column.title for column in table.columns]
    request, given = sound_tasks.drawing(
        table.maps, titles, shared=table.shared, difference=table.difference, ending=ending, span=table.span
    )
    _, arrays = sound_worker.ask(request, given)
    return arrays["file"].tobytes()


def html(table: Table, title: str, note: str) -> bytes:
    """The comparison as a page of its own: pictures, sounds and script are inside, and it loads nothing."""
    data = json.dumps(grid.describe(table, height=max(620, 130 * len(table.maps)), address=grid.inline))
    return _PAGE.format(
        title=escape(title),
        note=escape(note),
        style=grid.style(),
        # nothing in a name may end the script
        data=data.replace("<", "\\u003c"),
        script=grid.script().replace("export default function", "function start"),
    ).encode()
