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

from audioclf.audio import load_audio
from audioclf.datasets.fingerprint import Fingerprint, difference, limit, near_duplicates
from audioclf.datasets.signal import _Sums

Array = npt.NDArray[np.float32]


@dataclass
class Recording:
    name: str
    y: Array
    sr: int
    print: Fingerprint


def print_of(y: npt.ArrayLike, sr: int) -> Fingerprint:
    sums = _Sums(sr)
    sums.add([np.ascontiguousarray(y, dtype=np.float32)])
    from base64 import b64decode

    return Fingerprint.from_bytes(b64decode(sums.facts().print))


def recordings(files: list[Path]) -> list[Recording]:
    return [Recording(path.name, *sound, print_of(*sound)) for path in files for sound in [load_audio(path, sr=None)]]


def encoded(y: Array, sr: int, container: str, subtype: str | None = None) -> tuple[Array, int]:
    buffer = io.BytesIO()
    sf.write(buffer, y, sr, format=container, subtype=subtype)
    buffer.seek(0)
    return sf.read(buffer, dtype="float32")


def versions(y: Array, sr: int) -> Iterator[tuple[str, Array, int]]:
    yield "half as loud", y / 2, sr
    yield "mp3", *encoded(y, sr, "MP3")
    yield "ogg", *encoded(y, sr, "OGG")
    yield "16 kHz", soxr.resample(y, sr, 16000), 16000
    yield "padded by 0.2 s", np.pad(y, (sr // 5, sr // 3)), sr
    noise = np.random.default_rng(0).standard_normal(len(y)) * np.sqrt((y**2).mean()) / 31.6
    yield "noise 30 dB below", (y + noise).astype(np.float32), sr
    yield "start cut by 37 ms", y[round(0.037 * sr) :], sr
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
        for name, y, sr in versions(known[number].y, known[number].sr):
            made.setdefault(name, []).append(print_of(y, sr))
    shares = {}
    for name, prints in made.items():
        pairs = {pair[:2] for pair in near_duplicates([*(one.print for one in known), *prints])}
        shares[name] = float(np.mean([(number, len(known) + i) in pairs for i, number in enumerate(chosen)]))
        assert len(pairs) <= len(prints), "something else was paired too"
    return shares


def test_different_scenes_are_never_paired(scenes: list[Recording]) -> None:
    # But for two that their publisher lists as different, "FireBurning" and "FireBurning_v2" of one person.
    pairs = [(scenes[one].name, scenes[other].name) for one, other, _ in near_duplicates([s.print for s in scenes])]
    assert set(pairs) <= {(f"2-28314-{take}.ogg", f"2-30322-{take}.ogg") for take in "AB"}
    assert ("2-28314-A.ogg", "2-30322-A.ogg") in pairs


def test_versions_of_scenes_are_found(scenes: list[Recording]) -> None:
    scenes = scenes[:100]
    shares = found(scenes, 12)
    assert min(shares.values()) >= 0.9, shares
    assert np.mean(list(shares.values())) >= 0.97, shares


def test_takes_of_one_digit_by_one_speaker_are_not_paired(digits: list[Recording]) -> None:
    assert len(digits) == 1000
    assert near_duplicates([one.print for one in digits]) == []


def test_versions_of_half_second_digits_are_mostly_found(digits: list[Recording]) -> None:
    shares = found(digits, 50)
    for name in ("half as loud", "ogg", "16 kHz"):
        assert shares[name] == 1, shares
    # A sixth of a word is gone, or its quiet frames drown: too little agrees to be sure.
    assert np.mean(list(shares.values())) >= 0.8, shares


def test_unrelated_noise_differs_in_half_of_its_bits() -> None:
    one, other = (print_of(np.random.default_rng(seed).standard_normal(16000) * 0.1, 8000) for seed in (0, 1))
    assert difference(one, other) == pytest.approx(0.47, abs=0.03)
    assert difference(one, one) == 0
    assert limit(1000) < 0.4


@pytest.mark.parametrize("n", [0, 1, 7, 8, 9, 100, 1250])
def test_bytes_and_back(n: int) -> None:
    rng = np.random.default_rng(n)
    one = Fingerprint(
        rng.integers(0, 256, (n, 3), dtype=np.uint8), rng.random(n) > 0.5, rng.normal(size=50).astype(np.float32)
    )
    back = Fingerprint.from_bytes(one.to_bytes())
    np.testing.assert_array_equal(back.bits, one.bits)
    np.testing.assert_array_equal(back.active, one.active)
    np.testing.assert_allclose(back.average, one.average, atol=2e-3)


@pytest.mark.parametrize("sr", [1000, 2000, 8000, 192000])
def test_any_sample_rate_and_length(sr: int) -> None:
    tone = np.sin(np.arange(sr) / 5)
    prints = [print_of(tone[:n], sr) for n in (1, sr // 100, sr // 10, sr)]
    assert near_duplicates(prints) == []
    assert near_duplicates([]) == near_duplicates(prints[:1]) == []
    assert near_duplicates([prints[-1], prints[-1]])[0][2] == 0
