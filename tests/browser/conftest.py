"""A real server process, one for the whole session, and pages of it in a real Chromium."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import psutil
import pytest

from audioclf.core import workspaces
from audioclf.experiments.runs import Run, open_run
from audioclf.inference.assets import app_folder

HANG = 600.0
"""Seconds after which a broken program ends a test; no test depends on how fast the machine is."""


def eventually(condition: Callable[[], Any], seconds: float = HANG) -> Any:
    """What the condition gives once it gives something true."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, f"not within {seconds:g} s: {condition}"
        time.sleep(0.05)


@dataclass
class Server:
    """The running app.

    Attributes
    ----------
    url : str
        Its address, without a slash at the end.
    """

    url: str
    process: subprocess.Popen[bytes]
    note: Path
    log: Path

    def modules(self) -> set[str]:
        """Names of the modules loaded in the server's process at this moment."""
        self.note.unlink(missing_ok=True)
        self.process.send_signal(signal.SIGUSR1)
        eventually(self.note.is_file)
        return set(self.note.read_text(encoding="utf-8").split())


def start_server(folder: Path, app: Path | None = None) -> Server:
    """Start the app (or another one) on a free port and wait until it answers."""
    app = app or app_folder() / "app.py"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    note, log = folder / "modules.txt", folder / "server.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("serve.py")), str(app), str(port), str(note)],
            cwd=app.parent,
            env=os.environ | {"PYTHONPATH": str(app_folder())},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )
    server = Server(f"http://127.0.0.1:{port}", process, note, log)

    def answers() -> bool:
        assert process.poll() is None, log.read_text(errors="replace")
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    eventually(answers)
    return server


def stop_server(server: Server) -> None:
    """End the app's process."""
    server.process.terminate()
    try:
        server.process.wait(20)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app, served for the whole session."""
    if not hasattr(signal, "SIGUSR1"):
        pytest.skip("this system has no SIGUSR1 to ask the server for its modules")
    started = start_server(tmp_path_factory.mktemp("server"))
    yield started
    stop_server(started)


PAGES = pytest.StashKey[list[Any]]()
FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What the pages of a failed test showed stands in its report."""
    report = yield
    if report.when == "call" and report.failed:
        item.stash[FAILED] = True
        for page in item.stash.get(PAGES, []):
            with suppress(Exception):  # a page that has crashed shows nothing
                report.sections.append((page.url, page.locator("[data-testid=stMain]").inner_text(timeout=5000)))
    return report


STILL = """addEventListener("DOMContentLoaded", () => {
    const style = document.createElement("style");
    style.textContent = "*, *::before, *::after { animation: none !important; }";
    document.head.append(style);
})"""
"""Without a graphics card every frame of a turning wheel is painted by a processor.

Transitions stay: without theirs, what Streamlit draws anew would look faded at once, and not after half a second.
"""


@pytest.fixture(scope="session")
def idle() -> list[Any]:
    """Pages that no test uses at the moment: a window costs 1.7 s of processor time before it shows anything."""
    return []


@pytest.fixture
def new_page(
    chromium: Any, server: Server, idle: list[Any], request: pytest.FixtureRequest
) -> Iterator[Callable[..., Any]]:
    """``new_page("explore", width=1440, scheme="light", fresh=False, **query)``: a page of the app in its own profile.

    An earlier test may have used the profile; it is emptied in between, but for the history of a page that is not
    ``fresh``. When the test ends, every page must have stayed without an uncaught error in its scripts.
    """
    faults: list[str] = []
    pages = request.node.stash.setdefault(PAGES, [])

    def fault(error: Any) -> None:
        faults.append(str(error))

    def make(
        name: str = "",
        *,
        width: int = 1440,
        height: int = 1000,
        scheme: str = "light",
        fresh: bool = False,
        **query: object,
    ) -> Any:
        if idle and not fresh:
            page = idle.pop()
        else:
            context = chromium.new_context(permissions=["microphone"])
            context.add_init_script(STILL)
            page = context.new_page()
            page.set_default_timeout(1000 * HANG)
        pages.append(page)
        page.on("pageerror", fault)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.goto(f"{server.url}/{name}" + (f"?{urlencode(query)}" if query else ""))
        page.wait_for_selector("[data-testid=stMain]")
        return page

    yield make
    for page in pages:
        page.remove_listener("pageerror", fault)
        if faults or request.node.stash.get(FAILED, False):
            page.context.close()
            continue
        page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        page.context.clear_cookies()
        page.mouse.move(0, 0)
        page.goto("about:blank")
        idle.append(page)
    assert not faults


NOT_OURS = {"heading-order", "presentation-role-conflict"}
"""Streamlit's subheader is an h3 below the title's h1, and its drop zone has a name without a role (minor)."""


@pytest.fixture(scope="session")
def violations() -> Callable[[Any], list[tuple[Any, ...]]]:
    """``violations(page)``: what axe-core finds wrong with a page."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()

    def found(page: Any) -> list[tuple[Any, ...]]:
        return [
            (violation["id"], node["html"][:200], [check["message"] for check in node["any"]])
            for violation in axe.run(page).response["violations"]
            if violation["id"] not in NOT_OURS
            for node in violation["nodes"]
        ]

    return found


@pytest.fixture(scope="session")
def paused() -> Callable[[Any], AbstractContextManager[Run]]:
    """``with paused(page) as run``: the run just started pauses once it has made an epoch, until the block ends.

    What the page does meanwhile happens while the run is under way, however fast the training and slow the browser.
    """
    return _paused


@contextmanager
def _paused(page: Any) -> Iterator[Run]:
    page.wait_for_function("location.search.includes('run=')")
    run = open_run(workspaces.runs_folder() / parse_qs(urlsplit(page.url).query)["run"][0])
    eventually(lambda: run.history or run.status.ended)
    process = psutil.Process(run.status.pid)
    process.suspend()
    try:
        assert run.status.state == "running", run.status
        yield run
    finally:
        process.resume()


@pytest.fixture(scope="session")
def record_beeps() -> Callable[[Any, int], None]:
    """``record_beeps(page, seconds)``: two classes recorded on a page that shows the microphone, made a data set."""
    return _record_beeps


def _record_beeps(page: Any, seconds: int) -> None:
    for label in ("beep", "other beep"):
        field = page.get_by_label("Class", exact=True)
        field.fill(label)
        field.press("Enter")
        page.get_by_text("0 of 8 so far").wait_for()
        page.get_by_role("button", name="Record", exact=True).click()
        page.get_by_text(f"00:{seconds:02d}").wait_for()  # Chromium's own device beeps once a second
        page.get_by_role("button", name="Stop recording").click()
        page.get_by_role("button", name="Keep").click()
        page.get_by_role("button", name="Keep").wait_for(state="detached")
    page.get_by_role("button", name="Make the data set").click()
