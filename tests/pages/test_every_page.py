"""What holds of every page: it opens with and without sounds, and errors end in a sentence."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from audioclf.inference.assets import app_folder

NAMES = ["", *sorted(path.stem for path in (app_folder() / "pages").glob("*.py"))]
OpenPage = Callable[..., AppTest]

OF_RUNS = ("", "classify", "explain", "record", "reproduce", "results", "runs")
"""Pages that do not load the chosen data set: what they show is of runs, or nothing."""


@pytest.mark.parametrize("name", NAMES)
def test_a_page_opens_before_anything_is_chosen(
    name: str, open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIOCLF_HOME", str(tmp_path))  # without the runs of other tests
    page = open_page(name)
    assert not page.error
    assert page.title
    # pages that come with a model of their own bring its data set along
    chosen = "Instruments" if name in ("classify", "explain") else "None chosen yet"
    assert [text.value for text in page.sidebar.text] == [chosen]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_opens_with_a_data_set_from_its_address(name: str, open_page: OpenPage, class_folders: Path) -> None:
    page = open_page(name, data=class_folders)
    assert not page.error
    if name not in OF_RUNS:
        assert [text.value for text in page.sidebar.text] == ["sounds"]
        assert any("12 clips" in caption.value for caption in page.sidebar.caption)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in OF_RUNS])
def test_a_data_set_that_is_not_there_is_told_in_one_sentence(name: str, open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(name, data=tmp_path / "nowhere")
    (error,) = page.error
    assert "check the path" in error.value
    assert "Traceback" not in error.value
    assert any(button.label == "Choose another data set" for button in page.button)


@pytest.mark.parametrize("name", NAMES)
def test_every_page_is_in_the_sidebar_and_links_keep_the_data_set(
    name: str, open_page: OpenPage, class_folders: Path
) -> None:
    page = open_page(name, data=class_folders)
    links = [element.proto for element in page.sidebar.get("page_link")]
    assert {link.page for link in links} == set(NAMES)
    assert all("data=" in link.query_string for link in links)


def test_a_bug_is_one_neutral_sentence_with_a_number(
    open_page: OpenPage, class_folders: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError("inner secret")

    monkeypatch.setattr("audioclf.ui.data.overview.head", broken)
    with caplog.at_level(logging.ERROR):
        page = open_page("data", data=class_folders)
    (error,) = page.error
    assert "nothing of yours is lost" in error.value
    assert "inner secret" not in error.value
    assert any("ZeroDivisionError" in str(record.exc_info) for record in caplog.records)
    assert page.sidebar.text[0].value == "sounds"


@pytest.mark.parametrize("name", ["data", "explore", "compare"])
def test_names_that_look_like_markup_are_only_text(
    name: str, open_page: OpenPage, write_tone: Callable[..., Path], tmp_path: Path
) -> None:
    root = tmp_path / "<b>set</b>"
    for label in ("<img src=x onerror=alert(1)>", "**bold** $x$ [a](b)", "=HYPERLINK(1)"):
        for i in range(2):
            write_tone(root / label.replace("/", "") / f"{i} `x` :smile:.wav", frequency=220 + 50 * i, seconds=0.2)
    page = open_page(name, data=root)
    assert not page.error
    assert not any(element.allow_html for element in (*page.markdown, *page.caption))
    for element in (*page.markdown, *page.caption, *page.subheader, *page.error):
        assert "<img" not in element.value
        assert "**bold**" not in element.value
