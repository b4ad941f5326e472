"""On a shared server two people see nothing of each other, on any page; a private machine shows none of this."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from audioclf.core import settings, workspaces
from audioclf.datasets import load_dataset
from audioclf.datasets.curation import exclude
from audioclf.datasets.readers import versions
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.runs import create_run, new_folder
from audioclf.inference.assets import app_folder

PAGES = ["", *sorted(path.stem for path in (app_folder() / "pages").glob("*.py"))]
OpenPage = Callable[..., AppTest]


def value(page: AppTest, name: str) -> str:
    found = page.query_params.get(name, "")
    return found if isinstance(found, str) else found[0]


def everything(page: AppTest) -> str:
    """All that a page sends, as text."""
    return "\n".join(str(getattr(node, "proto", "")) for part in (page.main, page.sidebar) for node in part)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("AUDIOCLF_SHARED", "1")
    monkeypatch.setenv("AUDIOCLF_DATA_FOLDERS", str(tmp_path_factory.getbasetemp()))
    monkeypatch.setenv("AUDIOCLF_QUOTA_GB", "1")


@pytest.fixture
def ana(server: None, class_folders: Path) -> tuple[str, str, str]:
    """A workspace with a data set and a run: its id, the data set's path, and the run's id."""
    workspace = workspaces.new_id()
    hers = class_folders.rename(class_folders.with_name("anas-secret-sounds"))
    version = versions.save(exclude(load_dataset(hers), [0]), workspaces.datasets_folder(workspace))
    experiment = Experiment(dataset=DatasetChoice(version.source))
    run = create_run(experiment, new_folder(workspaces.runs_folder(workspace)), name="anas secret run")
    (run.folder / "status.json").write_text('{"state": "stopped"}', encoding="utf-8")
    return workspace, version.source, run.id


@pytest.mark.parametrize("name", PAGES)
def test_nobody_else_sees_a_data_set_or_run_of_a_workspace(
    name: str, open_page: OpenPage, ana: tuple[str, str, str]
) -> None:
    workspace, data, run = ana
    own = open_page(name, workspace=workspace, data=data, run=run)
    assert value(own, "workspace") == workspace
    if name in ("data", "explore", "compare", "train"):
        assert "anas-secret-sounds" in everything(own)
    others = open_page(name, workspace=workspaces.new_id(), data=data, run=run)
    assert "anas-secret-sounds" not in everything(others)
    assert "anas secret run" not in everything(others)


def test_the_runs_on_the_train_page_are_ones_own(
    open_page: OpenPage, ana: tuple[str, str, str], three_classes: Path
) -> None:
    workspace, data, run = ana
    own = open_page("train", workspace=workspace, data=data)
    assert any("anas secret run" in str(table.value.to_dict()) for table in own.dataframe)
    others = open_page("train", workspace=workspaces.new_id(), data=three_classes, run=run)
    assert all("anas secret run" not in str(table.value.to_dict()) for table in others.dataframe)


def test_everyone_gets_an_unguessable_id_that_stays_in_the_address(open_page: OpenPage, server: None) -> None:
    first, second = open_page("explore"), open_page("data")
    ids = {value(first, "workspace"), value(second, "workspace")}
    assert len(ids) == 2
    assert all(len(name) == 32 and workspaces.is_id(name) for name in ids)
    kept = value(first, "workspace")
    first.run()
    first.switch_page("pages/data.py")
    first.run()
    assert value(first, "workspace") == kept
    assert all(f"workspace={kept}" in link.proto.query_string for link in first.sidebar.get("page_link"))
    assert kept not in [path.name for path in workspaces.folders()], "a visit alone makes no folder"


@pytest.mark.parametrize("wanted", ["default", "../default", "x" * 32])
def test_an_address_that_names_no_workspace_is_told_so(open_page: OpenPage, server: None, wanted: str) -> None:
    page = open_page("data", workspace=wanted)
    (error,) = page.error
    assert "names no workspace" in error.value
    assert not page.button


def test_the_apps_own_folder_is_closed_but_for_ones_own_part(
    open_page: OpenPage, ana: tuple[str, str, str], tmp_path: Path
) -> None:
    mine = workspaces.new_id()
    for path in (Path(ana[1]), settings.home(), settings.home().parent, settings.cache_folder(), Path("/"),
                 workspaces.folder(mine).parent):  # fmt: skip
        page = open_page("data", workspace=mine, data=path)
        assert "is not yours" in page.error[0].value, path
        assert any(button.label == "Choose another data set" for button in page.button)


@pytest.fixture
def closed(server: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server without open folders."""
    monkeypatch.delenv("AUDIOCLF_DATA_FOLDERS")


def test_a_server_without_open_folders_shows_none(open_page: OpenPage, closed: None, class_folders: Path) -> None:
    page = open_page("data", workspace=workspaces.new_id())
    assert not any(button.label == "Load the folder" for button in page.button)
    page.selectbox(key="known.name").set_value("fsdd").run()
    assert not any(field.label == "path" for field in page.text_input)
    options = json.dumps({"path": str(class_folders)})
    for query in ({"data": str(class_folders)}, {"data": "fsdd", "options": options}):
        page = open_page("data", workspace=workspaces.new_id(), **query)
        assert "is not yours" in page.error[0].value, query


def test_an_open_folder_is_for_everyone_and_nothing_beside_it_is_told(
    open_page: OpenPage, server: None, class_folders: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AUDIOCLF_DATA_FOLDERS", f"{tmp_path / 'other'}{os.pathsep}{class_folders}")
    assert "sounds" in everything(open_page("data", workspace=workspaces.new_id(), data=class_folders))
    page = open_page("data", workspace=workspaces.new_id())
    for path in (class_folders.parent, class_folders.parent / "nothing at all", Path("/etc")):
        page.text_input(key="folder.path").set_value(str(path))
        next(button for button in page.button if button.label == "Load the folder").click().run()
        assert "is not yours" in page.error[0].value, path


def test_how_full_a_workspace_is_stands_in_the_sidebar(
    open_page: OpenPage, ana: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspaces, "RECENT", 0.0)
    page = open_page("data", workspace=ana[0])
    assert any("of 1 GB" in str(bar.proto).replace("\\", "") for bar in page.sidebar.get("progress"))
    assert any("address" in caption.value for caption in page.sidebar.caption)


def test_an_edit_is_kept_in_ones_own_workspace(
    open_page: OpenPage, server: None, write_tone: Callable[..., Path], tmp_path: Path
) -> None:
    for name in ("yes/theo_1", "yes/anna_1", "no/theo_2", "no/anna_2"):
        write_tone(tmp_path / "words" / f"{name}.wav", frequency=300.0 + len(name), seconds=0.3)
    mine = workspaces.new_id()
    page = open_page("data", workspace=mine, data=tmp_path / "words")
    page.session_state["data.tabs"] = "Edit"
    page.session_state["edit.what"] = "Groups"
    page.run()
    page.number_input(key="edit.groups.part").set_value(1).run()
    page.button(key="edit.group").click().run()
    assert not page.exception
    assert not page.error
    assert workspaces.owner(Path(value(page, "data"))) == mine


def test_what_was_brought_in_before_is_opened_and_deleted_by_its_owner_only(
    open_page: OpenPage, ana: tuple[str, str, str]
) -> None:
    workspace, data, _ = ana
    key = Path(data).name
    others = open_page("data", workspace=workspaces.new_id())
    assert all(key not in str(button.key) for button in others.button)
    own = open_page("data", workspace=workspace)
    own.session_state["mine.shown"] = True
    own.run()
    own.button(key=f"mine.open.{key}").click().run()
    assert value(own, "data") == data
    own.button(key=f"mine.delete.{key}").click().run()
    assert not own.exception
    assert not Path(data).exists()
    assert not value(own, "data")


def test_a_private_machine_shows_none_of_it(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("data", data=class_folders, workspace=workspaces.new_id())
    assert not value(page, "workspace")
    assert not page.sidebar.get("progress")
    assert all("workspace" not in caption.value for caption in page.sidebar.caption)
