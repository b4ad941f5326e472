"""Uploads on their way into a workspace: whole or not at all, and none stays that nobody wants."""

from __future__ import annotations

import io
import os
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from audioclf.core import workspaces
from audioclf.core.errors import Stopped
from audioclf.datasets import load_dataset
from audioclf.datasets.ingest import staging
from audioclf.ui.data import intake_store
from audioclf.ui.data.intake_store import File
from audioclf.ui.shell import tasks

MINE = workspaces.DEFAULT


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOCLF_HOME", str(tmp_path / "home"))


def loose(folder: Path) -> list[File]:
    return [
        (path.relative_to(folder.parent).as_posix(), io.BytesIO(path.read_bytes()))
        for path in sorted(folder.rglob("*.wav"))
    ]


def packed(folder: Path) -> list[File]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(folder.rglob("*.wav")):
            archive.write(path, path.relative_to(folder.parent))
    return [("sounds.zip", buffer)]


def left() -> list[str]:
    return sorted(path.name for path in workspaces.datasets_folder(MINE).iterdir())


def upload(files: list[File], **reported: object) -> intake_store.Brought:
    sizes = [file.seek(0, os.SEEK_END) for _, file in files]
    return intake_store.uploaded(files, sizes, MINE, **reported)  # type: ignore[arg-type]


class Slow(io.BytesIO):
    """A file that signals when it is read, and goes on when it is released."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.reading, self.go_on = threading.Event(), threading.Event()

    def read(self, size: int | None = -1, /) -> bytes:
        if size not in (0, 4, 265):  # the looks at the first bytes, that say what it is
            self.reading.set()
            assert self.go_on.wait(60)
        return super().read(size)


@pytest.mark.parametrize("way", [loose, packed])
def test_an_upload_stopped_while_it_is_stored_leaves_nothing(
    way: Callable[[Path], list[File]], class_folders: Path
) -> None:
    (name, file), *others = way(class_folders)
    file.seek(0)
    slow = Slow(file.read())
    task = tasks.start(
        f"upload {way.__name__} {time.monotonic()}",
        "Storing the upload",
        lambda progress, should_stop: upload([(name, slow), *others], progress=progress, should_stop=should_stop),
    )
    assert slow.reading.wait(60)
    assert [name for name in left() if name.endswith(".part")]
    task.stop()
    slow.go_on.set()
    assert task.wait(60)
    assert isinstance(task.error, Stopped)
    assert left() == []


@pytest.mark.parametrize("way", [loose, packed])
def test_the_bar_of_an_upload_fills_once(way: Callable[[Path], list[File]], class_folders: Path) -> None:
    reported: list[tuple[int, int]] = []
    upload(way(class_folders), progress=lambda done, total: reported.append((done, total)))
    assert {total for _, total in reported} == {12}
    assert [done for done, _ in reported] == sorted({done for done, _ in reported})
    assert reported[-1] == (12, 12), "full once all is stored, and not before"


@pytest.mark.parametrize("way", [loose, packed])
def test_what_is_dropped_goes_unless_it_was_loaded(way: Callable[[Path], list[File]], class_folders: Path) -> None:
    brought = upload(way(class_folders))
    assert staging.is_waiting(Path(brought.path))
    staging.discard(Path(brought.path))
    assert left() == []
    brought = upload(way(class_folders))
    assert len(load_dataset(brought.path)) == 12
    again = upload(way(class_folders))
    staging.discard(Path(again.path))
    staging.discard(Path(brought.path))
    assert left() == [Path(brought.path).name]


def test_what_was_never_loaded_is_swept_after_a_day(class_folders: Path) -> None:
    forgotten, fresh, used = (Path(upload(loose(class_folders)).path) for _ in range(3))
    load_dataset(used)
    long_ago = time.time() - 90_000
    for folder in (forgotten, used):
        for path in (folder, *folder.iterdir()):
            os.utime(path, (long_ago, long_ago))
    newest = Path(upload(loose(class_folders)).path)
    assert left() == sorted(folder.name for folder in (fresh, used, newest))


def test_files_on_disk_are_never_dropped(class_folders: Path) -> None:
    staging.discard(Path(intake_store.on_disk(str(class_folders), MINE).path))
    assert len(list(class_folders.rglob("*.wav"))) == 12
