"""Runs, searches and data sets as a stranger may have made them: nothing of theirs runs, nothing outside is touched."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import audioclf
from audioclf.cli import cli
from audioclf.cli.train import _is_named_by
from audioclf.core import settings, workspaces
from audioclf.core.errors import AudioclfError, DatasetError
from audioclf.datasets import load_dataset
from audioclf.experiments.runs import Run, compare_runs, list_runs, open_run
from audioclf.inference.predictor import Predictor
from audioclf.jobs import queue
from audioclf.tuning import list_searches, open_search

STARTER = Path(audioclf.__file__).parents[1] / "assets" / "starter"
DEEP = 100_000
EVIL = "from pathlib import Path\nPath({canary!r}).touch()\ndef build(*shape, **options): raise SystemExit\n"
pytestmark = pytest.mark.skipif(os.name == "nt", reason="makes links and pipes")

SECRET = "the words of somebody else"

WriteTone = Callable[..., Path]


@dataclass
class Scene:
    """A run of a stranger's, and what must stay as it is."""

    run: Path
    outside: Path
    canary: Path
    sound: Path

    @property
    def model(self) -> Path:
        return self.run / "models" / "s00-m0"

    def state(self) -> dict[str, tuple[bytes | str, int]]:
        return {
            str(path): (path.read_bytes() if path.is_file() else "", path.lstat().st_mtime_ns)
            for path in sorted(self.outside.rglob("*"))
        }

    def edit(self, name: str, change: Callable[[Any], object]) -> None:
        value = json.loads((self.run / name).read_text())
        change(value)
        (self.run / name).write_text(json.dumps(value))

    def toml(self, old: str, new: str) -> None:
        text = (self.run / "experiment.toml").read_text()
        assert old in text
        (self.run / "experiment.toml").write_text(text.replace(old, new))

    def link(self, path: Path, target: Path) -> None:
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        path.symlink_to(target, target_is_directory=target.is_dir())

    def evil_module(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "evil_networks.py").write_text(EVIL.format(canary=str(self.canary)))

    def name_evil(self, builder: str = "evil_networks:build") -> None:
        text = (self.run / "experiment.toml").read_text()
        begin, end = text.index("[model]"), text.index("[training]")
        (self.run / "experiment.toml").write_text(
            f'{text[:begin]}[model]\nkind = "custom"\nbuilder = "{builder}"\n\n{text[end:]}'
        )


@pytest.fixture
def scene(tmp_path: Path, write_tone: WriteTone, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text(SECRET)
    shutil.copytree(STARTER, outside / "starter")
    made = Scene(
        tmp_path / "inbox" / "run", outside, tmp_path / "canary", write_tone(tmp_path / "tone.wav", seconds=2.0)
    )
    shutil.copytree(STARTER, made.run)
    (made.run / "clips.csv").write_text(
        "label,path,start,duration,group,fold,sr,channels,frames,format,subtype,content,file\n"
        f"low,{made.sound},0.0,,,,22050,1,44100,WAV,PCM_16,ab,tone.wav\n"
    )
    (made.run / "predictions.csv").write_text(
        "clip,split,true,predicted," + ",".join(f"p{n}" for n in range(10)) + "\n0,holdout,1,1" + ",0.1" * 10 + "\n"
    )
    monkeypatch.chdir(made.run)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = made.state()
    yield made
    assert not made.canary.exists(), "code of the stranger's ran"
    assert "evil_networks" not in sys.modules
    assert made.state() == before, "something outside was written"


def command(*arguments: object) -> Result:
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    assert SECRET not in result.output
    return result


def refused(*arguments: object) -> str:
    """The one sentence of a refusal."""
    result = command(*arguments)
    assert result.exit_code == 2, result.output
    lines = [line for line in result.stderr.splitlines() if line.startswith("audioclf: ")]
    assert len(lines) == 1, result.stderr
    return lines[0]


def pickled(canary: Path) -> bytes:
    return b"cbuiltins\nexec\n(S'open(" + repr(str(canary)).replace("'", '"').encode() + b', "w")\'\ntR.'


def npy(header: str, data: bytes = b"") -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def npz(path: Path, **arrays: bytes) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in arrays.items():
            archive.writestr(f"{name}.npy", data)


def objects() -> bytes:
    held = io.BytesIO()
    np.save(held, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    return held.getvalue()


def nothing(scene: Scene) -> None:
    pass


def evil_in_the_working_directory(scene: Scene) -> None:
    scene.evil_module(scene.run)
    scene.name_evil()


def evil_on_the_path(scene: Scene) -> None:
    scene.evil_module(scene.run.parent / "library")
    sys.path.insert(0, str(scene.run.parent / "library"))
    scene.name_evil()


def builder_of_the_standard_library(scene: Scene) -> None:
    scene.name_evil("os:system")


def id_leads_up(scene: Scene) -> None:
    scene.edit("model.json", lambda reported: reported["fits"][0].update(id="../../../outside/starter/models/s00-m0"))


def id_is_absolute(scene: Scene) -> None:
    scene.edit(
        "model.json", lambda reported: reported["fits"][0].update(id=str(scene.outside / "starter/models/s00-m0"))
    )


def weights_are_a_link(scene: Scene) -> None:
    scene.link(scene.model / "weights.npz", scene.outside / "starter/models/s00-m0/weights.npz")


def models_are_a_link(scene: Scene) -> None:
    scene.link(scene.run / "models", scene.outside / "starter/models")


def one_model_is_a_link(scene: Scene) -> None:
    scene.link(scene.model, scene.outside / "starter/models/s00-m0")


def clips_are_a_link(scene: Scene) -> None:
    scene.link(scene.run / "clips.csv", scene.outside / "secret.txt")


def predictions_are_a_link(scene: Scene) -> None:
    scene.link(scene.run / "predictions.csv", scene.outside / "secret.txt")


def stop_is_a_link(scene: Scene) -> None:
    scene.link(scene.run / "stop", scene.outside / "made-by-stop")


def log_is_a_link(scene: Scene) -> None:
    scene.link(scene.run / "log.txt", scene.outside / "secret.txt")


def recipe_is_a_link(scene: Scene) -> None:
    scene.link(scene.run / "experiment.toml", scene.outside / "secret.txt")


def weights_are_pickled(scene: Scene) -> None:
    (scene.model / "weights.npz").write_bytes(pickled(scene.canary))


def weights_hold_objects(scene: Scene) -> None:
    npz(scene.model / "weights.npz", epoch=objects())


def scaling_is_pickled(scene: Scene) -> None:
    (scene.model / "scaling-0.npz").write_bytes(pickled(scene.canary))


def scaling_holds_pickles(scene: Scene) -> None:
    head = npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", pickled(scene.canary))
    npz(scene.model / "scaling-0.npz", mode=head, offset=head, scale=head)


def scaling_promises_terabytes(scene: Scene) -> None:
    head = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }")
    npz(scene.model / "scaling-0.npz", mode=head, offset=head, scale=head)


def scaling_promises_what_overflows(scene: Scene) -> None:
    head = npy(f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({2**32}, {2**32}), }}")
    npz(scene.model / "scaling-0.npz", mode=head, offset=head, scale=head)


def scaling_is_a_compressed_bomb(scene: Scene) -> None:
    with zipfile.ZipFile(scene.model / "scaling-0.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "offset.npy", npy("{'descr': '|u1', 'fortran_order': False, 'shape': (50000000,), }") + bytes(50_000_000)
        )


def scaling_multiplies(scene: Scene) -> None:
    scene.toml('mode = "none"', 'mode = "standard"')
    many = np.zeros((100_000, 1, 1, 1), np.float32)
    np.savez(scene.model / "scaling-0.npz", mode=np.array("standard"), offset=many, scale=many)


def shapes_promise_terabytes(scene: Scene) -> None:
    scene.toml('kind = "compact-cnn"', 'kind = "mlp"')
    text = (scene.run / "experiment.toml").read_text()
    begin, end = text.index("filters = ["), text.index("[training]")
    (scene.run / "experiment.toml").write_text(f"{text[:begin]}units = [16384]\n\n{text[end:]}")
    scene.edit("model.json", lambda reported: reported.update(input_shapes=[[40_000, 40_000]]))


def shapes_are_no_numbers(scene: Scene) -> None:
    scene.edit("model.json", lambda reported: reported.update(input_shapes=[["128", None]]))


def json_is_deep(scene: Scene) -> None:
    (scene.run / "model.json").write_text("[" * DEEP + "]" * DEEP)


def objects_are_deep(scene: Scene) -> None:
    (scene.run / "model.json").write_text('{"classes":' * DEEP + "1" + "}" * DEEP)


def toml_is_deep(scene: Scene) -> None:
    (scene.run / "experiment.toml").write_text("name = " + "[" * DEEP)


def toml_key_is_long(scene: Scene) -> None:
    (scene.run / "experiment.toml").write_text(".".join("a" * DEEP) + " = 1")


def duration_is_not_a_number(scene: Scene) -> None:
    text = (scene.run / "model.json").read_text()
    (scene.run / "model.json").write_text(text.replace('"duration": 2.0', '"duration": NaN'))


def duration_is_infinite(scene: Scene) -> None:
    text = (scene.run / "model.json").read_text()
    (scene.run / "model.json").write_text(text.replace('"duration": 2.0', '"duration": 1e999'))


def duration_is_a_year(scene: Scene) -> None:
    scene.edit("model.json", lambda reported: reported.update(duration=3e7))


def version_has_thousands_of_digits(scene: Scene) -> None:
    text = (scene.run / "model.json").read_text()
    (scene.run / "model.json").write_text(text.replace('"duration": 2.0', f'"duration": {"9" * 400}'))


def classes_are_gone(scene: Scene) -> None:
    scene.edit("model.json", lambda reported: reported.pop("classes"))


def classes_are_listed_twice(scene: Scene) -> None:
    scene.edit("model.json", lambda reported: reported.update(classes=["same"] * 10))


def classes_are_no_texts(scene: Scene) -> None:
    scene.edit("model.json", lambda reported: reported.update(classes=[{"a": 1}] * 10))


def classes_are_half_characters(scene: Scene) -> None:
    scene.edit("model.json", lambda reported: reported["classes"].__setitem__(0, "\ud800"))


def member_is_negative(scene: Scene) -> None:
    scene.edit("model.json", lambda reported: reported["fits"][0].update(member=-1))


def model_is_a_list(scene: Scene) -> None:
    (scene.run / "model.json").write_text("[1, 2]")


def recipe_is_a_pipe(scene: Scene) -> None:
    (scene.run / "model.json").unlink()
    os.mkfifo(scene.run / "model.json")


CANNOT_CLASSIFY = [
    evil_in_the_working_directory,
    evil_on_the_path,
    builder_of_the_standard_library,
    id_leads_up,
    id_is_absolute,
    weights_are_a_link,
    models_are_a_link,
    one_model_is_a_link,
    clips_are_a_link,
    predictions_are_a_link,
    stop_is_a_link,
    log_is_a_link,
    recipe_is_a_link,
    weights_are_pickled,
    weights_hold_objects,
    scaling_is_pickled,
    scaling_holds_pickles,
    scaling_promises_terabytes,
    scaling_promises_what_overflows,
    scaling_is_a_compressed_bomb,
    scaling_multiplies,
    shapes_promise_terabytes,
    shapes_are_no_numbers,
    json_is_deep,
    objects_are_deep,
    toml_is_deep,
    toml_key_is_long,
    duration_is_not_a_number,
    duration_is_infinite,
    duration_is_a_year,
    version_has_thousands_of_digits,
    classes_are_gone,
    classes_are_listed_twice,
    classes_are_no_texts,
    classes_are_half_characters,
    member_is_negative,
    model_is_a_list,
    recipe_is_a_pipe,
]


def test_the_run_as_it_is_classifies(scene: Scene) -> None:
    assert command("classify", scene.run, scene.sound).exit_code == 0
    assert open_run(scene.run).predictions[0].predicted == 1
    assert open_run(scene.run).clips[0].label == "low"


@pytest.mark.parametrize("spoil", CANNOT_CLASSIFY, ids=lambda spoil: spoil.__name__)
def test_a_hostile_run_is_refused_in_a_sentence(scene: Scene, spoil: Callable[[Scene], None]) -> None:
    spoil(scene)
    sentence = refused("classify", ".", scene.sound)
    assert len(sentence) < 600
    refused("explain", scene.run, scene.sound, "--out", scene.run.parent / "why.png")
    with pytest.raises(AudioclfError):
        Predictor(open_run(scene.run)).classify(scene.sound)
    with pytest.raises(AudioclfError):
        Predictor(open_run(scene.run)).explain(scene.sound, method="occlusion")
    command("runs", "--json", scene.run)
    for run in list_runs(scene.run.parent):
        compare_runs([run]).to_dict()
        assert run.history is not None


@pytest.mark.parametrize(
    "spoil",
    [evil_in_the_working_directory, evil_on_the_path, models_are_a_link, stop_is_a_link, log_is_a_link, toml_is_deep],
    ids=lambda spoil: spoil.__name__,
)
def test_to_resume_a_strangers_run_is_to_open_it(
    scene: Scene, spoil: Callable[[Scene], None], class_folders: Path
) -> None:
    scene.toml('name = "instruments"\n', f"name = '{class_folders}'\n")
    scene.edit("status.json", lambda status: status.update(state="stopped"))
    (scene.run / "metrics.json").unlink()
    spoil(scene)
    refused("run", "instruments-best", "--out", scene.run, "--resume")
    with pytest.raises(AudioclfError):
        audioclf.experiments.runner.execute(open_run(scene.run))


def test_to_resume_with_the_toml_that_named_the_code_is_to_run_it(scene: Scene) -> None:
    scene.edit("status.json", lambda status: status.update(state="stopped"))
    scene.name_evil("nowhere_of_test_hostile:build")
    own = scene.run.parent / "own.toml"
    shutil.copy(scene.run / "experiment.toml", own)
    assert "--trust-code" in refused("run", "instruments-best", "--out", scene.run, "--resume")
    opened = open_run(scene.run)
    assert _is_named_by(str(own), opened)
    own.write_text(own.read_text().replace("nowhere_of", "another_of"))
    assert not _is_named_by(str(own), opened)
    assert "--trust-code" in refused("run", own, "--out", scene.run, "--resume")


def test_code_is_imported_where_it_is_trusted(scene: Scene) -> None:
    scene.evil_module(scene.run)
    module = scene.run / "evil_networks.py"
    module.write_text(module.read_text().replace(str(scene.canary), str(scene.run / "ran")).replace("evil", "own"))
    module.rename(scene.run / "own_networks_of_test_hostile.py")
    scene.name_evil("own_networks_of_test_hostile:build")
    refused("classify", ".", scene.sound)
    assert not (scene.run / "ran").exists()
    command("classify", ".", scene.sound, "--trust-code")
    assert (scene.run / "ran").exists()
    sys.modules.pop("own_networks_of_test_hostile")


def test_a_process_that_is_started_in_the_folder_imports_nothing_from_it(scene: Scene) -> None:
    for name in ("traceback", "json", "random", "audioclf"):
        (scene.run / f"{name}.py").write_text(EVIL.format(canary=str(scene.canary)))
    toml_is_deep(scene)
    queue.start_process(open_run(scene.run)).wait(timeout=600)
    assert "not valid TOML" in (scene.run / "log.txt").read_text()


CLIPS = "label,path,start,duration,group,fold,sr,channels,frames,format,subtype,content,file\n"


@pytest.mark.parametrize(
    "row",
    [
        "low,a.wav,nan,,,,22050,1,100,WAV,,ab,a",
        "low,a.wav,-1,,,,22050,1,100,WAV,,ab,a",
        "low,a.wav,0,inf,,,22050,1,100,WAV,,ab,a",
        "low,a.wav,0,,,,0,1,100,WAV,,ab,a",
        "low,a.wav,0,,,,22050,-1,100,WAV,,ab,a",
        "low,a.wav,0,,,x,22050,1,100,WAV,,ab,a",
        f"low,{'a' * 200_000},0,,,,22050,1,100,WAV,,ab,a",
    ],
)
def test_clips_that_cannot_be_are_refused(scene: Scene, row: str) -> None:
    (scene.run / "clips.csv").write_text(f"{CLIPS}{row}\n")
    with pytest.raises(AudioclfError, match=r"clips\.csv"):
        _ = open_run(scene.run).clips
    command("runs", scene.run)


@pytest.mark.parametrize(
    "row", ["-1,holdout,1,1", "9,holdout,1,1", "0,holdout,-1,1", "0,holdout,1,-2", "0,holdout,1,10", "0,holdout,1e3,1"]
)
def test_predictions_of_no_clip_or_class_are_refused(scene: Scene, row: str) -> None:
    header = (scene.run / "predictions.csv").read_text().splitlines()[0]
    (scene.run / "predictions.csv").write_text(f"{header}\n{row}{',0.1' * 10}\n")
    with pytest.raises(AudioclfError, match="predictions"):
        _ = open_run(scene.run).predictions


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/stdin", "pipe", "gone\0.wav", "../../outside/secret.txt", "."])
def test_a_clip_that_is_no_sound_is_refused_and_hangs_nothing(scene: Scene, path: str) -> None:
    os.mkfifo(scene.run / "pipe")
    (scene.run / "clips.csv").write_text(f"{CLIPS}low,{path},0,,,,22050,1,100,WAV,,ab,a\n")
    with pytest.raises(AudioclfError) as caught:
        Predictor(open_run(scene.run)).explain(open_run(scene.run).clips[0], method="occlusion")
    assert SECRET not in str(caught.value)
    if "\0" not in path:
        refused("classify", ".", path)


def test_a_history_of_numbers_that_cannot_be_is_read_as_far_as_it_goes(scene: Scene) -> None:
    header = (scene.run / "history.csv").read_text().splitlines()[0]
    rows = [f"s00-m0,{epoch},1,1,1,1,1,1,1,1" for epoch in ("1000000000", "1e999", "-5", "nan", "x", "9" * 400)]
    (scene.run / "history.csv").write_text("\n".join([header, *rows, f"../../x,1{',1' * 8}", "x" * 200_000]))
    run = open_run(scene.run)
    try:
        assert all(isinstance(row["epoch"], int) for row in run.history)
    except AudioclfError as error:
        assert "history.csv" in str(error)
    assert command("runs", scene.run).exit_code in (0, 2)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("status.json", '{"state": ["a"], "pid": "x", "started": {}}'),
        ("status.json", '{"state": "running", "pid": 99999999999999999999}'),
        ("status.json", "[" * DEEP),
        ("run.json", '{"name": {"a": 1}, "note": [], "created": 1e999}'),
        ("run.json", '{"created": ' + "9" * 400 + "}"),
        ("run.json", "{" * DEEP),
        ("metrics.json", '{"accuracy": NaN, "interval": [1, "x"], "remarks": 3, "splits": {}}'),
        ("metrics.json", '"no table"'),
        ("metrics.json", "[" * DEEP),
    ],
)
def test_what_is_said_of_a_run_may_be_damaged(scene: Scene, name: str, text: str) -> None:
    (scene.run / name).write_text(text)
    assert command("runs", scene.run.parent).exit_code in (0, 2)
    result = command("runs", "--json", scene.run)
    assert "NaN" not in result.output
    run = open_run(scene.run)
    assert isinstance(run.status.pid, int)
    assert isinstance(run.name, str)
    if name == "metrics.json":
        with pytest.raises(AudioclfError):
            _ = run.metrics["n_test"]


def test_class_names_are_text_and_nothing_else(scene: Scene) -> None:
    names = ["<b>a</b>", "a\nb", "=1+1", "../../x", "\x1b[31mred", "**c**", "d", "e", "f", "g"]
    scene.edit("model.json", lambda reported: reported.update(classes=names))
    result = command("classify", ".", scene.sound, "--json")
    assert result.exit_code == 0
    assert set(json.loads(result.stdout.splitlines()[-1])[0]["probabilities"]) == set(names)


@pytest.fixture
def search(scene: Scene) -> Path:
    folder = scene.run.parent / "search"
    (folder / "points").mkdir(parents=True)
    text = (scene.run / "experiment.toml").read_text()
    (folder / "search.toml").write_text(text + "\n[search]\n[search.grid]\n'training.epochs' = [1, 2]\n")
    shutil.copytree(STARTER, folder / "points" / "search.01")
    return folder


def test_the_search_as_it_is_opens(search: Path) -> None:
    assert [run.id for run in open_search(search).runs] == ["search.01"]


@pytest.mark.parametrize("what", ["evil", "point is a link", "points are a link", "toml is deep", "too many points"])
def test_a_hostile_search_is_refused_in_a_sentence(scene: Scene, search: Path, what: str) -> None:
    text = (search / "search.toml").read_text()
    if what == "evil":
        scene.evil_module(scene.run)
        begin, end = text.index("[model]"), text.index("[training]")
        text = f'{text[:begin]}[model]\nkind = "custom"\nbuilder = "evil_networks:build"\n\n{text[end:]}'
    elif what == "point is a link":
        scene.link(search / "points" / "search.01", scene.outside / "starter")
    elif what == "points are a link":
        scene.link(search / "points", scene.outside)
    elif what == "toml is deep":
        text = "[" * DEEP
    else:
        text = text.replace("[1, 2]", str(list(range(1, 100_000))))
    (search / "search.toml").write_text(text)
    list_searches(search.parent)
    refused("search", "--resume", search)
    with pytest.raises(AudioclfError):
        audioclf.tuning.execute_search(open_search(search))
    if "link" in what:
        with pytest.raises(AudioclfError):
            _ = open_search(search).runs


def version(folder: Path, **changes: Any) -> Path:
    folder.mkdir(parents=True)
    reported: dict[str, Any] = {
        "format": "audioclf data set",
        "version": 1,
        **dict.fromkeys(("name", "description", "licence", "citation", "parent"), "a"),
        "origin": {"source": "a", "options": {}},
        "clips": [],
        "problems": [],
    }
    (folder / "dataset.json").write_text(json.dumps(reported | changes))
    return folder


def test_a_version_that_points_elsewhere_gives_what_a_decoder_takes(scene: Scene, tmp_path: Path) -> None:
    paths = ["/etc/passwd", "/dev/zero", str(scene.outside / "secret.txt"), str(scene.outside), "\0"]
    clips = [{"path": path, "label": "a", "content": "b"} for path in paths]
    with pytest.raises(DatasetError, match=f"{len(paths)} files or rows could not be used") as caught:
        load_dataset(version(tmp_path / "version", clips=clips))
    assert SECRET not in str(caught.value)


def test_a_version_on_a_shared_server_points_at_nothing_of_others(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from audioclf.audio.io import read_info

    monkeypatch.setenv("AUDIOCLF_SHARED", "1")
    other = workspaces.runs_folder(workspaces.new_id()).parent / "voice.wav"
    other.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(scene.sound, other)
    content = read_info(other, content=True).content
    clips = [{"path": str(other), "label": "a", "content": content}]
    opened = tmp_path / "open"
    monkeypatch.setenv("AUDIOCLF_DATA_FOLDERS", str(opened))
    assert workspaces.shared()
    with pytest.raises(DatasetError, match=r"not yours|outside"):
        load_dataset(version(opened / "version", clips=clips))
    assert settings.home() in other.parents


@pytest.mark.parametrize(
    "changes",
    [
        {"clips": "x"},
        {"clips": [{"path": "a"}]},
        {"clips": [{"path": "a", "label": "b", "content": "c", "start": 10**400}]},
        {"problems": [[1]]},
        {"format": "another"},
    ],
)
def test_a_damaged_version_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(DatasetError):
        load_dataset(version(tmp_path / "version", **changes))


@pytest.mark.parametrize("name", ["dataset.json", "stored.json"])
def test_a_deep_index_of_a_data_set_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("[" * DEEP)
    with pytest.raises(DatasetError):
        load_dataset(tmp_path)


def test_a_manifest_names_nothing_outside(scene: Scene, tmp_path: Path) -> None:
    folder = tmp_path / "table"
    folder.mkdir()
    names = ["/etc/passwd", "../outside/secret.txt", str(scene.outside / "secret.txt"), "..\\outside\\secret.txt"]
    rows = "".join(f"{name},a\n" for name in [*names, "pipe.wav"])
    (folder / "manifest.csv").write_text(f"file,label\n{rows}")
    os.mkfifo(folder / "pipe.wav")
    with pytest.raises(DatasetError, match="names a file outside") as caught:
        load_dataset(folder)
    assert SECRET not in str(caught.value)


def test_pipes_and_devices_among_sounds_hang_nothing(scene: Scene, class_folders: Path) -> None:
    os.mkfifo(class_folders / "low" / "pipe.wav")
    (class_folders / "low" / "zero.wav").symlink_to("/dev/zero")
    (class_folders / "low" / "secret.wav").symlink_to(scene.outside / "secret.txt")
    (class_folders / "low" / "loop").symlink_to(class_folders)
    found = load_dataset(class_folders)
    assert found.counts == {"low": 6, "high": 6}


def test_a_run_of_a_classical_model_holds_only_its_own_types(scene: Scene) -> None:
    skops_io = pytest.importorskip("skops.io")
    scene.toml('kind = "compact-cnn"', 'kind = "logreg"')
    text = (scene.run / "experiment.toml").read_text()
    begin, end = text.index("filters = ["), text.index("[training]")
    (scene.run / "experiment.toml").write_text(f"{text[:begin]}\n{text[end:]}")
    skops_io.dump(os.system, scene.model / "model.skops")
    refused("classify", ".", scene.sound)
    (scene.model / "model.skops").write_bytes(pickled(scene.canary))
    refused("classify", ".", scene.sound)
    assert isinstance(open_run(scene.run), Run)
