"""The glossary: every term that a page explains is in it, and how a model was tested is said in plain words."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import audioclf.ui
from audioclf.datasets.splits import PROTOCOLS, LeaveOneGroupOut, OfficialFolds, Protocol
from audioclf.ui.shell.glossary import TERMS, explain, plain_name, plain_protocol

USES = {"explain", "plain_name"}
FIELD = re.compile(
    r"holdout|k-fold|cross-validation|stratified|seed|official folds|leave one|\\b(known )?groups (not )?kept"
)


def used() -> dict[str, str]:
    """Terms that the app's modules ask for, with the module."""
    found = {}
    for file in Path(audioclf.ui.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in USES:
                found |= {arg.value: file.name for arg in node.args if isinstance(arg, ast.Constant)}
    return found


def test_every_term_that_a_page_explains_has_an_entry() -> None:
    asked = used()
    assert len(asked) > 10
    assert not {term: file for term, file in asked.items() if term not in TERMS}
    for term in asked:
        assert TERMS[term].meaning in explain(term).replace("\\", "")
        assert plain_name(term)


def test_a_meaning_needs_no_other_entry_of_another_name() -> None:
    for term, entry in TERMS.items():
        assert entry.meaning.endswith("."), term
        assert len(entry.meaning) < 240, term


ALL = [
    *(protocol() for protocol in PROTOCOLS.values()),
    LeaveOneGroupOut(test_groups=("a", "b")),
    OfficialFolds(test_folds=(1, 2)),
]


@pytest.mark.parametrize("protocol", ALL, ids=lambda protocol: protocol.kind)
def test_every_protocol_has_plain_words(protocol: Protocol) -> None:
    words = plain_protocol(f"{protocol.sentence()}, of copies made before the split (leaky)")
    assert words.startswith(("on ", "in "))
    assert not FIELD.search(words), words
    assert words.endswith("with copies of the test clips among those learned from")


def test_what_is_not_known_stays_as_it_is() -> None:
    assert plain_protocol("as some plugin has it") == "as some plugin has it"
