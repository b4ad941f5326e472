"""Copies of a process that has imported what takes long: they are processes like any other."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from audioclf.core import forkserver

SHOW = """
import json, os, random, sys
import numpy as np
from audioclf.core import forkserver
print(json.dumps({
    "preloaded": "colorsys" in sys.modules, "arguments": sys.argv[1:], "asked": os.environ.get("ASKED"),
    "main": __name__, "session": os.getsid(0) == os.getpid(), "drawn": [random.random(), float(np.random.rand())],
    "parent": forkserver.parent(), "files": len(os.listdir("/proc/self/fd")), "input": sys.stdin.read(),
}))
sys.exit(3)
"""
WAIT = "import sys, time; print('here', flush=True); time.sleep(600)"


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of modules that processes started from here can run."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    for name, text in (("show_itself", SHOW), ("wait_long", WAIT)):
        (tmp_path / f"{name}.py").write_text(text)
    return tmp_path


@pytest.fixture
def server(modules: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server of the test's own, which has imported a module that nothing else does."""
    monkeypatch.setattr(forkserver, "_server", None)
    monkeypatch.setattr(forkserver, "_preload", ("colorsys",))
    yield
    if forkserver._server is not None:
        forkserver._server.close()


def shown(*arguments: str, **options: Any) -> dict[str, Any]:
    process = forkserver.start(
        "show_itself",
        *arguments,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"ASKED": "1"},
        **options,
    )
    with process.stdin as given, process.stdout as answer:  # type: ignore[union-attr]
        given.write(b"words")  # type: ignore[union-attr]
        given.close()  # type: ignore[union-attr]
        found: dict[str, Any] = json.loads(answer.read())  # type: ignore[union-attr]
    assert process.wait(60) == 3
    assert process.poll() == 3
    assert not psutil.pid_exists(process.pid)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="copies are made on Linux alone")
def test_a_copy_is_what_a_new_process_is(server: None, monkeypatch: pytest.MonkeyPatch) -> None:
    copies = [shown("a", "b", start_new_session=True) for _ in range(3)]
    assert all(copy.pop("preloaded") for copy in copies)
    first, *others = (copy.pop("drawn") for copy in copies)
    assert all(a != b for other in others for a, b in zip(first, other, strict=True)), "each draws its own numbers"
    monkeypatch.setattr(forkserver, "_preload", ())
    monkeypatch.setattr(forkserver, "_server", None)
    plain = shown("a", "b", start_new_session=True)
    assert not plain.pop("preloaded")
    del plain["drawn"]
    assert copies == [plain] * 3
    assert plain["parent"] == os.getpid()
    assert plain["arguments"] == ["a", "b"]
    assert plain["input"] == "words"
    assert plain["session"]


@pytest.mark.skipif(sys.platform != "linux", reason="copies are made on Linux alone")
def test_a_copy_can_be_killed_and_outlives_its_server(server: None, tmp_path: Path) -> None:
    def begun() -> forkserver.Process:
        process = forkserver.start("wait_long", stdout=subprocess.PIPE)
        assert process.stdout is not None
        with process.stdout as said:
            assert said.readline() == b"here\n"
        return process

    first, second = begun(), begun()
    assert isinstance(first, forkserver.Forked)
    with pytest.raises(subprocess.TimeoutExpired):
        first.wait(0.01)
    first.kill()
    assert first.wait(60) == -signal.SIGKILL
    first.kill()
    assert forkserver._server is not None
    os.kill(forkserver._server._process.pid, signal.SIGKILL)
    forkserver._server._process.wait()
    time.sleep(0.1)
    assert second.poll() is None
    assert psutil.pid_exists(second.pid)
    # without its server, processes start as they do elsewhere
    assert shown()["preloaded"] is False
    second.kill()
    assert second.wait(60) == -signal.SIGKILL


def test_a_server_that_cannot_begin_leaves_everything_to_new_processes(
    server: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(forkserver, "_preload", ("no_such_module",))
    assert shown()["preloaded"] is False
    assert "has ended" in caplog.text
    assert shown()["preloaded"] is False


@pytest.mark.skipif(sys.platform != "linux", reason="copies are made on Linux alone")
def test_a_server_that_the_system_does_not_start_is_not_tried_again(
    server: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/no/such/python")
        forkserver.warm()
    assert "cannot begin" in caplog.text
    assert shown()["preloaded"] is False
    assert forkserver._server is None


ASKER = """
import subprocess, sys, time
from audioclf.core import forkserver
forkserver.enable(["colorsys"])
process = forkserver.start("wait_long", stdout=subprocess.PIPE, start_new_session=True)
process.stdout.readline()
print(process.pid, forkserver._server._process.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="copies are made on Linux alone")
def test_the_server_ends_with_the_process_that_asked_and_copies_go_on(modules: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ASKER], stdout=subprocess.PIPE) as asker:
        assert asker.stdout is not None
        copy, server = (psutil.Process(int(pid)) for pid in asker.stdout.readline().split())
        asker.kill()
    gone, _ = psutil.wait_procs([server], 60)
    assert gone
    assert copy.is_running()
    copy.kill()
