"""A run as one file: what comes out is what went in; what a stranger made of it is refused, and nothing is left."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

import audioclf
from audioclf.cli import cli
from audioclf.core.errors import ParameterError, RunError
from audioclf.core.workspaces import runs_folder
from audioclf.experiments.runs import Run
from audioclf.export.archive import LIST, import_run
from audioclf.export.job import export_run
from audioclf.inference.assets import starter_run
from audioclf.inference.predictor import Predictor

Change = Callable[[dict[str, bytes]], None]


@pytest.fixture(scope="module")
def exported(named_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("exported") / "run.zip"
    export_run(named_run, path, "run")
    return path


def changed(exported: Path, path: Path, change: Change, *, listed: bool = True) -> Path:
    """The file with its contents changed, and its list with them."""
    with zipfile.ZipFile(exported) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    change(files)
    if listed and LIST in files:
        about = json.loads(files[LIST])
        about["files"] = {name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != LIST}
        files[LIST] = json.dumps(about).encode()
    with zipfile.ZipFile(path, "w") as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return path


def test_what_comes_out_is_what_went_in(named_run: Run, exported: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(exported) as packed:
        everything = b"".join(packed.read(name) for name in packed.namelist() if not name.endswith(".npz"))
        assert not any("checkpoint" in name or "test.npz" in name for name in packed.namelist())
    assert str(named_run.clips[0].path.parent).encode() not in everything
    run = import_run(exported, tmp_path)
    assert run.name == named_run.name
    assert run.classes == named_run.classes
    assert run.metrics == named_run.metrics
    assert run.history == named_run.history
    assert run.predictions == named_run.predictions
    assert run.status.state == "done"
    assert [clip.label for clip in run.clips] == [clip.label for clip in named_run.clips]
    assert [clip.name for clip in run.clips] == [clip.name for clip in named_run.clips]
    assert not any(clip.path.exists() for clip in run.clips)
    path = named_run.clips[0].path
    assert Predictor(run).classify(path).probabilities == pytest.approx(
        Predictor(named_run).classify(path).probabilities
    )
    again = tmp_path / "again.zip"
    export_run(run, again, "run")
    assert import_run(again, tmp_path).metrics == named_run.metrics


def test_a_run_without_clips_goes_too(tmp_path: Path) -> None:
    export_run(starter_run(), tmp_path / "starter.zip", "run")
    run = import_run(tmp_path / "starter.zip", tmp_path)
    assert run.classes == starter_run().classes
    assert run.clips == ()


def _without(name: str) -> Change:
    return lambda files: files.pop(name) and None


def _put(name: str, data: bytes) -> Change:
    return lambda files: files.__setitem__(name, data)


def _edit(name: str, old: bytes, new: bytes) -> Change:
    return lambda files: files.__setitem__(name, files[name].replace(old, new))


FOREIGN: dict[str, Change] = {
    "no list": _without(LIST),
    "no settings": _without("experiment.toml"),
    "no models": lambda files: [files.pop(name) for name in list(files) if name.startswith("models/")] and None,
    "no figures": _without("metrics.json"),
    "a path that leads out": _put("../evil.toml", b"x"),
    "an absolute path": _put("/tmp/evil.toml", b"x"),
    "a path within a model": _put("models/s00-m0/../../evil.json", b"x"),
    "a backslash": _put("models\\s00-m0\\evil.json", b"x"),
    "code": _put("sitecustomize.py", b"raise SystemExit"),
    "a checkpoint": _put("models/s00-m0/checkpoint.npz", b"x"),
    "settings that are none": _put("experiment.toml", b"\xff\x00 ["),
    "an unknown setting": _put("experiment.toml", b"[model]\nkind = 'no-such-model'\n"),
    "classes that differ": _edit("model.json", b'"classes": [', b'"classes": ["another",'),
    "figures that are none": _put("metrics.json", b"[]"),
    "clips that are none": _edit("clips.csv", b",8000,1,", b",none,-1,"),
    "another model in its list": _edit("model.json", b'"s00-m0"', b'"../../etc"'),
}


def _opened_and_used(path: Path, runs: Path) -> None:
    run = import_run(path, runs)
    if len(run.classes) != len(run.metrics["per_class"]):
        raise RunError("classes differ\n")
    Predictor(run)


@pytest.mark.parametrize("what", FOREIGN)
def test_foreign_files_are_refused_in_a_sentence_and_leave_nothing(what: str, exported: Path, tmp_path: Path) -> None:
    path = changed(exported, tmp_path / "foreign.zip", FOREIGN[what])
    runs = tmp_path / "runs"
    with pytest.raises(RunError) as error:
        _opened_and_used(path, runs)
    assert "\n" not in str(error.value)
    assert not list(runs.glob(".*"))
    assert {entry.name for entry in tmp_path.iterdir()} <= {"foreign.zip", "runs"}


def test_damage_is_refused_in_a_sentence(exported: Path, tmp_path: Path) -> None:
    data = exported.read_bytes()
    damaged = tmp_path / "damaged.zip"
    for size in (0, 10, len(data) // 2, len(data) - 10):
        damaged.write_bytes(data[:size])
        with pytest.raises(RunError, match="again"):
            import_run(damaged, tmp_path / "runs")
    refused = []
    for place in range(len(data) // 40, len(data), len(data) // 20):
        flipped = bytearray(data)
        flipped[place : place + 8] = bytes(byte ^ 255 for byte in flipped[place : place + 8])
        damaged.write_bytes(bytes(flipped))
        try:
            import_run(damaged, tmp_path / "runs").delete()  # it was the time of a member, which is not read
        except RunError as error:
            refused.append(str(error))
    assert len(refused) > 10
    assert all("again" in sentence for sentence in refused)
    changed(exported, damaged, _put("metrics.json", b"{}"), listed=False)
    with pytest.raises(RunError, match="not what it was"):
        import_run(damaged, tmp_path / "runs")
    with pytest.raises(RunError, match="No such file"):
        import_run(tmp_path / "nothing.zip", tmp_path / "runs")
    assert not (tmp_path / "runs").exists() or not list((tmp_path / "runs").iterdir())


def test_links_bombs_and_other_versions_are_refused(exported: Path, tmp_path: Path) -> None:
    def later(files: dict[str, bytes]) -> None:
        files[LIST] = json.dumps({**json.loads(files[LIST]), "version": 2, "audioclf": "9.0"}).encode()

    with pytest.raises(RunError, match=r"9\.0"):
        import_run(changed(exported, tmp_path / "later.zip", later), tmp_path / "runs")
    with zipfile.ZipFile(exported) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    link = tmp_path / "link.zip"
    with zipfile.ZipFile(link, "w") as packed:
        for name, data in files.items():
            member = zipfile.ZipInfo(name)
            if name == "history.csv":
                member.external_attr = 0o120777 << 16
                data = b"/etc/passwd"
            packed.writestr(member, data)
    with pytest.raises(RunError, match="no plain file"):
        import_run(link, tmp_path / "runs")
    twice = tmp_path / "twice.zip"
    shutil.copy(exported, twice)
    with zipfile.ZipFile(twice, "a") as packed, pytest.warns(UserWarning, match="Duplicate"):
        packed.writestr("metrics.json", b"{}")
    with pytest.raises(RunError, match="twice"):
        import_run(twice, tmp_path / "runs")
    # sizes in the directory are what counts before anything is unpacked
    bomb = bytearray(exported.read_bytes())
    place = bomb.rfind(b"PK\x01\x02")
    bomb[place + 24 : place + 28] = (0xFFFFFFF0).to_bytes(4, "little")
    (tmp_path / "bomb.zip").write_bytes(bytes(bomb))
    with pytest.raises(RunError):
        import_run(tmp_path / "bomb.zip", tmp_path / "runs")


def test_a_network_of_somebody_else_is_opened_and_not_run(exported: Path, tmp_path: Path) -> None:
    def evil(files: dict[str, bytes]) -> None:
        text = files["experiment.toml"].decode()
        begin, end = text.index("[model]"), text.index("[training]")
        files["experiment.toml"] = (
            f'{text[:begin]}[model]\nkind = "custom"\nbuilder = "os:abort"\n\n{text[end:]}'.encode()
        )

    run = import_run(changed(exported, tmp_path / "evil.zip", evil), tmp_path / "runs")
    with pytest.raises(ParameterError, match="not imported"):
        Predictor(run)
    with pytest.raises(ParameterError, match="not imported"):
        export_run(run, tmp_path / "evil.onnx")


def test_the_command_opens_it_among_the_other_runs(exported: Path) -> None:
    done = CliRunner().invoke(cli, ["import", str(exported), "--json"])
    assert done.exit_code == 0, done.output
    folder = Path(json.loads(done.stdout.splitlines()[-1])["run"])
    assert folder.parent == runs_folder()
    assert audioclf.open_run(folder).status.state == "done"
    assert CliRunner().invoke(cli, ["import", __file__]).exit_code == 2


def test_nothing_is_read_beyond_the_file(exported: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(exported.read_bytes())) as packed:
        assert json.loads(packed.read(LIST))["format"] == "audioclf run"
