"""What every embedding model says of itself."""

from __future__ import annotations

import pytest

from audioclf.embeddings import EMBEDDINGS


@pytest.mark.parametrize("kind", list(EMBEDDINGS))
def test_facts_are_complete(kind: str) -> None:
    model = EMBEDDINGS[kind]
    assert model.title
    assert model.source.startswith("https://")
    assert model.licence in {"Apache-2.0", "MIT"}
    assert model.citation.endswith(".")
    assert model.trained_on.endswith(".")
    assert model.n_bytes > 4 * 100_000
    assert model.n_parameters > 100_000
    assert 0 < model.hop <= model.window < 5
    assert model.dimension > 0
