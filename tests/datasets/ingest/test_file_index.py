"""The index of file facts: right, fast, shared, and rebuilt when it is damaged."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from audioclf.audio.io import AudioInfo, content_hash
from audioclf.core.errors import AudioError, Stopped
from audioclf.datasets import Problem
from audioclf.datasets.ingest.file_index import FileIndex


@pytest.fixture
def index(tmp_path: Path) -> FileIndex:
    return FileIndex(tmp_path / "cache" / "files.sqlite")


@pytest.fixture
def no_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on every file that is opened for its header fails the test."""

    def never(path: str, **_: object) -> AudioInfo:
        raise AssertionError(f"{path} was read again")

    monkeypatch.setattr("audioclf.datasets.ingest.file_index.read_info", never)


def test_facts_are_those_of_the_file(index: FileIndex, tone_wav: Path, tone_ogg: Path) -> None:
    wav, ogg = index.lookup([tone_wav, tone_ogg])
    assert isinstance(wav, AudioInfo)
    assert isinstance(ogg, AudioInfo)
    assert (wav.sr, wav.channels, wav.frames, wav.format) == (22050, 1, 11025, "WAV")
    assert wav.content == content_hash(tone_wav)
    assert ogg.content == content_hash(tone_ogg) != wav.content


def test_second_lookup_opens_nothing(index: FileIndex, class_folders: Path, request: pytest.FixtureRequest) -> None:
    broken = class_folders / "low" / "broken.wav"
    broken.write_bytes(b"RIFF")
    files = sorted(class_folders.rglob("*.wav"))
    first = index.lookup(files)
    request.getfixturevalue("no_reading")
    assert FileIndex(index.path).lookup(files) == first
    assert sum(isinstance(fact, Problem) for fact in first) == 1


def test_a_changed_file_is_read_again(index: FileIndex, tone_wav: Path, tone_flac: Path) -> None:
    (before,) = index.lookup([tone_wav])
    tone_wav.write_bytes(tone_flac.read_bytes())
    (after,) = index.lookup([tone_wav])
    assert isinstance(before, AudioInfo)
    assert isinstance(after, AudioInfo)
    assert (before.format, after.format) == ("WAV", "FLAC")


def test_a_file_of_the_same_size_with_another_time_is_read_again(index: FileIndex, tone_wav: Path) -> None:
    (before,) = index.lookup([tone_wav])
    data = bytearray(tone_wav.read_bytes())
    data[-1] ^= 1
    tone_wav.write_bytes(data)
    os.utime(tone_wav, ns=(1, 1))
    (after,) = index.lookup([tone_wav])
    assert isinstance(before, AudioInfo)
    assert isinstance(after, AudioInfo)
    assert before.content != after.content


def test_links_share_one_row_and_keep_their_names(index: FileIndex, tmp_path: Path) -> None:
    real = tmp_path / "real.wav"
    real.write_bytes(b"no sound at all")
    links = [tmp_path / f"link{i}.wav" for i in range(3)]
    for link in links:
        link.symlink_to(real)
    found = index.lookup([real, *links])
    assert [fact.file for fact in found if isinstance(fact, Problem)] == [path.name for path in (real, *links)]
    with sqlite3.connect(index.path) as database:
        assert database.execute("SELECT count(*) FROM files").fetchone() == (1,)
    database.close()


@pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")
def test_links_are_resolved_as_the_system_does(index: FileIndex, tone_wav: Path, tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / "folder").symlink_to(deep, target_is_directory=True)
    (deep / "relative.wav").symlink_to("../../tone.wav")
    (tmp_path / "chain.wav").symlink_to(tmp_path / "folder" / "relative.wav")
    (tmp_path / "loop.wav").symlink_to(tmp_path / "loop.wav")
    paths = [tone_wav, deep / "relative.wav", tmp_path / "folder" / "relative.wav", tmp_path / "chain.wav"]
    paths.append(deep / ".." / ".." / "tone.wav")
    found = index.lookup([*paths, tmp_path / "loop.wav"])
    assert len(set(found[:5])) == 1
    assert isinstance(found[5], Problem)
    with sqlite3.connect(index.path) as database:
        assert [os.path.realpath(tone_wav)] == [row[0] for row in database.execute("SELECT path FROM files")]
    database.close()


@pytest.mark.parametrize(
    ("data", "word"),
    [(b"", "empty"), (b"<html><body>404</body></html>", "HTML"), (b"RIFF\0\0\0\0WAVE", "."), (b"\0" * 5000, ".")],
)
def test_refusals_say_what_and_what_to_do(index: FileIndex, tmp_path: Path, data: bytes, word: str) -> None:
    path = tmp_path / "broken.wav"
    path.write_bytes(data)
    (fact,) = index.lookup([path])
    assert isinstance(fact, Problem)
    assert fact.file == "broken.wav"
    assert word in fact.reason
    assert "broken.wav" not in fact.reason
    assert fact.remedy.endswith(".")
    assert fact.remedy[0].isupper()


def test_missing_files_and_impossible_names_are_problems(index: FileIndex, tmp_path: Path, tone_wav: Path) -> None:
    paths = [tmp_path / "nowhere.wav", tmp_path / ("x" * 300 + ".wav"), tmp_path / "a\0b.wav", tmp_path / "\udc80.wav"]
    found = index.lookup([*paths, tone_wav])
    assert [isinstance(fact, Problem) for fact in found] == [True] * 4 + [False]


def test_progress_counts_to_the_end_and_stop_is_heard(index: FileIndex, class_folders: Path) -> None:
    files = sorted(class_folders.rglob("*.wav"))
    reported: list[tuple[int, int]] = []
    with pytest.raises(Stopped):
        index.lookup(files, should_stop=lambda: len(reported) > 3, progress=lambda *step: reported.append(step))
    reported.clear()
    index.lookup(files, progress=lambda *step: reported.append(step))
    assert reported[0] == (3, 12), "what was read before the stop was not kept"
    assert reported[-1] == (12, 12)
    assert reported == sorted(reported)


@pytest.mark.parametrize("damage", ["garbage", "truncated", "other schema", "middle"])
def test_a_damaged_database_is_made_anew(index: FileIndex, class_folders: Path, damage: str) -> None:
    files = sorted(class_folders.rglob("*.wav"))
    right = index.lookup(files)
    data = index.path.read_bytes()
    for suffix in ("-wal", "-shm"):
        index.path.with_name(index.path.name + suffix).unlink(missing_ok=True)
    if damage == "garbage":
        index.path.write_bytes(b"this was a database once " * 400)
    elif damage == "truncated":
        index.path.write_bytes(data[: len(data) // 2 + 100])
    elif damage == "middle":
        index.path.write_bytes(data[:4096] + os.urandom(len(data) - 4096))
    else:
        index.path.unlink()
        with sqlite3.connect(index.path) as database:
            database.execute("CREATE TABLE files (a)")
        database.close()
    assert index.lookup(files) == right
    assert index.lookup(files) == right
    with sqlite3.connect(index.path) as database:
        assert database.execute("SELECT count(*) FROM files").fetchone() == (12,)
    database.close()


def test_works_where_nothing_can_be_written(tmp_path: Path, tone_wav: Path) -> None:
    (tmp_path / "file").write_text("a file where a folder should be")
    index = FileIndex(tmp_path / "file" / "files.sqlite")
    (fact,) = index.lookup([tone_wav])
    assert isinstance(fact, AudioInfo)


def test_processes_and_threads_share_one_index(index: FileIndex, class_folders: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from audioclf.datasets.ingest.file_index import FileIndex;"
        "index = FileIndex(Path(sys.argv[1]));"
        "files = sorted(Path(sys.argv[2]).rglob('*.wav'));"
        "print(sum(fact.frames for _ in range(5) for fact in index.lookup(files)))"
    )
    command = [sys.executable, "-c", code, str(index.path), str(class_folders)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    files = sorted(class_folders.rglob("*.wav"))
    sums: list[int] = []
    threads = [
        threading.Thread(target=lambda: sums.append(sum(fact.frames for fact in index.lookup(files))))  # type: ignore[union-attr]
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outputs = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len(set(sums)) == 1
    assert {int(output) for output in outputs} == {5 * sums[0]}


def test_facts_are_computed_once_per_content(index: FileIndex, tmp_path: Path) -> None:
    calls: list[Path] = []

    def compute(path: Path) -> dict[str, float]:
        calls.append(path)
        if path.name == "bad":
            raise AudioError("'bad' is bad, good was expected; mend it.")
        return {"length": float(len(path.name))}

    contents = {"aa": tmp_path / "one", "bb": tmp_path / "bad"}
    first = index.facts(contents, "length-1", compute)
    assert first == {"aa": {"length": 3.0}, "bb": {"reason": "'bad' is bad, good was expected; mend it."}}
    assert index.facts(contents, "length-1", compute) == first
    assert len(calls) == 2
    index.facts({"aa": tmp_path / "one"}, "length-2", compute)
    assert len(calls) == 3
