"""An answer in a word: a class, or none of these."""

from __future__ import annotations

from audioclf.inference.predictor import Classification


def is_unknown(answer: Classification) -> bool:
    """Whether a sound is like none of the classes."""
    return answer.novelty is not None and answer.novelty > 1


def word(answer: Classification) -> str:
    """The answer in a word or two."""
    if any(remark.kind == "silent" for remark in answer.remarks):
        return "Nothing"
    return "None of these" if is_unknown(answer) else answer.label
