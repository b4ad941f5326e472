"""The command line: output, exit codes, one-sentence errors; a training, a list and a refusal as real processes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import audioclf as package
from audioclf.audio.io import read_info
from audioclf.cli import cli
from audioclf.core.settings import SETTINGS
from audioclf.features import views
from audioclf.recipes import names

PNG = b"\x89PNG\r\n\x1a\n"


def audioclf(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "audioclf", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def here(*arguments: object, code: int = 0) -> Result:
    """The same in this process, which spares a start of Python and TensorFlow."""
    done = CliRunner().invoke(cli, [*map(str, arguments)])
    assert done.exit_code == code, done.output
    return done


def refused(*arguments: object) -> str:
    """The one sentence of a refusal."""
    return sentence(here(*arguments, code=2))


def sentence(done: subprocess.CompletedProcess[str] | Result) -> str:
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("audioclf: ")]
    return line


def last_json(done: subprocess.CompletedProcess[str] | Result):
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory, write_tone) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "sounds"
    for label, base in (("low", 220.0), ("high", 1760.0)):
        for number in range(8):
            write_tone(folder / label / f"{number}.wav", frequency=base * (1 + 0.02 * number), seconds=0.3)
    return folder


@pytest.fixture(scope="module")
def run(sounds: Path) -> Path:
    folder = sounds.parent / "run"
    settings = ("model.kind=compact-cnn", "model.filters=[8,8]", "training.epochs=3", "training.batch_size=4")
    done = audioclf(
        *("run", "instruments-cqt-logreg", "--dataset", sounds, "--out", folder, "--json"),
        *("--set", "audio.duration=0.3", "--set", "features=[{kind='mel', n_mels=32}]", "--set", "audio.sr=22050"),
        *(part for setting in settings for part in ("--set", setting)),
    )
    answer = last_json(done)
    assert {"run", "accuracy", "n_test", "protocol", "seconds"} <= set(answer)
    assert answer["run"] == str(folder)
    return folder


def test_run_writes_a_run_that_classifies_and_explains(run: Path, sounds: Path) -> None:
    file = sounds / "low" / "3.wav"
    (answer,) = last_json(here("classify", run, file, "--json"))
    assert answer["file"] == str(file)
    assert answer["label"] in ("low", "high")
    assert answer["remarks"] == []
    assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert str(file) in here("classify", run, file).stdout
    picture = run.parent / "why.png"
    explained = here("explain", run, file, "--out", picture, "--class", "high", "--method", "grad-cam").stdout
    assert picture.read_bytes().startswith(PNG)
    assert "Grad-CAM, " in explained
    assert "Removing the marked tenth takes high from" in explained or "no evidence to show" in explained


def test_explanations_are_tested_and_the_method_is_chosen(run: Path) -> None:
    answer = last_json(here("explanations", run, "--method", "grad-cam", "--clips", "2", "--json"))
    (row,) = answer["methods"]
    assert (row["method"], row["n"]) == ("grad-cam", 2)
    assert answer["choice"] == json.loads((run / "explanations" / "choice.json").read_text())
    table = here("explanations", run, "--method", "grad-cam", "--clips", "2", "--markdown").stdout
    assert table.startswith("| method |")
    assert "Grad-CAM" in table
    assert "did you mean 'occlusion'" in refused("explanations", run, "--method", "oclusion")
    assert "has no weights" in refused("explanations", run, "--method", "weights")


@pytest.mark.parametrize(
    ("name", "kinds"),
    [("silent.wav", {"silent"}), ("inverted_stereo.wav", {"silent", "cancelling channels"})],
)
def test_a_sound_without_sound_is_remarked_on(run: Path, name: str, kinds: set[str]) -> None:
    file = Path(package.__file__).parents[1].parent / "shared" / "cases" / name
    if not file.is_file():
        pytest.skip(f"the cases are not on this machine (looked for {file})")
    (answer,) = last_json(here("classify", run, file, "--json"))
    assert kinds <= {remark["kind"] for remark in answer["remarks"]}
    assert "\n  There is next to nothing to hear" in here("classify", run, file).stdout


def test_one_bad_file_leaves_the_others(run: Path, sounds: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.wav"
    page.write_text("<html></html>")
    done = here("classify", run, page, sounds / "low" / "1.wav", "--json", code=2)
    bad, good = last_json(done)
    assert bad["error"].endswith(".")
    assert good["label"] in ("low", "high")


def test_a_toml_file_runs(sounds: Path, tmp_path: Path) -> None:
    toml = tmp_path / "mine.toml"
    toml.write_text(
        f"[dataset]\nname = '{sounds}'\n[model]\nkind = 'tree'\n[[features]]\nkind = 'mfcc'\n[split]\nkind = 'k-fold'\n"
        "n_splits = 2\n"
    )
    done = here("run", toml, "--out", tmp_path / "run")
    assert "accuracy" in done.stdout
    assert "2-fold cross-validation" in done.stdout


@pytest.mark.parametrize("kind", sorted(views()))
@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_features_are_drawn(sounds: Path, tmp_path: Path, kind: str, suffix: str) -> None:
    if suffix == "svg" and kind not in ("waveform", "cqt"):
        pytest.skip("one curve and one picture are enough as SVG")
    out = tmp_path / f"picture.{suffix}"
    here("features", sounds / "low" / "0.wav", "--kind", kind, "--out", out)
    assert out.read_bytes().startswith(PNG) if suffix == "png" else "<svg" in out.read_text()


def test_lists() -> None:
    assert "instruments" in audioclf("datasets").stdout
    assert any(item["name"] == "instruments" for item in last_json(here("datasets", "--json")))
    recipes = last_json(here("recipes", "--json"))
    assert [recipe["name"] for recipe in recipes] == list(names())
    assert all({"name", "source", "reference", "parameters"} <= set(recipe) for recipe in recipes)
    table = here("recipes").stdout
    assert "7,649,418" in table
    assert "62,197,898" in table
    assert [row["variable"] for row in last_json(here("settings", "--json"))] == [row.variable for row in SETTINGS]


def test_mistakes_are_one_sentence(run: Path, sounds: Path, tmp_path: Path) -> None:
    tone = sounds / "low" / "0.wav"
    out = tmp_path / "new"
    assert "did you mean 'instruments-cqt-cnn'" in sentence(audioclf("run", "instruments-cqt-cn", code=2))
    assert "key=value" in refused("run", "instruments-best", "--set", "training.epochs", "--out", out)
    assert "did you mean 'epochs'" in refused("run", "instruments-best", "--set", "training.epoch=2", "--out", out)
    assert "no data set" in refused("run", "instruments-best", "--dataset", "esc11", "--out", out / "a")
    assert "nothing to go on with" in refused("run", "instruments-best", "--out", run, "--resume")
    assert "--out names" in refused("run", "instruments-best", "--resume")
    assert "beside --resume" in refused("search", "genres-grid", "--resume", run)
    assert "is no run" in refused("classify", tmp_path, tone)
    assert "did you mean 'high'" in refused("explain", run, tone, "--class", "hihg", "--out", tmp_path / "a.png")
    assert "grad-cam" in refused("explain", run, tone, "--method", "x", "--out", tmp_path / "a.png")
    assert "hop_length" in refused("features", tone, "--set", "hop_length=0", "--out", tmp_path / "a.png")
    assert "mfcc" in refused("features", tone, "--kind", "mffc", "--out", tmp_path / "a.png")
    assert "fmax" in refused("features", tone, "--set", "fmax=20000", "--out", tmp_path / "a.png")
    assert "nowhere.wav" in refused("features", tmp_path / "nowhere.wav", "--out", tmp_path / "a.png")
    assert ".png" in refused("features", tone, "--out", tmp_path / "a.gif")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["model.kind=vgg16", "picture.colormap=magma", "picture.height=1", "picture.width=1"], "got 1 x 1"),
        (["model={kind='vgg16', weights='/no/such.h5'}", "picture.colormap=magma"], "is not there; correct the path"),
        (["model.kind=compact-cnn", "model.filters=[4,4,4,4,4,4,4,4,4]"], "needs a map of at least"),
        (["split={kind='k-fold', n_splits=9}"], "has 8 clips, and 9 splits need at least 9"),
        (["model={kind='knn', n_neighbors=50}"], "n_neighbors must be at most"),
        (["combine=ensemble"], "two features or more"),
        (["split={kind='holdout', by_group=true}"], "has no training clip"),
    ],
)
def test_what_cannot_be_is_refused_before_a_run_is_made(
    sounds: Path, tmp_path: Path, settings: list[str], message: str
) -> None:
    data = sounds
    if "by_group" in settings[0]:
        shutil.copytree(sounds, tmp_path / "sounds")
        data = tmp_path / "speakers.csv"
        files = sorted((tmp_path / "sounds").rglob("*.wav"))
        rows = [f"{path.relative_to(tmp_path)},{path.parent.name},only of {path.parent.name}" for path in files]
        data.write_text("\n".join(["file,label,speaker", *rows]))
    pairs = [part for setting in settings for part in ("--set", setting)]
    done = CliRunner().invoke(
        cli, ["run", "instruments-mfcc-tree", "--dataset", str(data), "--out", str(tmp_path / "run"), *pairs]
    )
    assert done.exit_code == 2
    assert message in done.stderr
    assert not (tmp_path / "run").exists()


def test_runs_are_listed_and_compared(run: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(run, other)
    text = (other / "experiment.toml").read_text().replace("epochs = 3\n", "epochs = 4\n")
    (other / "experiment.toml").write_text(text)
    reported = here("runs", run, other).stdout
    assert "settings that differ" in reported
    assert "training.epochs" in reported
    assert "McNemar's exact test, p = 1" in reported
    found = last_json(here("runs", run, other, "--json"))
    assert found["differences"] == {"training.epochs": [3, 4]}
    assert [item["accuracy"] for item in found["runs"]] == [
        json.loads((run / "metrics.json").read_text())["accuracy"]
    ] * 2
    (pair,) = found["paired"]
    assert (pair["second"], pair["p_value"], pair["difference"]) == ("other", 1, 0)
    assert "is no run" in refused("runs", tmp_path)


def test_a_feature_is_made_sound_again(sounds: Path, tmp_path: Path) -> None:
    file, out = sounds / "low" / "0.wav", tmp_path / "heard.wav"
    answer = last_json(here("resynthesize", file, "--set", "n_mels=20", "--phase", "original", "--out", out, "--json"))
    assert answer["file"] == str(out)
    assert 0 < answer["distance"] < 80
    assert read_info(out).seconds == pytest.approx(0.3, abs=0.01)
    assert "dB from the original" in here("resynthesize", file, "--kind", "stft", "--out", out).output
    assert "cannot be made sound" in refused("resynthesize", file, "--kind", "waveform", "--out", out)
    assert "must end in .wav" in refused("resynthesize", file, "--out", tmp_path / "heard.mp3")
    assert "cannot be written" in refused("resynthesize", file, "--out", tmp_path / "gone" / "heard.wav")


def test_a_feature_is_drawn_as_pdf(sounds: Path, tmp_path: Path) -> None:
    out = tmp_path / "mel.pdf"
    here("features", sounds / "low" / "0.wav", "--out", out)
    assert out.read_bytes().startswith(b"%PDF")
