"""What every augmentation promises, and what each one does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from audioclf.augment import AUGMENTATIONS, on_batches
from audioclf.core.errors import ParameterError

MAPS = [kind for kind, augmentation in AUGMENTATIONS.items() if augmentation.stage == "map"]
PICTURES_ONLY = {"mask", "row-shift", "height-shift", "zoom", "warp", "filter"}


def batch(shape: tuple[int, ...] = (6, 10, 20)) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    return rng.normal(size=shape).astype(np.float32), np.eye(3, dtype=np.float32)[np.arange(shape[0]) % 3]


def make(kind: str, **params: Any) -> Any:
    return AUGMENTATIONS[kind].from_dict(params)


def test_the_usual_ones_are_there() -> None:
    assert {"mixup", "roll", "mask", "noise"} <= set(AUGMENTATIONS)


@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize("shape", [(6, 10, 20), (6, 10, 20, 2), (1, 1, 1), (6, 50)])
def test_shapes_types_and_the_given_batch_stay(kind: str, shape: tuple[int, ...]) -> None:
    x, onehot = batch(shape)
    before = x.copy(), onehot.copy()
    if len(shape) == 2 and kind in PICTURES_ONLY:
        with pytest.raises(ParameterError, match="curves of 50 values"):
            make(kind).apply(x, onehot, np.random.default_rng(1))
        return
    new_x, new_onehot = make(kind).apply(x, onehot, np.random.default_rng(1))
    assert (new_x.shape, new_x.dtype) == (x.shape, np.float32)
    assert (new_onehot.shape, new_onehot.dtype) == (onehot.shape, np.float32)
    np.testing.assert_allclose(new_onehot.sum(axis=1), 1, rtol=1e-5)
    assert np.isfinite(new_x).all()
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(onehot, before[1])


@pytest.mark.parametrize("kind", MAPS)
def test_the_generator_alone_decides(kind: str) -> None:
    x, onehot = batch()
    first, again, other = (make(kind).apply(x, onehot, np.random.default_rng(seed))[0] for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("kind", MAPS)
def test_a_sentence_for_learners(kind: str) -> None:
    assert AUGMENTATIONS[kind].title
    assert len(AUGMENTATIONS[kind].explanation) > 40


def test_mixup_mixes_examples_and_labels_in_the_same_proportion() -> None:
    n = 200
    onehot = np.eye(n, dtype=np.float32)
    x = np.repeat(np.arange(n, dtype=np.float32)[:, None, None], 4, axis=1)
    new_x, shares = make("mixup", alpha=1.0).apply(x, onehot, np.random.default_rng(0))
    np.testing.assert_allclose(new_x[:, 0, 0], shares @ np.arange(n), rtol=1e-4)
    assert (np.diag(shares) >= 0.5).all()
    assert np.count_nonzero(shares, axis=1).max() == 2
    # max(w, 1 - w) of a uniform w has the mean 3/4
    assert np.diag(shares).mean() == pytest.approx(0.75, abs=0.05)


def test_mixup_leaves_the_others_alone() -> None:
    x, onehot = batch()
    new_x, new_onehot = make("mixup", probability=0.0).apply(x, onehot, np.random.default_rng(0))
    np.testing.assert_array_equal(new_x, x)
    np.testing.assert_array_equal(new_onehot, onehot)


def test_roll_shifts_every_row_of_an_example_alike() -> None:
    x, onehot = batch((40, 3, 20))
    x[:] = np.arange(20)
    new_x, _ = make("roll", max_shift=0.25).apply(x, onehot, np.random.default_rng(0))
    shifts = set()
    for example in new_x:
        shift = (20 - int(example[0, 0])) % 20
        np.testing.assert_array_equal(example, np.roll(x[0], shift, axis=1))
        shifts.add((shift + 10) % 20 - 10)
    assert min(shifts) >= -5
    assert max(shifts) <= 5
    assert len(shifts) > 5


def test_roll_runs_along_a_curve() -> None:
    x, onehot = batch((6, 50))
    new_x, _ = make("roll").apply(x, onehot, np.random.default_rng(0))
    np.testing.assert_array_equal(np.sort(new_x, axis=1), np.sort(x, axis=1))


def test_row_shift_repeats_the_edge() -> None:
    x = np.tile(np.arange(10, dtype=np.float32)[None, :, None], (60, 1, 4))
    new_x, _ = make("row-shift", max_rows=3).apply(x, np.ones((60, 1), np.float32), np.random.default_rng(0))
    seen = set()
    for example in new_x[:, :, 0]:
        shift = round(float(5 - example[5]))
        np.testing.assert_array_equal(example, np.clip(np.arange(10) - shift, 0, 9))
        seen.add(shift)
    assert seen == set(range(-3, 4))


def test_mask_covers_at_most_its_share_with_the_mean() -> None:
    x, onehot = batch((100, 20, 40))
    settings = {"n_freq_masks": 1, "freq_share": 0.25, "n_time_masks": 2, "time_share": 0.1}
    new_x, _ = make("mask", **settings).apply(x, onehot, np.random.default_rng(0))
    changed = new_x != x
    means = x.mean(axis=(1, 2))
    assert changed.any()
    for example, where, mean in zip(new_x, changed, means, strict=True):
        assert np.allclose(example[where], mean, atol=1e-6)
        assert where.all(axis=1).sum() <= 5
        assert where.all(axis=0).sum() <= 8


def test_noise_has_the_share_of_the_examples_own_deviation() -> None:
    x, onehot = batch((50, 30, 30))
    x[1] *= 100
    added = make("noise", scale=0.2).apply(x, onehot, np.random.default_rng(0))[0] - x
    np.testing.assert_allclose(added.std(axis=(1, 2)) / x.std(axis=(1, 2)), 0.2, rtol=0.15)


def test_level_adds_one_number_to_an_example() -> None:
    x, onehot = batch()
    added = make("level").apply(x, onehot, np.random.default_rng(0))[0] - x
    np.testing.assert_allclose(added, np.broadcast_to(added[:, :1, :1], added.shape), atol=1e-5)
    assert np.ptp(added[:, 0, 0]) > 0.01


def test_several_are_applied_in_turn_and_only_those_of_maps() -> None:
    class OnSamples(AUGMENTATIONS["noise"]):  # type: ignore[misc]
        stage = "samples"

    x, onehot = batch()
    chain = on_batches([make("roll"), OnSamples(), make("mixup")])
    assert chain is not None
    rng = np.random.default_rng(0)
    expected = make("mixup").apply(*make("roll").apply(x, onehot, rng), rng)
    for given, wanted in zip(chain(x, onehot, np.random.default_rng(0)), expected, strict=True):
        np.testing.assert_array_equal(given, wanted)
    assert on_batches([OnSamples()]) is None
    assert on_batches([]) is None


def test_height_shift_and_zoom_read_the_picture_as_scipy_does() -> None:
    from scipy.ndimage import affine_transform

    x, onehot = batch((20, 11, 17))
    shifted, _ = make("height-shift", height_shift_range=0.3).apply(x, onehot, np.random.default_rng(0))
    shifts = np.random.default_rng(0).uniform(-0.3, 0.3, size=20) * 11
    for given, got, shift in zip(x, shifted, shifts, strict=True):
        wanted = affine_transform(given, np.ones(2), offset=(shift, 0), order=1, mode="nearest")
        np.testing.assert_allclose(got, wanted, atol=1e-4)
    zoomed, _ = make("zoom", zoom_range=0.4).apply(x, onehot, np.random.default_rng(0))
    factors = np.random.default_rng(0).uniform(0.6, 1.4, size=(20, 2))
    for given, got, factor in zip(x, zoomed, factors, strict=True):
        centre = np.array([5.0, 8.0])
        wanted = affine_transform(given, factor, offset=centre - factor * centre, order=1, mode="nearest")
        np.testing.assert_allclose(got, wanted, atol=1e-4)


@pytest.mark.parametrize("kind", ["height-shift", "zoom"])
def test_channels_of_a_picture_move_together(kind: str) -> None:
    x, onehot = batch((8, 10, 12))
    coloured = np.stack([x, 2 * x, x + 1], axis=-1)
    moved, _ = make(kind).apply(coloured, onehot, np.random.default_rng(0))
    np.testing.assert_allclose(moved[..., 1], 2 * moved[..., 0], atol=1e-5)
    np.testing.assert_allclose(moved[..., 2], moved[..., 0] + 1, atol=1e-5)


@pytest.mark.parametrize("kind", ["height-shift", "zoom"])
def test_no_probability_leaves_the_pictures(kind: str) -> None:
    x, onehot = batch()
    np.testing.assert_array_equal(make(kind, probability=0.0).apply(x, onehot, np.random.default_rng(0))[0], x)
