"""Atomic writes against real files and killed processes; the cache's bounds."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from audioclf.core.files import BoundedCache, atomic, write_atomic


@pytest.mark.parametrize("durable", [False, True])
def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "[a].txt"
    write_atomic(path, "old", durable=durable)
    write_atomic(path, "größer\r\n", durable=durable)
    assert path.read_bytes() == "größer\r\n".encode()
    write_atomic(path, b"\0", durable=durable)
    assert path.read_bytes() == b"\0"
    assert os.listdir(tmp_path) == ["[a].txt"]


def test_a_block_that_raises_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")

    def write() -> None:
        with atomic(path) as file:
            file.write(b"new")
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        write()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomic(tmp_path / "none" / "a", "")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_a_new_file_has_the_permissions_of_any_other(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a", "")
    (tmp_path / "b").touch()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_writers_at_the_same_time_never_mix(tmp_path: Path) -> None:
    path = tmp_path / "a"
    texts = [letter * 100_000 for letter in "abcd"]

    def write(text: str) -> None:
        for _ in range(20):
            write_atomic(path, text)

    threads = [threading.Thread(target=write, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert not path.exists() or path.read_text() in texts
    assert os.listdir(tmp_path) == ["a"]


def test_what_a_killed_writer_left_is_swept_after_an_hour(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from audioclf.core.files import atomic\n"
        "with atomic(Path(sys.argv[1])) as file: file.write(b'half'); file.flush(); os.kill(os.getpid(), 9)"
    )
    path = tmp_path / "a"
    assert subprocess.run([sys.executable, "-c", code, str(path)]).returncode
    (left,) = tmp_path.iterdir()
    assert left.read_bytes() == b"half"
    write_atomic(path, "whole", durable=True)
    assert left.exists(), "it may still be written"
    os.utime(left, (0, 0))
    write_atomic(path, "whole", durable=True)
    assert os.listdir(tmp_path) == ["a"]


def test_the_least_recently_used_is_forgotten() -> None:
    cache: BoundedCache[str, int] = BoundedCache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert [cache.get(key) for key in "abc"] == [1, None, 3]


def test_a_cache_is_bounded_by_size() -> None:
    cache: BoundedCache[int, bytes] = BoundedCache(10, len)
    for key in range(4):
        cache.put(key, bytes(4))
    assert [cache.get(key) is not None for key in range(4)] == [False, False, True, True]
    cache.put(3, bytes(9))
    assert cache.get(2) is None, "a value that grew was counted as it was"
    assert len(cache) == 1
    cache.put(5, bytes(11))
    assert len(cache) == 0, "larger alone than all may be"
