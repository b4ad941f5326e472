"""Sounds on their way in, in a real browser: an archive, a folder, a long recording, the microphone."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import soundfile

from audioclf.core import workspaces
from audioclf.datasets import load_dataset

pytestmark = pytest.mark.browser

NewPage = Callable[..., Any]


def settled(page: Any) -> None:
    """Wait until the page's script has run to its end."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def opened(new_page: NewPage, way: str, **shape: Any) -> Any:
    page = new_page("data", **shape)
    page.get_by_role("radio", name=way).click()
    return page


def loaded(page: Any) -> Path:
    """Wait for the players of what was loaded; returns where it is kept."""
    page.wait_for_selector(".play")
    page.wait_for_function("location.search.includes('data=')")
    return Path(parse_qs(urlsplit(page.url).query)["data"][0])


def test_a_zip_is_uploaded_loaded_and_shown(new_page: NewPage, esc10: Path, tmp_path: Path) -> None:
    packed = tmp_path / "small & <b>esc<b>.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for folder in sorted(esc10.glob("0*"))[:2]:
            for sound in sorted(folder.glob("*.ogg"))[:3]:
                archive.write(sound, f"ESC-10/{folder.name}/{sound.name}")
    page = opened(new_page, "Upload", width=390, scheme="dark")
    page.locator("input[type=file]").first.set_input_files(packed)
    page.get_by_role("button", name="Load them").click()
    folder = loaded(page)
    assert folder.parent == workspaces.datasets_folder()
    assert load_dataset(folder).counts == {"Dog bark": 3, "Rain": 3}
    page.get_by_role("heading", name="small & <b>esc<b>").wait_for()
    settled(page)
    main = "document.querySelector('[data-testid=stMain]')"
    page.wait_for_function(f"{main}.scrollWidth <= {main}.clientWidth + 1")


def test_a_folder_is_uploaded_with_its_folders(new_page: NewPage, class_folders: Path) -> None:
    page = opened(new_page, "Upload")
    page.locator("input[type=file][webkitdirectory]").set_input_files(class_folders)
    page.get_by_role("button", name="Load them").click()
    dataset = load_dataset(loaded(page))
    assert (dataset.name, dataset.counts) == ("sounds", {"high": 6, "low": 6})


def test_a_long_recording_shows_its_cuts_before_it_is_taken(new_page: NewPage, tone: Any, tmp_path: Path) -> None:
    pieces = [np.concatenate([tone(frequency=220 * (1 + n % 2), sr=8000), np.zeros(4000)]) for n in range(6)]
    soundfile.write(tmp_path / "long.wav", np.concatenate(pieces), 8000)
    (tmp_path / "long.txt").write_text("".join(f"{n}\t{n}.5\t{('low', 'high')[n % 2]}\n" for n in range(6)))
    page = opened(new_page, "Upload")
    page.locator("input[type=file]").first.set_input_files([tmp_path / "long.wav", tmp_path / "long.txt"])
    page.get_by_role("button", name="Load them").click()
    page.get_by_text("6 clips in 2 classes").wait_for()
    page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg").first.wait_for()
    page.get_by_role("button", name="Load these sounds").click()
    loaded(page)
    page.get_by_text("6 clips, 2 classes").first.wait_for()


def test_the_microphone_records_examples_of_two_classes(
    new_page: NewPage, record_beeps: Callable[[Any, int], None]
) -> None:
    page = opened(new_page, "Microphone")
    record_beeps(page, 3)
    dataset = load_dataset(loaded(page))
    assert dataset.classes == ("beep", "other beep")
    assert min(dataset.counts.values()) >= 2
