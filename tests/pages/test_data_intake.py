"""The ways in on the Data page: uploads, tables, names, long recordings, the microphone, the catalogue."""

from __future__ import annotations

import io
import json
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from audioclf.core import workspaces
from audioclf.datasets import ByteCount, load_dataset
from audioclf.ui.shell import tasks

OpenPage = Callable[..., AppTest]
Upload = tuple[str, bytes, str]


def press(page: AppTest, label: str) -> None:
    """Press a button and wait until what it began is done."""
    next(item for item in page.button if item.label == label).click()
    settle(page)


def settle(page: AppTest) -> None:
    page.run()
    for _ in range(3):
        waiting = [task for task in tasks.all_tasks() if not task.finished]
        for task in waiting:
            assert task.wait(120)
        if waiting:
            page.run()
    assert not page.exception


def choose_other(page: AppTest) -> None:
    """Open what leads to other sounds, where some are chosen already."""
    page.session_state["data.other"] = True
    page.run()


def way(page: AppTest, name: str) -> None:
    choose_other(page)
    page.segmented_control(key="sources.way").set_value(name)
    page.run()


def metrics(page: AppTest) -> dict[str, str]:
    return {item.label: item.value for item in page.metric}


def address(page: AppTest, name: str) -> str:
    value = page.query_params[name]
    return str(value[0] if isinstance(value, list) else value)


def message(page: AppTest) -> str:
    return " ".join(item.value for item in (*page.error, *page.warning)).replace("\\", "")


def files_of(folder: Path, head: str = "") -> list[Upload]:
    return [
        (head + path.relative_to(folder).as_posix(), path.read_bytes(), "")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]


def zipped(files: list[Upload]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, data, _ in files:
            packed.writestr(name, data)
    return buffer.getvalue()


def test_a_zip_is_stored_in_the_workspace_and_loaded(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("data")
    way(page, "Upload")
    page.file_uploader(key="intake.files.0").set_value(
        [("my <b>set.zip", zipped(files_of(class_folders, "top/")), "application/zip")]
    )
    page.run()
    press(page, "Load them")
    assert (metrics(page)["Clips"], metrics(page)["Classes"]) == ("12", "2")
    folder = Path(address(page, "data"))
    assert folder.parent == workspaces.datasets_folder()
    assert load_dataset(folder).name == "my <b>set"
    assert "options" not in page.query_params
    assert r"my \<b\>set" in [item.value for item in page.subheader]


def test_an_uploaded_folder_keeps_its_classes(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("data")
    way(page, "Upload")
    page.file_uploader(key="intake.folder.0").set_value(files_of(class_folders, "sounds/"))
    page.run()
    press(page, "Load them")
    dataset = load_dataset(address(page, "data"))
    assert dataset.counts == {"high": 6, "low": 6}
    assert dataset.name == "sounds"
    way(page, "Upload")
    assert page.file_uploader(key="intake.folder.1").value in (None, [])


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("broken.zip", b"PK\x03\x04 and then nothing", "'broken.zip' is not a whole zip"),
        ("text.zip", b"<html>", "'text.zip' is no archive"),
        ("notes.md", b"# notes", "No sound is in what was uploaded"),
    ],
)
def test_what_is_no_data_set_is_refused_in_one_sentence_and_leaves_nothing(
    name: str, data: bytes, sentence: str, open_page: OpenPage
) -> None:
    before = set(workspaces.datasets_folder().iterdir())
    page = open_page("data")
    way(page, "Upload")
    page.file_uploader(key="intake.files.0").set_value([(name, data, "")])
    page.run()
    press(page, "Load them")
    assert sentence in message(page)
    assert set(workspaces.datasets_folder().iterdir()) == before


def test_a_cancelled_upload_leaves_nothing(open_page: OpenPage, tone: Any) -> None:
    before = set(workspaces.datasets_folder().iterdir())
    page = open_page("data")
    way(page, "Upload")
    page.file_uploader(key="intake.files.0").set_value([("long.wav", _recording(tone), "audio/wav")])
    page.run()
    press(page, "Load them")
    (folder,) = set(workspaces.datasets_folder().iterdir()) - before
    a_day_later = time.localtime((folder / "waiting").stat().st_mtime + 24 * 3600)
    until = f"deleted on {time.strftime('%Y-%m-%d %H:%M', a_day_later)} unless you open it first"
    for shown in (page, open_page("data")):  # beside the questions, and in the list of what was brought in
        shown.session_state["mine.shown"] = True
        shown.run()
        reported = [item.value for item in shown.caption if until in item.value.replace("\\", "")]
        assert len(reported) >= 1 + (shown is page)
    press(page, "Cancel")
    assert set(workspaces.datasets_folder().iterdir()) == before


def test_an_upload_is_stopped_from_the_page(open_page: OpenPage) -> None:
    page = open_page("data")
    gate = threading.Event()

    def work(reported: tasks.Progress, should_stop: Callable[[], bool]) -> None:
        reported(ByteCount(2_500_000), ByteCount(10_000_000))
        gate.wait(60)
        reported(ByteCount(10_000_000), ByteCount(10_000_000))

    page.session_state["intake.task"] = "intake being stored"
    task = tasks.start("intake being stored", "Storing the upload", work)
    page.run()
    assert "2.5 of 10.0 MB" in str(page.get("progress")[0].proto).replace("\\", "")
    page.button(key="intake.stop").click().run()
    gate.set()
    assert task.wait(60)
    page.run()
    assert any("nothing was kept" in item.value for item in page.info)
    assert not page.get("progress")


def test_an_upload_beyond_the_limit_is_refused(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOCLF_MAX_UPLOAD_MB", "0.001")
    page = open_page("data")
    way(page, "Upload")
    page.file_uploader(key="intake.files.0").set_value([("long.wav", bytes(5000), "audio/wav")])
    page.run()
    press(page, "Load them")
    assert "MB are taken" in message(page)


def test_a_table_with_its_sounds(open_page: OpenPage, class_folders: Path) -> None:
    sounds = [(name.replace("/", "-"), data, kind) for name, data, kind in files_of(class_folders)]
    rows = "".join(f"audio/{name};{name.split('-')[0]};{number % 3}\n" for number, (name, _, _) in enumerate(sounds))
    page = open_page("data")
    way(page, "Upload")
    table = ("list.csv", f"what;kind of;speaker\n{rows}".encode("utf-16"), "text/csv")
    page.file_uploader(key="intake.files.0").set_value([*sounds, table])
    page.run()
    press(page, "Choose how they are read")
    page.segmented_control[0].set_value("manifest")
    page.run()
    assert "Choose the column of the file and of the label." in message(page)
    boxes = {box.label: box for box in page.selectbox}
    boxes["Column of the file"].set_value(1)
    boxes["Column of the label"].set_value(2)
    page.run()
    press(page, "Load these sounds")
    dataset = load_dataset(address(page, "data"), **json.loads(address(page, "options")))
    assert dataset.counts == {"high": 6, "low": 6}
    assert {clip.group for clip in dataset.clips} == {"0", "1", "2"}
    assert metrics(page)["Classes"] == "2"


def test_names_are_previewed_as_the_pattern_changes(
    open_page: OpenPage, tmp_path: Path, write_tone: Callable[..., Path]
) -> None:
    for label in ("cat", "dog"):
        for take in range(4):
            write_tone(tmp_path / "loose" / f"ann-{label}-{take}.wav", frequency=300 + 50 * take, seconds=0.2)
    page = open_page("data")
    page.text_input(key="folder.path").set_value(str(tmp_path / "loose"))
    press(page, "Choose how it is read")
    field = next(item for item in page.text_input if item.key.endswith("names.pattern"))
    assert field.value == "{label}-{group}-{take}"
    assert "8 of 8 names fit, 1 class" in " ".join(item.value for item in page.markdown).replace("\\", "")
    field.set_value("{speaker}-{label}-{take}")
    page.run()
    assert set(page.dataframe[0].value["class"]) == {"cat", "dog"}
    press(page, "Load these sounds")
    assert metrics(page)["Clips"] == "8"
    assert json.loads(address(page, "options")) == {"kind": "pattern", "pattern": "{speaker}-{label}-{take}"}


def test_loading_a_flat_folder_leads_to_its_pattern(
    open_page: OpenPage, tmp_path: Path, write_tone: Callable[..., Path]
) -> None:
    for number, code in enumerate("WFWF"):
        write_tone(tmp_path / "emo" / f"0{number % 2}a01{code}{number}.wav", frequency=300 + 40 * number, seconds=0.2)
    page = open_page("data")
    page.text_input(key="folder.path").set_value(str(tmp_path / "emo"))
    press(page, "Load the folder")
    assert "data" not in page.query_params
    assert "say how the names are built" in message(page)
    field = next(item for item in page.text_input if item.key.endswith("names.pattern"))
    assert field.value
    assert field.proto.live_debounce_ms > 0, "the preview follows the typing"
    field.set_value("{speaker:2}{text:3}{label:1}{take}")
    next(item for item in page.text_input if item.key.endswith("names.values")).set_value("W=anger, F=happiness")
    page.run()
    assert set(page.dataframe[0].value["class"]) == {"anger", "happiness"}
    assert "4 clips, 2 classes from the file names, 2 groups" in page.info[0].value.replace("\\", "")
    press(page, "Load these sounds")
    assert (metrics(page)["Clips"], metrics(page)["Classes"]) == ("4", "2")


def test_what_was_understood_stands_on_the_page(
    open_page: OpenPage, tmp_path: Path, write_tone: Callable[..., Path]
) -> None:
    for part in ("train", "test"):
        for number in range(4):
            write_tone(tmp_path / "parts" / part / "ab"[number % 2] / f"{number}.wav", frequency=300 + 40 * number)
    sentence = "8 clips, 2 classes from the folders, official split from the folders (train 4, test 4)."
    page = open_page("data")
    page.text_input(key="folder.path").set_value(str(tmp_path / "parts"))
    press(page, "Choose how it is read")
    assert [item.value.replace("\\", "") for item in page.info] == [sentence]
    assert any("split" in item.value for item in page.dataframe)
    press(page, "Load these sounds")
    assert sentence in [item.value.replace("\\", "") for item in page.info]
    assert metrics(page)["Classes"] == "2"
    page = open_page("data")
    page.text_input(key="folder.path").set_value(str(tmp_path / "parts"))
    press(page, "Load the folder")
    assert sentence in [item.value.replace("\\", "") for item in page.info]


def test_a_table_without_a_column_of_classes_shows_the_candidates(
    open_page: OpenPage, tmp_path: Path, write_tone: Callable[..., Path]
) -> None:
    for number in range(4):
        write_tone(tmp_path / "cv" / "clips" / f"cv_{number}.wav", frequency=300 + 40 * number, seconds=0.2)
    rows = "".join(f"s{i // 2}\tcv_{i}.wav\thello {i}\t{('male', 'female')[i % 2]}\n" for i in range(4))
    (tmp_path / "cv" / "validated.tsv").write_text(f"client_id\tpath\tsentence\tgender\n{rows}")
    page = open_page("data")
    page.text_input(key="folder.path").set_value(str(tmp_path / "cv"))
    press(page, "Load the folder")
    assert "Choose the column of the label." in message(page)
    assert any("male 2, female 2" in item.value.replace("\\", "") for item in page.caption)
    box = next(box for box in page.selectbox if box.label == "Column of the label")
    box.set_value(4)
    page.run()
    press(page, "Load these sounds")
    assert (metrics(page)["Clips"], metrics(page)["Classes"]) == ("4", "2")


@pytest.mark.parametrize("way_in", ["typed", "address"])
def test_no_clip_at_all_is_a_sentence_on_every_page(
    way_in: str, open_page: OpenPage, tmp_path: Path, write_tone: Callable[..., Path]
) -> None:
    folder = write_tone(tmp_path / "empty" / "a" / "1.wav").parents[1]
    (folder / "a" / "1.wav").write_bytes(b"")
    if way_in == "typed":
        page = open_page("data")
        page.text_input(key="folder.path").set_value(str(folder))
        press(page, "Load the folder")
        assert "no usable clip" in message(page)
        return
    for name in ("data", "explore", "train", "compare"):
        page = open_page(name, data=folder)
        settle(page)
        assert "no usable clip" in message(page)


def test_what_was_loaded_can_be_read_another_way(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("data", data=class_folders)
    choose_other(page)
    press(page, "Read these sounds another way")
    page.segmented_control[0].set_value("recording")
    settle(page)
    next(item for item in page.number_input if item.label.startswith("seconds")).set_value(0.1)
    page.run()
    press(page, "Load these sounds")
    assert metrics(page)["Clips"] == "36"
    assert json.loads(address(page, "options")) == {"kind": "recording", "seconds": 0.1}


def test_another_workspace_cannot_be_looked_through(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOCLF_SHARED", "1")
    monkeypatch.setenv("AUDIOCLF_DATA_FOLDERS", str(workspaces.folder().parent.parent.parent))
    theirs = workspaces.datasets_folder(workspaces.new_id())
    page = open_page("data")
    page.text_input(key="folder.path").set_value(f' "{theirs}" ')
    press(page, "Choose how it is read")
    assert "not yours" in message(page)
    assert not [item for item in page.button if item.label == "Load these sounds"]


def test_a_pattern_that_cannot_be_is_said_beside_its_field(
    open_page: OpenPage, tmp_path: Path, write_tone: Callable[..., Path]
) -> None:
    for take in range(4):
        write_tone(tmp_path / "loose" / f"a_{take}.wav", seconds=0.2)
    page = open_page("data")
    page.text_input(key="folder.path").set_value(str(tmp_path / "loose"))
    press(page, "Choose how it is read")
    next(item for item in page.text_input if item.key.endswith("names.pattern")).set_value("{label}{take}")
    page.run()
    assert "side by side" in message(page)
    assert next(item for item in page.button if item.label == "Load these sounds").disabled


def _recording(tone: Any) -> bytes:
    import numpy as np

    from audioclf.audio.io import wav_bytes

    pieces = []
    for number in range(6):
        pieces += [tone(frequency=220 * (1 + number % 2), seconds=0.5, sr=8000), np.zeros(4000, np.float32)]
    return wav_bytes(np.concatenate(pieces), 8000)


@pytest.mark.parametrize(
    ("rule", "clips"), [("every", 3), ("silence", 6), ("grid", 3)], ids=["every 2 s", "silence", "grid"]
)
def test_a_long_recording_is_cut_as_it_was_drawn(rule: str, clips: int, open_page: OpenPage, tone: Any) -> None:
    page = open_page("data")
    way(page, "Upload")
    page.file_uploader(key="intake.files.0").set_value([("long take.wav", _recording(tone), "audio/wav")])
    page.run()
    press(page, "Load them")
    next(box for box in page.selectbox if box.label == "How it is cut").set_value(rule)
    settle(page)
    assert f"{clips} clips" in " ".join(item.value for item in page.markdown)
    assert len(page.get("vega_lite_chart")) == 1
    press(page, "Load these sounds")
    assert metrics(page)["Clips"] == str(clips)


def test_a_label_track_beside_the_recording_names_the_clips(open_page: OpenPage, tone: Any) -> None:
    track = "".join(f"{number}.0\t{number}.5\t{('low', 'high')[number % 2]}\n" for number in range(6))
    page = open_page("data")
    way(page, "Upload")
    page.file_uploader(key="intake.files.0").set_value(
        [("long.wav", _recording(tone), "audio/wav"), ("labels.txt", track.encode(), "text/plain")]
    )
    page.run()
    press(page, "Load them")
    assert "6 clips in 2 classes" in " ".join(item.value for item in page.markdown)
    press(page, "Load these sounds")
    assert load_dataset(address(page, "data"), **json.loads(address(page, "options"))).counts == {"low": 3, "high": 3}


def test_each_of_several_recordings_has_a_label_track_of_its_own(open_page: OpenPage, tone: Any) -> None:
    files: list[Upload] = []
    for name, labels in (("one", ("low", "high")), ("two", ("high", "high"))):
        track = "".join(f"{number}.0\t{number}.5\t{labels[number % 2]}\n" for number in range(6))
        files += [(f"day/{name}.wav", _recording(tone), ""), (f"day/{name}.txt", track.encode(), "")]
    page = open_page("data")
    way(page, "Upload")
    page.file_uploader(key="intake.files.0").set_value([("days.zip", zipped(files), "application/zip")])
    page.run()
    press(page, "Load them")
    assert "6 clips in 2 classes" in " ".join(item.value for item in page.markdown)
    press(page, "Load these sounds")
    options = json.loads(address(page, "options"))
    assert load_dataset(address(page, "data"), **options).counts == {"low": 3, "high": 9}


def test_recordings_of_the_microphone_become_a_data_set(open_page: OpenPage, tone: Any) -> None:
    page = open_page("data")
    way(page, "Microphone")
    for number, label in enumerate(("low/deep", "=high")):
        page.text_input(key="microphone.label").set_value(label)
        page.run()
        assert "Record 8 examples: 0 of 8" in " ".join(item.value for item in page.markdown).replace("\\", "")
        page.audio_input(key=f"microphone.{number}").set_value(("take.wav", _recording(tone), "audio/wav"))
        page.run()
        keep = next(item for item in page.button if item.label.startswith("Keep 6 examples"))
        keep.click()
        page.run()
        assert not page.exception
    press(page, "Make the data set")
    assert load_dataset(address(page, "data")).counts == {"low/deep": 6, "=high": 6}
    assert metrics(page)["Clips"] == "12"


def test_a_silent_recording_is_refused(open_page: OpenPage) -> None:
    import numpy as np

    from audioclf.audio.io import wav_bytes

    page = open_page("data")
    way(page, "Microphone")
    page.audio_input(key="microphone.0").set_value(("take.wav", wav_bytes(np.zeros(8000), 8000), "audio/wav"))
    page.run()
    assert "silent" in message(page)


def test_a_published_set_is_read_from_where_it_lies(open_page: OpenPage, esc10: Path, tmp_path: Path) -> None:
    part = tmp_path / "ESC-10"
    for folder in sorted(esc10.glob("0*"))[:2]:
        (part / folder.name).mkdir(parents=True)
        for sound in sorted(folder.glob("*.ogg"))[:3]:
            (part / folder.name / sound.name).symlink_to(sound)
    page = open_page("data")
    page.selectbox(key="known.name").set_value("esc10")
    page.run()
    assert "Creative Commons BY 3" in " ".join(item.value for item in page.markdown).replace("\\", "")
    page.text_input(key="known.esc10.path").set_value(str(tmp_path / "nowhere"))
    press(page, "Load ESC\\-10")
    assert "check the path" in message(page)
    page.text_input(key="known.esc10.path").set_value(str(part))
    press(page, "Load ESC\\-10")
    assert metrics(page)["Clips"] == "6"
    assert json.loads(address(page, "options")) == {"path": str(part)}
