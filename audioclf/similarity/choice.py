"""Which embedding suits a data set: by cross-validation of a linear head on training clips alone.

The clips that test are never looked at, and the same experiment is suggested wherever one is: on Train, on Record, in
Python.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from audioclf.audio.io import AudioSettings
from audioclf.core.errors import AudioclfError, Stopped
from audioclf.datasets import Clip, Dataset
from audioclf.datasets.splits import Protocol
from audioclf.embeddings import EMBEDDINGS
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.features import FEATURES
from audioclf.features.cache import FeatureStore
from audioclf.features.extraction import extract
from audioclf.features.scaling import Scaling
from audioclf.models import MODELS
from audioclf.similarity import heads

Progress = Callable[[int, int], None]

SR: Final = 16000
POOLING: Final = "mean+max"
LONG: Final = 30.0
"""Seconds of a clip that are used, at most."""

MOST_CLIPS: Final = 5000
"""Clips up to which an embedding with a linear head is suggested."""

SECONDS: Final = 400.0
"""Seconds of sound that are compared, about; half a minute of work ..."""
PER_CLASS: Final = (5, 20)
"""... and so many clips of each class, at least and at most."""

STRENGTHS: Final = (1.0, 0.01)
"""Values of C that are tried."""

SOURCES_OF_WEB: Final = ("esc10", "esc-10", "esc50", "esc-50", "fsd50k", "fsdkaggle", "urbansound", "audioset", "dcase")


@dataclass(frozen=True)
class Candidate:
    """What one embedding came to.

    Attributes
    ----------
    kind : str
    accuracy, log_loss : float or None
        Cross-validated; None where it could not be computed.
    C : float
        The better of :data:`STRENGTHS`.
    problem : str
        Why it could not be computed; empty where it was.
    """

    kind: str
    accuracy: float | None = None
    log_loss: float | None = None
    C: float = 1.0
    problem: str = ""

    @property
    def title(self) -> str:
        """Name for people."""
        return FEATURES[self.kind].title


@dataclass(frozen=True)
class Choice:
    """Which embedding suits.

    Attributes
    ----------
    candidates : tuple of Candidate
        The best first; those that could not be computed last.
    n_clips : int
        Training clips that were compared.
    """

    candidates: tuple[Candidate, ...]
    n_clips: int

    @property
    def best(self) -> Candidate | None:
        """The one that suits best; None where none could be computed."""
        first = self.candidates[0]
        return None if first.problem else first

    @property
    def sentence(self) -> str:
        """What was compared and what came of it."""
        able = [one for one in self.candidates if one.accuracy is not None]
        words = ", ".join(f"{one.title} {one.accuracy:.1%}" for one in able)
        text = f"Cross-validated on {self.n_clips:,} training clips: {words}." if able else ""
        return " ".join([text, *(one.problem for one in self.candidates if one.problem)]).strip()


def audio_of(clips: Sequence[Clip]) -> AudioSettings:
    """How clips are read for an embedding: at 16 kHz, as long as nine of ten.

    The longest would fill all others with silence, which is then most of what the embedding's mean is made of.
    """
    lengths = sorted(clip.seconds for clip in clips)
    if not lengths:
        return AudioSettings(sr=SR)
    return AudioSettings(sr=SR, duration=max(0.01, round(min(lengths[int(0.9 * (len(lengths) - 1))], LONG), 2)))


def experiment(
    kinds: Sequence[str],
    choice: DatasetChoice,
    split: Protocol,
    audio: AudioSettings,
    *,
    C: float = 1.0,
    pooling: str = POOLING,
) -> Experiment:
    """Logistic regression on one embedding, or on several side by side.

    Parameters
    ----------
    kinds : sequence of str
        Of :data:`audioclf.embeddings.EMBEDDINGS`.
    choice : DatasetChoice
    split : Protocol
        Its validation part is not needed, since nothing is chosen while training.
    audio : AudioSettings
    C : float
    pooling : str
    """
    return Experiment(
        dataset=choice,
        audio=audio,
        split=split.replace(validation_size=0.0),
        features=tuple(FEATURES[kind].from_dict({"pooling": pooling}) for kind in kinds),
        combine="concatenate" if len(kinds) > 1 else "channels",
        scaling=Scaling(mode="standard"),
        model=MODELS["logreg"].from_dict({"C": C, "max_iter": heads.MAX_ITER}),
    )


def choose(
    dataset: Dataset,
    split: Protocol,
    *,
    kinds: Sequence[str] = (),
    n_jobs: int = -1,
    progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Choice:
    """Compare embeddings on training clips.

    Parameters
    ----------
    dataset : Dataset
    split : Protocol
        Clips that test in its first split are left out.
    kinds : sequence of str, optional
        Of :data:`audioclf.embeddings.EMBEDDINGS`; all where left out.
    n_jobs : int
    progress : callable, optional
    should_stop : callable, optional

    Raises
    ------
    AudioclfError
        When the data cannot be split.
    Stopped
    """
    first = split.splits(dataset)[0]
    used = sample([dataset.clips[n] for n in (*first.train, *first.validation)])
    audio = audio_of(dataset.clips)  # as the training will read them, so that it finds these vectors
    names = {label: number for number, label in enumerate(dataset.classes)}
    y = np.array([names[clip.label] for clip in used])
    groups = heads.groups_of([clip.group for clip in used])
    found, ready = [], []
    for kind in kinds or EMBEDDINGS:
        feature = FEATURES[kind].from_dict({"pooling": POOLING})
        try:
            feature.obtain(should_stop=should_stop)
        except Stopped:
            raise
        except AudioclfError as error:
            found.append(Candidate(kind, problem=str(error)))
        else:
            ready.append(feature)
    for place, feature in enumerate(ready):

        def follow(done: int, total: int, place: int = place) -> None:
            if progress is not None:
                progress(place * total + done, len(ready) * total)

        x = extract(used, feature, audio, store=FeatureStore(), n_jobs=n_jobs, progress=follow, should_stop=should_stop)
        found.append(_measured(feature.kind, x, y, groups, len(names)))
    found.sort(key=lambda one: (bool(one.problem), -(one.accuracy or 0), one.log_loss or 0))
    return Choice(tuple(found), len(used))


def _measured(kind: str, x: Any, y: Any, groups: Sequence[str], n_classes: int) -> Candidate:
    rows = []
    for C in STRENGTHS:
        p = heads.out_of_fold(x, y, groups, n_classes, C=C)
        accuracy = float((p.argmax(axis=1) == y).mean())
        rows.append((-accuracy, float(-np.log(np.clip(p[np.arange(len(y)), y], 1e-7, 1)).mean()), C))
    loss, log_loss, C = min(rows)
    return Candidate(kind, -loss, log_loss, C)


def sample(clips: Sequence[Clip], random_state: int = 0) -> list[Clip]:
    """As many clips of every class, drawn at random: about :data:`SECONDS` of sound in all."""
    rng = np.random.default_rng(random_state)
    of_class: dict[str, list[int]] = {}
    for number, clip in enumerate(clips):
        of_class.setdefault(clip.label, []).append(number)
    each = SECONDS / (len(of_class) * max(float(np.mean([clip.seconds for clip in clips])), 0.5))
    low, high = PER_CLASS
    n = min(max(math.floor(each), low), high)
    chosen = sorted(number for members in of_class.values() for number in rng.permutation(members)[:n].tolist())
    return [clips[number] for number in chosen]


def overlap(dataset: Dataset) -> str:
    """Where the pretrained network may have met the data: a sentence, or nothing where that is unlikely."""
    about = f"{dataset.name} {dataset.description} {dataset.citation}".casefold()
    if any(name in about for name in SOURCES_OF_WEB) or "freesound" in about or "youtube" in about:
        return (
            "The pretrained network learned from clips of YouTube videos; sounds of public collections may be among"
            " them, so that a test on these clips may be a little too good."
        )
    return ""
