"""Reading sounds against librosa in the same run: what the checks cost beside the decoding."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import librosa
import pytest
import soundfile as sf

from audioclf.audio.io import load_audio, read_info

# librosa.load loads audioread, which loads what Python 3.13 dropped
pytestmark = pytest.mark.filterwarnings("ignore:'(aifc|audioop|sunau)' is deprecated:DeprecationWarning")


Ratio = Callable[[Callable[[Path], object], Callable[[Path], object], list[Path]], float]


@pytest.fixture
def ratio(measured: Callable[[str], None]) -> Ratio:
    """``ratio(ours, peer, files)``: how many times as long as the peer ours takes."""
    return lambda ours, peer, files: _ratio(ours, peer, files, measured)


def _ratio(
    ours: Callable[[Path], object],
    peer: Callable[[Path], object],
    files: list[Path],
    measured: Callable[[str], None],
) -> float:
    """Best of several rounds of each, taken in turns, so that a busy machine slows both."""
    best = [float("inf"), float("inf")]
    for _ in range(7):
        for which, read in enumerate((ours, peer)):
            start = time.perf_counter()
            for path in files:
                read(path)
            best[which] = min(best[which], time.perf_counter() - start)
    measured(f"{len(files)} files in {1e3 * best[0]:.1f} ms, the peer in {1e3 * best[1]:.1f} ms")
    return best[0] / best[1]


def test_five_seconds_of_ogg(esc10: Path, ratio: Ratio) -> None:
    assert ratio(load_audio, librosa.load, sorted(esc10.glob("*/*.ogg"))[::40]) < 1.25


def test_half_a_second_of_wav(fsdd: Path, ratio: Ratio) -> None:
    assert ratio(load_audio, librosa.load, sorted(fsdd.glob("recordings/*.wav"))[::20]) < 2


def test_header_of_a_wav(fsdd: Path, ratio: Ratio) -> None:
    assert ratio(read_info, sf.info, sorted(fsdd.glob("recordings/*.wav"))[::20]) < 6
