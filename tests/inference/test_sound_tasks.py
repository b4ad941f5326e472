"""Figures drawn by the warm process are the ones drawn here, and a request can be interrupted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from audioclf.audio.io import AudioSettings, read_info
from audioclf.core.errors import RunError
from audioclf.datasets import Clip
from audioclf.features import Mel, Waveform
from audioclf.inference import sound_tasks
from audioclf.inference.messages import packed
from audioclf.inference.model_server import ModelWorker

SR = 22050


@pytest.fixture(scope="module")
def worker() -> Iterator[ModelWorker]:
    made = ModelWorker()
    yield made
    made.close()


@pytest.mark.parametrize(("ending", "start"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")])
def test_a_grid_becomes_a_file(worker: ModelWorker, ending: str, start: bytes) -> None:
    y = (0.1 * np.random.default_rng(0).standard_normal(SR)).astype(np.float32)
    maps = [[Waveform().compute(y, SR)] * 2, [Mel().compute(y, SR)] * 2]
    request, given = sound_tasks.drawing(maps, ["a <b>", "$x$"], shared=True, difference=False, ending=ending)
    _, arrays = worker.ask(request, given)
    data = arrays["file"].tobytes()
    assert data.startswith(start)
    if ending == ".png":
        import json

        here, there = json.loads(json.dumps(request)), {name: array.copy() for name, array in given.items()}
        assert sound_tasks.ANSWERS["draw"](here, there)[1]["file"].tobytes() == data


def test_a_clip_becomes_sound_again(worker: ModelWorker, tone_wav: Path) -> None:
    clip = Clip(tone_wav, "tone", read_info(tone_wav, content=True))
    request = {
        "do": "resynthesize",
        "clip": packed(clip)[0],
        "feature": Mel(n_mels=40).to_dict(),
        "audio": AudioSettings().to_dict(),
        "phase": "original",
        "n_samples": 5000,
    }
    values, arrays = worker.ask(request)
    assert arrays["y"].shape == arrays["original"].shape == (5000,)
    assert 0 < values["distance"] < 80
    with pytest.raises(RunError, match="phase must be"):
        worker.ask(request | {"phase": "none"})
    timer = threading.Timer(0.3, worker.interrupt)
    timer.start()
    with pytest.raises(RunError, match="ended while it worked"):
        worker.ask(request | {"feature": {"kind": "cqt"}, "phase": "griffin-lim", "n_samples": 500_000})
    assert worker.ask(request)[0]["distance"] == pytest.approx(values["distance"])
