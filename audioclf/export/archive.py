"""A run as one file that another audioclf opens: settings, figures, predictions and weights, no sounds and no paths.

It is a zip with a list of its files and their hashes. Opening it runs nothing and imports nothing: names, sizes and
hashes are checked before a byte is unpacked, then every file is read the way a stranger's run is.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import shutil
import stat
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from audioclf.core import documents, workspaces
from audioclf.core.errors import AudioclfError, RunError
from audioclf.core.version import __version__
from audioclf.experiments.runs import Run, new_folder, open_run, write_json
from audioclf.experiments.runs.files import read_csv, write_csv
from audioclf.experiments.runs.status import CLIPS
from audioclf.export.report.facts import last_name, without_paths

LIST: Final = "audioclf-run.json"
VERSION: Final = 1
LARGEST: Final = 4 * 2**30
"""Bytes that may come out of such a file."""

_TOP: Final = (
    "experiment.toml",
    "run.json",
    "model.json",
    "metrics.json",
    "history.csv",
    "predictions.csv",
    "clips.csv",
)
_FIT: Final = r"models/[A-Za-z0-9][A-Za-z0-9_-]{0,63}/(?!checkpoint|test\.)[a-z0-9_-]{1,40}\.(npz|skops|json)"
_MOST: Final = 20_000
_CHUNK: Final = 1 << 20


def write(run: Run, path: Path) -> None:
    """Pack a finished run.

    Raises
    ------
    RunError
        When it has no models yet, or cannot be read.
    """
    contents = dict(_contents(run))
    listed = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    about = {"format": "audioclf run", "version": VERSION, "audioclf": __version__, "files": listed}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(LIST, json.dumps(about, indent=1))
        for name, data in contents.items():
            packed.writestr(name, data)


def _contents(run: Run) -> Iterator[tuple[str, bytes]]:
    fits = run.signature["fits"]
    for name in _TOP:
        path = run.folder / name
        if name == "experiment.toml":
            yield name, without_paths(run.experiment).to_toml().encode("utf-8", "surrogateescape")
        elif name == "clips.csv" and path.is_file():
            yield name, _without_folders(path)
        elif path.is_file():
            yield name, path.read_bytes()
    for fit in fits:
        for path in sorted(run.fit_folder(fit["id"]).iterdir()):
            name = f"models/{fit['id']}/{path.name}"
            if path.is_file() and re.fullmatch(_FIT, name):
                yield name, path.read_bytes()


def _without_folders(path: Path) -> bytes:
    rows = read_csv(path, CLIPS)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(CLIPS)
    writer.writerows([last_name(row["path"]) if name == "path" else row[name] for name in CLIPS] for row in rows)
    return text.getvalue().encode("utf-8", "surrogateescape")


def import_run(path: str | Path, runs_folder: str | Path | None = None, *, name: str = "") -> Run:
    """Open a run that was exported as one file, in a new folder; nothing of it is run.

    Parameters
    ----------
    path : path
        What ``export_run(run, path, "run")`` made, here or elsewhere.
    runs_folder : path, optional
        Where the new folder goes; to the other runs where left out.
    name : str
        What the file is called in an error; its own name where left out.

    Raises
    ------
    RunError
        When the file is none, is damaged, or was made by a later version; nothing of it stays then.
    WorkspaceError
        When the disk is full.
    """
    path, shown = Path(path), name or Path(path).name
    runs_folder = workspaces.runs_folder() if runs_folder is None else Path(runs_folder)
    folder = new_folder(runs_folder)
    # a name that lists of runs pass over, until all of it is there and found good
    part = folder.with_name(f".{folder.name}.part")
    try:
        with zipfile.ZipFile(path) as packed:
            listed = _listed(packed, shown)
            total = sum(packed.getinfo(member).file_size for member in listed)
            workspaces.require_disk(total, runs_folder)
            part.mkdir(parents=True)
            for member, expected in listed.items():
                _unpack(packed, member, expected, part)
        _settle(part, folder)
        part.rename(folder)
    except RunError as error:
        raise RunError(" ".join(str(error).split())) from error  # a run's name may have lines
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError, KeyError, RuntimeError) as error:
        raise _refused(shown, str(error)) from error
    except OSError as error:
        raise RunError(f"{shown!r} cannot be opened ({error.strerror or error}); name a file that is there.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return open_run(folder)


def _listed(packed: zipfile.ZipFile, shown: str) -> dict[str, str]:
    """Names and hashes of what is to be unpacked.

    Raises
    ------
    RunError, ValueError
    """
    members = packed.infolist()
    names = [member.filename for member in members]
    if LIST not in names:
        raise RunError(
            f"{shown!r} is no run of audioclf (it has no {LIST}); give a file that Results or 'audioclf export"
            " --format run' made."
        )
    if len(names) > _MOST or len(set(names)) < len(names):
        raise ValueError("it lists a file twice, or too many")
    if packed.getinfo(LIST).file_size > documents.MAX_BYTES // 8:
        raise ValueError("its list is too long")
    about = documents.parse_json(packed.read(LIST).decode("utf-8"))
    if not isinstance(about, dict) or not isinstance(about.get("files"), dict):
        raise ValueError("its list is no list")
    if about.get("version") != VERSION:
        made = str(about.get("audioclf", "another version"))[:20]
        raise RunError(
            f"{shown!r} was written by audioclf {made}, in a form that version {__version__} does not know;"
            " open it with that version."
        )
    files = about["files"]
    if set(files) | {LIST} != set(names):
        raise ValueError("what it holds is not what it lists")
    for member in members:
        if member.filename == LIST:
            continue
        if member.filename not in _TOP and not re.fullmatch(_FIT, member.filename):
            raise ValueError(f"it holds {member.filename[:80]!r}, which is no file of a run")
        mode = member.external_attr >> 16
        if member.is_dir() or member.flag_bits & 1 or (mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG)):
            raise ValueError(f"{member.filename!r} is no plain file")
    if sum(member.file_size for member in members) > LARGEST:
        raise ValueError(f"more than {LARGEST // 2**30} GB would come out of it")
    return {str(name): str(value) for name, value in files.items()}


def _unpack(packed: zipfile.ZipFile, name: str, expected: str, folder: Path) -> None:
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    hashed, left = hashlib.sha256(), packed.getinfo(name).file_size
    with packed.open(name) as source, target.open("wb") as file:
        while chunk := source.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                raise ValueError(f"{name} is larger than stated")
            hashed.update(chunk)
            file.write(chunk)
    if hashed.hexdigest() != expected:
        raise ValueError(f"{name} is not what it was when the file was written")


def _settle(folder: Path, final: Path) -> None:
    """Read everything as any run is read, and say that the run is done.

    Raises
    ------
    RunError
    """
    about = Run(folder).about
    texts = {key: str(about[key])[:2000] for key in ("name", "note", "data_title") if key in about}
    write_json(folder / "run.json", texts | {"created": about["created"]})
    write_json(folder / "status.json", {"state": "done", "message": "Opened from a file", "updated": time.time()})
    if (folder / "clips.csv").is_file():
        # the sounds stayed where the run was made; nothing here has their names
        rows = read_csv(folder / "clips.csv", CLIPS)
        for row in rows:
            row["file"] = row["file"] or row["path"]
            row["path"] = str(final / "sounds" / last_name(row["path"]).replace("/", "_").replace("\\", "_"))
        write_csv(folder / "clips.csv", CLIPS, [[row[name] for name in CLIPS] for row in rows])
    run = Run(folder)
    try:
        experiment, signature = run.experiment, run.signature
        _ = run.clips, run.history
        _require_same_classes(run)
    except RunError:
        raise
    except AudioclfError as error:
        raise RunError(f"The settings of this run cannot be read here: {error}") from error
    weights = "weights.npz" if experiment.model.family == "network" else "model.skops"
    for fit in signature["fits"]:
        if not (run.fit_folder(fit["id"]) / weights).is_file():
            raise ValueError(f"{weights} of the model {fit['id']} is missing")


def _require_same_classes(run: Run) -> None:
    """Raise where figures or predictions are of other classes than the models.

    Raises
    ------
    RunError, ValueError
    """
    classes = list(run.classes)
    rows = run.metrics["per_class"]
    if not isinstance(rows, list) or [row.get("class") for row in rows if isinstance(row, dict)] != classes:
        raise ValueError("its figures are of other classes than its models")
    if (run.folder / "predictions.csv").is_file() and len(run.predictions[0].probabilities) != len(classes):
        raise ValueError("its predictions are of other classes than its models")


def _refused(shown: str, why: str) -> RunError:
    return RunError(
        f"{shown!r} cannot be opened as a run ({' '.join(why.split())[:200] or 'it is damaged'}); copy or download it"
        " again, or export the run again."
    )
