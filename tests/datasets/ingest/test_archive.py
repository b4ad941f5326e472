"""Archives nobody can trust: every trick is a row in the report, the good members load, nothing half-made is left."""

from __future__ import annotations

import io
import os
import random
import shutil
import struct
import subprocess
import sys
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from audioclf.core import settings, workspaces
from audioclf.core.errors import DatasetError, Stopped, WorkspaceError
from audioclf.datasets import Dataset, Problem, load_dataset
from audioclf.datasets.ingest import archive, staging

Pack = Callable[..., Path]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AUDIOCLF_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def wavs(class_folders: Path) -> list[bytes]:
    """Twelve different sounds."""
    return [path.read_bytes() for path in sorted(class_folders.rglob("*.wav"))]


@pytest.fixture
def pack(tmp_path: Path, wavs: list[bytes]) -> Pack:
    """Write a zip of two good classes and whatever else is given, as (name or ZipInfo, bytes)."""

    def write(*extra: tuple[str | zipfile.ZipInfo, bytes], head: str = "", name: str = "set.zip") -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
            for number in range(4):
                made.writestr(f"{head}{'ab'[number % 2]}/{number}.wav", wavs[number])
            for member, data in extra:
                made.writestr(member, data)
        return path

    return write


def _left_behind() -> list[Path]:
    return [path for path in settings.home().rglob("*") if path.name.endswith(".part")]


def _only_problem(dataset: Dataset) -> Problem:
    assert dataset.counts == {"a": 2, "b": 2}
    (problem,) = dataset.problems
    assert problem.remedy
    assert problem.remedy.endswith(".")
    return problem


@pytest.mark.parametrize("head", ["", "top/", "top/inner/", "./"])
def test_zip_with_or_without_a_top_folder(pack: Pack, head: str) -> None:
    path = pack(("__MACOSX/a/._0.wav", b"x"), ("README.txt", b"hello"), (".DS_Store", b""), head=head)
    dataset = load_dataset(path)
    assert dataset.counts == {"a": 2, "b": 2}
    assert dataset.problems == ()
    assert dataset.source == str(path.resolve())
    assert dataset.name == "set"
    assert {clip.name for clip in dataset.of("a")} == {"a/0.wav", "a/2.wav"}
    assert all(clip.path.is_relative_to(settings.datasets_folder()) for clip in dataset.clips)
    assert load_dataset(path).fingerprint == dataset.fingerprint


@pytest.mark.parametrize("mode", ["w:gz", "w", "w:bz2"])
@pytest.mark.parametrize("head", ["", "top/"])
def test_tar(tmp_path: Path, class_folders: Path, mode: str, head: str) -> None:
    path = tmp_path / ("set.tar" + mode[1:].replace(":", "."))
    with tarfile.open(path, mode) as made:  # type: ignore[call-overload]
        for file in sorted(class_folders.rglob("*.wav")):
            made.add(file, head + file.relative_to(class_folders).as_posix())
    dataset = load_dataset(path)
    assert dataset.counts == {"high": 6, "low": 6}
    assert dataset.fingerprint == load_dataset(class_folders).fingerprint
    assert dataset.name == "set"


def test_esc10_as_a_zip(esc10: Path, tmp_path: Path) -> None:
    path = tmp_path / "ESC-10-master.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as made:
        for file in sorted(esc10.rglob("*")):
            if file.is_file():
                made.write(file, f"ESC-10-master/{file.relative_to(esc10).as_posix()}")
    dataset, folder = load_dataset(path), load_dataset(esc10)
    assert dataset.classes == folder.classes
    assert dataset.fingerprint == folder.fingerprint
    assert dataset.problems == ()


def test_a_manifest_in_a_zip(tmp_path: Path, wavs: list[bytes]) -> None:
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("top/labels.csv", "file_name,label,group\n0.wav,a,x\n1.wav,b,y\nno.wav,b,y\n../../0.wav,b,y\n")
        for number in range(2):
            made.writestr(f"top/audio/{number}.wav", wavs[number])
    dataset = load_dataset(path)
    assert [(clip.label, clip.group) for clip in dataset.clips] == [("a", "x"), ("b", "y")]
    assert [problem.reason for problem in dataset.problems] == [
        "No such file is beside the table.",
        "The row names a file outside the folder of the table.",
    ]


def test_a_train_and_test_pair_in_a_zip(tmp_path: Path, wavs: list[bytes]) -> None:
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w") as made:
        for part in ("train", "test"):
            made.writestr(f"{part}.csv", "file_name,label\n0.wav,a\n1.wav,b\n")
            for number in range(2):
                made.writestr(f"{part}/{number}.wav", wavs[number + (part == "test")])
    assert [clip.fold for clip in load_dataset(path).clips] == [1, 1, 0, 0]


def test_file_names_in_a_zip_are_read_by_pattern(tmp_path: Path, wavs: list[bytes]) -> None:
    path = tmp_path / "digits.zip"
    with zipfile.ZipFile(path, "w") as made:
        for number in range(4):
            made.writestr(f"recordings/{number % 2}_ann_{number}.wav", wavs[number])
    dataset = load_dataset(path)
    assert dataset.counts == {"0": 2, "1": 2}
    assert {clip.group for clip in dataset.clips} == {"ann"}


@pytest.mark.parametrize(
    "name", ["../evil.wav", "a/../../evil.wav", "/etc/evil.wav", "C:\\evil.wav", "..\\evil.wav", "\\evil.wav"]
)
def test_names_that_lead_outside(pack: Pack, wavs: list[bytes], name: str, tmp_path: Path) -> None:
    before = set(tmp_path.parent.rglob("evil*"))
    problem = _only_problem(load_dataset(pack((name, wavs[5]))))
    assert "outside" in problem.reason
    assert problem.file == name
    assert set(tmp_path.parent.rglob("evil*")) == before


def test_links_in_a_zip_and_in_a_tar(pack: Pack, tmp_path: Path, wavs: list[bytes]) -> None:
    link = zipfile.ZipInfo("a/link.wav")
    link.external_attr = 0o120777 << 16
    assert "link" in _only_problem(load_dataset(pack((link, b"/etc/passwd")))).reason
    path = tmp_path / "set.tar.gz"
    with tarfile.open(path, "w:gz") as made:
        for number in range(4):
            info = tarfile.TarInfo(f"{'ab'[number % 2]}/{number}.wav")
            info.size = len(wavs[number])
            made.addfile(info, io.BytesIO(wavs[number]))
        for name, kind in (("sym", tarfile.SYMTYPE), ("hard", tarfile.LNKTYPE), ("dev", tarfile.CHRTYPE)):
            info = tarfile.TarInfo(f"a/{name}.wav")
            info.type, info.linkname = kind, "/etc/passwd"
            made.addfile(info)
    dataset = load_dataset(path)
    assert dataset.counts == {"a": 2, "b": 2}
    assert [problem.file for problem in dataset.problems] == ["a/sym.wav", "a/hard.wav", "a/dev.wav"]


def test_encrypted_members(pack: Pack) -> None:
    path = pack(("a/secret.wav", b"x" * 50))
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.rfind(signature)
        data[at + offset] |= 1
    path.write_bytes(data)
    assert "encrypted" in _only_problem(load_dataset(path)).reason


def test_archives_inside(pack: Pack, wavs: list[bytes]) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as made:
        made.writestr("x.wav", wavs[0])
    assert "archive inside" in _only_problem(load_dataset(pack(("more.zip", inner.getvalue())))).reason


def test_damaged_members(pack: Pack, wavs: list[bytes]) -> None:
    path = pack(("a/hurt.wav", wavs[6]))
    data = bytearray(path.read_bytes())
    at = data.rfind(b"a/hurt.wav", 0, data.rfind(b"PK\x01\x02")) + 200
    data[at : at + 50] = b"\xff" * 50
    path.write_bytes(data)
    problem = _only_problem(load_dataset(path))
    assert problem.file == "a/hurt.wav"
    assert "damaged" in problem.reason


def test_unknown_compression(pack: Pack, wavs: list[bytes]) -> None:
    path = pack(("a/odd.wav", wavs[6]))
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        struct.pack_into("<H", data, data.rfind(signature) + offset, 97)
    path.write_bytes(data)
    assert "compression" in _only_problem(load_dataset(path)).reason


@pytest.mark.parametrize(
    "name",
    [
        "x" * 300 + ".wav",
        "x" * 300 + "/" + "y" * 300 + ".wav",
        "שלום.wav",
        "\u202egpj.exe.wav",
        "🐕.wav",
        "<img src=x onerror=alert(1)>.wav",
        "=HYPERLINK(1).wav",
        "a b\tc\nd.wav",
        "con.wav",
        "a" + "/a" * 100 + ".wav",
        "dog.WAV",
        "%2e%2e.wav",
        "nul\x07bell.wav",
    ],
)
def test_odd_names_load(pack: Pack, wavs: list[bytes], name: str) -> None:
    dataset = load_dataset(pack((f"a/{name}", wavs[7])))
    assert dataset.counts == {"a": 3, "b": 2}
    assert dataset.problems == ()
    assert name.rsplit("/", 1)[-1] in {clip.file.rsplit("/", 1)[-1] for clip in dataset.clips}


@pytest.mark.parametrize("label", ["=HYPERLINK(1)", "<img onerror=x>", "שלום", "x" * 300, "..."])
def test_odd_class_names_load(pack: Pack, wavs: list[bytes], label: str) -> None:
    if label == "...":
        label = "…"
    assert label in load_dataset(pack((f"{label}/1.wav", wavs[7]))).classes


def test_windows_separators(tmp_path: Path, wavs: list[bytes]) -> None:
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w") as made:
        for number in range(4):
            info = zipfile.ZipInfo("x")
            info.filename = f"{'ab'[number % 2]}\\{number}.wav"
            made.writestr(info, wavs[number])
    assert load_dataset(path).counts == {"a": 2, "b": 2}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_and_names_that_differ_by_case(pack: Pack, wavs: list[bytes]) -> None:
    problem = _only_problem(load_dataset(pack(("a/0.wav", wavs[8]))))
    assert problem.file == "a/0.wav"
    assert "already" in problem.reason
    assert load_dataset(pack(("a/X.wav", wavs[8]), ("a/x.wav", wavs[9]), name="case.zip")).counts == {"a": 4, "b": 2}


def test_an_empty_name(pack: Pack, wavs: list[bytes]) -> None:
    info = zipfile.ZipInfo("x")
    info.filename = "./"[:1]
    assert "no name" in _only_problem(load_dataset(pack((info, wavs[8])))).reason


def test_a_declared_bomb(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOCLF_MAX_UPLOAD_MB", "1")
    problem = _only_problem(load_dataset(pack(("a/bomb.wav", bytes(30_000_000)))))
    assert problem.file == "a/bomb.wav"
    assert "30 MB" in problem.reason
    assert sum(path.stat().st_size for path in settings.home().rglob("*") if path.is_file()) < 2_000_000


def test_many_members_that_are_a_bomb_together(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOCLF_MAX_UPLOAD_MB", "1")
    path = pack(*[(f"a/bomb{number}.wav", bytes(3_000_000)) for number in range(6)])
    dataset = load_dataset(path)
    assert dataset.counts == {"a": 2, "b": 2}
    assert sum("left" in problem.reason for problem in dataset.problems) == 3


def test_a_bomb_that_lies_about_its_size(pack: Pack) -> None:
    path = pack(("a/liar.wav", bytes(20_000_000)))
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.rfind(signature) + offset, 1000)
    path.write_bytes(data)
    problem = _only_problem(load_dataset(path))
    assert problem.file == "a/liar.wav"
    assert sum(path.stat().st_size for path in settings.home().rglob("*") if path.is_file()) < 2_000_000


def test_a_gzip_bomb_ends_early(tmp_path: Path, wavs: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOCLF_MAX_UPLOAD_MB", "1")
    path = tmp_path / "bomb.tar.gz"
    packer = zlib.compressobj(9, wbits=31)
    with path.open("wb") as file:
        for number in range(4):
            info = tarfile.TarInfo(f"{'ab'[number % 2]}/{number}.wav")
            info.size = len(wavs[number])
            body = info.tobuf() + wavs[number] + bytes(-len(wavs[number]) % 512)
            file.write(packer.compress(body))
        info = tarfile.TarInfo("a/bomb.wav")
        info.size = 4 * 2**30
        file.write(packer.compress(info.tobuf()))
        for _ in range(200):  # the stream may unpack to 112 MB
            file.write(packer.compress(bytes(2**20)))
        file.write(packer.flush())
    assert path.stat().st_size < 2_000_000
    dataset = load_dataset(path)
    assert dataset.counts == {"a": 2, "b": 2}
    assert len(dataset.problems) == 2
    assert any("MB" in problem.reason for problem in dataset.problems)


def test_a_header_that_asks_for_memory(tmp_path: Path, wavs: list[bytes]) -> None:
    path = tmp_path / "pax.tar"
    good = tarfile.TarInfo("a/0.wav")
    good.size = len(wavs[0])
    pax = tarfile.TarInfo("pax")
    pax.type, pax.size = tarfile.XHDTYPE, 8 * 2**30
    path.write_bytes(good.tobuf() + wavs[0] + bytes(-len(wavs[0]) % 512) + pax.tobuf() + bytes(4096))
    dataset = load_dataset(path)
    assert dataset.counts == {"a": 1}
    assert "header" in dataset.problems[0].reason


@pytest.mark.parametrize("suffix", ["zip", "tar", "tar.gz", "tar.bz2"])
def test_an_upload_is_stored_like_the_file_and_called_without_its_folders(
    suffix: str, class_folders: Path, tmp_path: Path
) -> None:
    kind = {"zip": "zip", "tar": "tar", "tar.gz": "gztar", "tar.bz2": "bztar"}[suffix]
    path = Path(shutil.make_archive(str(tmp_path / "sounds"), kind, class_folders))
    upload = io.BytesIO(path.read_bytes())
    upload.seek(0, io.SEEK_END)  # a second try begins where the first one ended
    folder = archive.unpack(upload, tmp_path / "home", name=f"dropped/{path.name}")
    assert folder.name == archive.unpack(path, tmp_path / "other").name
    assert staging.stored_tree(folder).name == "sounds"
    assert load_dataset(folder).counts == load_dataset(class_folders).counts
    with pytest.raises(DatasetError, match="is no archive, a zip"):
        archive.unpack(io.BytesIO(b"no archive"), tmp_path / "home", name="a.7z")


def test_more_members_than_are_looked_at(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_MEMBERS", 5)
    path = pack(*[(f"a/more{number}.wav", b"") for number in range(4)])
    dataset = load_dataset(path)
    assert dataset.counts == {"a": 2, "b": 2}
    assert {problem.file for problem in dataset.problems} == {"a/more0.wav", "set.zip"}


@pytest.mark.slow
def test_more_than_fifty_thousand_members(tmp_path: Path, wavs: list[bytes]) -> None:
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as made:
        for number in range(4):
            made.writestr(f"{'ab'[number % 2]}/{number}.wav", wavs[number])
        for number in range(archive.MOST_MEMBERS + 1000):
            made.writestr(zipfile.ZipInfo(f"a/{number}.txt"), b"")
    dataset = load_dataset(path)
    assert dataset.counts == {"a": 2, "b": 2}
    assert [problem.file for problem in dataset.problems] == ["many.zip"]


@pytest.mark.parametrize("cut", [0, 10, 0.5, -10])
def test_half_a_zip(pack: Pack, cut: float) -> None:
    path = pack()
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * cut) if isinstance(cut, float) else cut])
    with pytest.raises(DatasetError):
        load_dataset(path)
    assert not _left_behind()


def test_half_a_tar_keeps_what_is_whole(tmp_path: Path, class_folders: Path) -> None:
    path = tmp_path / "set.tar.gz"
    with tarfile.open(path, "w:gz") as made:
        for file in sorted(class_folders.rglob("*.wav")):
            made.add(file, file.relative_to(class_folders).as_posix())
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    dataset = load_dataset(path)
    assert 0 < len(dataset) < 12
    assert dataset.problems[-1].file == "set.tar.gz"


@pytest.mark.parametrize(
    ("start", "word"), [(b"Rar!\x1a\x07\x01\0", "RAR"), (b"7z\xbc\xaf\x27\x1c\0\4", "7-Zip"), (b"\xfd7zXZ\0\0", "xz")]
)
def test_other_archives_are_named(tmp_path: Path, start: bytes, word: str) -> None:
    path = tmp_path / "set.zip"
    path.write_bytes(start + bytes(600))
    with pytest.raises(DatasetError, match=word):
        load_dataset(path)


def test_a_page_named_zip(tmp_path: Path) -> None:
    path = tmp_path / "set.zip"
    path.write_text("<!DOCTYPE html><title>Not found</title>")
    with pytest.raises(DatasetError):
        load_dataset(path)


def test_mutated_archives_never_crash(pack: Pack) -> None:
    path = pack(("a/more.wav", bytes(range(256)) * 20))
    data = path.read_bytes()
    rng = random.Random(7)
    for trial in range(60):
        mutated = bytearray(data)
        for _ in range(rng.choice((1, 4, 20))):
            mutated[rng.randrange(len(data)) if trial % 2 else -rng.randrange(1, 700)] = rng.randrange(256)
        path.write_bytes(mutated)
        try:
            load_dataset(path)
        except DatasetError as error:
            assert str(error)
    assert not _left_behind()


def test_stopping_leaves_nothing(pack: Pack, wavs: list[bytes]) -> None:
    path = pack(*[(f"a/more{number}.wav", wavs[number]) for number in range(8)])
    steps: list[int] = []
    with pytest.raises(Stopped):
        load_dataset(path, progress=lambda done, total: steps.append(done), should_stop=lambda: len(steps) > 4)
    assert not _left_behind()
    assert not list((settings.datasets_folder() / "archives").iterdir())
    assert len(load_dataset(path)) == 12


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kill -9 is not on this system")
def test_a_killed_process_leaves_no_half_made_set_and_is_swept(pack: Pack, wavs: list[bytes]) -> None:
    path = pack(*[(f"a/more{number}.wav", wavs[number]) for number in range(8)])
    code = (
        "import os, signal, sys; from audioclf.datasets import load_dataset;"
        "load_dataset(sys.argv[1], progress=lambda done, total: done > 5 and os.kill(os.getpid(), signal.SIGKILL))"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)]).returncode == -9
    (part,) = _left_behind()
    assert [folder.name for folder in part.parent.iterdir()] == [part.name]
    yesterday = time.time() - 2 * 86400
    os.utime(part, (yesterday, yesterday))
    assert len(load_dataset(path)) == 12
    assert not _left_behind()


def test_a_full_disk_leaves_nothing(pack: Pack, small_disk: Path) -> None:
    path = pack(*[(f"a/more{number}.wav", os.urandom(1_000_000)) for number in range(8)])
    for parent in (settings.datasets_folder() / "archives", workspaces.datasets_folder()):
        with pytest.raises((DatasetError, WorkspaceError), match="full"):
            archive.unpack(path, parent)
        assert list(parent.iterdir()) == []


def test_the_quota_of_a_workspace_is_kept_to(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOCLF_SHARED", "1")
    monkeypatch.setenv("AUDIOCLF_QUOTA_GB", "0.000001")
    folder = workspaces.datasets_folder(workspaces.new_id())
    with pytest.raises(WorkspaceError, match="quota"):
        archive.unpack(pack(), folder)
    assert list(folder.iterdir()) == []


def test_an_archive_in_a_workspace_is_unpacked_there(pack: Pack) -> None:
    folder = workspaces.datasets_folder()
    path = folder / "upload.zip"
    shutil.copy(pack(), path)
    assert {clip.path.parent.parent for clip in load_dataset(path).clips} == {folder.resolve()}


def test_two_processes_unpack_the_same_archive(pack: Pack) -> None:
    path = pack()
    code = "import sys; from audioclf.datasets import load_dataset; print(load_dataset(sys.argv[1]).fingerprint)"
    command = [sys.executable, "-c", code, str(path)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = {process.communicate()[0].strip() for process in processes}
    assert outputs == {load_dataset(path).fingerprint}
    assert not _left_behind()


def test_uploaded_folders_are_kept_whole(tmp_path: Path, wavs: list[bytes]) -> None:
    files = [(f"top/{'ab'[number % 2]}/{number}.wav", io.BytesIO(wavs[number])) for number in range(4)]
    files += [("top/../../evil.wav", io.BytesIO(wavs[0])), ("top/README.txt", io.BytesIO(b"x"))]
    folder = staging.keep(files, tmp_path / "uploads", "My sounds")
    dataset = load_dataset(folder)
    assert dataset.counts == {"a": 2, "b": 2}
    assert (dataset.name, dataset.source) == ("My sounds", str(folder.resolve()))
    assert [problem.file for problem in dataset.problems] == ["top/../../evil.wav"]


def test_a_damaged_or_forged_index_is_refused(tmp_path: Path, wavs: list[bytes]) -> None:
    folder = staging.keep([("a/0.wav", io.BytesIO(wavs[0]))], tmp_path / "uploads", "x")
    index = folder / staging.INDEX
    forged = index.read_text().replace("000000.wav", "../../etc/passwd")
    index.write_text(forged)
    with pytest.raises(DatasetError):
        load_dataset(folder)
    for text in ("", "{}", "[]", '{"files": [[1]], "name": 1, "problems": []}', "\xff"):
        index.write_text(text)
        with pytest.raises(DatasetError):
            load_dataset(folder)
