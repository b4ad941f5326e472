"""Copies of training clips: how many, made by what, and by which chances."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from audioclf.augment import AUGMENTATIONS, Augmentation, Copies
from audioclf.core.errors import ParameterError

NOISE, PITCH, MIXUP = (AUGMENTATIONS[kind]() for kind in ("gaussian-noise", "pitch-shift", "mixup"))
BOTH: tuple[Augmentation, ...] = (NOISE, MIXUP, PITCH)
Y = np.sin(np.arange(4000) / 5).astype(np.float32)


def test_a_chain_gives_so_many_copies_through_all() -> None:
    changes = Copies(number=3).changes(BOTH, 0)
    assert [change.augmentations for change in changes] == [(NOISE, PITCH)] * 3
    sounds = [change(Y, 8000, 4000, "clip") for change in changes]
    assert not np.array_equal(sounds[0], sounds[1])
    assert len({change.key for change in changes}) == 3


def test_each_gives_so_many_copies_by_every_one() -> None:
    changes = Copies(number=2, how="each").changes(BOTH, 0)
    assert [change.augmentations for change in changes] == [(NOISE,), (NOISE,), (PITCH,), (PITCH,)]
    assert len({change.key for change in changes}) == 4


def test_seed_clip_and_copy_settle_the_samples() -> None:
    (change,) = Copies(number=1).changes(BOTH, 5)
    (again,) = Copies(number=1).changes(BOTH, 5)
    (other,) = Copies(number=1).changes(BOTH, 6)
    sound = change(Y, 8000, 4000, "a")
    np.testing.assert_array_equal(sound, again(Y, 8000, 4000, "a"))
    assert not np.array_equal(sound, other(Y, 8000, 4000, "a"))
    assert not np.array_equal(sound, change(Y, 8000, 4000, "b"))
    assert change.key == again.key != other.key


def test_more_copies_begin_with_the_same_ones() -> None:
    few, more = (Copies(number=number).changes(BOTH, 0) for number in (2, 4))
    assert [change.key for change in few] == [change.key for change in more[:2]]


def test_another_parameter_is_another_change() -> None:
    stronger = (NOISE.replace(min_snr=0.0), MIXUP, PITCH)
    assert Copies(number=1).changes(BOTH, 0)[0].key != Copies(number=1).changes(stronger, 0)[0].key


def test_on_the_fly_every_epoch_has_its_own() -> None:
    copies = Copies()
    assert copies.on_the_fly(BOTH)
    assert not copies.on_the_fly((MIXUP,))
    assert not Copies(number=1).on_the_fly(BOTH)
    assert copies.changes(BOTH, 0) == ()
    first, second = (copies.change_of_epoch(BOTH, 0, epoch)(Y, 8000, 4000, "a") for epoch in (0, 1))
    assert not np.array_equal(first, second)


def test_each_on_the_fly_draws_one_or_none() -> None:
    gain, shift = AUGMENTATIONS["gain"](min_gain=20, max_gain=20), AUGMENTATIONS["random-pad"]()
    copies = Copies(how="each")
    kinds = []
    for clip in range(120):
        sound = copies.change_of_epoch((gain, shift), 0, 0)(Y, 8000, 5000, str(clip))
        kinds.append("pad" if sound.size == 5000 else "none" if np.array_equal(sound, Y) else "gain")
    assert {kind: kinds.count(kind) > 20 for kind in ("pad", "none", "gain")} == dict.fromkeys(
        ("pad", "none", "gain"), True
    )


@pytest.mark.parametrize(
    ("copies", "augmentations", "field"),
    [
        (Copies(number=2), (MIXUP,), "number"),
        (Copies(number=2), (), "number"),
        (Copies(originals=False), BOTH, "originals"),
        (Copies(originals=False), (), "originals"),
        (Copies(before_split=True), BOTH, "before_split"),
    ],
)
def test_what_cannot_be_is_a_sentence(copies: Copies, augmentations: tuple[Augmentation, ...], field: str) -> None:
    with pytest.raises(ParameterError, match=field) as caught:
        copies.check(augmentations)
    assert caught.value.field == field


@pytest.mark.parametrize("copies", [Copies(), Copies(number=1), Copies(number=3, how="each", originals=False)])
def test_what_can_be_is_not_refused(copies: Copies) -> None:
    copies.check(BOTH)


def test_the_sentence_says_what_trains() -> None:
    assert Copies().sentence((MIXUP,)) == ""
    assert Copies().sentence(BOTH) == "training clips changed again in every epoch (gaussian noise, then pitch shift)"
    assert "one of: gaussian noise, pitch shift, none" in Copies(how="each").sentence(BOTH)
    assert (
        Copies(number=5, originals=False).sentence((AUGMENTATIONS["random-pad"](),))
        == "5 copies of every training clip (random pad), without the clip itself"
    )
    assert (
        Copies(number=1, how="each").sentence(BOTH)
        == "1 copy of every training clip by each of: gaussian noise, pitch shift, beside the clip itself"
    )
    assert "made before the split" in Copies(number=1, before_split=True).sentence(BOTH)


def test_every_parameter_is_described() -> None:
    assert set(Copies.describe()) == {item.name for item in dataclasses.fields(Copies)}
