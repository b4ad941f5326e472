"""The Split tab of the Data page: which clips go where, and a warning where groups are known and not used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from audioclf.datasets import load_dataset
from audioclf.datasets.curation import edit
from audioclf.datasets.leakage import straddling
from audioclf.datasets.splits import Holdout
from audioclf.ui.data.splitting import parts

OpenPage = Callable[..., AppTest]


def split_tab(page: AppTest) -> None:
    page.session_state["data.tabs"] = "Split"
    page.session_state["split.numbers"] = True
    page.run()
    assert not page.exception


@pytest.fixture
def grouped(class_folders: Path, tmp_path: Path) -> Path:
    """The tones as a manifest with three speakers, each in both classes."""
    lines = ["file_name,label,group"] + [
        f"sounds/{label}/{number}.wav,{label},speaker {number % 3}" for label in ("low", "high") for number in range(6)
    ]
    (tmp_path / "manifest.csv").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path / "manifest.csv"


def test_counts_per_class_and_part_and_where_every_clip_goes(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("data", data=class_folders)
    split_tab(page)
    counted = {item.label: int(item.value) for item in page.metric if item.label.endswith(" clips")}
    assert sum(counted.values()) == 12
    assert min(counted.values()) > 0
    numbers, clips = (table.value for table in page.dataframe)
    assert list(numbers["class"]) == ["high", "low"]
    assert int(numbers["test"].sum()) == counted["Test clips"]
    assert len(clips) == 12
    assert set(clips["part"]) == {"training", "validation", "test"}
    assert not page.warning


def test_groups_that_are_known_and_not_used_are_warned_of_and_can_be_used(open_page: OpenPage, grouped: Path) -> None:
    page = open_page("data", data=grouped)
    split_tab(page)
    assert page.toggle(key="split.holdout.by_group").value, "the beginning keeps groups together"
    assert not page.warning
    page.toggle(key="split.holdout.by_group").set_value(False).run()
    assert "Groups on both sides" in page.warning[0].value
    page.button(key="split.group").click().run()
    assert page.toggle(key="split.holdout.by_group").value
    assert not page.warning


def test_a_split_that_cannot_be_is_a_sentence(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("data", data=class_folders)
    split_tab(page)
    page.session_state["split.kind"] = "folds"
    page.run()
    assert "no official folds" in page.error[0].value
    page.session_state["split.kind"] = "k-fold"
    page.run()
    page.number_input(key="split.k-fold.n_splits").set_value(50).run()
    assert "50" in page.error[0].value


def test_the_split_goes_along_to_the_train_page(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("data", data=class_folders)
    split_tab(page)
    page.session_state["split.kind"] = "k-fold"
    page.run()
    page.number_input(key="split.k-fold.n_splits").set_value(3).run()
    page.button(key="split.train").click().run()
    assert not page.exception
    assert page.session_state["train.split"] == "k-fold"
    assert page.session_state["train.split.k-fold.n_splits"] == 3


def test_what_straddles_is_counted(class_folders: Path) -> None:
    dataset = load_dataset(class_folders)
    groups = [f"g{number % 4}" if number < 8 else None for number in range(12)]
    dataset = edit(dataset, groups=groups)
    (apart,) = Holdout(by_group=True, test_size=0.3).splits(dataset)
    assert straddling(dataset.clips, apart, lambda clip: clip.group) == 0
    (mixed,) = Holdout(test_size=0.5, validation_size=0.0).splits(dataset)
    both = {dataset.clips[n].group for n in mixed.train} & {dataset.clips[n].group for n in mixed.test}
    assert straddling(dataset.clips, mixed, lambda clip: clip.group) == len(both - {None})
    counted = parts(dataset, mixed)
    assert {label: sum(row.values()) for label, row in counted.items()} == dataset.counts


@pytest.mark.parametrize("by_group", [True, False])
def test_another_protocol_goes_on_keeping_groups_together_or_not(
    open_page: OpenPage, grouped: Path, by_group: bool
) -> None:
    page = open_page("data", data=grouped)
    split_tab(page)
    page.toggle(key="split.holdout.by_group").set_value(by_group).run()
    for kind in ("k-fold", "leave-one-group-out", "holdout"):
        page.button_group(key="split.kind").set_value(kind).run()
        assert page.toggle(key=f"split.{kind}.by_group").value == by_group


def test_the_split_outlives_a_reload(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("data", data=class_folders)
    split_tab(page)
    assert "draft" not in page.query_params, "nothing was changed"
    key = f"split.{page.session_state['split.kind']}.validation_size"
    next(field for field in page.number_input if field.key == key).set_value(0.5).run()
    assert not page.exception
    again = open_page("data", data=class_folders, draft="".join(page.query_params["draft"]))
    split_tab(again)
    field = next(field for field in again.number_input if field.key == key)
    assert field.value == 0.5
    field.set_value(0.1).run()  # back to what was there at first is a change, too
    last = open_page("data", data=class_folders, draft="".join(again.query_params["draft"]))
    split_tab(last)
    assert next(field for field in last.number_input if field.key == key).value == 0.1
