"""An answer in a word: a class, or none of these."""

from __future__ import annotations

from audioclf.inference.predictor import Classification

UNKNOWN = 1.2
"""Times the usual distance from which on a sound is none of the classes: with few examples that distance is rough."""


def is_unknown(answer: Classification) -> bool:
    """Whether a sound is like none of the classes."""
    return answer.novelty is not None and answer.novelty > UNKNOWN


def word(answer: Classification) -> str:
    """The answer in a word or two."""
    return "None of these" if is_unknown(answer) else answer.label
