"""Names that are no text, files that are passed over, and what the report says of files that were mended."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audioclf.audio.io import AudioInfo
from audioclf.audio.sources import display_name, readable
from audioclf.datasets import load_dataset
from audioclf.datasets.ingest.file_index import FileIndex
from audioclf.datasets.quality import report
from audioclf.datasets.readers import versions
from audioclf.experiments.runs.files import cell, read_csv, write_csv

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every name is text")


@pytest.fixture
def latin(class_folders: Path, tmp_path: Path) -> Path:
    """Two classes, of which one has a name in Latin-1, in a folder of such a name, with such a file in each."""
    root = Path(os.fsdecode(os.fsencode(tmp_path) + b"/mus\xe9e"))
    root.mkdir()
    (class_folders / "low").rename(root / os.fsdecode(b"\xe9l\xe8ve"))
    (class_folders / "high").rename(root / "high")
    for folder in root.iterdir():
        (folder / "0.wav").rename(folder / os.fsdecode(b"son\xe9.wav"))
        (folder / "1.wav").rename(folder / "soné 日.wav")
    return root


@on_linux
def test_names_that_are_no_text_are_read(latin: Path, tmp_path: Path) -> None:
    dataset = load_dataset(latin)
    assert dataset.name == "musée"
    assert dataset.counts == {"high": 6, "élève": 6}
    assert {"élève/soné.wav", "high/soné.wav", "high/soné 日.wav"} <= {clip.name for clip in dataset.clips}
    assert dataset.problems == ()
    # every text of it can be written, and every path still leads to its file
    json.dumps([vars(clip) for clip in dataset.clips], default=str, ensure_ascii=False).encode(
        "utf-8", "surrogateescape"
    )
    kept = versions.save(dataset, tmp_path / "kept")
    again = load_dataset(kept.source)
    assert again.fingerprint == dataset.fingerprint
    assert [clip.path for clip in again.clips] == [clip.path for clip in dataset.clips]
    versions.export(dataset, tmp_path / "out.zip")
    assert load_dataset(tmp_path / "out.zip").counts == dataset.counts
    assert report.check(dataset).n_clips == 12


@on_linux
def test_the_index_knows_them_again(latin: Path, tmp_path: Path) -> None:
    index = FileIndex(tmp_path / "index.sqlite")
    paths = sorted(latin.rglob("*.wav"))
    facts = index.lookup(paths)
    assert all(isinstance(fact, AudioInfo) for fact in facts)
    assert len(facts) == 12
    for path in paths:
        status = path.stat()
        path.write_bytes(b"x" * status.st_size)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert index.lookup(paths) == facts


@on_linux
@pytest.mark.parametrize("command", ["check", "add"])
def test_the_command_line_prints_them(command: str, latin: Path) -> None:
    (latin / "high" / os.fsdecode(b"br\xfbl\xe9.wav")).write_bytes(b"no sound")
    for options in ([], ["--json"]):
        done = subprocess.run(
            [sys.executable, "-m", "audioclf", "data", command, os.fsencode(latin), *options],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        assert "musée" in done.stdout
        assert "brûlé.wav" in done.stdout


@on_linux
def test_an_archive_with_such_names(class_folders: Path, tmp_path: Path) -> None:
    path = tmp_path / "sounds.tar"
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        for number, file in enumerate(sorted(class_folders.rglob("*.wav"))):
            member = tarfile.TarInfo(os.fsdecode(b"%s/son\xe9%d.wav" % (file.parent.name.encode(), number)))
            member.size = file.stat().st_size
            tar.addfile(member, io.BytesIO(file.read_bytes()))
    dataset = load_dataset(path)
    assert dataset.counts == {"high": 6, "low": 6}
    assert dataset.clips[0].name == "high/soné0.wav"
    versions.save(dataset, tmp_path / "kept")


def test_tables_of_runs_keep_such_paths(tmp_path: Path) -> None:
    path = Path(os.fsdecode(b"/sounds/son\xe9.wav"))
    write_csv(tmp_path / "clips.csv", ("path",), [[cell(path)]])
    assert Path(read_csv(tmp_path / "clips.csv", ("path",))[0]["path"]) == path


def test_readable() -> None:
    assert readable("soné 日.wav") == "soné 日.wav"
    assert readable(os.fsdecode(b"son\xe9 \x80.wav")) == "soné €.wav"
    assert display_name(os.fsdecode(b"son\xe9.wav")) == "'soné.wav'"


@given(st.text(st.characters(), max_size=20) | st.binary(max_size=20).map(os.fsdecode))
def test_readable_can_always_be_written(name: str) -> None:
    assert readable(name).encode().decode() == readable(name)


def test_what_is_passed_over_is_named_unless_it_is_plainly_something_else(class_folders: Path) -> None:
    low = class_folders / "low"
    (low / "tape.wv").write_bytes(b"wvpk" + bytes(100))
    (low / "tape.ape").write_bytes(b"MAC " + bytes(100))
    (low / "talk.ra").write_bytes(b".RMF" + bytes(100))
    (low / "take.raw").write_bytes(bytes(range(255, 150, -3)))
    (low / "LICENSE").write_text("Do what you like.")
    (low / "cover").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    dataset = load_dataset(class_folders)
    assert dataset.counts == {"high": 6, "low": 6}
    named = {problem.file: problem.reason for problem in dataset.problems}
    assert set(named) == {"low/tape.wv", "low/tape.ape", "low/talk.ra", "low/take.raw"}
    assert "WavPack" in named["low/tape.wv"]


def test_the_report_names_files_that_were_mended(class_folders: Path) -> None:
    path = class_folders / "low" / "0.wav"
    data = path.read_bytes()
    path.write_bytes(data[:40] + bytes(4) + data[44:])
    for _ in range(2):  # from the file, and from the index
        dataset = load_dataset(class_folders)
        assert len(dataset) == 12
        (finding,) = [found for found in report.check(dataset).findings if found.kind == "mended"]
        assert finding.files == ("low/0.wav",)
        assert "does not state a length" in dataset.clips[finding.clips[0]].info.remark
