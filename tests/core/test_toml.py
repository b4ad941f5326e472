"""TOML as people write it: single values, and files that are no such thing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from audioclf.core.errors import ParameterError
from audioclf.core.toml import FromToml, literal
from audioclf.experiments.config import Experiment
from audioclf.tuning import Search


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3), ("1e-3", 0.001), ("true", True), ("[1, 2]", [1, 2]), ("'3'", "3"), ("mel", "mel"), ("", ""), (3, 3)],
)
def test_a_text_is_the_value_it_spells(text: Any, value: Any) -> None:
    found = literal(text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(("kind", "what"), [(Experiment, "experiment"), (Search, "search")])
def test_a_file_that_cannot_be_read_is_told_in_words(kind: type[FromToml], what: str, tmp_path: Path) -> None:
    path = tmp_path / "file.toml"
    with pytest.raises(ParameterError, match=f"The {what} file .*cannot be read"):
        kind.load(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ParameterError, match=f"The {what} file .*cannot be read"):
        kind.load(path)
    path.write_text("= 3", encoding="utf-8")
    with pytest.raises(ParameterError, match=f"The {what} is not valid TOML"):
        kind.load(path)
