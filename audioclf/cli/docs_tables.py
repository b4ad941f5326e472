"""Reference tables in Markdown, made from the code's own tables; the files in ``docs`` carry them.

``python -m audioclf.cli.docs_tables docs/*.md`` writes them again between their marks; a test fails where
documentation and code differ.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import click

from audioclf import PUBLIC, recipes
from audioclf.augment import AUGMENTATIONS
from audioclf.cli.group import cli
from audioclf.cli.options import figure
from audioclf.core.settings import SETTINGS
from audioclf.core.text import markdown_table
from audioclf.datasets import available
from audioclf.datasets.splits import PROTOCOLS
from audioclf.explain import METHODS
from audioclf.features import FEATURES
from audioclf.models import MODELS


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Markdown table; a vertical bar in a cell is escaped."""
    return markdown_table(header, [[str(cell).replace("|", "\\|") for cell in row] for row in rows])


def python() -> str:
    """The public names of the package."""
    return table(("name", "what it is"), [(f"`audioclf.{name}`", text) for name, (_, text) in PUBLIC.items()])


def commands() -> str:
    """The commands."""
    return table(("command", "what it does"), _commands(cli, "audioclf"))


def _commands(group: click.Group, name: str) -> Iterator[tuple[str, str]]:
    context = click.Context(group, info_name=name)
    for word in group.list_commands(context):
        command = group.commands[word]
        if isinstance(command, click.Group):
            yield from _commands(command, f"{name} {word}")
        else:
            usage = " ".join(command.collect_usage_pieces(click.Context(command, info_name=word)))
            yield f"`{name} {word} {usage}`", command.get_short_help_str(200)


def settings() -> str:
    """The settings."""
    return table(
        ("variable", "default", "meaning"), [(f"`{row.variable}`", row.default or "-", row.help) for row in SETTINGS]
    )


def kinds() -> str:
    """Everything registered, by kind."""
    blocks: dict[str, Iterable[str]] = {
        "data set": [item.kind for item in available()],
        "feature": FEATURES,
        "model": MODELS,
        "split": PROTOCOLS,
        "augmentation": AUGMENTATIONS,
        "explanation method": METHODS,
    }
    rows = [(what, ", ".join(f"`{kind}`" for kind in kinds)) for what, kinds in blocks.items()]
    return table(("building block", "kinds"), rows)


def recipe_list() -> str:
    """The recipes."""
    rows = [
        (f"`{recipe.name}`", figure(recipe.published, ""), figure(recipe.n_parameters, ","), recipe.title)
        for recipe in map(recipes.get, recipes.names())
    ]
    return table(("recipe", "published accuracy", "parameters", "what it is"), rows)


def methods() -> str:
    """The explanation methods."""
    rows = []
    for kind, method in METHODS.items():
        options = ", ".join(f"`{name}`" for name in method.describe())
        rows.append((f"`{kind}`", method.title, method.explanation, options or "-"))
    return table(("kind", "method", "how it works", "options"), rows)


TABLES: dict[str, Callable[[], str]] = {
    "python": python,
    "commands": commands,
    "settings": settings,
    "kinds": kinds,
    "recipes": recipe_list,
    "methods": methods,
}


def updated(text: str) -> str:
    """The text with every table between ``<!-- table: NAME -->`` and ``<!-- end -->`` written again."""

    def made(match: re.Match[str]) -> str:
        return f"<!-- table: {match[1]} -->\n{TABLES[match[1]]()}\n<!-- end -->"

    return re.sub(r"<!-- table: (\w+) -->\n.*?<!-- end -->", made, text, flags=re.DOTALL)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(updated(path.read_text(encoding="utf-8")), encoding="utf-8")
