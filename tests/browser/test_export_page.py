"""The web page of an exported zip in a real Chromium: the answers of the run on its own test clips."""

from __future__ import annotations

import base64
import http.server
import threading
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import audioclf
from audioclf.core.errors import AudioclfError
from audioclf.experiments.runs import Run
from audioclf.export.job import export_run
from audioclf.inference.predictor import Predictor

pytestmark = [pytest.mark.browser, pytest.mark.long]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, write_tone: Callable[..., Path]) -> Run:
    folder = tmp_path_factory.mktemp("web")
    for number, name in enumerate(("low", "<b>high</b>")):
        for take in range(40):
            path = folder / "sounds" / name.replace("/", "∕") / f"{take}.wav"
            write_tone(path, frequency=300 * 4**number * (1 + 0.01 * take), sr=8000, seconds=0.5)
    settings = {
        "dataset.name": str(folder / "sounds"),
        "audio.sr": 8000,
        "feature.n_fft": 256,
        "feature.hop_length": 128,
        "feature.n_mels": 24,
        "training.epochs": 2,
        "split.test_size": 0.5,
    }
    return audioclf.run_experiment(audioclf.Experiment(name="<i>web</i>").with_settings(settings), folder / "run")


@pytest.fixture(scope="module")
def address(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("page")
    try:
        export_run(run, folder / "model.zip", bundled=True, web_runtime=True)
    except AudioclfError as error:
        pytest.skip(f"onnxruntime-web cannot be fetched here: {error}")
    with zipfile.ZipFile(folder / "model.zip") as packed:
        packed.extractall(folder / "there")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder / "there")))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_the_page_answers_as_the_run_does(run: Run, address: str, chromium: Any, tmp_path: Path) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    faults: list[str] = []
    elsewhere: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "request", lambda request: None if request.url.startswith((address, "blob:")) else elsewhere.append(request.url)
    )
    page.goto(f"{address}/index.html")
    page.get_by_text("Ready", exact=True).wait_for(timeout=120_000)
    assert page.title() == "<i>web</i>"
    predictor = Predictor(run)
    clips = [run.clips[item.clip] for item in run.predictions]
    assert len(clips) == 40
    code = "async (text) => answer(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer)"
    for clip in clips:
        theirs = page.evaluate(code, base64.b64encode(clip.path.read_bytes()).decode())
        assert np.abs(np.array(theirs) - predictor.classify(clip).probabilities).max() <= 1e-4
    page.set_input_files("#file", clips[0].path)
    page.locator("#answers li").first.wait_for()
    assert page.locator("#best").inner_text() == predictor.classify(clips[0]).label
    wrong = tmp_path / "no.wav"
    wrong.write_text("<html></html>")
    page.set_input_files("#file", wrong)
    page.get_by_text("cannot be read as a sound").wait_for()
    page.get_by_role("button", name="Listen to the microphone").click()  # Chromium's own beeps
    page.get_by_text("Listening …", exact=True).wait_for()
    page.get_by_role("button", name="Stop listening").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not faults
    assert not elsewhere
    context.close()


def test_the_report_prints(run: Run, chromium: Any, tmp_path: Path) -> None:
    path = audioclf.write_report(run, tmp_path / "report.html", evidence=False)
    context = chromium.new_context(viewport={"width": 390, "height": 800}, color_scheme="dark")
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert all(url.startswith(("file:", "data:")) for url in asked)
    page.pdf(path=tmp_path / "report.pdf", format="A4", print_background=True)
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    context.close()
