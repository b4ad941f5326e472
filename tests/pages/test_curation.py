"""The Edit tab of the Data page: changes become versions, undo leads back, the export reads back the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from audioclf.core.errors import DatasetError
from audioclf.datasets import Dataset, load_dataset
from audioclf.ui.data.curation import named_groups, note, of_classes
from audioclf.ui.data.versions import edited
from audioclf.ui.shell import tasks

OpenPage = Callable[..., AppTest]


def settle(page: AppTest) -> None:
    page.run()
    for task in list(tasks.all_tasks()):
        if not task.finished:
            assert task.wait(120)
            page.run()
    assert not page.exception
    assert not page.error, page.error[0].value


def edit_tab(page: AppTest, what: str = "Clips") -> None:
    page.session_state["data.tabs"] = "Edit"
    page.session_state["edit.what"] = what
    settle(page)


def chosen(page: AppTest) -> str:
    value = page.query_params["data"]
    return value if isinstance(value, str) else value[0]


def message(page: AppTest) -> str:
    return "\n".join(item.value.replace("\\", "") for item in page.markdown)


@pytest.fixture
def words(write_tone: Callable[..., Path], tmp_path: Path) -> Path:
    for number, name in enumerate(("yes/theo_1", "yes/anna_1", "no/theo_2", "no/anna_2")):
        write_tone(tmp_path / "words" / f"{name}.wav", frequency=300.0 + 40 * number, seconds=0.3)
    return tmp_path / "words"


@pytest.fixture
def spoken(words: Path) -> Dataset:
    return load_dataset(words)


def test_groups_out_of_file_names_make_a_version_and_undo_leads_back(open_page: OpenPage, words: Path) -> None:
    page = open_page("data", data=words)
    edit_tab(page, "Groups")
    assert all(button.key != "edit.undo" for button in page.button)
    page.number_input(key="edit.groups.part").set_value(1)
    settle(page)
    assert "2 groups: anna, theo" in message(page)
    page.button(key="edit.group").click()
    settle(page)
    version = load_dataset(chosen(page))
    assert {clip.group for clip in version.clips} == {"theo", "anna"}
    assert version.parent == load_dataset(words).fingerprint
    assert "4 regrouped" in message(page)
    page.button(key="edit.undo").click()
    settle(page)
    assert chosen(page) == str(words)
    assert all(clip.group is None for clip in load_dataset(words).clips)


def test_what_is_changed_in_the_table_is_saved(open_page: OpenPage, words: Path) -> None:
    page = open_page("data", data=words)
    pending: dict[int, dict[str, Any]] = {0: {"label": "maybe"}, 1: {"keep": False}, 2: {"group": "g"}}
    page.session_state["edit.pending"] = (load_dataset(words).fingerprint, pending)
    edit_tab(page)
    page.button(key="edit.save").click()
    settle(page)
    version, before = load_dataset(chosen(page)), load_dataset(words)
    assert page.button(key="edit.save").disabled, "nothing is pending any more"
    assert len(version) == 3
    assert version.clips[0].label == "maybe"
    assert version.clips[0].path == before.clips[0].path
    assert version.clips[1].path == before.clips[2].path
    assert version.clips[1].group == "g"
    assert "1 left out, 1 relabelled, 1 regrouped" in message(page)


def test_the_export_is_offered_and_reads_back_the_same(open_page: OpenPage, words: Path, tmp_path: Path) -> None:
    page = open_page("data", data=words)
    edit_tab(page)
    page.button(key="export.make").click()
    settle(page)
    (button,) = page.get("download_button")
    assert "Download" in button.proto.label
    packed = next(
        task.result for task in tasks.all_tasks() if task.key.startswith("export ") and str(words) in task.key
    )
    copy = tmp_path / "copy.zip"
    copy.write_bytes(packed.read_bytes())
    before, after = load_dataset(words), load_dataset(copy)
    assert [(clip.key, clip.label, clip.group) for clip in after.clips] == [
        (clip.key, clip.label, clip.group) for clip in before.clips
    ]


def test_a_clip_set_back_is_not_pending(spoken: Dataset) -> None:
    pending: dict[int, dict[str, Any]] = {}
    clip = spoken.clips[0]
    note(spoken, pending, 0, False, clip.label, "")
    note(spoken, pending, 1, True, "other", "")
    assert pending == {0: {"keep": False}, 1: {"label": "other"}}
    note(spoken, pending, 0, True, clip.label, "")
    note(spoken, pending, 1, True, spoken.clips[1].label, " ")
    assert pending == {}
    assert edited(spoken, pending) is spoken


def test_an_empty_class_name_is_refused(spoken: Dataset) -> None:
    with pytest.raises(DatasetError, match="empty"):
        edited(spoken, {0: {"label": " "}})


def test_classes_are_renamed_merged_and_left_out_in_one_step(spoken: Dataset) -> None:
    assert of_classes(spoken, {"yes": "both", "no": "both"}, []).counts == {"both": 4}
    assert of_classes(spoken, {"yes": "ja", "no": "no"}, []).counts == {"no": 2, "ja": 2}
    assert of_classes(spoken, {"yes": "yes", "no": ""}, ["no"]).counts == {"yes": 2}
    assert of_classes(spoken, {"yes": "yes", "no": "no"}, []) is spoken


def test_parts_of_file_names_are_counted_from_one(spoken: Dataset) -> None:
    assert set(named_groups(spoken, "_", 1)) == {"theo", "anna"}
    assert set(named_groups(spoken, "_", 2)) == {"1", "2"}
    assert set(named_groups(spoken, "_", 3)) == {None}
    assert set(named_groups(spoken, "-", 1)) == {None}, "a name without the mark has no parts"
