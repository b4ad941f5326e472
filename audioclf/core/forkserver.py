"""Processes that begin with TensorFlow imported: copies of one that has imported it and done nothing else.

Importing it takes four seconds of processor time and 290 MB in every process; a copy (``fork``) begins at once and
shares that memory. A process can only be copied while it has no threads of its own, so the server of the copies is a
process apart, which imports, waits, and is copied on request. :func:`start` is ``subprocess.Popen`` for ``python -m
MODULE`` that uses it where :func:`enable` was called, and nothing but ``Popen`` elsewhere, or once the server has died.

``multiprocessing`` has such a server, too, whose children end with the process that asked for them, or are waited for
by it, and get the environment of the server; a job outlives the web server and gets the environment of the moment.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import logging
import os
import random
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import warnings
import weakref
from collections.abc import Mapping, Sequence
from typing import IO, Any, Final

_LARGEST: Final = 1 << 20
"""Bytes of a request: arguments and environment."""

_log = logging.getLogger(__name__)
_lock = threading.Lock()
_preload: tuple[str, ...] = ()
_server: _ForkServer | None = None
_parent: int | None = None


class Forked:
    """A copy of the server at work, with the part of ``subprocess.Popen`` that is used here."""

    def __init__(self, pid: int, status: int, stdin: IO[bytes] | None, stdout: IO[bytes] | None) -> None:
        self.pid = pid
        self.stdin = stdin
        self.stdout = stdout
        self.returncode: int | None = None
        import psutil

        self._process: psutil.Process | None = None
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended already
            self._process = psutil.Process(pid)
        self._status = status
        self._lock = threading.Lock()
        weakref.finalize(self, os.close, status)

    def poll(self) -> int | None:
        """Its exit code, or minus the number of the signal that ended it; None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0.0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; ``subprocess.TimeoutExpired`` as of ``subprocess.Popen``."""
        import psutil

        if self.returncode is None and not select.select([self._status], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
        with self._lock:
            if self.returncode is None:
                reported = os.read(self._status, 16)
                if not reported and self._process is not None:  # the server was killed, and its copies go on
                    try:
                        self._process.wait(timeout)
                    except psutil.TimeoutExpired:
                        raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0) from None
                self.returncode = int(reported or -signal.SIGKILL)
            return self.returncode

    def kill(self) -> None:
        """End it at once."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


Process = subprocess.Popen[bytes] | Forked


def enable(preload: Sequence[str]) -> None:
    """Let :func:`start` use a server that has imported these modules; it begins with the first use."""
    global _preload
    if sys.platform == "linux":  # elsewhere a copy with the system's threads may hang
        _preload = tuple(preload)


def parent() -> int:
    """The process that started this one, be it by a copy."""
    return os.getppid() if _parent is None else _parent


def warm() -> None:
    """Begin to import, in the server, where it is enabled."""
    with _lock:
        _the_server()


def start(
    module: str,
    *arguments: str,
    stdin: int | IO[bytes] | None = None,
    stdout: int | IO[bytes] | None = None,
    stderr: int | IO[bytes] | None = None,
    env: Mapping[str, str] | None = None,
    start_new_session: bool = False,
    preloaded: bool = True,
) -> Process:
    """Start ``python -P -m MODULE ARGUMENTS``; the other parameters are those of ``subprocess.Popen``.

    ``preloaded`` says whether it needs what the server has imported; one that does not stays small as a process of
    its own.
    """
    env = dict(os.environ if env is None else env)
    with _lock:
        server = _the_server() if preloaded else None
    if server is not None:
        try:
            return server.start(module, arguments, (stdin, stdout, stderr), env, start_new_session)
        except OSError:
            _log.warning("the fork server has ended; processes start without it")
            _give_up(server)
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, *arguments],
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env=env,
        start_new_session=start_new_session,
    )


def _the_server() -> _ForkServer | None:
    global _server, _preload
    if _server is None and _preload:
        try:
            _server = _ForkServer(_preload)
        except OSError as error:
            _log.warning("the fork server cannot begin (%s); processes start without it", error)
            _preload = ()
        else:
            atexit.register(_server.close)
    return _server


def _give_up(server: _ForkServer) -> None:
    global _server, _preload
    with _lock:
        if _server is server:
            _server, _preload = None, ()
            atexit.unregister(server.close)
            server.close()


class _ForkServer:
    """The end of the server that asks."""

    def __init__(self, preload: Sequence[str]) -> None:
        self._lock = threading.Lock()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, contextlib.ExitStack() as begun:
            begun.callback(self._socket.close)
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "audioclf.core.forkserver", str(theirs.fileno()), *preload],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # what TensorFlow logs of itself
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for the process that asks
            )
            begun.pop_all()

    def start(
        self,
        module: str,
        arguments: Sequence[str],
        streams: Sequence[int | IO[bytes] | None],
        env: Mapping[str, str],
        apart: bool,
    ) -> Forked:
        """A copy that becomes ``python -m module``; an OSError when the server has ended."""
        with contextlib.ExitStack() as passed:
            ends = [_ends(stream, number, passed) for number, stream in enumerate(streams)]
            status, reported = os.pipe()
            passed.callback(os.close, reported)
            request = {"module": module, "arguments": list(arguments), "env": dict(env), "apart": apart}
            request["parent"] = os.getpid()
            try:
                with self._lock:
                    socket.send_fds(self._socket, [json.dumps(request).encode()], [*(end for end, _ in ends), reported])
                    answer = self._socket.recv(64)
                if not answer:
                    raise ConnectionError("the fork server has ended")
                return Forked(int(answer), status, ends[0][1], ends[1][1])
            except OSError as error:
                os.close(status)
                for _, ours in ends:
                    if ours is not None:
                        ours.close()
                raise ConnectionError("the fork server has ended") from error

    def close(self) -> None:
        """End the server; its copies go on."""
        self._socket.close()
        self._process.kill()
        self._process.wait()


def _ends(stream: int | IO[bytes] | None, number: int, passed: contextlib.ExitStack) -> tuple[int, IO[bytes] | None]:
    """What the copy gets as its standard stream of this number, and what stays here."""
    if stream is None:
        return number, None
    if stream == subprocess.DEVNULL:
        null = os.open(os.devnull, os.O_RDWR)
        passed.callback(os.close, null)
        return null, None
    if stream == subprocess.PIPE:
        read, write = os.pipe()
        theirs, ours = (read, write) if number == 0 else (write, read)
        passed.callback(os.close, theirs)
        return theirs, open(ours, "wb" if number == 0 else "rb")
    return stream if isinstance(stream, int) else stream.fileno(), None


def _serve(requests: socket.socket) -> dict[str, Any] | None:
    """Copy this process on request, and report how the copies end; returns in each copy, and at last here with None."""
    ended, noticed = os.pipe()
    os.set_blocking(noticed, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(noticed)
    running: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([requests.fileno(), ended], [], [])
        if ended in ready:
            os.read(ended, 4096)
            _report(running)
        if requests.fileno() not in ready:
            continue
        request, given, _, _ = socket.recv_fds(requests, _LARGEST, 4)
        if not request:
            return None
        *streams, status = given
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
            for other in (*given, *running.values(), ended, noticed):
                os.close(other)
            requests.close()
            found: dict[str, Any] = json.loads(request)
            return found
        running[pid] = status
        for stream in streams:
            os.close(stream)
        requests.send(str(pid).encode())


def _report(running: dict[int, int]) -> None:
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        reported = running.pop(pid)
        with contextlib.suppress(BrokenPipeError):
            os.write(reported, str(os.waitstatus_to_exitcode(status)).encode())
        os.close(reported)


def _become(request: Mapping[str, Any]) -> None:
    """Go on as the process that was asked for."""
    import numpy as np

    from audioclf.core import forkserver  # this module is __main__ here

    forkserver._parent = request["parent"]
    if request["apart"]:
        os.setsid()
    os.environ.clear()
    os.environ.update(request["env"])
    random.seed()
    np.random.seed()  # noqa: NPY002 (the generator that libraries share, which copies would share, too)
    buffered = not os.environ.get("PYTHONUNBUFFERED")
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=not buffered, write_through=not buffered)  # type: ignore[union-attr]
    sys.argv = [request["module"], *request["arguments"]]
    runpy.run_module(request["module"], run_name="__main__", alter_sys=True)


def _main(number: str, *preload: str) -> None:
    import importlib

    from audioclf.core.limits import be_quiet

    be_quiet()
    for name in preload:
        importlib.import_module(name)
    # no page of memory is copied only because a copy collects garbage
    gc.collect()
    gc.freeze()
    # the threads that Python warns of are OpenBLAS's and an allocator's, which know about copies
    warnings.filterwarnings("ignore", ".*multi-threaded.*", DeprecationWarning)
    request = _serve(socket.socket(fileno=int(number)))
    if request is not None:
        _become(request)


if __name__ == "__main__":
    _main(*sys.argv[1:])
