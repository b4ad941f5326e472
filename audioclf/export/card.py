"""A model card (Mitchell et al. 2019) in Markdown: what a model is of, how good it is, and what it is not for."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

from audioclf.core.text import markdown_table
from audioclf.experiments.runs import Run
from audioclf.export.report import facts


def card(run: Run, checked: str = "") -> str:
    """The card of a run's models; names in it are text, never Markdown.

    Raises
    ------
    AudioclfError
        When the run has no results, or cannot be read.
    """
    known = facts.of(run)
    made = time.strftime("%Y-%m-%d", time.gmtime(known.made))
    about = {
        "Made": made,
        "Run": known.id,
        "Task": known.task,
        "Input": known.input,
        "Model": known.model,
        "Note": known.note,
    }
    header = ("Class", "Precision", "Recall (95 %, Wilson)", "F1", "Test clips")
    classes = [
        (
            text(str(row["class"])),
            f"{row['precision']:.3f}",
            f"{row['recall']:.3f}" + (" ({:.3f} to {:.3f})".format(*row["interval"]) if row["interval"] else ""),
            f"{row['f1']:.3f}",
            f"{row['support']:,}",
        )
        for row in known.per_class
    ]
    parts = [
        f"# {text(known.name)}",
        _table(about),
        "## Data",
        _table(known.data),
        "## How it was tested",
        f"{text(known.protocol)}.",
        _table(known.figures),
        markdown_table(header, classes),
        "## Limits",
        "\n".join(f"- {text(sentence)}" for sentence in known.limits),
        "## Export",
        text(checked) if checked else "Not checked.",
        "## Versions",
        _table(known.versions | {"Seed": str(known.seed)}),
    ]
    return "\n\n".join(parts) + "\n"


def text(value: str) -> str:
    """Text of a user as Markdown shows it: on one line, with everything escaped that has a meaning there."""
    return re.sub(r"([\\`*_{}\[\]<>()#+!|~&$-])", r"\\\1", " ".join(value.split()))


def _table(rows: Mapping[str, str]) -> str:
    return markdown_table(("", ""), [(text(name), text(value)) for name, value in rows.items() if value])
