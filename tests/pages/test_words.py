"""What pages show at first sight is in plain words; the field's own are one click below."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from audioclf.experiments.runs import Run

OpenPage = Callable[..., AppTest]

FIELD = re.compile(
    r"macro|log loss|stratified|\bseed\b|wilson|bootstrap|student's t|mcnemar|fanova|\btpe\b|kappa|\bf1\b|harmonic"
    r"|holdout|cross-validation|learning.rate|95 % interval|decision tree|\d(\.\d+)?e-\d\d",
    re.IGNORECASE,
)


def sight(page: AppTest) -> list[str]:
    """Every sentence, heading and label that is seen without opening anything."""
    texts = (*page.title, *page.subheader, *page.markdown, *page.caption, *page.info, *page.warning, *page.success)
    shown = [element.value.replace("\\", "") for element in texts]
    return [*shown, *(f"{metric.label}: {metric.value}" for metric in page.metric)]


@pytest.mark.parametrize("name", ["", "data", "explore", "compare", "train", "search", "runs", "results", "reproduce"])
def test_plain_words_at_first_sight(name: str, open_page: OpenPage, finished: Run) -> None:
    page = open_page(name, data=Path(finished.experiment.dataset.name), run=finished.id)
    found = sight(page)
    assert found
    assert not [words for words in found if FIELD.search(words)]


def test_our_own_sounds_do_not_begin_with_a_warning(open_page: OpenPage) -> None:
    page = open_page("train", data="instruments", options='{"programs":[0,40],"notes":[60,61,62,63,64]}')
    assert not page.warning
    assert not [words for words in sight(page) if "decision tree" in words]
