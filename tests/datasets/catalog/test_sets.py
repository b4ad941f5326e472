"""Published sets: fetched from a real server as their publishers pack them, or read from what is on the disk."""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
import threading
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audioclf.audio.io import wav_bytes
from audioclf.core import settings
from audioclf.core.errors import DatasetError, Stopped, WorkspaceError
from audioclf.datasets import SOURCES, available, load_dataset
from audioclf.datasets.catalog import sets
from audioclf.datasets.catalog.published import Published
from audioclf.datasets.catalog.sets import ESC_10, ESC_50
from audioclf.datasets.ingest import download

PUBLISHED = [source for source in SOURCES.values() if issubclass(source, Published)]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AUDIOCLF_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(download, "PAUSE", 0.01)
    return tmp_path / "home"


def sound(number: int) -> bytes:
    return wav_bytes(np.sin(np.arange(800) * (0.1 + number / 1000)) * 0.3, 8000)


def names(kind: str) -> list[str]:
    """A small set with the names that its publisher gives, as they stand in the archive."""
    if kind == "fsdd":
        return [
            f"free-spoken-digit-dataset-1.0.10/recordings/{digit}_{who}_{take}.wav"
            for digit in range(10) for who in ("jackson", "theo") for take in (0, 4, 5)
        ]  # fmt: skip
    if kind == "audiomnist":
        return [f"AudioMNIST-master/data/{who:02d}/{digit}_{who:02d}_{take}.wav"
                for who in (1, 60) for digit in range(10) for take in (0, 49)]  # fmt: skip
    if kind == "esc10":
        folders = [f"{number:03d} - {label}" for number, label in enumerate(("Dog bark", "Rain", "Rooster"), start=1)]
        return [f"ESC-10-master/{folder}/{fold}-{100 + fold}-{take}.wav"
                for folder in folders for fold in range(1, 6) for take in "AB"]  # fmt: skip
    if kind == "esc50":
        return [f"ESC-50-master/audio/{fold}-{1000 + target}-A-{target}.wav" for target in range(50) for fold in (1, 5)]
    if kind == "gtzan":
        return [f"genres/{genre}/{genre}.{number:05d}.wav" for genre in ("blues", "jazz") for number in (0, 54, 99)]
    words = ("yes", "no")
    return [f"mini_speech_commands/{word}/{who}_nohash_{take}.wav" for word in words
            for who in ("0a7c2a8d", "ffa76c4a") for take in (0, 1)]  # fmt: skip


def extras(kind: str) -> dict[str, bytes]:
    """What else lies in the real archives."""
    return {
        "fsdd": {"free-spoken-digit-dataset-1.0.10/README.md": b"# FSDD"},
        "audiomnist": {"AudioMNIST-master/data/audioMNIST_meta.txt": b"{}"},
        "esc10": {"ESC-10-master/README.md": b"# ESC-10"},
        "esc50": {"ESC-50-master/meta/esc50.csv": b"filename,fold,target,category,esc10\n"},
        "gtzan": {"genres/jazz.mf": b"jazz.00000.wav jazz"},
        "mini-speech-commands": {
            "mini_speech_commands/README.md": b"", "__MACOSX/mini_speech_commands/._yes": b"\0\5\x16\7",
            "mini_speech_commands/.DS_Store": b"x",
        },
    }[kind]  # fmt: skip


def files(kind: str) -> dict[str, bytes]:
    made = {name: sound(number) for number, name in enumerate(names(kind))}
    if kind == "gtzan":
        made["genres/jazz/jazz.00054.wav"] = b"RIFF" + bytes(200)
    return made | extras(kind)


def packed(kind: str, members: Iterable[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    if kind == "gtzan":
        with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
            for name, data in members:
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    else:
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive_:
            for name, data in members:
                archive_.writestr(name, data)
    return buffer.getvalue()


def served(server: Any, monkeypatch: pytest.MonkeyPatch, kind: str, body: bytes | None = None, **manners: Any) -> Any:
    """Let an entry of the catalogue be fetched from the server of the test."""
    body = packed(kind, files(kind).items()) if body is None else body
    remote = replace(SOURCES[kind].remote, url=server.url(kind))  # type: ignore[attr-defined]
    monkeypatch.setattr(SOURCES[kind], "remote", remote)
    return server.serve(kind, body, **manners)


@pytest.mark.parametrize("source", PUBLISHED, ids=lambda source: source.kind)
def test_every_entry_says_what_it_is(source: type[Published]) -> None:
    assert source in available()
    assert source.title in source.terms()
    assert source.licence in source.terms()
    assert source.citation.endswith(".")
    assert source.remote.url.startswith("https://")
    assert len(source.remote.sha256) in (0, 64)
    assert "states no checksum" in source.terms() or source.remote.sha256
    assert source.n_clips > source.n_classes > 1


@pytest.mark.parametrize("source", PUBLISHED, ids=lambda source: source.kind)
def test_fetched_unpacked_and_read(
    source: type[Published], server: Any, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    asked = served(server, monkeypatch, source.kind).asked
    reported: list[tuple[int, int]] = []
    dataset = load_dataset(source.kind, progress=lambda *step: reported.append(step))
    sounds = [name for name in names(source.kind) if "jazz.00054" not in name]
    assert len(dataset) == len(sounds)
    assert (dataset.name, dataset.source) == (source.title, source.kind)
    assert (dataset.licence, dataset.citation) == (source.licence, source.citation)
    assert reported
    assert "published recordings" in dataset.problems[-1].reason, "an incomplete set must say so"
    record = json.loads((home / "datasets" / source.kind / "fetched.json").read_text())
    assert record["url"] == source.remote.url
    assert record["published_sha256"] is None
    assert len(record["sha256"]) == 64
    left = {path.name for path in (home / "datasets" / source.kind).iterdir()}
    assert left == {"fetched.json", "lock", record["stored"]}
    assert load_dataset(source.kind).fingerprint == dataset.fingerprint
    assert len(asked) == 1, "it was fetched twice"


def test_labels_groups_and_folds(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for source in PUBLISHED:
        served(server, monkeypatch, source.kind)
    fsdd = load_dataset("fsdd")
    assert fsdd.classes == tuple("0123456789")
    assert {(clip.path.name, clip.group, clip.fold) for clip in fsdd.of("7")} == {
        (clip.path.name, who, fold)
        for clip in fsdd.of("7")
        for who in ("jackson", "theo")
        for fold in (0, 1)
        if f"7_{who}_" in clip.name and fold == (0 if clip.name.endswith(("_0.wav", "_4.wav")) else 1)
    }
    audiomnist = load_dataset("audiomnist")
    assert audiomnist.classes == tuple("0123456789"), "its folders are speakers, not classes"
    assert {clip.group for clip in audiomnist.clips} == {"01", "60"}
    esc10 = load_dataset("esc10")
    assert esc10.classes == ("Dog bark", "Rain", "Rooster")
    assert {clip.fold for clip in esc10.clips} == {1, 2, 3, 4, 5}
    esc50 = load_dataset("esc50")
    assert esc50.classes == ESC_50
    assert {(clip.group, clip.fold) for clip in esc50.of("Clock tick")} == {("1038", 1), ("1038", 5)}
    gtzan = load_dataset("gtzan")
    assert gtzan.classes == ("blues", "jazz")
    broken = gtzan.problems[0]
    assert broken.file.endswith("jazz/jazz.00054.wav")
    assert broken.reason == "This file is broken in the published set, for everyone."
    words = load_dataset("mini-speech-commands")
    assert words.classes == ("no", "yes")
    assert {clip.group for clip in words.clips} == {"0a7c2a8d", "ffa76c4a"}


def test_esc10_out_of_esc50(tmp_path: Path) -> None:
    path = tmp_path / "ESC-50-master.zip"
    path.write_bytes(packed("esc50", files("esc50").items()))
    dataset = load_dataset("esc10", path=str(path))
    assert dataset.classes == ESC_10
    assert len(dataset) == 20


@pytest.mark.parametrize("source", PUBLISHED, ids=lambda source: source.kind)
@pytest.mark.parametrize("unpacked", [True, False])
def test_pointed_at_a_folder_or_an_archive(source: type[Published], unpacked: bool, tmp_path: Path) -> None:
    given = tmp_path / ("set" if unpacked else "set.bin")
    if unpacked:
        for name, data in files(source.kind).items():
            (given / name).parent.mkdir(parents=True, exist_ok=True)
            (given / name).write_bytes(data)
    else:
        given.write_bytes(packed(source.kind, files(source.kind).items()))
    dataset = load_dataset(source.kind, path=str(given))
    assert len(dataset) == len([name for name in names(source.kind) if "jazz.00054" not in name])
    assert load_dataset(dataset.source, path=str(given)).fingerprint == dataset.fingerprint
    assert given.exists(), "what is the user's own must stay"


def test_the_real_sets(fsdd: Path, esc10: Path, tmp_path: Path) -> None:
    digits = load_dataset("fsdd", path=str(fsdd))
    assert (len(digits), digits.problems) == (3000, ())
    assert {clip.fold: sum(other.fold == clip.fold for other in digits.clips) for clip in digits.clips} == {
        0: 300,
        1: 2700,
    }
    assert len({clip.group for clip in digits.clips}) == 6
    scenes = load_dataset("esc10", path=str(esc10))
    assert (len(scenes), scenes.problems) == (400, ())
    assert scenes.classes[0] == "Dog bark"
    with zipfile.ZipFile(tmp_path / "esc10.zip", "w") as archive:
        for path in sorted(esc10.rglob("*.ogg")):
            archive.write(path, Path("ESC-10-master") / path.relative_to(esc10))
    assert load_dataset("esc10", path=str(tmp_path / "esc10.zip")).fingerprint == scenes.fingerprint


def test_something_else_at_the_path(class_folders: Path, tmp_path: Path, esc10: Path) -> None:
    for source in PUBLISHED:
        with pytest.raises(DatasetError, match=r"is not .* as it is published .*such as"):
            load_dataset(source.kind, path=str(class_folders))
        for nowhere in (str(tmp_path / "nowhere"), "x" * 5000, "a\0b"):
            with pytest.raises(DatasetError, match="Nothing is at"):
                load_dataset(source.kind, path=nowhere)
    with pytest.raises(DatasetError):
        load_dataset("fsdd", path=str(esc10))
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError):
        load_dataset("gtzan", path=str(tmp_path / "empty"))


def test_a_damaged_archive_is_fetched_anew(server: Any, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    for kind in ("fsdd", "gtzan"):
        whole = packed(kind, files(kind).items())
        for body in (whole[: len(whole) // 2], whole[:900] + bytes(100) + whole[1000:]):
            served(server, monkeypatch, kind, body)
            with pytest.raises(DatasetError, match=r"damaged and was deleted"):
                load_dataset(kind)
            assert {path.name for path in (home / "datasets" / kind).iterdir()} == {"lock"}
        served(server, monkeypatch, kind, whole)
        assert len(load_dataset(kind)) > 4


def test_interrupted_and_resumed(server: Any, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    body = packed("fsdd", files("fsdd").items())
    file = served(server, monkeypatch, "fsdd", body, breaks=[20_000], status=[200] + [503] * download.ATTEMPTS)
    monkeypatch.setattr(download, "_CHUNK", 1024)
    with pytest.raises(DatasetError, match="start it again"):
        load_dataset("fsdd")
    assert len(load_dataset("fsdd")) == 60
    assert file.asked[-1].startswith("bytes=")


def test_stopped_while_unpacking_goes_on_without_the_network(
    server: Any, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    asked = served(server, monkeypatch, "fsdd").asked
    archive = home / "datasets" / "fsdd" / "fsdd.zip"
    with pytest.raises(Stopped):
        load_dataset("fsdd", should_stop=archive.exists)
    assert {path.name for path in archive.parent.iterdir()} == {"fsdd.zip", "lock"}
    assert len(load_dataset("fsdd")) == 60
    assert len(asked) == 1


def test_many_at_once_fetch_once(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = served(server, monkeypatch, "fsdd").asked
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(len(load_dataset("fsdd")))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [60] * 6
    assert len(asked) == 1


def test_a_stored_set_that_was_damaged_or_deleted_is_fetched_again(
    server: Any, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    asked = served(server, monkeypatch, "fsdd").asked
    load_dataset("fsdd")
    folder = home / "datasets" / "fsdd"
    for number, text in enumerate(("", "{", "[]", '{"stored": "../../x", "url": 1}'), start=2):
        (folder / "fetched.json").write_text(text)
        assert len(load_dataset("fsdd")) == 60
        assert len(asked) == number
    shutil.rmtree(folder / json.loads((folder / "fetched.json").read_text())["stored"])
    assert len(load_dataset("fsdd")) == 60


def test_a_full_disk_leaves_nothing_half_made(server: Any, monkeypatch: pytest.MonkeyPatch, small_disk: Path) -> None:
    noise = {name: os.urandom(50_000) for name in names("fsdd")}
    served(server, monkeypatch, "fsdd", packed("fsdd", noise.items()))
    with pytest.raises((DatasetError, WorkspaceError), match="disk"):
        load_dataset("fsdd")
    left = {path.name for path in (settings.datasets_folder() / "fsdd").iterdir()}
    assert left <= {"lock", "fsdd.zip"}


def test_names_in_an_archive_lead_nowhere(server: Any, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    evil = {"../../../0_evil_0.wav": sound(0), "/tmp/0_evil_1.wav": sound(1), "x/..\\..\\0_evil_2.wav": sound(2)}
    served(server, monkeypatch, "fsdd", packed("fsdd", (files("fsdd") | evil).items()))
    dataset = load_dataset("fsdd")
    assert all(home in clip.path.parents for clip in dataset.clips)
    assert len(dataset) == 60
    assert len(dataset.problems) == 4
    assert not list(home.parent.rglob("*evil*"))


def test_the_note_about_checksums_is_true() -> None:
    assert (sets.__doc__ or "").count("None of these does") == all(not s.remote.sha256 for s in PUBLISHED)
