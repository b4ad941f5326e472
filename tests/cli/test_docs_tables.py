"""The documentation's tables are the code's."""

from __future__ import annotations

import re
from pathlib import Path

import audioclf
from audioclf.cli.docs_tables import TABLES, renewed

ROOT = Path(audioclf.__file__).parents[1]


def test_readme_carries_the_tables_of_the_code() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"<!-- table: (\w+) -->", text)) == set(TABLES)
    assert text == renewed(text), "README is behind the code; run: python -m audioclf.cli.docs_tables README.md"


def test_readme_names_the_two_commands_and_every_page() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "pip install uv && uv run streamlit run app.py" in text
    assert "pip install uv && uv run pytest" in text
    for page in (ROOT / "pages").glob("*.py"):
        assert f"| {page.stem.replace('_', ' ').capitalize()} |" in text


def test_pictures_of_the_readme_are_there() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for picture in re.findall(r"!\[[^]]*\]\(([^)]+)\)", text):
        assert (ROOT / picture).is_file(), picture
