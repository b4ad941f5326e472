"""The downloader against a real server that breaks off, changes its mind, lies and refuses."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from audioclf.core.errors import DatasetError, Stopped, WorkspaceError
from audioclf.datasets.ingest import download
from audioclf.datasets.ingest.download import Remote, fetch, locked

BODY = gzip.compress(os.urandom(1_000_000), 1)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "PAUSE", 0.01)
    monkeypatch.setattr(download, "TIMEOUT", (2.0, 2.0))


def remote(server: Any, name: str = "set.tar.gz", *, size: int = len(BODY), body: bytes | None = None) -> Remote:
    """The file, with the checksum of ``body`` where one is given."""
    sha256 = "" if body is None else hashlib.sha256(body).hexdigest()
    return Remote(server.url(name), name, size, sha256)


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("length", [True, False])
@pytest.mark.parametrize("known", [True, False])
def test_whole(server: Any, tmp_path: Path, length: bool, known: bool) -> None:
    served = server.serve("set.tar.gz", BODY, length=length)
    reported: list[tuple[int, int]] = []
    path = fetch(
        remote(server, body=BODY if known else None), tmp_path / "new", progress=lambda *at: reported.append(at)
    )
    assert path.read_bytes() == BODY
    assert left(tmp_path / "new") == ["set.tar.gz"]
    assert reported == sorted(reported)
    assert reported[-1] == (len(BODY), len(BODY) if length else 0)
    fetch(remote(server, body=BODY if known else None), tmp_path / "new")
    assert served.asked == [""], "what is there was fetched again"


def test_an_interrupted_download_goes_on_by_itself(server: Any, tmp_path: Path) -> None:
    served = server.serve("set.tar.gz", BODY, breaks=[300_000, 200_000, 100_000])
    reported: list[int] = []
    path = fetch(remote(server, body=BODY), tmp_path, progress=lambda done, _: reported.append(done))
    assert path.read_bytes() == BODY
    assert len(served.asked) == 4
    starts = [int(re.findall(r"\d+", asked)[0]) for asked in served.asked[1:]]
    assert starts == sorted(starts)
    assert starts[0] >= 200_000, "what had come was asked for again"
    assert reported == sorted(reported)


def test_one_that_was_given_up_goes_on_in_the_next_call(server: Any, tmp_path: Path) -> None:
    served = server.serve("set.tar.gz", BODY, breaks=[500_000], status=[200] + [503] * download.ATTEMPTS)
    with pytest.raises(DatasetError, match=r"answers 503 .* 0\.\d MB are kept; .*start it again"):
        fetch(remote(server, body=BODY), tmp_path)
    assert left(tmp_path) == ["set.tar.gz.part", "set.tar.gz.part.json"]
    fetch(remote(server, body=BODY), tmp_path)
    assert (tmp_path / "set.tar.gz").read_bytes() == BODY
    assert left(tmp_path) == ["set.tar.gz"]
    assert served.asked[-1].startswith("bytes=4")


def test_one_whose_process_was_killed_goes_on(server: Any, tmp_path: Path) -> None:
    reached, held = threading.Event(), threading.Event()

    def hold() -> None:
        reached.set()
        held.wait(30)

    served = server.serve("set.tar.gz", BODY, on_byte=(600_000, hold))
    code = (
        "import sys; from pathlib import Path; from audioclf.datasets.ingest.download import Remote, fetch;"
        "fetch(Remote(sys.argv[1], 'set.tar.gz', 10**6, sys.argv[2]), Path(sys.argv[3]))"
    )
    wanted = remote(server, body=BODY)
    process = subprocess.Popen([sys.executable, "-c", code, wanted.url, wanted.sha256, str(tmp_path)])
    assert reached.wait(60)
    while not (tmp_path / "set.tar.gz.part").exists() or not (tmp_path / "set.tar.gz.part").stat().st_size:
        assert process.poll() is None
    process.kill()
    process.wait()
    held.set()
    assert fetch(wanted, tmp_path).read_bytes() == BODY
    assert served.asked[-1].startswith("bytes=")


@pytest.mark.parametrize("etag", ["", 'W/"weak"', '"v1"'])
def test_a_server_that_cannot_resume_sends_all_again(server: Any, tmp_path: Path, etag: str) -> None:
    server.serve("set.tar.gz", BODY, breaks=[300_000], ranges=False, etag=etag)
    assert fetch(remote(server, body=BODY), tmp_path).read_bytes() == BODY


def test_two_halves_of_different_files_are_never_joined(server: Any, tmp_path: Path) -> None:
    server.serve("set.tar.gz", BODY, breaks=[500_000], status=[200] + [503] * download.ATTEMPTS)
    with pytest.raises(DatasetError):
        fetch(remote(server), tmp_path)
    other = gzip.compress(os.urandom(1_000_000), 1)
    server.serve("set.tar.gz", other, etag='"v2"')
    assert fetch(remote(server), tmp_path).read_bytes() == other
    # A shorter one, of which less is there than was asked from.
    (tmp_path / "set.tar.gz").rename(tmp_path / "set.tar.gz.part")
    (tmp_path / "set.tar.gz.part.json").write_text(f'{{"url": "{server.url("set.tar.gz")}", "validator": "\\"v2\\""}}')
    server.serve("set.tar.gz", other[:1000], etag='"v2"')
    assert fetch(remote(server), tmp_path).read_bytes() == other[:1000]


@pytest.mark.parametrize("notes", ["", "{", "[]", '{"url": 1}', '{"url": "http://elsewhere/", "validator": "x"}'])
def test_a_rest_without_good_notes_is_not_trusted(server: Any, tmp_path: Path, notes: str) -> None:
    (tmp_path / "set.tar.gz.part").write_bytes(b"old" * 1000)
    (tmp_path / "set.tar.gz.part.json").write_text(notes)
    served = server.serve("set.tar.gz", BODY)
    assert fetch(remote(server), tmp_path).read_bytes() == BODY
    assert served.asked == [""]


@pytest.mark.parametrize("length", [True, False])
def test_a_truncated_file_is_never_taken_for_whole(server: Any, tmp_path: Path, length: bool) -> None:
    server.serve("set.tar.gz", BODY, length=length, breaks=[0] + [4096] * 10_000, ranges=False)
    with pytest.raises(DatasetError, match="connection breaks"):
        fetch(remote(server), tmp_path)
    assert "set.tar.gz" not in left(tmp_path)


def test_a_wrong_checksum_leaves_nothing(server: Any, tmp_path: Path) -> None:
    server.serve("set.tar.gz", BODY)
    with pytest.raises(DatasetError, match=r"not the file that was published .* was deleted; .* give its path"):
        fetch(remote(server, body=b"another"), tmp_path)
    assert left(tmp_path) == []
    (tmp_path / "set.tar.gz").write_bytes(b"damaged later")
    assert fetch(remote(server, body=BODY), tmp_path).read_bytes() == BODY


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"<!DOCTYPE html><title>Log in</title>", "an HTML page"),
        (b"", "nothing"),
        (b"just text", "text"),
        (b"RIFF\x24\0\0\0WAVEfmt " + bytes(20), "WAV"),
    ],
)
def test_what_is_no_archive_is_refused(server: Any, tmp_path: Path, body: bytes, what: str) -> None:
    server.serve("set.tar.gz", body)
    with pytest.raises(DatasetError, match=f"sent .*{what}.*archive was expected.*login"):
        fetch(remote(server), tmp_path)
    assert left(tmp_path) == []


@pytest.mark.parametrize("status", [401, 403, 404, 410, 451])
def test_a_refusal_is_told_at_once(server: Any, tmp_path: Path, status: int) -> None:
    served = server.serve("set.tar.gz", BODY, status=[status])
    with pytest.raises(DatasetError, match=rf"answers {status} .*give its path"):
        fetch(remote(server), tmp_path)
    assert len(served.asked) == 1
    assert left(tmp_path) == []


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_a_busy_server_is_asked_again(server: Any, tmp_path: Path, status: int) -> None:
    server.serve("set.tar.gz", BODY, status=[status, status])
    assert fetch(remote(server), tmp_path).read_bytes() == BODY


def test_no_server(server: Any, tmp_path: Path) -> None:
    for url, word in (("http://127.0.0.1:1/a.zip", "refuses"), ("http://nowhere.invalid/a.zip", "known|breaks")):
        with pytest.raises(DatasetError, match=f"cannot be fetched from .*{word}.*check the network"):
            fetch(Remote(url, "a.zip", 1000), tmp_path)
    assert left(tmp_path) == []


def test_a_server_that_falls_silent(server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "TIMEOUT", (2.0, 0.3))
    held = threading.Event()
    server.serve("set.tar.gz", BODY, on_byte=(500_000, lambda: held.wait(10)))
    assert fetch(remote(server), tmp_path).read_bytes() == BODY
    held.set()


@pytest.mark.parametrize("length", [True, False])
def test_far_more_than_was_announced_is_refused(server: Any, tmp_path: Path, length: bool) -> None:
    server.serve("set.tar.gz", b"\x1f\x8b" + bytes(2**26 + 10_000), length=length)
    with pytest.raises(DatasetError, match="more than 67 MB"):
        fetch(remote(server, size=1000), tmp_path)
    assert left(tmp_path) == []


def test_stop_is_heard_and_what_came_is_kept(server: Any, tmp_path: Path) -> None:
    server.serve("set.tar.gz", BODY)
    done = [0]

    def progress(here: int, _: int) -> None:
        done[0] = here

    with pytest.raises(Stopped, match="go on where it broke off"):
        fetch(remote(server), tmp_path, progress=progress, should_stop=lambda: done[0] > 300_000)
    assert 300_000 < (tmp_path / "set.tar.gz.part").stat().st_size < len(BODY)
    assert fetch(remote(server), tmp_path).read_bytes() == BODY


def test_a_disk_without_room_is_seen_before_a_byte_is_written(server: Any, small_disk: Path) -> None:
    large = gzip.compress(os.urandom(6_000_000), 1)
    server.serve("set.tar.gz", large)
    with pytest.raises(WorkspaceError, match="disk is full"):
        fetch(remote(server, size=len(large)), small_disk / "set")
    assert left(small_disk / "set") == []


def test_a_disk_that_fills_up_meanwhile(server: Any, small_disk: Path) -> None:
    large = gzip.compress(os.urandom(3_000_000), 1)

    def fill() -> None:
        with (small_disk / "other").open("wb") as file, pytest.raises(OSError, match="space"):
            file.write(bytes(10_000_000))

    server.serve("set.tar.gz", large, on_byte=(1_500_000, fill))
    with pytest.raises((DatasetError, WorkspaceError), match=r"disk (filled up|is full)"):
        fetch(remote(server, size=len(large)), small_disk / "set")
    assert left(small_disk / "set") == []


def test_a_folder_that_cannot_be_written(server: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(DatasetError, match="cannot be written"):
        fetch(remote(server), tmp_path / "file" / "set")


def test_one_at_a_time(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from audioclf.datasets.ingest.download import locked\n"
        "with locked(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    asked = [0]

    def give_up() -> bool:
        asked[0] += 1
        return asked[0] > 3

    with pytest.raises(Stopped), locked(tmp_path / "lock", should_stop=give_up):
        pass
    process.kill()
    process.communicate()
    with locked(tmp_path / "lock"):
        pass
