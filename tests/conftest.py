"""Fixtures every test may use: a home of its own, the real recordings, and small sounds written on the spot."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import audioclf
from audioclf.core import forkserver
from audioclf.jobs.worker import PRELOADED

try:
    import fcntl
except ImportError:  # not on Windows, where benchmarks are measured beside other tests
    fcntl = None  # type: ignore[assignment]

_DATA = Path(audioclf.__file__).parents[1].parent / "shared" / "data"

WriteTone = Callable[..., Path]

SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]


@pytest.fixture(scope="session", autouse=True)
def audioclf_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """AUDIOCLF_HOME for the whole session (and for every process a test starts), so that no test touches real data."""
    home = tmp_path_factory.mktemp("audioclf-home")
    # weights are converted once for all processes that test
    own = tmp_path_factory.getbasetemp()
    converted = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "embeddings"
    converted.mkdir(exist_ok=True)
    (home / "embeddings").symlink_to(converted, target_is_directory=True)
    before = os.environ.get("AUDIOCLF_HOME")
    os.environ["AUDIOCLF_HOME"] = str(home)
    # for every process that lives longer than one test, such as the warm model server of the pages
    if (_DATA / "yamnet").is_dir():
        os.environ.setdefault("AUDIOCLF_YAMNET", str(_DATA / "yamnet"))
    # as in the app
    forkserver.enable(PRELOADED)
    yield home
    if before is None:
        del os.environ["AUDIOCLF_HOME"]
    else:
        os.environ["AUDIOCLF_HOME"] = before


@pytest.fixture(scope="session")
def esc10() -> Path:
    """ESC-10 as a folder per class of Ogg files."""
    return _real("esc10")


@pytest.fixture(scope="session")
def fsdd() -> Path:
    """The Free Spoken Digit Dataset's folder (its WAV files are in ``recordings``)."""
    return _real("fsdd")


@pytest.fixture(scope="session")
def yamnet() -> Iterator[Path]:
    """YAMNet's weights as a TensorFlow checkpoint, and the setting that names them."""
    folder = _DATA / "yamnet"
    if not (folder / "variables.index").is_file():
        pytest.skip(f"YAMNet's weights are not on this machine (looked for {folder})")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUDIOCLF_YAMNET", str(folder))
        yield folder


def _real(name: str) -> Path:
    folder = _DATA / name
    if not folder.is_dir():
        pytest.skip(f"the real recordings of {name} are not on this machine (looked for {folder})")
    return folder


@pytest.fixture(scope="session")
def tone() -> Callable[..., npt.NDArray[np.float32]]:
    """Samples of a decaying tone: ``tone(frequency=440, seconds=0.5, sr=22050, channels=1, level=0.5)``.

    The array is (samples,) for one channel and (samples, channels) for more; every further channel is an octave higher.
    """
    return _tone


def _tone(
    frequency: float = 440.0, seconds: float = 0.5, sr: int = 22050, channels: int = 1, level: float = 0.5
) -> npt.NDArray[np.float32]:
    t = np.arange(round(seconds * sr)) / sr
    y = np.stack([level * np.exp(-2 * t) * np.sin(2 * np.pi * frequency * 2**c * t) for c in range(channels)], axis=1)
    return (y[:, 0] if channels == 1 else y).astype(np.float32)


@pytest.fixture(scope="session")
def write_tone() -> WriteTone:
    """Write a tone to a file whose suffix names the format and return its path.

    ``write_tone(path, frequency=440, seconds=0.5, sr=22050, channels=1, level=0.5, subtype=None)``; wav, flac,
    ogg, opus (sr must be 8000, 12000, 16000, 24000 or 48000), mp3 and aiff. Missing folders are made.
    """
    return _write_tone


def _write_tone(path: Path, *, sr: int = 22050, subtype: str | None = None, **shape: float) -> Path:
    import soundfile as sf

    path.parent.mkdir(parents=True, exist_ok=True)
    container = None
    if path.suffix == ".opus":
        container, subtype = "OGG", "OPUS"
    sf.write(path, _tone(sr=sr, **shape), sr, subtype=subtype, format=container)  # type: ignore[arg-type]
    return path


@pytest.fixture
def tone_wav(tmp_path: Path) -> Path:
    """A WAV file of half a second at 440 Hz, 22,050 Hz, mono, 16 bit."""
    return _write_tone(tmp_path / "tone.wav")


@pytest.fixture
def tone_flac(tmp_path: Path) -> Path:
    """The same tone as FLAC."""
    return _write_tone(tmp_path / "tone.flac")


@pytest.fixture
def tone_ogg(tmp_path: Path) -> Path:
    """The same tone as Ogg Vorbis."""
    return _write_tone(tmp_path / "tone.ogg")


@pytest.fixture
def tone_mp3(tmp_path: Path) -> Path:
    """The same tone as MP3."""
    return _write_tone(tmp_path / "tone.mp3")


@pytest.fixture
def class_folders(tmp_path: Path) -> Path:
    """A folder per class: 'low' and 'high', six short WAV tones each, every one different."""
    for label, base in (("low", 220.0), ("high", 1760.0)):
        for i in range(6):
            _write_tone(tmp_path / "sounds" / label / f"{i}.wav", frequency=base * (1 + 0.02 * i), seconds=0.3)
    return tmp_path / "sounds"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One Chromium for all (Playwright runs once in a thread); skips where there is none."""
    playwright_api = pytest.importorskip("playwright.sync_api")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with playwright_api.sync_playwright() as playwright:
        if path is None and not Path(playwright.chromium.executable_path).exists():
            pytest.skip("no Chromium on this machine")
        browser = playwright.chromium.launch(executable_path=path, args=SWITCHES)
        yield browser
        browser.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """A benchmark has the machine to itself: the tests of other workers wait until it has ended."""
    if fcntl is None or "PYTEST_XDIST_WORKER" not in os.environ:
        return (yield)
    with Path(__file__).open() as everyone:
        fcntl.flock(everyone, fcntl.LOCK_EX if item.path.parent.name == "benchmarks" else fcntl.LOCK_SH)
        return (yield)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the benchmarks measured, whether they passed or not."""
    lines = [
        f"{report.nodeid.rpartition('::')[2]}: {value}"
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        if report.when == "call"
        for name, value in report.user_properties
        if name == "measured"
    ]
    if lines:
        terminalreporter.section(f"measured on {os.cpu_count()} cores")
        for line in lines:
            terminalreporter.line(line)


def pytest_collection_finish() -> None:
    """What the collection of thousands of tests has left in memory stays: the garbage collector need not look at it."""
    gc.freeze()


SHARED = ("tests/pages/", "tests/browser/", "tests/datasets/quality/")
"""Folders whose tests share what costs seconds: a trained run, a server and a browser, ESC-10 measured."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A worker takes a file after the other, and a folder that shares something whole.

    A scheduler of our own, since pytest 9.2 forgets the groups that pytest-xdist 3.8 marks.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByRoom(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return next((folder for folder in SHARED if file.startswith(folder)), file)

    return ByRoom(config, log) if config.getvalue("dist") == "loadscope" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Pages and journeys first, since they take longest: what is short fills up the workers at the end.

    Benchmarks come last, so that nothing they leave in memory slows a test.
    """
    turn = {"pages": 0, "browser": 1, "benchmarks": 3}
    here = Path(__file__).parent
    items.sort(key=lambda item: turn.get(item.path.relative_to(here).parts[0], 2))
