"""The map, learning curves and the review of labels on the Data page; neighbours and what is heard on others."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from audioclf.core.errors import DatasetError
from audioclf.datasets import load_dataset
from audioclf.ui.data import label_review, map, map_points
from audioclf.ui.data.label_review import Suspect
from audioclf.ui.shell import tasks

OpenPage = Callable[..., AppTest]


def ended(page: AppTest) -> AppTest:
    """The page once everything it began has ended."""
    for task in tasks.all_tasks():
        assert task.wait(300)
    page.run()
    assert not page.exception
    assert not page.error
    return page


def charts(page: AppTest) -> list[Any]:
    return [*page.get("vega_lite_chart"), *page.get("arrow_vega_lite_chart")]


def words(page: AppTest) -> str:
    return " ".join(element.value for element in [*page.markdown, *page.caption, *page.info])


def tab(page: AppTest, name: str) -> AppTest:
    page.session_state["data.tabs"] = name
    return page.run()


def test_the_map_shows_every_clip(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("data", data=class_folders)
    page.session_state["map.by"] = "mel"
    page = ended(tab(page, "Map"))
    assert "Clips that sound alike lie together" in words(page)


def test_a_learning_curve_is_drawn_by_one_button(open_page: OpenPage, class_folders: Path) -> None:
    page = tab(open_page("data", data=class_folders), "Learning curve")
    page.button_group(key="learning.ways").set_value(["speech-embedding"]).run()
    next(button for button in page.button if button.label == "Draw the learning curve").click().run()
    page = ended(page)
    assert "The bands are 95 % intervals" in words(page).replace("\\", "")
    assert len(charts(page)) == 1


def test_labels_are_reviewed_where_that_is_asked_for(open_page: OpenPage, class_folders: Path) -> None:
    page = ended(tab(open_page("data", data=class_folders), "Health"))
    assert not [task for task in tasks.all_tasks() if task.key.startswith("review")]
    page.session_state["review.by"] = "speech-embedding"
    next(toggle for toggle in page.toggle if toggle.key == "review.on").set_value(True).run()
    page = ended(page)
    assert "were put into their own class" in words(page)


def test_neighbours_are_found_on_explore(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("explore", data=class_folders)
    page.session_state["explore.near.by"] = "mel"
    next(toggle for toggle in page.toggle if toggle.key == "explore.near.on").set_value(True).run()
    page = ended(page)
    assert "The nearest clips" in words(page)


def test_relabelling_makes_a_version_that_knows_its_parent(class_folders: Path) -> None:
    dataset = load_dataset(class_folders)
    edited = map.relabelled(dataset, [0, 3], "new")
    assert [clip.label for clip in edited.clips].count("new") == 2
    assert edited.parent == dataset.fingerprint
    with pytest.raises(DatasetError, match="Name the class"):
        map.relabelled(dataset, [0], " ")
    other = 1 - dataset.labels[5]
    fixed = label_review.relabelled(dataset, [Suspect(5, other, 0.1, 0.9)])
    assert fixed.clips[5].label == dataset.classes[other]


def test_ten_thousand_points_are_one_small_file() -> None:
    n = 10_000
    places = np.random.default_rng(0).uniform(-1, 1, (n, 2)).astype(np.float32)
    blob, known = map_points.packed(places, [f"clip {i}" for i in range(n)], [f"class {i % 30:02}" for i in range(n)])
    assert len(blob) < 600_000
    found = json.loads(blob)
    np.testing.assert_allclose(np.transpose([found["x"], found["y"]]), places, atol=1e-4)
    assert [known[number] for number in found["colour"][:31]] == [f"class {i % 30:02}" for i in range(31)]
    assert found["names"][31] == "class 01: clip 31"
    assert len(set(map_points.palette(known))) == 20
    assert map_points.palette(["correct", "predicted wrong"]) == ["#86808c", "#e8590c"]
