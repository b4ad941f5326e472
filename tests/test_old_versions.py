"""What an older version made is still opened, shown and used as then: runs, a search and a saved data set.

``old_versions/README.md`` says what the files are and how they were made.
"""

from __future__ import annotations

import base64
import io
import json
import wave
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import audioclf

FOLDER = Path(__file__).with_name("old_versions")
SR = 8000

Samples = npt.NDArray[np.int64]


def triangle(period: int, n: int) -> Samples:
    """Triangle wave that fades to a quarter, in whole numbers: the same on every machine."""
    k = np.arange(n)
    y = 24000 * np.abs(2 * (k % period) - period) // period - 12000
    return y * (4 * n - 3 * k) // (4 * n)


def tone(period: int, seed: int, n: int) -> Samples:
    """The wave at half its height, and a little noise."""
    noise = (np.random.PCG64(seed).random_raw(n) % 8001).astype(np.int64) - 4000
    return triangle(period, n) // 2 + noise // 4


def wav(y: Samples) -> bytes:
    """A mono WAV file of 16 bit."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SR)
        out.writeframes(y.astype("<i2").tobytes())
    return file.getvalue()


SIGNALS = {
    "one window": wav(tone(9, 1, 2000)),
    "two windows": wav(np.concatenate([tone(37, 2, 2000), tone(8, 3, 2900)])),
}


def unpack(root: Path) -> Path:
    """Write the old folders and the tones they were made of below a folder, which takes the place of the old one."""
    for name, content in json.loads((FOLDER / "old_runs.json").read_text(encoding="utf-8")).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if "base64" in content:
            path.write_bytes(base64.b64decode(content["base64"]))
        else:
            path.write_text(content["text"].replace("<root>", root.as_posix()), encoding="utf-8", newline="")
    for label, period in (("high", 6), ("low", 40)):
        for i in range(6):
            path = root / "tones" / label / f"{i}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(wav(tone(period + i, 10 * period + i, 2000)))
    return root


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack(tmp_path_factory.mktemp("old"))


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
    return found


RUNS = ("runs/cnn", "runs/folds", "runs/logreg", "searches/rates/points/rates.01", "searches/rates/points/rates.02")


@pytest.mark.parametrize("name", RUNS)
def test_an_old_run_classifies_as_before(name: str, old: Path, expected: dict[str, Any]) -> None:
    predictor = audioclf.Predictor(audioclf.open_run(old / name))
    for signal, before in expected["probabilities"][name].items():
        answer = predictor.classify(SIGNALS[signal])
        assert answer.classes == ("high", "low")
        np.testing.assert_allclose([window.probabilities for window in answer.windows], before, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", RUNS)
def test_an_old_run_shows_its_results(name: str, old: Path, expected: dict[str, Any]) -> None:
    run = audioclf.open_run(old / name)
    before = expected["results"][name]
    assert run.status.state == "done"
    assert run.name == before["name"]
    assert run.metrics["accuracy"] == before["accuracy"]
    assert run.metrics["protocol"] == run.experiment.protocol == before["protocol"]
    assert len(run.history) == before["epochs"]
    assert [clip.label for clip in run.clips] == ["high"] * 6 + ["low"] * 6
    assert all(clip.path.is_file() for clip in run.clips)
    assert [(item.clip, item.split, item.predicted) for item in run.predictions] == [
        tuple(row) for row in before["predictions"]
    ]
    # its line among other runs, and its experiment as text, which can be trained again
    (line,) = audioclf.compare_runs([run]).runs
    assert (line.accuracy, line.model, list(line.features)) == (before["accuracy"], before["model"], before["features"])
    assert audioclf.Experiment.from_toml(run.experiment.to_toml()) == run.experiment


def test_an_old_run_can_be_explained(old: Path) -> None:
    predictor = audioclf.Predictor(audioclf.open_run(old / "runs/cnn"))
    for method in ("grad-cam", "occlusion"):
        answer = predictor.explain(SIGNALS["one window"], method=method)
        assert answer.heat.shape == answer.feature_map.values.shape
        assert answer.heat.max() == pytest.approx(1)


def test_an_old_run_knows_the_clips_it_was_made_of(old: Path) -> None:
    run = audioclf.open_run(old / "runs/folds")
    assert run.experiment.dataset.load().fingerprint == run.metrics["fingerprint"]


def test_an_old_search_keeps_its_leader_board(old: Path, expected: dict[str, Any]) -> None:
    search = audioclf.open_search(old / "searches/rates")
    assert search.status.state == "done"
    assert search.name == "two learning rates"
    assert search.search.grid == {"training.learning_rate": (0.001, 0.02)}
    board = [[line.number, line.state, line.val_loss, line.val_accuracy] for line in search.board]
    assert board == expected["board"]
    assert search.best is not None
    assert search.best.number == expected["board"][0][0]
    assert [run.id for run in search.runs] == ["rates.01", "rates.02"]


def test_an_old_saved_version_loads(old: Path, expected: dict[str, Any]) -> None:
    version = audioclf.load_dataset(old / "datasets/deep")
    assert not version.problems
    assert [clip.label for clip in version.clips] == ["high"] * 5 + ["deep"] * 6
    assert version.fingerprint == expected["version"]["fingerprint"]
    assert version.parent == expected["version"]["parent"]
