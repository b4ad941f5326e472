"""A real web server on this machine that serves archives as well or as badly as a test wants, and a small real disk."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest


@dataclass
class Served:
    """One file of the server, and its manners.

    Attributes
    ----------
    body : bytes
    ranges : bool
        Whether it answers a Range with 206; else it sends all again.
    length : bool
        Whether it states a Content-Length; else it sends chunks.
    etag : str
        Empty for none.
    breaks : list of int
        After how many bytes the connection of the first, second ... request is cut; later ones are whole.
    status : list of int
        Statuses of the first, second ... request; later ones are 200 (or 206).
    on_byte : tuple of int and callable, or None
        Something to do when so many bytes of an answer have gone out.
    asked : list of str
        The Range headers that came, empty for none.
    """

    body: bytes
    ranges: bool = True
    length: bool = True
    etag: str = '"v1"'
    breaks: list[int] = field(default_factory=list)
    status: list[int] = field(default_factory=list)
    on_byte: tuple[int, Callable[[], object]] | None = None
    asked: list[str] = field(default_factory=list)


class Server(ThreadingHTTPServer):
    """Serves :attr:`files` by name; anything else is 404."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, Served] = {}

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{name}"

    def serve(self, name: str, body: bytes, **manners: object) -> Served:
        self.files[name] = Served(body, **manners)  # type: ignore[arg-type]
        return self.files[name]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        assert isinstance(self.server, Server)
        file = self.server.files.get(self.path.strip("/"))
        if file is None:
            self._refuse(404)
            return
        wanted = self.headers.get("Range", "")
        file.asked.append(wanted)
        if file.status and (status := file.status.pop(0)) != 200:
            self._refuse(status)
            return
        start = 0
        if wanted and file.ranges and self.headers.get("If-Range", file.etag) == file.etag:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= len(file.body):
                self._refuse(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(file.body) - 1}/{len(file.body)}")
        else:
            self.send_response(200)
        if file.etag:
            self.send_header("ETag", file.etag)
        if file.length:
            self.send_header("Content-Length", str(len(file.body) - start))
        else:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self._send(file, start)

    def _send(self, file: Served, start: int) -> None:
        cut = file.breaks.pop(0) if file.breaks else None
        sent = 0
        for first in range(start, len(file.body), 4096):
            piece = file.body[first : first + 4096]
            if cut is not None and sent >= cut:
                self.close_connection = True
                return
            if file.on_byte is not None and sent >= file.on_byte[0]:
                file.on_byte[1]()
                file.on_byte = None
            try:
                self.wfile.write(piece if file.length else b"%x\r\n%s\r\n" % (len(piece), piece))
            except OSError:
                return
            sent += len(piece)
        if not file.length:
            self.wfile.write(b"0\r\n\r\n")

    def _refuse(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of 4 MB, as home of everything, of which nothing is kept free."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    able = sys.platform == "linux" and os.geteuid() == 0
    if not able or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("a small disk can only be mounted by root on Linux")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUDIOCLF_HOME", str(disk / "home"))
        patch.setenv("AUDIOCLF_FREE_DISK_GB", "0")
        yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)
