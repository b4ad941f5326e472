"""A model card (Mitchell et al. 2019) in Markdown: what a model is of, how good it is, and what it is not for."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

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
    rows = [
        f"| {text(str(row['class']))} | {row['precision']:.3f} | {row['recall']:.3f}{_interval(row['interval'])} |"
        f" {row['f1']:.3f} | {row['support']:,} |"
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
        "\n".join(["| Class | Precision | Recall (95 %, Wilson) | F1 | Test clips |", "|---|---|---|---|---|", *rows]),
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


def _interval(ends: tuple[float, float] | None) -> str:
    return f" ({ends[0]:.3f} to {ends[1]:.3f})" if ends else ""


def _table(rows: Mapping[str, str]) -> str:
    lines = [f"| {text(name)} | {text(value)} |" for name, value in rows.items() if value]
    return "\n".join(["| | |", "|---|---|", *lines])
