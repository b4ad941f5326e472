"""Exports of real runs: equal to the predictor, opened where audioclf is not, names text in every format."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from audioclf.audio.io import AudioSettings
from audioclf.core.errors import AudioclfError, ParameterError, RunError, Stopped
from audioclf.core.npz import read_plain, write_arrays
from audioclf.datasets import Dataset
from audioclf.experiments.runs import Run, open_run
from audioclf.export import check, formats
from audioclf.export.job import export_run
from audioclf.features import CQT, FEATURES
from audioclf.features.scaling import Scaling
from audioclf.inference.assets import starter_run
from audioclf.inference.predictor import Predictor
from audioclf.models import MODELS

# looked for, not imported by every worker that collects this file
if find_spec("ai_edge_litert") is None:
    pytest.skip("the extra audioclf[export] is not installed", allow_module_level=True)

MODEL_FORMATS = ("onnx", "litert", "keras")


class Scripts(HTMLParser):
    """Elements of a page, and what its JSON holds."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.about = ""
        self._inside = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._inside = tag == "script" and ("id", "about") in attributes

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.about += data


@pytest.mark.long
@pytest.mark.parametrize("name", MODEL_FORMATS)
def test_an_ensemble_of_folds_leaves_as_one_model(ensemble_run: Run, name: str, tmp_path: Path) -> None:
    path = tmp_path / f"model{formats.FORMATS[name].suffix}"
    steps: list[tuple[int, int]] = []
    found = export_run(ensemble_run, path, name, progress=lambda done, total, words: steps.append((done, total)))
    assert found.difference is not None
    assert found.difference <= check.TOLERANCE
    assert found.n_compared == 24
    assert not found.made
    assert steps[-1] == (6, 6)
    predictor = Predictor(ensemble_run)
    samples = check.samples_of(predictor)
    assert check.ask(path, samples.windows) == pytest.approx(predictor.probabilities(list(samples.windows)), abs=1e-4)


def test_one_split_alone(ensemble_run: Run, tmp_path: Path) -> None:
    split = ensemble_run.signature["fits"][0]["split"]
    path = tmp_path / "one.onnx"
    export_run(ensemble_run, path, split=split)
    predictor = Predictor(ensemble_run)
    windows = check.samples_of(predictor).windows
    assert check.ask(path, windows) == pytest.approx(predictor.probabilities(list(windows), split), abs=1e-4)
    assert np.abs(check.ask(path, windows) - predictor.probabilities(list(windows))).max() > 1e-3


def as_yamnet(kind: str) -> dict[str, Any]:
    """What YAMNet is given: sounds at its own rate, values as they are."""
    return {
        "features": (FEATURES[kind](),),
        "audio": AudioSettings(sr=16000, duration=1.5),
        "scaling": Scaling(mode="none"),
    }


@pytest.mark.long
@pytest.mark.parametrize(
    "changes",
    [
        {"model": MODELS["crnn"](filters=(8,), recurrent_units=(8,), bidirectional=True)},
        {"model": MODELS["resnet"]()},
        {"model": MODELS["logreg"]()},
        {"model": MODELS["svm"]()},
        {"model": MODELS["yamnet"](weights="none", units=(8,)), **as_yamnet("yamnet-mel")},
        {"model": MODELS["logreg"](), **as_yamnet("yamnet")},
    ],
    ids=("crnn", "resnet", "logreg", "svm", "yamnet", "embedding"),
)
def test_every_family_of_models(
    changes: dict[str, Any],
    make_run: Callable[..., Run],
    named_clips: Dataset,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    if request.node.callspec.id == "embedding":
        request.getfixturevalue("yamnet")
    run = make_run(named_clips, tmp_path / "run", **changes)
    for name in ("onnx", "litert"):
        found = export_run(run, tmp_path / f"model{formats.FORMATS[name].suffix}", name)
        assert found.difference is not None
        assert found.difference <= check.TOLERANCE
    if request.node.callspec.id == "embedding":
        found = export_run(run, tmp_path / "small.zip", "litert", bundled=True, int8=True)
        assert found.n_bytes < 6e6, "YAMNet has 3.75 million parameters"
        assert found.same is not None
        with zipfile.ZipFile(tmp_path / "small.zip") as packed:
            card = packed.read("MODEL_CARD.md").decode()
        assert "YAMNet" in card
        assert "Apache" in card


def test_what_cannot_leave_says_what_to_use_instead(
    make_run: Callable[..., Run], named_clips: Dataset, tmp_path: Path
) -> None:
    tree = make_run(named_clips, tmp_path / "tree", model=MODELS["tree"]())
    with pytest.raises(ParameterError, match=r"audioclf serve.*in the format run"):
        export_run(tree, tmp_path / "tree.onnx")
    cqt = make_run(
        named_clips,
        tmp_path / "cqt",
        features=(CQT(hop_length=128, n_bins=24, fmin=200),),
        model=MODELS["logreg"](),
    )
    with pytest.raises(ParameterError, match=r"mel spectrogram.*in the format run"):
        export_run(cqt, tmp_path / "cqt.onnx")
    for wrong in ({"int8": True}, {"format": "keras", "bundled": True}, {"web_runtime": True}, {"format": "onx"}):
        with pytest.raises(ParameterError):
            export_run(tree, tmp_path / "tree.onnx", **wrong)
    assert not (tmp_path / "tree.onnx").exists()


def test_a_model_that_differs_is_not_offered(named_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from audioclf.export import convert

    path = tmp_path / "model.onnx"
    path.write_bytes(b"before")

    def other(model: Any, target: Path) -> None:
        model.set_weights([weight * 1.01 for weight in model.get_weights()])
        convert.to_onnx(model, target)

    monkeypatch.setitem(convert.WRITERS, "onnx", other)
    with pytest.raises(RunError, match="not offered"):
        export_run(named_run, path)
    monkeypatch.setitem(convert.WRITERS, "onnx", lambda model, target: target.write_bytes(b"no model"))
    with pytest.raises(RunError, match="does not run in its own runtime"):
        export_run(named_run, path)
    with pytest.raises(Stopped):
        export_run(named_run, path, should_stop=lambda: True)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.fixture(scope="module")
def unpacked(named_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """What is in the zip of a format."""

    @functools.cache
    def unpack(name: str) -> Path:
        folder = tmp_path_factory.mktemp(name)
        export_run(named_run, folder / "model.zip", name, bundled=True)
        with zipfile.ZipFile(folder / "model.zip") as packed:
            packed.extractall(folder / "there")
        return folder / "there"

    return unpack


@pytest.mark.parametrize("name", ["onnx", "litert"])
def test_a_zip_answers_without_audioclf(
    named_run: Run, name: str, unpacked: Callable[[str], Path], bare: Callable[..., Any]
) -> None:
    folder = unpacked(name)
    predictor = Predictor(named_run)
    files = [clip.path for clip in named_run.clips]
    done = bare(folder / "classify.py", folder / "example.wav", *files)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    expected = json.loads((folder / "example.json").read_text(encoding="utf-8"))
    assert answers[0]["probabilities"] == pytest.approx(expected["probabilities"], abs=1e-5)
    for file, answer in zip(files, answers[1:], strict=True):
        ours = predictor.classify(file)
        assert answer["label"] == ours.label
        assert [answer["probabilities"][label] for label in ours.classes] == pytest.approx(ours.probabilities, abs=1e-4)
    assert len((folder / "classify.py").read_text().splitlines()) < 100


def test_classify_resamples_as_audioclf_does(
    named_run: Run, tmp_path: Path, unpacked: Callable[[str], Path], bare: Callable[..., Any]
) -> None:
    predictor = Predictor(named_run)
    rng = np.random.default_rng(0)
    files = []
    for sr in (44100, 22050, 6000):
        files.append(tmp_path / f"{sr}.wav")
        t = np.arange(sr) / sr
        y = 0.3 * np.sin(2 * np.pi * 600 * t) + rng.normal(0, 0.02, sr)
        soundfile.write(files[-1], np.stack([y, 0.5 * y], axis=1), sr)
    done = bare(unpacked("onnx") / "classify.py", *files)
    for file, line in zip(files, done.stdout.splitlines(), strict=True):
        ours = predictor.classify(file)
        theirs = json.loads(line)["probabilities"]
        assert [theirs[label] for label in ours.classes] == pytest.approx(ours.probabilities, abs=0.02)


def test_names_are_text_in_every_format(named_run: Run, unpacked: Callable[[str], Path]) -> None:
    classes = named_run.classes
    folder = unpacked("onnx")
    files = {path.name: path.read_text("utf-8") for path in folder.iterdir() if path.suffix not in (".onnx", ".wav")}
    assert set(files) == {
        *("labels.txt", "model.json", "example.json", "MODEL_CARD.md", "classify.py", "README.md", "index.html")
    }
    lines = files["labels.txt"].splitlines()
    assert len(lines) == len(classes) == 3
    assert [line.replace("\\n", "\n") for line in lines] == list(classes)
    assert json.loads(files["model.json"])["classes"] == list(classes)
    page = Scripts()
    page.feed(files["index.html"])
    assert json.loads(page.about)["classes"] == list(classes)
    assert page.tags.count("script") == 3
    assert "b" not in page.tags
    card = files["MODEL_CARD.md"]
    assert "<b>" not in card
    assert "\\<b\\>" in card
    assert not [line for line in card.splitlines() if line.startswith(("=", "break"))]
    text = "".join(files.values())
    assert str(folder.parent) not in text
    assert str(named_run.clips[0].path.parent) not in text


def test_a_script_trains_to_the_same_figure(named_run: Run, tmp_path: Path) -> None:
    script = tmp_path / "again.py"
    export_run(named_run, script, "python")
    command = [sys.executable, str(script), "", str(tmp_path / "run")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    again, before = open_run(tmp_path / "run"), named_run
    assert again.experiment == before.experiment
    assert again.metrics["accuracy"] == before.metrics["accuracy"]
    assert again.metrics["fingerprint"] == before.metrics["fingerprint"]
    assert f"{before.metrics['accuracy']:.4f} on {before.metrics['n_test']} before" in done.stdout


def test_int8_states_what_it_costs(named_run: Run, tmp_path: Path) -> None:
    found = export_run(named_run, tmp_path / "model.tflite", "litert", int8=True)
    assert found.same is not None
    assert found.accuracy_int8 is not None
    assert "int8" in found.sentence
    assert "instead of" in found.sentence


def test_the_starter_without_its_clips_is_checked_on_made_sounds(tmp_path: Path) -> None:
    found = export_run(starter_run(), tmp_path / "starter.onnx")
    assert found.made
    assert found.difference is not None
    assert found.difference <= check.TOLERANCE
    assert found.n_bytes < 2_000_000


def test_a_missing_extra_is_one_sentence() -> None:
    with pytest.raises(AudioclfError, match=r"pip install 'audioclf\[export\]'"):
        formats.require("Export to ONNX", ("no_such_module",), "export")


def test_a_damaged_run_is_one_sentence(make_run: Callable[..., Run], named_clips: Dataset, tmp_path: Path) -> None:
    run = make_run(named_clips, tmp_path / "run", model=MODELS["mlp"]())
    weights = next(run.folder.glob("models/*/weights.npz"))
    arrays = read_plain(weights)
    write_arrays(weights, {name: array[..., :1] if array.ndim else array for name, array in arrays.items()})
    with pytest.raises(RunError):
        export_run(run, tmp_path / "model.onnx")
    assert not (tmp_path / "model.onnx").exists()
