"""Where a recording is cut, and which window speaks for a moment."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from audioclf.audio.io import fix_length
from audioclf.core.errors import AudioError
from audioclf.inference.cutting import Cut, cut, lead
from audioclf.inference.scan_windows import CELLS, Windows, timeline

SR = 8000
SOUNDS = ((0.7, 0.4), (2.05, 1.3), (5.0, 0.2))
"""Start and length of the sounds in the recording, in seconds."""


@pytest.fixture
def recording() -> np.ndarray:
    y = np.zeros(7 * SR, np.float32)
    for start, length in SOUNDS:
        t = np.arange(round(length * SR)) / SR
        y[round(start * SR) : round(start * SR) + len(t)] = 0.3 * np.sin(2 * np.pi * 440 * t + 1)
    return y


def blocks(y: np.ndarray, size: int = 999) -> Iterator[np.ndarray]:
    return (y[at : at + size] for at in range(0, len(y), size))


def noisy(y: np.ndarray) -> np.ndarray:
    return (y + np.random.default_rng(0).normal(0, 1e-3, len(y))).astype(np.float32)


def own(found: list[Cut]) -> list[float]:
    return [round(one.start / SR, 3) for one in found if not one.even]


@pytest.mark.parametrize("hop", [SR, SR // 2, SR // 10])
def test_even_windows_are_those_of_classify(recording: np.ndarray, hop: int) -> None:
    n = SR
    even = [one for one in cut(blocks(recording), n, hop, SR) if one.even]
    assert [one.start for one in even] == list(range(0, len(recording) - n // 2, hop))
    for one in even:
        np.testing.assert_array_equal(one.y, fix_length(recording[one.start : one.start + n], n))


@pytest.mark.parametrize("quiet", [True, False])
def test_a_sound_after_a_pause_has_a_window_of_its_own(recording: np.ndarray, quiet: bool) -> None:
    y = recording if quiet else noisy(recording)
    found = list(cut(blocks(y), SR, SR // 2, SR))
    assert own(found) == pytest.approx([start for start, _ in SOUNDS if start % 0.5], abs=0.006)  # 5.0 is even
    (first,) = (one for one in found if abs(one.start - 0.7 * SR) < 99 and not one.even)
    np.testing.assert_array_equal(first.y, y[first.start : first.start + SR])


def test_where_clips_were_padded_on_both_sides_the_sound_is_in_the_middle(recording: np.ndarray) -> None:
    found = own(list(cut(blocks(recording), SR, SR // 2, SR, "center")))
    assert found == pytest.approx([0.7 + 0.2 - 0.5, 2.05, 5.0 + 0.1 - 0.5], abs=0.01)  # 1.3 s are more than a window
    (one,) = (one for one in cut(blocks(recording[SR // 2 :]), SR, SR // 2, SR, "center") if one.start < 0)
    assert one.start == pytest.approx(-0.1 * SR, abs=40)
    assert not one.y[: -one.start].any()


def test_a_steady_sound_has_even_windows_alone() -> None:
    y = np.random.default_rng(0).normal(0, 0.1, 10 * SR).astype(np.float32)
    assert not own(list(cut(blocks(y), SR, SR // 2, SR)))


def test_it_goes_on_as_if_it_had_never_stopped(recording: np.ndarray) -> None:
    n, hop = SR, SR // 4
    whole = list(cut(blocks(recording), n, hop, SR, "center"))
    for begun in (1, 4, 9, 17):
        first = max(0, begun - lead(n, hop, SR)) * hop
        rest = list(cut(blocks(recording[first:]), n, hop, SR, "center", begun=begun, first=first))
        at = next(number for number, one in enumerate(whole) if one.even and one.start == begun * hop)
        assert [(one.start, one.even) for one in rest] == [(one.start, one.even) for one in whole[at:]]
        for one, other in zip(rest, whole[at:], strict=True):
            np.testing.assert_array_equal(one.y, other.y)


def test_what_is_before_the_damage_comes_first(recording: np.ndarray) -> None:
    def broken() -> Iterator[np.ndarray]:
        yield recording[: 3 * SR]
        raise AudioError("It breaks off.")

    windows = cut(broken(), SR, SR // 2, SR)
    given = [next(windows).start for _ in range(6)]
    assert max(given) >= 1.5 * SR
    with pytest.raises(AudioError, match="breaks off"):
        list(windows)


def test_short_and_empty_recordings() -> None:
    (one,) = cut(blocks(np.full(10, 0.1, np.float32)), SR, SR // 2, SR)
    assert (one.start, one.even, len(one.y)) == (0, True, SR)
    assert not list(cut(iter(()), SR, SR // 2, SR))


def windows(start: list[float], novelty: list[float], even: list[bool], parts: list[float] | None = None) -> Windows:
    n = len(start)
    level = np.full((n, CELLS), -20.0, np.float32) if parts is None else np.array([parts] * n, np.float32)
    eye = np.eye(n, dtype=np.float32)
    return Windows(eye, np.float32(novelty), level.max(axis=1), np.float32(start), np.array(even), level)


def test_the_window_of_a_sound_speaks_for_it_and_elsewhere_the_least_strange() -> None:
    found = timeline(windows([0, 1, 1.25], [2, 1.5, 3.0], [True, True, False]), 2.0, 4.0)
    np.testing.assert_allclose(found.edges, np.arange(33) / 8)
    assert found.probabilities.argmax(axis=1)[:26].tolist() == [0] * 8 + [1] * 2 + [2] * 16
    np.testing.assert_allclose(found.novelty[[0, 9, 12]], [2, 1.5, 3.0])
    both = timeline(windows([0, 0.5], [1.2, 0.9], [False, False]), 2.0, 4.0)
    assert both.probabilities.argmax(axis=1)[:20].tolist() == [0] * 4 + [1] * 16


def test_without_novelty_the_middle_of_a_window_or_the_beginning_of_a_sound_speaks() -> None:
    nan = float("nan")
    even = timeline(windows([0, 1, 2], [nan] * 3, [True] * 3), 2.0, 4.0)
    assert even.probabilities.argmax(axis=1).tolist() == [0] * 12 + [1] * 8 + [2] * 12
    own = timeline(windows([0, 1, 1.25], [nan] * 3, [True, True, False]), 2.0, 3.25)
    assert own.probabilities.argmax(axis=1)[10:26].tolist() == [2] * 16


def test_pauses_are_silent_and_a_fading_end_as_well() -> None:
    parts = [-120.0] * 2 + [-10.0] * 4 + [-120.0] * 4 + [-30.0, -49.0, -51.0] + [-120.0] * 3
    found = timeline(windows([0.0], [0.5], [True], parts), 2.0, 1.9)
    assert found.silent.tolist() == [True] * 2 + [False] * 4 + [True] * 4 + [False, False, True] + [True] * 3
    assert found.edges[-1] == 1.9
