"""Pages against the least a page can cost, and pictures against librosa's own figure, in one run."""

from __future__ import annotations

import importlib.util
import io
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from audioclf.audio import load_audio
from audioclf.resources import app_folder

# librosa loads audioread, which loads what Python 3.13 dropped
pytestmark = pytest.mark.filterwarnings("ignore:'(aifc|audioop|sunau)' is deprecated:DeprecationWarning")


@pytest.fixture(scope="module")
def browsing() -> ModuleType:
    """The browser tests' way to start a server."""
    path = Path(__file__).parents[1] / "browser" / "conftest.py"
    spec = importlib.util.spec_from_file_location("browsing", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["browsing"] = module
    spec.loader.exec_module(module)
    return module


def best(what: Callable[[], float], rounds: int) -> float:
    return min(what() for _ in range(rounds))


@pytest.mark.browser
@pytest.mark.slow
def test_first_paint_on_a_cold_server_against_an_empty_page(
    browsing: ModuleType, chromium: Any, esc10: Path, tmp_path: Path
) -> None:
    """Nothing heavy stands between the reader and the page: at most twice an app that has a title and nothing else."""
    empty = tmp_path / "empty" / "app.py"
    empty.parent.mkdir()
    empty.write_text("import streamlit as st\nst.title('Hello')\n")

    def painted(app: Path, address: str) -> float:
        server = browsing.start_server(tmp_path, app)
        try:
            context = chromium.new_context()
            page = context.new_page()
            start = time.perf_counter()
            page.goto(f"{server.url}/{address}")
            page.wait_for_selector("h1")
            taken = time.perf_counter() - start
            context.close()
            return taken
        finally:
            browsing.stop_server(server)

    ours = app_folder() / "app.py"
    taken: dict[str, list[float]] = {"nothing": [], "": [], f"train?data={esc10}": []}
    for _ in range(3):
        for address, times in taken.items():
            times.append(painted(empty, "") if address == "nothing" else painted(ours, address))
    peer = min(taken.pop("nothing"))
    assert max(min(times) for times in taken.values()) / peer < 2, taken


def test_a_changed_parameter_against_librosas_own_figure(esc10: Path) -> None:
    """The page with the new picture of a five-second clip, against specshow of the same mel spectrogram."""
    import librosa
    import librosa.display
    import numpy as np
    from matplotlib.figure import Figure
    from streamlit.testing.v1 import AppTest

    page = AppTest.from_file(str(app_folder() / "app.py"), default_timeout=120)
    page.switch_page("pages/explore.py")
    page.query_params["data"] = str(esc10)
    page.run()
    from audioclf.ui import tasks, warmup

    assert warmup.wait(120)
    for task in tasks.all_tasks():
        assert task.wait(120)
    page.run()
    next(item for item in page.segmented_control if item.key == "explore.view").set_value("mel")
    page.run()
    y, sr = load_audio(sorted(esc10.glob("*/*.ogg"))[0])
    hops = iter(range(400, 500))

    def ours() -> float:
        page.number_input(key="feature.mel.hop_length").set_value(next(hops))
        start = time.perf_counter()
        page.run()
        taken = time.perf_counter() - start
        assert len(page.get("bidi_component")) == 1
        return taken

    def peer() -> float:
        hop = next(hops)
        start = time.perf_counter()
        mel = librosa.feature.melspectrogram(y=y, sr=sr, hop_length=hop)
        figure = Figure(figsize=(8, 4.6), dpi=100)
        axes = figure.add_subplot()
        shown = librosa.display.specshow(
            librosa.power_to_db(mel, ref=np.max), sr=sr, hop_length=hop, x_axis="time", y_axis="mel", ax=axes
        )
        figure.colorbar(shown, ax=axes)
        figure.savefig(io.BytesIO(), format="png")
        return time.perf_counter() - start

    assert best(ours, 7) / best(peer, 7) < 0.5
