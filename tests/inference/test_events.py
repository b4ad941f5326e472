"""Windows become events: closed forms, and what holds for any probabilities."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audioclf.core.errors import ParameterError
from audioclf.inference.events import Event, EventSettings, find_events, moving_mean


def events(column: list[float], **settings: float | bool) -> list[tuple[float, float, float]]:
    rows = np.array([column, np.zeros(len(column))], np.float32).T
    edges = np.arange(len(column) + 1.0)
    found = find_events(rows, edges, [0.5, 0.5], EventSettings.from_dict(settings))
    assert all(event.label == 0 for event in found)
    return [(event.start, event.end, round(event.score, 6)) for event in found]


def test_neighbours_at_or_above_the_threshold_are_one_event() -> None:
    assert events([0.1, 0.5, 0.9, 0.49, 0.8]) == [(1, 3, 0.9), (4, 5, 0.8)]


def test_a_gap_is_closed_before_the_length_is_looked_at() -> None:
    assert events([0.9, 0.1, 0.9, 0, 0, 0.9], max_gap=1, min_length=2) == [(0, 3, 0.9)]
    assert events([0.9, 0.1, 0.9], max_gap=0.99) == [(0, 1, 0.9), (2, 3, 0.9)]


def test_silence_is_in_no_event() -> None:
    rows = np.full((3, 1), 0.9, np.float32)
    usable = np.array([True, False, True])
    found = find_events(rows, np.arange(4.0), [0.5], EventSettings(), file=7, usable=usable)
    assert found == [Event(7, 0, 1, 0, pytest.approx(0.9)), Event(7, 2, 3, 0, pytest.approx(0.9))]


def test_the_moving_mean_takes_the_neighbours_there_are() -> None:
    rows = np.array([[0.0], [3.0], [6.0], [9.0]])
    np.testing.assert_allclose(moving_mean(rows, 1), rows)
    np.testing.assert_allclose(moving_mean(rows, 3), [[1.5], [3], [6], [7.5]])
    np.testing.assert_allclose(moving_mean(rows, 2), [[0], [1.5], [4.5], [7.5]])
    np.testing.assert_allclose(moving_mean(rows, 99), np.full((4, 1), 4.5))


def test_every_class_has_a_threshold_of_its_own() -> None:
    rows = np.array([[0.3, 0.7]], np.float32)
    assert [event.label for event in find_events(rows, np.arange(2.0), [0.2, 0.8], EventSettings())] == [0]


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ParameterError, match="need probabilities of that shape"):
        find_events(np.zeros((3, 2)), np.arange(4.0), [0.5], EventSettings())


@given(
    st.lists(st.tuples(st.floats(0, 1, width=32), st.floats(0, 1, width=32)), min_size=1, max_size=40),
    st.integers(1, 5),
    st.floats(0, 3),
    st.floats(0, 3),
    st.floats(0.05, 1),
)
def test_what_holds_for_any_probabilities(
    rows: list[tuple[float, float]], smoothing: int, min_length: float, max_gap: float, hop: float
) -> None:
    values = np.array(rows, np.float32)
    edges = hop * np.arange(len(values) + 1)
    settings = EventSettings(smoothing=smoothing, min_length=min_length, max_gap=max_gap)
    found = find_events(values, edges, [0.4, 0.6], settings)
    active = moving_mean(values, smoothing) >= np.array([0.4, 0.6], np.float32)
    middles = (edges[:-1] + edges[1:]) / 2
    for label in (0, 1):
        mine = [event for event in found if event.label == label]
        assert all(event.end - event.start >= min_length - 1e-6 for event in mine)
        assert all(b.start - a.end > max_gap for a, b in itertools.pairwise(mine))
        for event in mine:  # begins and ends with a window that is heard
            inside = np.flatnonzero((middles > event.start) & (middles < event.end))
            assert active[inside[0], label]
            assert active[inside[-1], label]
        if not min_length:  # then nothing that is heard is left out
            covered = [any(event.start < at < event.end for event in mine) for at in middles[active[:, label]]]
            assert all(covered)
    assert [event.start for event in found] == sorted(event.start for event in found)
