"""Scans ask the networks of a run through onnxruntime: the same answers, and no TensorFlow in the process."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from audioclf.core import settings
from audioclf.core.errors import AudioclfError, Stopped
from audioclf.experiments.runs import Run
from audioclf.inference import networks
from audioclf.inference.networks import REFUSED, onnx_networks, onnx_path
from audioclf.inference.predictor import Predictor
from audioclf.inference.scan import Scan

_SCAN = """
import json, sys
from audioclf.inference.scanner import scan_sounds
scan_sounds(sys.argv[1], sys.argv[3:], sys.argv[2])
print(json.dumps(sorted({"tensorflow", "keras"} & set(sys.modules))))
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache in which nothing is kept yet."""
    monkeypatch.setattr(settings, "cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache" / "networks"


def anonymous(process: psutil.Process) -> int:
    """Bytes of a process and all below it that the system could not read again from a file."""
    total = 0
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(OSError, psutil.Error):
            rows = Path(f"/proc/{one.pid}/smaps_rollup").read_text().splitlines()
            total += sum(1024 * int(row.split()[1]) for row in rows if row.startswith("Anonymous:"))
    return total


def test_a_scan_predicts_what_keras_predicts_without_importing_it(
    named_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIOCLF_HOME", str(tmp_path / "home"))
    clips = named_run.clips[::4]
    command = [sys.executable, "-c", _SCAN, str(named_run.folder), str(tmp_path / "scan")]
    used = 0
    with subprocess.Popen([*command, *(str(clip.path) for clip in clips)], stdout=subprocess.PIPE) as scanning:
        process = psutil.Process(scanning.pid)
        while scanning.poll() is None:
            used = max(used, anonymous(process))
            time.sleep(0.2)  # to look at all processes takes a share of a core
        assert scanning.stdout is not None
        assert json.loads(scanning.stdout.read()) == []
    assert used < 500e6, "the conversion of the network, which needs TensorFlow, counts"
    (fit,) = named_run.signature["fits"]
    assert onnx_path(named_run, fit).is_file()
    scan, predictor = Scan(tmp_path / "scan"), Predictor(named_run)
    assert len(scan.results) == len(clips)
    for result in scan.results:
        windows = scan.windows_of(result)
        ours = predictor.classify(clips[result.number])
        np.testing.assert_allclose(windows.probabilities[0], ours.windows[0].probabilities, atol=1e-4)
        np.testing.assert_allclose(windows.novelty[0], ours.novelty, rtol=1e-3)


def test_a_network_without_an_onnx_form_is_asked_through_keras(named_run: Run, cache: Path) -> None:
    (fit,) = named_run.signature["fits"]
    cache.mkdir(parents=True)
    onnx_path(named_run, fit).with_suffix(REFUSED).write_text("A layer has no such form.")
    assert onnx_networks(named_run) == {}


def test_a_conversion_that_dies_is_not_tried_again(
    named_run: Run, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(networks, "SECONDS", 0.0)  # it is killed at once
    assert onnx_networks(named_run) == {}
    (reason,) = cache.iterdir()
    assert "ended without a network" in reason.read_text()
    monkeypatch.setattr(networks, "_convert", None)
    assert onnx_networks(named_run) == {}


def test_other_weights_or_another_recipe_are_another_file(named_run: Run, ensemble_run: Run) -> None:
    paths = [onnx_path(run, fit) for run in (named_run, ensemble_run) for fit in run.signature["fits"]]
    assert len(set(paths)) == len(paths)


def test_the_conversion_stops_when_it_is_asked_to(named_run: Run, cache: Path) -> None:
    with pytest.raises(Stopped):
        onnx_networks(named_run, lambda: True)


def test_a_damaged_file_is_refused_in_a_sentence(named_run: Run, cache: Path) -> None:
    (fit,) = named_run.signature["fits"]
    cache.mkdir(parents=True)
    onnx_path(named_run, fit).write_bytes(b"no network")
    found = Predictor(named_run, onnx=onnx_networks(named_run))
    with pytest.raises(AudioclfError, match="remove it, and it is made again"):
        found.fitted(fit)
