"""Every script that a page shows runs, and makes the numbers that the page shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audioclf.audio.io import AudioSettings, wav_bytes
from audioclf.datasets import Dataset, load_dataset
from audioclf.features import CQT, MFCC, STFT, FeatureMap, Mel, Spectrum, Waveform
from audioclf.features.averages import difference_map, mean_map
from audioclf.features.extraction import load_clip
from audioclf.features.inversion import resynthesize
from audioclf.features.zoom import zoomed
from audioclf.inference.assets import app_folder
from audioclf.plots import grid_figure, to_png, value_limits
from audioclf.ui.sound import as_python, librosa_script
from audioclf.ui.sound.drawn_view import View

USUAL = (Waveform(), Spectrum(scale="db"), STFT(), CQT(), Mel(), MFCC())

CHANGED = (
    Spectrum(n_fft=4096, window="hann"),
    STFT(scale="power", window="hamming", win_length=1024, center=False, hop_length=300),
    CQT(fmin=110.0, n_bins=48, bins_per_octave=24, tuning=0.2, scale="magnitude", window="hamming"),
    Mel(power=1.0, htk=True, norm="none", ref="one", n_mels=40, fmin=50, fmax=7000, pad_mode="reflect"),
    MFCC(n_mfcc=13, n_mels=40, lifter=22, norm="none", dct_type=3, mel_norm="none", summary="mean"),
)


@pytest.fixture
def sounds(tmp_path: Path, write_tone: Callable[..., Path]) -> Path:
    """Two classes, in stereo; a class has a name that would end a string."""
    for label, base in (('it\'s "low"', 220.0), ("high", 880.0)):
        for i in range(3):
            write_tone(tmp_path / "set" / label / f"{i}.wav", frequency=base * (1 + 0.1 * i), seconds=0.4, channels=2)
    return tmp_path / "set"


def shown(view: View) -> list[list[FeatureMap]]:
    """What the page shows."""
    if view.n_samples is None:
        y = [load_clip(clip, view.audio) for (clip,) in view.groups]
        sr = view.audio.sr
        if view.span is not None:
            return [[zoomed(feature, one, sr, *view.span) for one in y] for feature in view.features]
        return [[feature.compute(one, sr) for one in y] for feature in view.features]
    rows = []
    for feature in view.features:
        one, other = (
            mean_map([feature.compute(load_clip(clip, view.audio, view.n_samples), view.audio.sr) for clip in group])[0]
            for group in view.groups
        )
        rows.append([one, other, difference_map(one, other)])
    return rows


RUN = """
import json, sys
from pathlib import Path
import matplotlib, numpy, os
for script, folder in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
    os.chdir(folder)
    names = {"__name__": "__main__"}
    with matplotlib.rc_context():
        exec(script, names)
    numpy.savez("maps.npz", *[item for row in names["maps"] for item in row])
"""
"""Runs scripts, each with names of its own, in a process that imports librosa once."""


def views(dataset: Dataset) -> dict[str, View]:
    low, high = dataset.of(dataset.classes[0]), dataset.of(dataset.classes[1])
    titles = (dataset.classes[0], dataset.classes[1])
    odd = AudioSettings(sr=16000, mono="right", duration=0.6, pad="repeat")
    short = AudioSettings(duration=0.3, pad="center")
    return {
        "usual": View(((low[1],), (high[0],)), titles, USUAL, AudioSettings()),
        "changed": View(((low[0],), (high[2],)), titles, CHANGED, odd, shared=False),
        "zoomed": View(((low[1],),), titles[:1], USUAL, AudioSettings(), span=(0.1234, 0.3)),
        "changed zoom": View(((low[0],),), titles[:1], CHANGED, odd, span=(0.2, 5.0), steady=True),
        "means": View((low, high), (*titles, "Difference"), (Mel(), MFCC()), short, n_samples=5000),
    }


def test_our_scripts_make_what_is_shown(sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    dataset = load_dataset(sounds)
    for view in views(dataset).values():
        names: dict[str, Any] = {}
        exec(as_python.ours(view, dataset, str(sounds), {}), names)
        wanted = shown(view)
        for row, found in zip(wanted, names["maps"], strict=True):
            for one, item in zip(found, row, strict=True):
                np.testing.assert_array_equal(one.values, item.values)
        mean = view.n_samples is not None
        limits = [value_limits(row) for row in shown(replace(view, span=None))] if view.steady else ()
        figure = grid_figure(
            wanted,
            column_titles=list(view.titles),
            shared=view.shared,
            difference=mean,
            span=view.span,
            limits=limits,
        )
        assert Path("comparison.png").read_bytes() == to_png(figure, transparent=False)


@pytest.mark.long
def test_the_script_that_makes_sound_again_makes_what_is_heard(
    sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    dataset = load_dataset(sounds)
    clip, audio, feature = dataset.clips[4], AudioSettings(sr=16000), Mel(n_mels=20)
    exec(as_python.heard(clip, dataset, str(sounds), {}, feature, audio, "original", 5000), {})
    made = resynthesize(load_clip(clip, audio)[:5000], audio.sr, feature, phase="original")
    assert Path("heard.wav").read_bytes() == wav_bytes(made.y, audio.sr)
    assert f"{made.distance:.1f} dB" in capsys.readouterr().out.splitlines()


@pytest.mark.long
def test_the_scripts_for_librosa_make_what_is_shown(sounds: Path, tmp_path: Path) -> None:
    dataset = load_dataset(sounds)
    scripts = []
    for name, view in views(dataset).items():
        (tmp_path / name).mkdir()
        scripts.append((librosa_script.script(view, lambda clip: str(clip.path)), str(tmp_path / name)))
    (tmp_path / "scripts.json").write_text(json.dumps(scripts), encoding="utf-8")
    environment = os.environ | {"MPLBACKEND": "agg", "PYTHONPATH": str(app_folder())}
    command = [sys.executable, "-c", RUN, str(tmp_path / "scripts.json")]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name, view in views(dataset).items():
        assert (tmp_path / name / "comparison.png").stat().st_size > 5000
        flat = [item.values for row in shown(view) for item in row]
        with np.load(tmp_path / name / "maps.npz") as found:
            for one, item in zip(found.files, flat, strict=True):
                np.testing.assert_allclose(found[one], item, atol=1e-3 * np.ptp(item) + 1e-6)


def test_a_sound_of_ones_own_is_named_and_its_place_is_not(sounds: Path) -> None:
    clip = load_dataset(sounds).clips[0]
    view = View(((clip,),), ("mine",), (Mel(),), AudioSettings())
    script = as_python.ours(view, None, "", {})
    assert "load_audio(" in script
    assert str(sounds) not in script
