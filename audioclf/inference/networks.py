"""The networks of a run as ONNX files, so that a scan needs no TensorFlow: made once, kept in the cache.

TensorFlow takes 600 MB and seconds to import. It converts in a process of its own, which compares what it has written
with the network before it is kept. Where that cannot be done (a layer without an ONNX form, code of the user's own, a
process that dies) the scan asks Keras; a text file beside keeps the reason, so that nobody tries again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from audioclf.core import forkserver, settings
from audioclf.core.errors import Stopped
from audioclf.core.files import write_atomic
from audioclf.experiments.runs import Run
from audioclf.training.fitted import WEIGHTS

SECONDS: Final = 900.0
"""After which the conversion is given up; at low priority on a busy core it may take minutes."""

REFUSED: Final = ".txt"
"""Ending of the file that stands in for a network without an ONNX form."""

_VERSION: Final = 1


def onnx_path(run: Run, fit: dict[str, Any]) -> Path:
    """Where the network of one fit is kept, named by its weights and its recipe.

    Raises
    ------
    OSError
        When it has no weights.
    """
    recipe = [_VERSION, run.experiment.model.to_dict(), run.signature["input_shapes"][fit["member"]], len(run.classes)]
    found = hashlib.blake2b(json.dumps(recipe, sort_keys=True).encode(), digest_size=16)
    found.update((run.fit_folder(fit["id"]) / WEIGHTS).read_bytes())
    return settings.cache_folder() / "networks" / f"{found.hexdigest()}.onnx"


def onnx_networks(run: Run, should_stop: Callable[[], bool] = lambda: False) -> dict[str, Path]:
    """ONNX files of a run's networks by the id of the fit, made where they are not there; empty where they cannot be.

    Raises
    ------
    Stopped
    """
    model = run.experiment.model
    if model.family != "network" or model.names_code:
        return {}
    try:
        paths = {fit["id"]: onnx_path(run, fit) for fit in run.signature["fits"]}
    except OSError:
        return {}
    missing = [path for path in paths.values() if not _known(path)]
    if missing:
        _convert(run, missing, should_stop)
    return paths if all(path.exists() for path in paths.values()) else {}


def _known(path: Path) -> bool:
    return path.exists() or path.with_suffix(REFUSED).exists()


def _convert(run: Run, missing: Sequence[Path], should_stop: Callable[[], bool]) -> None:
    quiet = subprocess.DEVNULL
    process = forkserver.start(
        "audioclf.export.networks", str(run.folder.absolute()), stdin=quiet, stdout=quiet, stderr=quiet
    )
    end = time.monotonic() + SECONDS
    try:
        while process.poll() is None and time.monotonic() < end:
            if should_stop():
                raise Stopped("The scan was stopped; what was done is kept.")
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.2)
    finally:
        process.kill()
        ended = process.wait()
    for path in missing:
        if not _known(path):
            with contextlib.suppress(OSError):
                path.parent.mkdir(parents=True, exist_ok=True)
                write_atomic(path.with_suffix(REFUSED), f"The conversion ended without a network (exit code {ended}).")
