"""Sounds of no class, for the report: how many the models notice, and how many known ones they turn away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from audioclf.audio.io import wav_bytes
from audioclf.audio.noise import coloured
from audioclf.core.errors import AudioclfError
from audioclf.datasets import Clip
from audioclf.experiments.runs import Prediction
from audioclf.experiments.runs.mistakes import wilson
from audioclf.export.report.facts import percent_interval
from audioclf.features.base import Array
from audioclf.inference.predictor import Classification, Predictor

MOST: Final = 200
"""Test clips that are asked about."""

EACH: Final = 20
"""Made sounds of every kind."""


NOT_ASKED: Final = "The models were not asked for this report, so it is not known what they make of other sounds."
CANNOT: Final = (
    "This run cannot tell a sound of none of its classes: it was trained by an earlier version or on too few"
    " clips. It gives one of its classes to every sound."
)


def section(
    predictor: Predictor | None, predictions: Sequence[Prediction], clips: Sequence[Clip]
) -> tuple[str, list[dict[str, Any]]]:
    """Measure it on test clips, each asked of models that have not learned it, and on sounds made for the purpose.

    Parameters
    ----------
    predictor : Predictor or None
        None where the models are not to be asked.
    predictions : sequence of Prediction
    clips : sequence of Clip
        Of the run; those whose sounds are gone are left out.

    Returns
    -------
    str, list of dict
        A sentence, and a row for every kind of sound where the models can tell: its name, which share counts as
        unknown, how probable the answers are on average, and the number of sounds.
    """
    if predictor is None:
        return NOT_ASKED, []
    sr, seconds = predictor.audio.sr, float(predictor.signature["duration"])
    rows = []
    for name, sounds in made(max(1, round(seconds * sr)), sr):
        answers = [predictor.classify(wav_bytes(y, sr)) for y in sounds]
        if answers[0].novelty is None:
            return CANNOT, []
        rows.append(_row(name, answers))
    known = []
    chosen = np.random.default_rng(0).permutation(len(predictions))[:MOST]
    for item in (predictions[at] for at in chosen if predictions[at].clip < len(clips)):
        try:
            known.append(predictor.classify(clips[item.clip], split=item.split))
        except AudioclfError:
            continue
    if known:
        rows.insert(0, _row("Test clips of its own classes", known))
    sentence = (
        "A sound counts as unknown where it lies farther from what the models have learned than 95 % of the validation"
        " clips. The other sounds are made, not recorded; sounds closer to the classes are harder to tell."
    )
    return sentence, rows


def made(n: int, sr: int) -> Iterator[tuple[str, list[Array]]]:
    """Sounds of no class, by kind, each [shape=(n,)]."""
    chance = np.random.default_rng(0)
    t = np.arange(n) / sr

    def levelled(y: Array) -> Array:
        return np.asarray(y / max(float(np.abs(y).max()), 1e-9) * chance.uniform(0.05, 0.7), np.float32)

    def clicks() -> Array:
        y = np.zeros(n, np.float32)
        y[chance.integers(0, n, max(2, round(8 * n / sr)))] = 1
        return y

    top = sr / 2.2
    kinds = {
        "White noise": lambda: coloured(n, chance),
        "Pink noise": lambda: coloured(n, chance, "pink"),
        "Steady tones": lambda: np.sin(2 * np.pi * np.exp(chance.uniform(np.log(80), np.log(top))) * t),
        "Tones that rise": lambda: np.sin(2 * np.pi * (100 * t + chance.uniform(0.1, 0.5) * top / t[-1] * t**2)),
        "Clicks": clicks,
    }
    for name, kind in kinds.items():
        yield name, [levelled(kind()) for _ in range(EACH)]


def _row(name: str, answers: Sequence[Classification]) -> dict[str, Any]:
    strange, n = sum(answer.novelty is not None and answer.novelty > 1 for answer in answers), len(answers)
    sure = float(np.mean([answer.probabilities.max() for answer in answers]))
    share = percent_interval(strange / n, wilson(strange, n), 0, 0)
    return {"name": name, "unknown": share, "sure": f"{sure:.2f}", "n": n}
