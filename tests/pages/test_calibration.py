"""The tab "Calibration" of the Results page: plain words, the diagram, and the words of the field below."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from audioclf.experiments.runs import Run, open_run
from audioclf.training.reliability import reliability
from audioclf.ui.results.calibration import headline, verdict

OpenPage = Callable[..., AppTest]


@pytest.fixture
def copy(finished: Run) -> Iterator[Run]:
    """A copy of the finished run, to be changed."""
    folder = finished.folder.with_name(f"{finished.id}-calibration")
    shutil.copytree(finished.folder, folder)
    yield open_run(folder)
    shutil.rmtree(folder, ignore_errors=True)


def opened(open_page: OpenPage, run: Run) -> AppTest:
    page = open_page("results", run=run.id)
    page.session_state["results.tabs"] = "Calibration"
    page.run()
    assert not page.exception
    return page


def words(page: AppTest) -> str:
    return " ".join(each.value for each in (*page.subheader, *page.markdown, *page.caption, *page.info)).replace(
        "\\", ""
    )


def test_it_states_how_often_the_model_is_right_and_what_was_done(open_page: OpenPage, finished: Run) -> None:
    page = opened(open_page, finished)
    assert not page.error
    found = words(page)
    assert "When the model says" in found
    assert "of the cases." in found
    assert "only 9 test clips" in found
    assert f"{finished.metrics['calibration']['error']:.3f} over 9 test clips" in found
    # three validation clips are too few
    assert "a temperature needs 20 validation clips, and there were 3" in found


def test_a_run_of_an_earlier_version_has_its_diagram_too(open_page: OpenPage, copy: Run) -> None:
    older = {name: value for name, value in copy.metrics.items() if name not in ("calibration", "temperatures")}
    (copy.folder / "metrics.json").write_text(json.dumps(older))
    page = opened(open_page, copy)
    assert not page.error
    assert "earlier version" in words(page)
    assert f"{copy_error(copy):.3f} over 9 test clips" in words(page)


def copy_error(run: Run) -> float:
    items = run.predictions
    return reliability([item.true for item in items], [item.probabilities for item in items]).error


@pytest.mark.parametrize(
    "change", [{"calibration": 5}, {"calibration": {"n": 3}}, {"temperatures": 7}, {"temperatures": [{}]}]
)
def test_a_damaged_figure_is_one_sentence(open_page: OpenPage, copy: Run, change: dict[str, object]) -> None:
    (copy.folder / "metrics.json").write_text(json.dumps(copy.metrics | change))
    page = opened(open_page, copy)
    assert any("damaged" in error.value for error in page.error), (page.error, words(page))


def rows(confidence: float, n: int) -> np.ndarray:
    return np.tile([confidence, 1 - confidence], (n, 1))


def test_the_headline_is_of_the_most_clips_below_certainty() -> None:
    shares = np.concatenate([rows(0.8, 50), rows(0.99, 100)])
    true = np.array([0] * 37 + [1] * 13 + [0] * 100)
    assert headline(reliability(true, shares)) == "When the model says 80 %, it is right in 74 % of the cases."
    assert "says 99 %" in headline(reliability(true[50:], shares[50:]))
    assert "says 80 %, it is right in 100 %" in headline(reliability([0, 0], rows(0.8, 2)))
    assert "says 99.9 %" in headline(reliability([0, 0], rows(0.99999, 2)))


def test_the_verdict_follows_chance_and_direction() -> None:
    assert "too sure of itself" in verdict(reliability([0] * 60 + [1] * 240, rows(0.9, 300)))
    assert "too cautious" in verdict(reliability([0] * 300, rows(0.7, 300)))
    assert "at their word" in verdict(reliability([0] * 240 + [1] * 60, rows(0.8, 300)))
    assert "With so few clips" in verdict(reliability([0] * 8 + [1] * 2, rows(0.8, 10)))
    mixed = np.concatenate([rows(0.95, 300), rows(0.6, 300)])
    assert "in some places" in verdict(reliability([0] * 180 + [1] * 120 + [0] * 285 + [1] * 15, mixed))
