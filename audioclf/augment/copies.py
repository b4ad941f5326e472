"""Copies: what training clips become when their samples are changed, once before training or anew in every epoch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from audioclf.augment.base import Array, Augmentation
from audioclf.core.errors import ParameterError
from audioclf.core.params import Parameters, param

VERSION: Final = 1
"""Raised whenever an augmentation of samples begins to give other numbers, so that stored features are made again."""


@dataclass(frozen=True)
class Copies(Parameters):
    """What is made of the training clips by augmentations of samples: the ``[copies]`` part of an experiment.

    With a ``number`` the copies are made once, before training ("offline"), and their features are
    kept like those of any clip. With 0 every epoch sees the clips changed anew ("on the fly"): in
    turn by all augmentations, or (``"each"``) by one that is drawn for each clip, where leaving it
    alone is drawn as often as each of them.

    Copies are made of training clips after the split. ``before_split`` is the mistake of a
    published system: the clips are copied first and the copies dealt out, so that copies of one
    clip stand on both sides.
    """

    title = "Copies"

    number: int = param(
        0,
        "Changed copies of every training clip, made once before training; 0 changes it again in every epoch.",
        low=0,
        high=100,
    )
    how: str = param(
        "chain",
        "A copy goes through all augmentations of samples in turn, or each of them makes copies of its own.",
        choices=("chain", "each"),
    )
    originals: bool = param(True, "Whether the unchanged clip trains too, beside its copies.")
    before_split: bool = param(
        False,
        "Make the copies before the split: a published mistake, by which test clips are known to the training.",
        advanced=True,
    )

    def check(self, augmentations: Sequence[Augmentation]) -> None:
        """Raise a ParameterError where there is nothing to make copies by, or no copies where some are asked for."""
        known = on_samples(augmentations)
        if self.number and not known:
            raise ParameterError(
                "Copies need an augmentation that changes samples (gaussian-noise, pitch-shift, random-pad ...), got"
                " none; add one, or set number to 0.",
                "number",
            )
        if self.number:
            return
        if not self.originals:
            raise ParameterError(
                "Without originals there must be copies to train on, and number is 0: the clips are changed anew in"
                " every epoch, so no unchanged one stands beside them; leave originals on, or set number to 1 or more.",
                "originals",
            )
        if self.before_split:
            raise ParameterError(
                "before_split splits copies, and number is 0; set number to 1 or more, or switch before_split off.",
                "before_split",
            )

    def on_the_fly(self, augmentations: Sequence[Augmentation]) -> bool:
        """Whether training clips are changed again in every epoch."""
        return self.number == 0 and bool(on_samples(augmentations))

    def changes(self, augmentations: Sequence[Augmentation], seed: int) -> tuple[Change, ...]:
        """One change per copy that is made of every clip before training; empty where there are none."""
        known = on_samples(augmentations)
        if not known or not self.number:
            return ()
        if self.how == "chain":
            return tuple(Change(known, (seed, 1, number)) for number in range(self.number))
        return tuple(
            Change((augmentation,), (seed, 1, number, place))
            for place, augmentation in enumerate(known)
            for number in range(self.number)
        )

    def change_of_epoch(self, augmentations: Sequence[Augmentation], seed: int, epoch: int) -> Change:
        """What every training clip goes through in one epoch (from 0), on the fly."""
        return Change(on_samples(augmentations), (seed, 2, epoch), one_of=self.how == "each")

    def sentence(self, augmentations: Sequence[Augmentation]) -> str:
        """What trains, in words; empty where the clips train as they are."""
        known = on_samples(augmentations)
        if not known:
            return ""
        names = [augmentation.title.lower() for augmentation in known]
        if not self.number:
            chosen = ", then ".join(names) if self.how == "chain" else f"one of: {', '.join([*names, 'none'])}"
            return f"training clips changed again in every epoch ({chosen})"
        copies = "1 copy" if self.number == 1 else f"{self.number} copies"
        made = f"{copies} of every {'' if self.before_split else 'training '}clip"
        made += f" ({', then '.join(names)})" if self.how == "chain" else f" by each of: {', '.join(names)}"
        made += ", beside the clip itself" if self.originals else ", without the clip itself"
        return made + (", made before the split" if self.before_split else "")


@dataclass(frozen=True)
class Change:
    """One change of a clip's samples, settled by a seed and the clip alone.

    Attributes
    ----------
    augmentations : tuple of Augmentation
        Applied in turn.
    seed : tuple of int
        The same seed and clip give the same samples, on any machine, in any order of clips.
    one_of : bool
        Whether one of them is drawn instead, or none.
    """

    augmentations: tuple[Augmentation, ...]
    seed: tuple[int, ...]
    one_of: bool = False

    @property
    def key(self) -> str:
        """Name of the change, for what is kept of its results."""
        plain = [augmentation.to_dict() for augmentation in self.augmentations]
        text = json.dumps([VERSION, plain, list(self.seed), self.one_of], sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def __call__(self, y: Array, sr: int, n_samples: int, clip: str) -> Array:
        """Changed samples [shape=(n,)] of the clip with this content key: every clip has chances of its own."""
        of_clip = int.from_bytes(hashlib.blake2b(clip.encode(), digest_size=8).digest(), "little")
        rng = np.random.default_rng((*self.seed, of_clip))
        chosen = self.augmentations
        if self.one_of:
            drawn = int(rng.integers(len(chosen) + 1))
            chosen = chosen[drawn : drawn + 1]
        for augmentation in chosen:
            y = augmentation.apply_samples(y, sr, rng, n_samples)
        return y


def on_samples(augmentations: Sequence[Augmentation]) -> tuple[Augmentation, ...]:
    """Those of stage ``"samples"``, in their order."""
    return tuple(augmentation for augmentation in augmentations if augmentation.stage == "samples")
