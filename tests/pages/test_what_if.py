"""What if, on the Explain page: a changed clip is heard and answered, and robustness is measured in the background."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from streamlit.testing.v1 import AppTest

from audioclf.experiments.runs import Run
from audioclf.inference.robustness import read_robustness

OpenPage = Callable[..., AppTest]
Until = Callable[..., Any]


def words(page: AppTest) -> str:
    return " ".join(element.value for element in (*page.markdown, *page.caption))


def players(page: AppTest) -> list[dict[str, Any]]:
    return [json.loads(element.proto.json) for element in page.get("bidi_component")]


def opened(open_page: OpenPage, run: Run, until: Until) -> AppTest:
    page = open_page("explain", run=run.id)
    page.session_state["explain.view"] = "What if?"
    page.run()
    until(page, lambda: len(players(page)) == 1)
    return page


def slider(page: AppTest, label: str) -> Any:
    return next(one for one in (*page.slider, *page.select_slider) if one.label.startswith(label))


def test_another_pitch_is_another_sound_with_another_answer(open_page: OpenPage, finished: Run, until: Until) -> None:
    page = opened(open_page, finished, until)
    assert "Move a slider" in words(page)
    before = players(page)[0]["tracks"][0]["audio"]
    slider(page, "Pitch").set_value(12.0)
    page.run()
    until(page, lambda: "Move a slider" not in words(page) and len(players(page)) == 1)
    assert players(page)[0]["tracks"][0]["audio"] != before
    assert "the model" in words(page)
    next(button for button in page.button if button.key == "what-if.reset").click()
    page.run()
    until(page, lambda: "Move a slider" in words(page) and len(players(page)) == 1)
    assert players(page)[0]["tracks"][0]["audio"] == before


def test_a_part_that_is_empty_is_one_sentence(open_page: OpenPage, finished: Run, until: Until) -> None:
    page = opened(open_page, finished, until)
    slider(page, "Part").set_value((0.1, 0.1))
    page.run()
    (error,) = page.error
    assert "end must lie after start" in error.value.replace("\\", "")


def test_robustness_is_measured_once_and_kept(open_page: OpenPage, linear: Run, until: Until) -> None:
    page = opened(open_page, linear, until)
    page.selectbox(key="robustness.sweep").set_value("gain")
    page.run()
    next(button for button in page.button if button.key == "robustness.go").click()
    page.run()
    until(page, lambda: "clips as they are" in words(page).replace("\\", ""))
    assert not page.error
    assert read_robustness(linear, "gain") is not None
    again = opened(open_page, linear, until)
    again.selectbox(key="robustness.sweep").set_value("gain")
    again.run()
    assert "clips as they are" in words(again).replace("\\", "")
