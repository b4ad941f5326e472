"""The Data page: choosing sounds and seeing what is in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from audioclf.datasets import available

OpenPage = Callable[..., AppTest]


def button(page: AppTest, label: str) -> Any:
    return next(item for item in page.button if item.label == label)


def open_tab(page: AppTest, label: str) -> None:
    page.session_state["data.tabs"] = label
    page.run()
    assert not page.exception


def test_without_a_data_set_the_ways_to_one_are_offered(open_page: OpenPage) -> None:
    page = open_page("data")
    assert {f"Load {available()[0].title}", "Load the folder"} <= {item.label for item in page.button}


def test_a_typed_folder_is_loaded_and_put_into_the_address(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("data")
    page.text_input(key="folder.path").set_value(f'  "{class_folders}" ')
    button(page, "Load the folder").click()
    page.run()
    assert page.query_params["data"] in (str(class_folders), [str(class_folders)])
    metrics = {item.label: item.value for item in page.metric}
    assert metrics["Clips"] == "12"
    assert metrics["Classes"] == "2"
    assert metrics["Sample rate"] == "22,050 Hz"


def test_a_folder_that_is_not_there_keeps_what_was_chosen(
    open_page: OpenPage, class_folders: Path, tmp_path: Path
) -> None:
    page = open_page("data", data=class_folders)
    page.session_state["data.other"] = True
    page.run()
    page.text_input(key="folder.path").set_value(str(tmp_path / "no"))
    button(page, "Load the folder").click()
    page.run()
    assert "check the path" in page.error[0].value
    assert {item.label: item.value for item in page.metric}["Clips"] == "12"


def test_broken_files_are_listed_with_reason_and_remedy(open_page: OpenPage, class_folders: Path) -> None:
    (class_folders / "low" / "broken.wav").write_bytes(b"<html>not a sound</html>")
    (class_folders / "high" / "empty.wav").touch()
    page = open_page("data", data=class_folders)
    assert "Problems (2)" in [tab.label for tab in page.tabs]
    open_tab(page, "Problems (2)")
    table = page.dataframe[0].value
    assert set(table["file"].str.contains("broken|empty")) == {True}
    assert (table["what is wrong"].str.len() > 10).all()
    assert (table["what to do"].str.len() > 10).all()
    assert {item.label: item.value for item in page.metric}["Clips"] == "12"


def test_the_table_has_every_clip_and_the_list_meets_every_class_first(
    open_page: OpenPage, class_folders: Path
) -> None:
    page = open_page("data", data=class_folders)
    assert page.selectbox(key="list.class").options == ["All classes", "high", "low"]
    from audioclf.datasets import load_dataset
    from audioclf.ui.data.overview import in_turn

    assert {clip.label for clip in in_turn(load_dataset(class_folders))[:2]} == {"low", "high"}
    assert len(in_turn(load_dataset(class_folders))) == 12
    open_tab(page, "All clips")
    table = page.dataframe[0].value
    assert len(table) == 12
    assert set(table["class"]) == {"low", "high"}


def test_instruments_with_options_of_ones_own(open_page: OpenPage) -> None:
    page = open_page("data")
    page.text_input(key="known.instruments.programs").set_value("0, 40")
    page.text_input(key="known.instruments.notes").set_value("60, 62, 64")
    page.number_input(key="known.instruments.seconds").set_value(0.5)
    page.run()
    button(page, "Load Instruments").click()
    page.run()
    from audioclf.ui.shell import tasks

    for task in tasks.all_tasks():
        assert task.wait(120)
    page.run()
    assert {item.label: item.value for item in page.metric}["Clips"] == "6"
    assert '"programs":[0,40]' in str(page.query_params["options"])


def test_an_option_out_of_range_cannot_be_loaded(open_page: OpenPage) -> None:
    page = open_page("data")
    page.text_input(key="known.instruments.programs").set_value("0, 400")
    page.run()
    assert "programs must be at most 127" in page.error[0].value.replace("\\", "")
    assert button(page, "Load Instruments").disabled
