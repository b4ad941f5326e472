"""Models the app does not train, and the warnings about those it does."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

from audioclf.experiments.runs import Run
from audioclf.models import MODELS

OpenPage = Callable[..., AppTest]


def test_a_network_of_ones_own_is_neither_offered_nor_taken_nor_imported(
    open_page: OpenPage, class_folders: Path
) -> None:
    page = open_page("train", data=class_folders)
    page.session_state["train.stage"] = "model"
    page.session_state["train.text"] = True
    page.run()
    offered = next(pills for pills in page.pills if pills.key == "train.model").options
    assert MODELS["vgg16"].title in offered
    assert MODELS["custom"].title not in offered
    before = page.code[0].value
    page.text_area[0].set_value('[model]\nkind = "custom"\nbuilder = "this.antigravity:fly"')
    page.run()
    next(button for button in page.button if button.label == "Use it").click()
    page.run()
    assert any("runs code from your computer" in error.value for error in page.error)
    assert page.code[0].value == before
    assert "this" not in sys.modules


def test_what_has_to_be_said_stands_beside_the_figure_and_in_the_lists(open_page: OpenPage, finished: Run) -> None:
    folder = finished.folder.with_name(f"{finished.id}-remarked")
    shutil.copytree(finished.folder, folder)
    try:
        metrics = json.loads((folder / "metrics.json").read_text())
        metrics["remarks"] = ["VGG16 began with random weights."]
        (folder / "metrics.json").write_text(json.dumps(metrics))
        page = open_page("results", run=folder.name)
        assert [warning.value.replace("\\", "") for warning in page.warning] == ["VGG16 began with random weights."]
        assert any("⚠" in label for label in page.selectbox[0].options)
        page = open_page("train", data=finished.experiment.dataset.name)
        recent = next(table.value for table in page.dataframe if "remark" in table.value)
        assert "VGG16 began with random weights." in set(recent["remark"])
    finally:
        shutil.rmtree(folder)
