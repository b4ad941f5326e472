"""The documentation's tables are the code's."""

from __future__ import annotations

import re
from pathlib import Path

import audioclf
from audioclf.cli.docs_tables import TABLES, updated

ROOT = Path(audioclf.__file__).parents[1]


def test_docs_carry_the_tables_of_the_code() -> None:
    carried = []
    for path in sorted((ROOT / "docs").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        carried += re.findall(r"<!-- table: (\w+) -->", text)
        assert text == updated(text), (
            f"{path.name} is behind the code; run: python -m audioclf.cli.docs_tables docs/*.md"
        )
    assert sorted(carried) == sorted(TABLES)


def test_readme_is_short_and_its_links_lead_somewhere() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert "://" in target or (ROOT / target).is_file(), target


def test_readme_names_the_two_commands_and_every_page() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "pip install uv && uv run streamlit run app.py" in text
    assert "pip install uv && uv run pytest" in text
    for page in (ROOT / "pages").glob("*.py"):
        assert f"| {page.stem.replace('_', ' ').capitalize()} |" in text
