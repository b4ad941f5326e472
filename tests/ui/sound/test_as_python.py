"""Every script that a page shows runs, and makes the numbers that the page shows."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from audioclf.audio.io import AudioSettings, wav_bytes
from audioclf.datasets import Dataset, load_dataset
from audioclf.features import CQT, MFCC, STFT, FeatureMap, Mel, Spectrum, Waveform
from audioclf.features.averages import difference_map, mean_map
from audioclf.features.extraction import load_clip
from audioclf.features.inversion import resynthesize
from audioclf.inference.assets import app_folder
from audioclf.plots import grid_figure, to_png
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
        return [[feature.compute(one, view.audio.sr) for one in y] for feature in view.features]
    rows = []
    for feature in view.features:
        one, other = (
            mean_map([feature.compute(load_clip(clip, view.audio, view.n_samples), view.audio.sr) for clip in group])[0]
            for group in view.groups
        )
        rows.append([one, other, difference_map(one, other)])
    return rows


def made(script: str, folder: Path, values: str) -> list[np.ndarray]:
    """What a script computes, run by itself."""
    keep = f"\nimport numpy\nnumpy.savez('maps.npz', *[item{values} for row in maps for item in row])\n"
    environment = os.environ | {"MPLBACKEND": "agg", "PYTHONPATH": str(app_folder())}
    subprocess.run([sys.executable, "-c", script + keep], cwd=folder, env=environment, check=True)
    with np.load(folder / "maps.npz") as found:
        return [found[name] for name in found.files]


def views(dataset: Dataset) -> dict[str, View]:
    low, high = dataset.of(dataset.classes[0]), dataset.of(dataset.classes[1])
    titles = (dataset.classes[0], dataset.classes[1])
    odd = AudioSettings(sr=16000, mono="right", duration=0.6, pad="repeat")
    short = AudioSettings(duration=0.3, pad="center")
    return {
        "usual": View(((low[1],), (high[0],)), titles, USUAL, AudioSettings()),
        "changed": View(((low[0],), (high[2],)), titles, CHANGED, odd, shared=False),
        "means": View((low, high), (*titles, "Difference"), (Mel(), MFCC()), short, n_samples=5000),
    }


@pytest.mark.parametrize("name", ["usual", "changed", "means"])
def test_the_scripts_make_what_is_shown(name: str, sounds: Path, tmp_path: Path) -> None:
    dataset = load_dataset(sounds)
    view = views(dataset)[name]
    wanted = shown(view)
    flat = [item.values for row in wanted for item in row]
    found = made(as_python.ours(view, dataset, str(sounds), {}), tmp_path, ".values")
    for values, item in zip(found, flat, strict=True):
        np.testing.assert_array_equal(values, item)
    mean = view.n_samples is not None
    figure = grid_figure(wanted, column_titles=list(view.titles), shared=view.shared, difference=mean)
    assert (tmp_path / "comparison.png").read_bytes() == to_png(figure, transparent=False)
    found = made(librosa_script.script(view, lambda clip: str(clip.path)), tmp_path, "")
    for values, item in zip(found, flat, strict=True):
        np.testing.assert_allclose(values, item, atol=1e-3 * np.ptp(item) + 1e-6)


def test_a_sound_of_ones_own_is_named_and_its_place_is_not(sounds: Path) -> None:
    clip = load_dataset(sounds).clips[0]
    view = View(((clip,),), ("mine",), (Mel(),), AudioSettings())
    script = as_python.ours(view, None, "", {})
    assert "load_audio(" in script
    assert str(sounds) not in script


def test_the_script_of_a_sound_made_again_makes_it(sounds: Path, tmp_path: Path) -> None:
    dataset = load_dataset(sounds)
    clip, audio, feature = dataset.clips[4], AudioSettings(sr=16000), Mel(n_mels=20)
    script = as_python.heard(clip, dataset, str(sounds), {}, feature, audio, "original", 5000)
    environment = os.environ | {"PYTHONPATH": str(app_folder())}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    wanted = resynthesize(load_clip(clip, audio)[:5000], audio.sr, feature, phase="original")
    assert (tmp_path / "heard.wav").read_bytes() == wav_bytes(wanted.y, audio.sr)
    assert done.stdout.strip() == f"{wanted.distance:.1f} dB"
