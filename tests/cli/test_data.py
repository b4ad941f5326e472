"""Commands about data: what they print, keep and refuse."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
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


def test_a_published_set_says_its_terms_first(fsdd: Path) -> None:
    done = audioclf("data", "add", "fsdd", "--set", f"path={fsdd}")
    assert "Creative Commons BY-SA 4.0" in done.stderr
    assert "states no checksum" in done.stderr
    assert "3,000 clips in 10 classes" in done.stdout
    assert all(issubclass(source, Published) or source.kind == "instruments" for source in SOURCES.values())


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
