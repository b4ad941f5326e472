"""The Health tab of the Data page: what is wrong with the sounds, which clips it is about, and what to do at once."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from streamlit.testing.v1 import AppTest

from audioclf.datasets import load_dataset
from audioclf.inference.assets import app_folder
from audioclf.ui.data.quality import spare
from audioclf.ui.jobs import health
from audioclf.ui.shell import current_dataset, tasks, warmup

OpenPage = Callable[..., AppTest]


def tab(page: AppTest, label: str) -> None:
    page.session_state["data.tabs"] = label
    page.run()
    for task in list(tasks.all_tasks()):
        if not task.finished:
            assert task.wait(120)
            page.run()
    assert not page.exception


def press(page: AppTest, key: str) -> None:
    page.button(key=key).click().run()
    for task in list(tasks.all_tasks()):
        if not task.finished:
            assert task.wait(120)
            page.run()


def words(page: AppTest) -> str:
    return "\n".join(item.value.replace("\\", "") for kind in ("markdown", "error", "warning", "success")
                     for item in page.get(kind))  # fmt: skip


def metrics(page: AppTest) -> dict[str, Any]:
    return {item.label: item.value for item in page.metric}


def chosen(page: AppTest) -> str:
    value = page.query_params["data"]
    return value if isinstance(value, str) else value[0]


@pytest.fixture
def ill(class_folders: Path, write_tone: Callable[..., Path]) -> Path:
    """A copy within a class, one across the classes, a silent clip, and one class twice as long as the other."""
    shutil.copy(class_folders / "low" / "0.wav", class_folders / "low" / "again.wav")
    shutil.copy(class_folders / "low" / "1.wav", class_folders / "high" / "stray.wav")
    write_tone(class_folders / "high" / "mute.wav", seconds=0.3, level=0.0)
    for number in range(8):
        write_tone(class_folders / "high" / f"long {number}.wav", frequency=2000 + 37 * number, seconds=0.9)
        write_tone(class_folders / "low" / f"short {number}.wav", frequency=300 + 17 * number, seconds=0.3)
    return class_folders


def test_findings_stand_in_sentences_with_the_gravest_first(open_page: OpenPage, ill: Path) -> None:
    page = open_page("data", data=ill)
    tab(page, "Health")
    message = words(page)
    assert "to fix before training" in message
    assert "Silent from beginning to end" in message
    assert "In two classes at once (the same file): 2 clips" in message
    assert "More than once in a class (the same file)" in message
    assert message.index("Silent") < message.index("More than once")


def test_a_shortcut_is_told_by_how_much_and_through_which_column(open_page: OpenPage, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for label, seconds in (("yes", 0.3), ("no", 0.6)):
        (tmp_path / "noise" / label).mkdir(parents=True)
        for number in range(12):
            noise = rng.normal(0, 0.1, round(seconds * 8000) + number)
            soundfile.write(tmp_path / "noise" / label / f"{number}.wav", noise, 8000)
    page = open_page("data", data=tmp_path / "noise")
    tab(page, "Health")
    assert "predicts the class correctly in 100% where guessing gives 50%" in words(page)
    assert "most of all through the duration (100% alone)" in words(page)
    assert page.get("arrow_vega_lite_chart") or page.get("vega_lite_chart")


def test_the_clips_of_a_finding_can_be_heard(open_page: OpenPage, ill: Path) -> None:
    page = open_page("data", data=ill)
    tab(page, "Health")
    before = len(page.get("bidi_component"))
    press(page, "health.listen.silent")
    assert not page.error or all("to fix" in item.value for item in page.error)
    assert len(page.get("bidi_component")) == before + 1


def test_leaving_clips_out_makes_a_version_without_them(open_page: OpenPage, ill: Path) -> None:
    page = open_page("data", data=ill)
    tab(page, "Health")
    n_clips = int(metrics(page)["Clips"])
    press(page, "health.exclude.silent")
    assert int(metrics(page)["Clips"]) == n_clips - 1
    tab(page, "Health")
    assert "Silent from beginning to end" not in words(page)
    press(page, "health.one.duplicates")
    assert int(metrics(page)["Clips"]) == n_clips - 2
    version = load_dataset(chosen(page))
    assert len(version) == n_clips - 2
    assert version.parent
    assert len(load_dataset(ill)) == n_clips, "the files and the parent are as they were"


def test_copies_can_be_kept_on_one_side_of_every_split(open_page: OpenPage, ill: Path) -> None:
    page = open_page("data", data=ill)
    tab(page, "Health")
    press(page, "health.group.duplicates")
    version = load_dataset(chosen(page))
    together = [clip for clip in version.clips if clip.group is not None]
    assert sorted(clip.path.name for clip in together) == ["0.wav", "again.wav"]
    assert len({clip.group for clip in together}) == 1


def test_a_sound_set_is_said_to_be_sound(open_page: OpenPage, write_tone: Callable[..., Path], tmp_path: Path) -> None:
    for label, base in (("a", 200.0), ("b", 3000.0)):
        for number in range(12):
            write_tone(tmp_path / "fine" / label / f"{number}.wav", frequency=base * 1.09**number, seconds=0.3)
    page = open_page("data", data=tmp_path / "fine")
    tab(page, "Health")
    assert not page.error
    assert "12 clips" not in words(page)
    assert "24 clips were measured" in words(page)


def test_of_every_group_of_copies_one_stays() -> None:
    assert spare([(1, 2), (2, 3), (7, 8)]) == {2, 3, 8}
    assert spare([(5, 4), (6, 5), (4, 6)]) == {5, 6}
    assert spare([]) == set()


def test_the_check_begins_by_itself_and_stands_on_the_train_page(open_page: OpenPage, ill: Path) -> None:
    before = {task.key for task in tasks.all_tasks()}
    page = open_page("data", data=ill)
    (checking,) = (task for task in tasks.all_tasks() if task.key.startswith("health") and task.key not in before)
    page.switch_page("pages/train.py")
    page.run()
    assert len([finding for finding in checking.result.findings if finding.severity != "note"]) > 1
    reported = words(page)
    assert f"Health: {sum(f.severity != 'note' for f in checking.result.findings)} findings" in reported
    assert next(f.sentence for f in checking.result.findings if f.kind == "shortcut") in reported
    press(page, "health.open")
    assert "to fix before training" in words(page)


def test_the_train_page_waits_for_no_check(open_page: OpenPage, class_folders: Path) -> None:
    gate = threading.Event()
    dataset = load_dataset(class_folders)
    slow = tasks.start(health.key(str(class_folders), {}, dataset), "Checking", lambda *_: gate.wait(60))
    try:
        assert warmup.wait(120)
        page = AppTest.from_file(str(app_folder() / "app.py"), default_timeout=600)
        page.switch_page("pages/train.py")
        page.query_params["data"] = str(class_folders)
        page.run()
        load = next(task for task in tasks.all_tasks() if task.key == current_dataset.key(str(class_folders), {}))
        assert load.wait(60)
        page.run()
        assert not slow.finished
        assert any("being checked" in caption.value for caption in page.caption)
        assert not page.button(key="train.go").disabled
    finally:
        gate.set()
        assert slow.wait(60)


def test_our_own_sounds_come_without_a_warning_on_the_train_page(open_page: OpenPage) -> None:
    page = open_page("train", data="instruments", options='{"programs":[0,40],"seconds":0.2,"sr":8000}')
    assert not any("decision tree" in text.value for text in page.markdown)
    assert any("Health:" in caption.value for caption in page.caption)
    assert any(button.key == "health.open" for button in page.button)
