"""Workspaces: nobody reaches another's, no text becomes a path, and neither quota nor disk overflows."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from audioclf.core import settings, workspaces
from audioclf.core.errors import ParameterError, WorkspaceError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AUDIOCLF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AUDIOCLF_FREE_DISK_GB", "0")
    return tmp_path / "home"


@pytest.fixture
def server(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shared server with a quota of 1 MB."""
    monkeypatch.setenv("AUDIOCLF_SHARED", "1")
    monkeypatch.setenv("AUDIOCLF_QUOTA_GB", "0.001")
    return home


def test_a_private_machine_has_one_workspace_whatever_the_address_says(home: Path) -> None:
    for text in (None, "", workspaces.new_id(), "../../etc"):
        assert workspaces.resolve(text) == workspaces.DEFAULT
    assert workspaces.folder() == home / "workspaces" / "default"
    assert workspaces.runs_folder().parent == workspaces.datasets_folder().parent == workspaces.folder()
    assert workspaces.folders() == [workspaces.folder()]
    assert workspaces.usage().quota is None


def test_a_shared_server_makes_an_id_for_everyone_and_keeps_it(server: Path) -> None:
    ids = {workspaces.resolve(None) for _ in range(1000)}
    assert len(ids) == 1000
    assert all(workspaces.is_id(name) and len(name) == 32 for name in ids)
    mine = ids.pop()
    assert workspaces.resolve(mine) == mine
    assert not (server / "workspaces").exists(), "a visit alone must not make a folder"


@pytest.mark.parametrize(
    "text",
    [
        "default", ".", "..", "../default", "/etc", "a" * 31, "a" * 33, "A" * 32, "g" * 32, "0" * 31 + "\n",
        "0" * 32 + "\n",
        "..%2f" * 6 + "ab", "0" * 16 + "/" + "0" * 15, "\0" * 32, "٠" * 32, "０" * 32, "C:\\" + "0" * 29, "x" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_id_is_refused_and_makes_nothing(server: Path, text: str) -> None:
    with pytest.raises(WorkspaceError, match="link"):
        workspaces.resolve(text)
    if text != "default":
        for reach in (workspaces.folder, workspaces.runs_folder, workspaces.datasets_folder, workspaces.usage):
            with pytest.raises(WorkspaceError, match="no id"):
                reach(text)
    assert not server.exists() or not any(server.rglob("*"))


def test_folders_of_other_names_are_nobodys(server: Path) -> None:
    mine = workspaces.folder(workspaces.new_id())
    (server / "workspaces" / "lost+found").mkdir()
    (server / "workspaces" / ("0" * 32)).write_text("a file")
    assert workspaces.folders() == [mine]


def test_the_owner_of_a_path(server: Path) -> None:
    mine, other = workspaces.new_id(), workspaces.new_id()
    inside = workspaces.datasets_folder(mine) / "sounds" / "a.wav"
    assert workspaces.owner(inside) == mine
    assert workspaces.owner(workspaces.folder(other)) == other
    assert workspaces.owner(inside / "../../../.." / other / "b.wav") == other
    for outside in (server, server / "workspaces", server / "workspaces" / "elsewhere" / "c", Path("/etc/passwd")):
        assert workspaces.owner(outside) is None
    (workspaces.folder(mine) / "link").symlink_to(workspaces.folder(other))
    assert workspaces.owner(workspaces.folder(mine) / "link" / "x.wav") == other


def test_paths_of_a_shared_server_are_closed_but_for_the_open_ones(
    server: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = workspaces.new_id(), workspaces.new_id()
    sounds = tmp_path / "sounds"
    (sounds / "cats").mkdir(parents=True)
    (sounds / "way out").symlink_to(tmp_path)
    own = workspaces.datasets_folder(mine) / "set"
    theirs = workspaces.datasets_folder(other)

    def refused(path: Path | str) -> bool:
        try:
            workspaces.require_own(path, mine)
        except WorkspaceError as error:
            assert "not yours" in str(error)
            return True
        return False

    assert not refused(own)
    assert not workspaces.may_read_folders()
    assert all(
        map(refused, (sounds, "/", "~", "relative", "a\0b", "~nobody/x", theirs, server, own / "../../.." / other))
    )
    monkeypatch.setenv("AUDIOCLF_DATA_FOLDERS", f"{sounds}{os.pathsep}{tmp_path / 'more'}{os.pathsep}")
    assert workspaces.may_read_folders()
    assert not any(map(refused, (sounds, sounds / "cats", tmp_path / "more" / "x", own)))
    assert all(map(refused, (tmp_path, sounds / "..", sounds / "way out" / "x", tmp_path / "sounds 2", "", theirs)))
    # an open folder that the app's own lies in opens neither that nor itself
    monkeypatch.setenv("AUDIOCLF_DATA_FOLDERS", str(tmp_path))
    assert all(map(refused, (tmp_path, server, theirs, server / "cache")))
    assert not any(map(refused, (sounds, own)))


def test_usage_counts_files_once_and_no_links(server: Path) -> None:
    mine = workspaces.new_id()
    deep = workspaces.datasets_folder(mine) / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "one").write_bytes(b"x" * 1000)
    (workspaces.folder(mine) / "two").write_bytes(b"x" * 234)
    (workspaces.folder(mine) / "link").symlink_to(deep / "one")
    (workspaces.folder(mine) / "loop").symlink_to(workspaces.folder(mine))
    usage = workspaces.usage(mine)
    assert (usage.used, usage.quota, usage.free) == (1234, 1_000_000, 998_766)
    (deep / "three").write_bytes(b"x" * 10)
    assert workspaces.usage(mine).used == 1234, "a fresh count is taken again"
    assert workspaces.usage(mine, max_age=0).used == 1244


def test_the_quota_is_enforced_and_freed_space_counts(server: Path) -> None:
    mine = workspaces.new_id()
    file = workspaces.folder(mine) / "large"
    file.write_bytes(b"x" * 900_000)
    workspaces.require_room(100_000, mine)
    with pytest.raises(WorkspaceError, match=r"holds 900 kB of the 1 MB it may, and 200 kB more .*QUOTA_GB"):
        workspaces.require_room(200_000, mine)
    workspaces.require_room(200_000, workspaces.new_id())
    file.unlink()
    workspaces.require_room(200_000, mine)


def test_many_at_once_share_one_quota(server: Path) -> None:
    mine = workspaces.new_id()
    folder = workspaces.folder(mine)

    def ask(number: int) -> None:
        with contextlib.suppress(WorkspaceError):
            workspaces.require_room(100_000, mine)
            (folder / str(number)).write_bytes(b"x" * 100_000)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(30)))
    assert 500_000 <= workspaces.usage(mine, max_age=0).used <= 1_000_000


def test_no_quota(server: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOCLF_QUOTA_GB", "0")
    mine = workspaces.new_id()
    assert workspaces.usage(mine).quota is None
    workspaces.require_room(10_000_000, mine)


def test_some_disk_always_stays_free(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AUDIOCLF_FREE_DISK_GB", "1e6")
    assert workspaces.usage().free == 0
    with pytest.raises(WorkspaceError, match=r"disk is full: 1 bytes .* AUDIOCLF_FREE_DISK_GB\); .*AUDIOCLF_HOME"):
        workspaces.require_room()
    with pytest.raises(WorkspaceError, match="disk is full"):
        workspaces.require_disk(5, tmp_path / "not" / "yet" / "there")
    monkeypatch.setenv("AUDIOCLF_FREE_DISK_GB", "plenty")
    with pytest.raises(ParameterError, match="AUDIOCLF_FREE_DISK_GB"):
        workspaces.require_room()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of 4 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = sys.platform == "linux" and os.geteuid() == 0
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    if not mounted or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("a small disk can only be mounted by root on Linux")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_real_disk_that_fills(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOCLF_HOME", str(small_disk))
    monkeypatch.setenv("AUDIOCLF_FREE_DISK_GB", "0.001")
    free = workspaces.usage().free
    assert 2_500_000 < free < 3_300_000
    workspaces.require_room(free)
    (workspaces.folder() / "file").write_bytes(b"x" * (free - 500_000))
    with pytest.raises(WorkspaceError, match="disk is full"):
        workspaces.require_room(free)


def test_the_settings_are_in_the_table() -> None:
    names = [row.name for row in settings.SETTINGS]
    assert {"shared", "quota_gb", "free_disk_gb", "data_folders"} <= set(names)
