"""Features, their store and their pictures against plain librosa, numpy and matplotlib in the same run."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import pytest
import scipy.fft
from threadpoolctl import threadpool_limits

from audioclf.audio.io import AudioInfo, AudioSettings
from audioclf.datasets.base import Clip
from audioclf.features import CQT, MFCC, STFT, Feature, Mel, views
from audioclf.features.cache import FeatureStore, store_key
from audioclf.features.extraction import extract

SR = 22050


def best(*calls: Callable[[], object], rounds: int = 9, clock: Callable[[], float] = time.perf_counter) -> list[float]:
    """Best time of each, taken in turns, so that a busy machine slows all."""
    times = [float("inf")] * len(calls)
    for _ in range(rounds):
        for which, call in enumerate(calls):
            start = clock()
            call()
            times[which] = min(times[which], clock() - start)
    return times


@pytest.fixture(scope="module")
def y() -> np.ndarray:
    return (0.1 * np.random.default_rng(0).standard_normal(5 * SR)).astype(np.float32)


def framed_fft(y: np.ndarray) -> None:
    """The least that a feature of frames costs: their transforms in float32, a few at a time."""
    stretches = np.lib.stride_tricks.sliding_window_view(np.pad(y, 1024), 2048)[::512]
    for start in range(0, len(stretches), 32):
        scipy.fft.rfft(stretches[start : start + 32])


@pytest.mark.parametrize(
    ("feature", "peer", "most"),
    [
        (STFT(), lambda y: librosa.amplitude_to_db(np.abs(librosa.stft(y)), ref=np.max), 0.75),
        (Mel(), lambda y: librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=SR), ref=np.max), 0.4),
        (MFCC(), lambda y: librosa.feature.mfcc(y=y, sr=SR), 0.4),
        (CQT(), lambda y: librosa.amplitude_to_db(np.abs(librosa.cqt(y, sr=SR)), ref=np.max), 0.2),
    ],
)
def test_features_are_quicker_than_librosa(
    feature: Feature, peer: Callable[[np.ndarray], Any], most: float, y: np.ndarray, measured: Callable[[str], None]
) -> None:
    """Processor time with one thread: other work on the machine takes threads from librosa's products first."""
    with threadpool_limits(1):
        ours, theirs, limit = best(
            lambda: feature.compute(y, SR),
            lambda: peer(y),
            lambda: framed_fft(y),
            rounds=60,
            clock=time.process_time,
        )
    measured(
        f"{feature.kind}: {theirs / ours:.1f} times as fast as librosa ({1e3 * ours:.2f} and {1e3 * theirs:.2f} ms);"
        f" {ours / limit:.1f} times the bare transform of the frames ({1e3 * limit:.2f} ms)"
    )
    assert ours / theirs < most


def cold(program: str) -> float:
    prefix = (
        "import time; t = time.perf_counter(); import numpy as np; y = np.random.default_rng(0).random(110250, 'f')\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f"{prefix}{program}\nprint(time.perf_counter() - t)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def test_the_first_picture_of_a_process_does_not_wait_for_librosa(measured: Callable[[str], None]) -> None:
    ours, theirs = (
        min(cold(program) for _ in range(2))
        for program in (
            "from audioclf.features import Mel, CQT; Mel().compute(y, 22050); CQT().compute(y, 22050)",
            "import librosa; librosa.feature.melspectrogram(y=y, sr=22050); librosa.cqt(y, sr=22050)",
        )
    )
    measured(f"{ours:.2f} s, with librosa {theirs:.2f} s")
    assert ours / theirs < 0.75


def test_five_hundred_clips_from_the_store(tmp_path: Path, measured: Callable[[str], None]) -> None:
    store, feature, audio = (
        FeatureStore(tmp_path / "store", 10**9),
        CQT(n_bins=168, bins_per_octave=24),
        AudioSettings(),
    )
    clips = [
        Clip(tmp_path / f"{n}.wav", "a", AudioInfo(SR, 1, 2 * SR, "WAV", "PCM_16", f"{n:032x}")) for n in range(500)
    ]
    values = np.random.default_rng(0).standard_normal((168, 87)).astype(np.float32)
    for n, clip in enumerate(clips):
        store.put(store_key(clip.key, audio, 2 * SR, feature), values)
        np.save(tmp_path / f"{n}.npy", values)
    ours, theirs = best(
        lambda: extract(clips, feature, audio, store=store),
        lambda: np.stack([np.load(tmp_path / f"{n}.npy", allow_pickle=False) for n in range(500)]),
    )
    measured(f"{ours:.3f} s, as single files {theirs:.3f} s")
    assert ours / theirs < 4


MANY = """
import json, sys, time
from pathlib import Path
import numpy as np, psutil, soundfile
from audioclf.audio.io import AudioInfo, AudioSettings
from audioclf.datasets.base import Clip
from audioclf.features import Mel
from audioclf.features.extraction import extract

folder = Path(sys.argv[1])
noise = np.random.default_rng(0)
for n in range(10):
    soundfile.write(folder / f"{n}.wav", 0.1 * noise.standard_normal(22050), 22050)
clips = [
    Clip(folder / f"{n % 10}.wav", "a", AudioInfo(22050, 1, 22050, "WAV", "PCM_16", f"{n:032x}")) for n in range(30000)
]
feature, audio, process = Mel(), AudioSettings(), psutil.Process()
extract(clips[:100], feature, audio, n_jobs=1)
times = {n: float("inf") for n in (500, 1000, 2000, 4000)}
for _ in range(3):
    for n in times:
        begun = time.process_time()
        extract(clips[:n], feature, audio, n_jobs=1)
        times[n] = min(times[n], time.process_time() - begun)
before, most = process.memory_info().rss, 0

def watch(done, all):
    global most
    most = max(most, process.memory_info().rss) if done % 100 == 0 or done == all else most

made = extract(clips, feature, audio, n_jobs=1, progress=watch)
most = max(most, process.memory_info().rss)
print(json.dumps({"times": list(times.values()), "before": before, "most": most, "values": made.nbytes}))
"""


def test_thirty_thousand_clips_need_the_room_of_their_values(tmp_path: Path, measured: Callable[[str], None]) -> None:
    done = subprocess.run([sys.executable, "-c", MANY, str(tmp_path)], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    above, values = (found["most"] - found["before"]) / 1e6, found["values"] / 1e6
    each = [1e3 * seconds / n for seconds, n in zip(found["times"], (500, 1000, 2000, 4000), strict=True)]
    measured(
        f"mel spectrograms of 30,000 clips of 1 s: {above:.0f} MB above the start ({values:.0f} MB are the values);"
        f" {', '.join(f'{one:.2f}' for one in each)} ms each with 500, 1,000, 2,000 and 4,000 clips"
    )
    assert above < 1000
    assert max(each) / min(each) < 1.25


PICTURES = """
import json, os, time, warnings
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # time is counted over all threads
warnings.simplefilter("ignore")
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt, numpy as np, librosa, librosa.display, io
from audioclf.features import views
from audioclf.plots import Look, feature_figure, to_png

sr = 22050
y = (0.1 * np.random.default_rng(0).standard_normal(5 * sr)).astype(np.float32)

def theirs(kind):
    figure, axes = plt.subplots(figsize=(9, 3.6), dpi=100)
    if kind == "waveform":
        librosa.display.waveshow(y, sr=sr, ax=axes)
    elif kind == "spectrum":
        axes.plot(np.fft.rfftfreq(y.size, 1 / sr), np.abs(np.fft.rfft(y)))
    else:
        values, rows = {
            "stft": lambda: (librosa.amplitude_to_db(np.abs(librosa.stft(y)), ref=np.max), "log"),
            "cqt": lambda: (librosa.amplitude_to_db(np.abs(librosa.cqt(y, sr=sr)), ref=np.max), "cqt_note"),
            "mel": lambda: (librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=sr), ref=np.max), "mel"),
            "mfcc": lambda: (librosa.feature.mfcc(y=y, sr=sr), None),
        }[kind]()
        drawn = librosa.display.specshow(values, sr=sr, x_axis="time", y_axis=rows, ax=axes)
        figure.colorbar(drawn, ax=axes)
    figure.savefig(io.BytesIO(), format="png")
    plt.close(figure)

def ours(kind):
    to_png(feature_figure(views()[kind]().compute(y, sr), title="a", look=Look(width=900, height=360)))

found = {}
for kind in views():
    times = [float("inf")] * 2
    for _ in range(10):
        for which, call in enumerate((ours, theirs)):
            begun = time.process_time()
            call(kind)
            times[which] = min(times[which], time.process_time() - begun)
    found[kind] = times
print(json.dumps(found))
"""


def test_a_changed_parameter_is_a_new_picture_sooner_than_with_specshow(measured: Callable[[str], None]) -> None:
    done = subprocess.run([sys.executable, "-c", PICTURES], capture_output=True, text=True, check=True)
    found: dict[str, list[float]] = json.loads(done.stdout)
    assert list(found) == list(views())
    for kind, (ours, theirs) in found.items():
        milliseconds = [round(1e3 * seconds) for seconds in (ours, theirs)]
        measured(f"{kind}: figure, specshow (ms) {milliseconds}")
        assert ours / theirs < 1.0, kind
