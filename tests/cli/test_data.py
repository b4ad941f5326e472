"""Commands about data: what they print, keep and refuse."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from audioclf.cli import cli
from audioclf.datasets import SOURCES, load_dataset
from audioclf.datasets.catalog.published import Published


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AUDIOCLF_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def audioclf(*arguments: object, code: int = 0) -> Result:
    done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert done.exit_code == code, done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done


def refused(*arguments: object) -> str:
    lines = audioclf(*arguments, code=2).stderr.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("audioclf: ")
    return lines[0]


def last_json(done: Result) -> dict[str, object]:
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_as_a_process_of_its_own(class_folders: Path) -> None:
    command = [sys.executable, "-m", "audioclf", "data", "check", str(class_folders), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    report = json.loads(done.stdout)
    assert report["counts"] == {"high": 6, "low": 6}
    assert report["worst"] == "warning"
    assert report["findings"][0]["kind"] == "small class"
    assert report["shortcut"]["chance"] == 0.5


def test_add_keeps_what_run_takes(class_folders: Path, home: Path) -> None:
    (class_folders / "low" / "page.wav").write_text("<html>")
    done = audioclf("data", "add", class_folders, "--name", "Two notes")
    assert "'Two notes': 12 clips in 2 classes" in done.stdout
    assert "left out: 'low/page.wav'" in done.stdout
    path = done.stdout.splitlines()[-1].split("--dataset ")[1]
    kept = load_dataset(path)
    assert kept.name == "Two notes"
    assert kept.fingerprint == load_dataset(class_folders).fingerprint
    assert home in Path(path).parents
    answer = last_json(audioclf("data", "add", class_folders, "--json"))
    assert (answer["name"], answer["clips"], answer["counts"]) == ("sounds", 12, {"high": 6, "low": 6})
    assert len(answer["problems"]) == 1  # type: ignore[arg-type]
    listed = json.loads(audioclf("data", "list", "--json").stdout)
    assert [(row["name"], row["clips"], row["classes"]) for row in listed] == [("Two notes", 12, 2), ("sounds", 12, 2)]
    assert "'Two notes'" in audioclf("data", "list").stdout


def test_ways_in(class_folders: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in class_folders.rglob("*.wav"):
            archive.write(path, f"{path.parent.name}_{path.name}")
    answer = last_json(audioclf("data", "add", tmp_path / "set.zip", "--set", "pattern={label}_{take}", "--set",
                                "kind=pattern", "--json"))  # fmt: skip
    assert answer["counts"] == {"high": 6, "low": 6}
    table = tmp_path / "table.csv"
    table.write_text("file;class\n" + "".join(f"sounds/{path.parent.name}/{path.name};{path.parent.name}\n"
                                              for path in class_folders.rglob("*.wav")))  # fmt: skip
    assert last_json(audioclf("data", "add", table, "--json"))["clips"] == 12


@pytest.fixture
def urbansound(tmp_path: Path, write_tone: Callable[..., Path]) -> Path:
    """Four clips laid out like UrbanSound8K."""
    folder = tmp_path / "us8k"
    rows = ["slice_file_name,fsID,start,end,salience,fold,classID,class"]
    for i in range(4):
        write_tone(folder / "audio" / f"fold{i // 2 + 1}" / f"{i}-{i % 2}-0-0.wav", frequency=300 + 90 * i, seconds=0.2)
        rows.append(f"{i}-{i % 2}-0-0.wav,{i},{9 + i},{9.2 + i},1,{i // 2 + 1},{i % 2},{('siren', 'drill')[i % 2]}")
    (folder / "metadata").mkdir()
    (folder / "metadata" / "UrbanSound8K.csv").write_text("\n".join(rows))
    return folder


@pytest.mark.parametrize("command", ["check", "add"])
def test_what_is_understood_comes_first(command: str, urbansound: Path) -> None:
    sentence = (
        "4 clips, 2 classes from column 'class', 2 folds from column 'fold', 4 groups from column 'fsID'; this is the"
        " layout of UrbanSound8K."
    )
    lines = audioclf("data", command, urbansound).stdout.splitlines()
    assert lines[0] == f"understood as {sentence}"
    assert lines[1].split() == ["file", "class", "group", "fold"]
    assert lines[2].split() == ["audio/fold1/0-0-0-0.wav", "siren", "0", "1"]
    assert "taken whole" in lines[6]
    reported = last_json(audioclf("data", command, urbansound, "--json"))["reading"]
    assert isinstance(reported, dict)
    assert reported["sentence"] == sentence
    assert (reported["kind"], reported["layout"], reported["clips"], reported["folds"], reported["groups"]) == (
        "manifest", "UrbanSound8K", 4, 2, 4
    )  # fmt: skip
    assert reported["sample"][0] == {"file": "audio/fold1/0-0-0-0.wav", "label": "siren", "group": "0", "fold": 1}


@pytest.mark.parametrize("command", ["check", "add"])
def test_nothing_empty_is_kept(command: str, urbansound: Path, tmp_path: Path, home: Path) -> None:
    for sound in urbansound.rglob("*.wav"):
        sound.rename(tmp_path / sound.name)
    (urbansound / "audio" / "x.wav").write_bytes((tmp_path / "0-0-0-0.wav").read_bytes())
    assert "finds no sound" in refused("data", command, urbansound)
    (urbansound / "audio" / "x.wav").write_bytes(b"")
    (urbansound / "metadata" / "UrbanSound8K.csv").write_text("file,label\nx.wav,a\n")
    assert "no usable clip" in refused("data", command, urbansound)
    assert not list(home.rglob("dataset.json"))


def test_a_question_is_one_sentence_and_an_option_answers_it(tmp_path: Path, write_tone: Callable[..., Path]) -> None:
    folder = tmp_path / "flat"
    for label in ("cat", "dog"):
        for take in range(2):
            write_tone(folder / f"{label}_{take}.wav", frequency=300 + 50 * take + 7 * len(label), seconds=0.1)
    (folder / "\x1b[31m_9.wav").write_bytes((folder / "cat_0.wav").read_bytes())
    sentence = refused("data", "add", folder)
    assert "pattern={label}_{take}" in sentence
    assert "\x1b" not in sentence, "a file name must not steer the terminal"
    answer = last_json(audioclf("data", "add", folder, "--set", "pattern={label}_{take}", "--json"))
    assert answer["clips"] == 5


def test_a_published_set_says_its_terms_first(fsdd: Path) -> None:
    done = audioclf("data", "add", "fsdd", "--set", f"path={fsdd}")
    assert "Creative Commons BY-SA 4.0" in done.stderr
    assert "states no checksum" in done.stderr
    assert "3,000 clips in 10 classes" in done.stdout
    assert all(
        issubclass(source, Published) or source.kind in {"instruments", "orchestra", "planted"}
        for source in SOURCES.values()
    )


def test_the_report_for_people(class_folders: Path) -> None:
    whole = (class_folders / "low" / "0.wav").read_bytes()
    (class_folders / "high" / "\x1b[31mcopy.wav").write_bytes(whole)
    (class_folders / "high" / "page.wav").write_text("<html>")
    text = audioclf("data", "check", class_folders).stdout
    assert "'sounds': 13 clips, 3.90 s" in text
    assert "error: In two classes at once (the same file): 2 clips." in text
    assert "22,050 Hz (13)" in text
    assert "left out: 'high/page.wav'" in text
    assert "\x1b" not in text, "a file name must not steer the terminal"
    errors = [line.split(":")[0] for line in text.splitlines() if line.startswith(("error", "warning", "note"))]
    assert errors == sorted(errors, key=("error", "warning", "note").index)


def test_export_comes_back(class_folders: Path, tmp_path: Path) -> None:
    audioclf("data", "export", class_folders, "--out", tmp_path / "set.zip")
    assert load_dataset(tmp_path / "set.zip").fingerprint == load_dataset(class_folders).fingerprint


def test_refusals(tmp_path: Path, class_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "check the path" in refused("data", "add", tmp_path / "nowhere")
    assert "did you mean 'fsdd'" in refused("data", "check", "fsd")
    assert "key=value" in refused("data", "check", class_folders, "--set", "kind")
    assert "no parameter" in refused("data", "check", class_folders, "--set", "colour=red")
    assert "nowhere" in refused("data", "check", "gtzan", "--set", f"path={tmp_path / 'nowhere'}")
    monkeypatch.setenv("AUDIOCLF_FREE_DISK_GB", "1e6")
    assert "disk is full" in refused("data", "add", class_folders)
