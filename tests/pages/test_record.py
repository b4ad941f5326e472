"""The Record page: examples from files, what is missing said at once, a model, its answers."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from audioclf.audio.io import wav_bytes
from audioclf.core import workspaces
from audioclf.core.errors import AudioError
from audioclf.datasets import load_dataset
from audioclf.experiments.runs import open_run
from audioclf.jobs import queue
from audioclf.ui.inference import model_client
from audioclf.ui.record import live, slots

OpenPage = Callable[..., AppTest]
SR = 16000


def sound(frequency: float, seed: int) -> bytes:
    """A tone with a pause on both sides, a little different for every seed."""
    rng = np.random.default_rng(seed)
    t = np.arange(round((0.5 + 0.05 * seed) * SR)) / SR
    y = 0.5 * np.sin(2 * np.pi * frequency * (1 + 0.01 * seed) * t) + 0.01 * rng.standard_normal(len(t))
    rest = np.zeros(SR // 2)
    return wav_bytes(np.concatenate([rest, y, rest]).astype(np.float32), SR)


def fill(page: AppTest, place: int, label: str, frequency: float, n: int) -> None:
    """Name a class and give it recordings, as its uploader would."""
    page.text_input(key=f"record.name.{place}").set_value(label)
    slot = page.session_state["record.slots"][place]
    for number in range(n):
        slot.examples += slots.recorded.examples(sound(frequency, number), f"{label} {number}")
    page.run()


def button(page: AppTest, label: str) -> Any:
    return next(element for element in page.button if element.label == label)


def words(page: AppTest) -> str:
    return " ".join(element.value for element in [*page.markdown, *page.caption, *page.title])


def test_what_is_missing_is_said_before_anything_is_trained(open_page: OpenPage) -> None:
    page = open_page("record")
    assert button(page, "Train").disabled
    assert "two classes at least" in words(page)
    fill(page, 0, "low", 300, 3)
    fill(page, 1, "", 2000, 3)
    assert "Name every class" in words(page)
    page.text_input(key="record.name.1").set_value("low").run()
    assert "a name of its own" in words(page)
    page.text_input(key="record.name.1").set_value("high").run()
    assert not button(page, "Train").disabled
    page.button(key="record.undo.1").click().run()
    page.button(key="record.undo.1").click().run()
    assert "every class needs two" in words(page)
    page.button(key="record.clear").click().run()
    assert "two classes at least" in words(page)


def test_recordings_become_a_model_that_answers(open_page: OpenPage) -> None:
    queue.ensure_supervisor()
    page = open_page("record")
    page.button_group(key="record.kind").set_value("Spoken words").run()
    fill(page, 0, "low *", 300, 5)
    fill(page, 1, "high", 2000, 5)
    fill(page, 2, "mid", 900, 4)
    button(page, "Train").click().run()
    run = open_run(workspaces.runs_folder() / page.session_state["audioclf"].run)
    end = time.monotonic() + 600
    while not run.status.ended:
        assert time.monotonic() < end
        time.sleep(0.2)
    assert run.status.state == "done", run.status
    page.run()
    assert not page.exception
    assert not page.error
    assert run.metrics["n_test"] == 14
    assert len(run.metrics["splits"]) == 14
    assert "had not heard that recording" in words(page)
    data = load_dataset(run.experiment.dataset.name)
    assert data.counts == {"low *": 5, "high": 5, "mid": 4}
    assert page.session_state["audioclf"].data == data.source
    answer = model_client.classify(run, [(data.clips[0], None)])
    assert answer.wait(120)
    assert answer.result[0].label == "low *"
    assert answer.result[0].novelty is not None


@pytest.mark.parametrize("at_hand", [True, False])
def test_weights_that_are_not_here_are_spoken_of(
    open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_hand: bool
) -> None:
    if not at_hand:
        monkeypatch.setattr("audioclf.embeddings.yamnet.YAMNet.at_hand", False)
    else:
        monkeypatch.setattr("audioclf.embeddings.yamnet.YAMNet.at_hand", True)
    page = open_page("record")
    assert any("are not on this computer" in info.value for info in page.info) is not at_hand
    page.button_group(key="record.kind").set_value("Spoken words").run()
    assert not page.info


def test_what_the_browser_sends_is_checked() -> None:
    y = np.linspace(-1, 1, 100, dtype=np.float32)
    sent = base64.b64encode((y * 32767).astype("<i2").tobytes()).decode()
    np.testing.assert_allclose(live.samples({"number": 1, "pcm": sent}), y, atol=1e-4)
    for wrong in (None, "text", {}, {"pcm": 3}, {"pcm": "***"}, {"pcm": "QQ=="}, {"pcm": "A" * 1_000_000}):
        with pytest.raises(AudioError, match="sent no sound"):
            live.samples(wrong)
