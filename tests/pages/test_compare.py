"""The Compare page: sounds in columns, pictures in rows, colours that mean the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

OpenPage = Callable[..., AppTest]


def grid(page: AppTest) -> dict[str, Any]:
    (element,) = page.get("bidi_component")
    data: dict[str, Any] = json.loads(element.proto.json)
    return data


def control(page: AppTest, key: str) -> Any:
    return next(item for item in (*page.segmented_control, *page.pills) if item.key == key)


def test_one_column_for_each_class_and_one_row_for_each_picture(open_page: OpenPage, class_folders: Path) -> None:
    data = grid(open_page("compare", data=class_folders))
    assert [track["title"] for track in data["tracks"]] == ["high", "low"]
    assert [(panel["title"], panel["track"]) for panel in data["panels"]] == [
        (title, track) for title in ("Waveform", "STFT spectrogram", "Mel spectrogram") for track in (0, 1)
    ]


def test_shared_colours_mean_the_same_in_a_row_and_own_ones_do_not(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("compare", data=class_folders)

    def ranges(page: AppTest) -> list[set[tuple[float, float]]]:
        panels = grid(page)["panels"]
        titles = dict.fromkeys(panel["title"] for panel in panels)
        return [{(p["low"], p["high"]) for p in panels if p["title"] == title} for title in titles]

    assert [len(found) for found in ranges(page)] == [1, 1, 1]
    control(page, "compare.scale").set_value("Own colour scales")
    page.run()
    assert max(len(found) for found in ranges(page)) == 2


def test_sounds_of_different_length_stand_on_one_time_axis(
    open_page: OpenPage, class_folders: Path, write_tone: Callable[..., Path]
) -> None:
    for path in (class_folders / "high").iterdir():
        write_tone(path, frequency=900, seconds=0.6)
    panels = grid(open_page("compare", data=class_folders))["panels"]
    assert {round(panel["span"]["high"], 2) for panel in panels} == {0.6}
    assert len({round(panel["x"]["high"], 2) for panel in panels if panel["title"] == "Waveform"}) == 2


def test_clips_are_put_aside_by_hand(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("compare", data=class_folders)
    control(page, "compare.how").set_value("Clips you choose")
    page.run()
    for label in ("high", "low"):
        page.selectbox(key="compare.class").set_value(label)
        page.run()
        next(item for item in page.button if item.label == "Add").click()
        page.run()
    assert [track["title"] for track in grid(page)["tracks"]] == ["high", "low"]


def test_other_examples_are_drawn_by_chance(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("compare", data=class_folders)
    seen = {tuple(track["note"] for track in grid(page)["tracks"])}
    for _ in range(8):
        next(item for item in page.button if item.label == "Other examples").click()
        page.run()
        seen.add(tuple(track["note"] for track in grid(page)["tracks"]))
    assert len(seen) > 1


def test_nothing_chosen_is_told(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("compare", data=class_folders)
    page.multiselect[0].set_value([])
    page.run()
    assert "Choose at least one sound" in page.info[0].value
