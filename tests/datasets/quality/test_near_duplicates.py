"""Near duplicates on real recordings: the figures that the limits were chosen by."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile as sf
import soxr

from audioclf.audio.io import AudioInfo, load_audio
from audioclf.datasets import Clip
from audioclf.datasets.ingest.file_index import FileIndex
from audioclf.datasets.quality.clip_statistics import SignalFacts, _Sums, measure_all
from audioclf.datasets.quality.near_duplicates import Fingerprint, differences, limit, near_duplicates

Array = npt.NDArray[np.float32]


@dataclass
class Recording:
    path: Path
    print: Fingerprint

    @property
    def sound(self) -> tuple[Array, int]:
        return load_audio(self.path, sr=None)


def print_of(y: npt.ArrayLike, sr: int) -> Fingerprint:
    sums = _Sums(sr)
    sums.add([np.ascontiguousarray(y, dtype=np.float32)])
    from base64 import b64decode

    return Fingerprint.from_bytes(b64decode(sums.facts().print))


def recordings(files: list[Path]) -> list[Recording]:
    index = FileIndex()
    clips = [
        Clip(path, "", fact)
        for path, fact in zip(files, index.lookup(files), strict=True)
        if isinstance(fact, AudioInfo)
    ]
    facts = [fact for fact in measure_all(clips, index=index) if isinstance(fact, SignalFacts)]
    return [Recording(path, fact.fingerprint) for path, fact in zip(files, facts, strict=True)]


def encoded(y: Array, sr: int, container: str, subtype: str | None = None) -> tuple[Array, int]:
    buffer = io.BytesIO()
    sf.write(buffer, y, sr, format=container, subtype=subtype)
    buffer.seek(0)
    return sf.read(buffer, dtype="float32")


def versions(y: Array, sr: int) -> Iterator[tuple[str, Array, int]]:
    rng = np.random.default_rng(len(y))
    before, behind = (round(seconds * sr) for seconds in rng.uniform(0.05, 1, 2))
    padded = np.pad(y, (before, behind))
    hiss = 0.01 * np.abs(y).max() * rng.standard_normal(len(padded))
    hiss[before : before + len(y)] = 0
    noise = rng.standard_normal(len(y)) * np.sqrt((y**2).mean()) / 31.6
    yield "half as loud", y / 2, sr
    yield "mp3", *encoded(y, sr, "MP3")
    yield "ogg", *encoded(y, sr, "OGG")
    yield "16 kHz", soxr.resample(y, sr, 16000), 16000
    yield "padded", padded, sr
    yield "padded with noise 40 dB below the peak", (padded + hiss).astype(np.float32), sr
    yield "padded, quarter as loud, ogg", *encoded(padded / 4, sr, "OGG")
    yield "padded, mp3", *encoded(padded, sr, "MP3")
    yield "noise 30 dB below", (y + noise).astype(np.float32), sr
    yield "start cut by 37 ms", y[round(0.037 * sr) :], sr
    yield "start cut by 100 ms", y[sr // 10 :], sr
    yield "end cut by 100 ms", y[: -sr // 10], sr


@pytest.fixture(scope="module")
def scenes(esc10: Path) -> list[Recording]:
    files = sorted(esc10.rglob("*.ogg"))
    return recordings(sorted({*files[::3], *files[-40:]}))


@pytest.fixture(scope="module")
def digits(fsdd: Path) -> list[Recording]:
    return recordings(sorted((fsdd / "recordings").glob("*.wav"))[::3])


def found(known: list[Recording], every: int) -> dict[str, float]:
    """Share of the versions of every n-th recording that are paired with it among all the others."""
    chosen = range(0, len(known), every)
    made: dict[str, list[Fingerprint]] = {}
    for number in chosen:
        for name, y, sr in versions(*known[number].sound):
            made.setdefault(name, []).append(print_of(y, sr))
    shares = {}
    for name, prints in made.items():
        pairs = {pair[:2] for pair in near_duplicates([*(one.print for one in known), *prints])}
        shares[name] = float(np.mean([(number, len(known) + i) in pairs for i, number in enumerate(chosen)]))
        assert len(pairs) <= len(prints), "something else was paired too"
    return shares


def test_different_scenes_are_never_paired(scenes: list[Recording]) -> None:
    # But for two that their publisher lists as different, "FireBurning" and "FireBurning_v2" of one person.
    pairs = [
        (scenes[one].path.name, scenes[other].path.name) for one, other, _ in near_duplicates([s.print for s in scenes])
    ]
    assert pairs == [("2-28314-A.ogg", "2-30322-A.ogg")]


def test_versions_of_scenes_are_found(scenes: list[Recording]) -> None:
    shares = found(scenes[:100], 20)
    assert min(shares.values()) == 1, shares


def test_takes_of_one_digit_by_one_speaker_are_not_paired(digits: list[Recording]) -> None:
    assert len(digits) == 1000
    assert near_duplicates([one.print for one in digits]) == []


def test_versions_of_half_second_digits_are_found(digits: list[Recording]) -> None:
    shares = found(digits, 40)
    # A quarter of a word is gone: too little agrees to be sure.
    assert shares.pop("start cut by 100 ms") >= 0.6
    assert min(shares.values()) >= 0.9, shares
    assert np.mean(list(shares.values())) >= 0.98, shares
    for name in ("half as loud", "16 kHz", "padded", "padded with noise 40 dB below the peak"):
        assert shares[name] == 1, shares


def apart(one: Fingerprint, other: Fingerprint) -> float:
    return float(differences([one, other], np.array([[0, 1]]))[0][0])


def test_silence_around_a_sound_makes_no_difference(digits: list[Recording]) -> None:
    one = digits[0]
    y, sr = one.sound
    hop = sr * 16 // 1000
    # By whole hops the frames are the same ones; by half a hop one of the other three grids meets them.
    for before, most in ((3 * hop, 1e-6), (70 * hop, 1e-6), (hop // 2, 0.01), (20 * hop + hop // 2, 0.01)):
        padded = print_of(np.pad(y, (before, 2 * before)), sr)
        assert apart(one.print, padded) <= most
        np.testing.assert_allclose(padded.average, one.print.average, atol=0.6)


def test_notes_a_semitone_apart_are_not_paired() -> None:
    t = np.arange(22050) / 22050
    notes = [
        sum(np.sin(2 * np.pi * 55 * 2 ** (key / 12) * n * t) / n for n in range(1, 9)) * np.exp(-3 * t)
        for key in range(12, 60)
    ]
    assert near_duplicates([print_of(0.3 * note, 22050) for note in notes]) == []


def test_unrelated_noise_differs_in_half_of_its_bits() -> None:
    one, other = (print_of(np.random.default_rng(seed).standard_normal(16000) * 0.1, 8000) for seed in (0, 1))
    assert apart(one, other) == pytest.approx(0.47, abs=0.03)
    assert apart(one, one) == pytest.approx(0, abs=1e-6)
    assert limit(1000) < 0.4
    assert limit(1000, 5) < limit(10) < limit(1000)


@pytest.mark.parametrize("grids", [1, 4])
@pytest.mark.parametrize("n", [0, 1, 8, 1250])
def test_bytes_and_back(n: int, grids: int) -> None:
    rng = np.random.default_rng(n)
    bits, weight = (rng.integers(0, 256, shape, dtype=np.uint8) for shape in ((n, grids, 3), (n, grids)))
    one = Fingerprint(bits, weight, rng.normal(size=50).astype(np.float32))
    back = Fingerprint.from_bytes(one.to_bytes())
    np.testing.assert_array_equal(back.bits, one.bits)
    np.testing.assert_array_equal(back.weight, one.weight)
    np.testing.assert_allclose(back.average, one.average, atol=2e-3)


@pytest.mark.parametrize("sr", [1000, 2000, 8000, 192000])
def test_any_sample_rate_and_length(sr: int) -> None:
    tone = np.sin(np.arange(sr) / 5)
    prints = [print_of(tone[:n], sr) for n in (1, sr // 100, sr // 10, sr)]
    assert near_duplicates(prints) == []
    assert near_duplicates([]) == near_duplicates(prints[:1]) == []
    assert near_duplicates([prints[-1], prints[-1]])[0][2] == pytest.approx(0, abs=1e-6)
