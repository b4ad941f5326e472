"""What file names say: the naming schemes of published sets, and class names with numbers before them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from audioclf.datasets.base import SPLIT_FOLDS


@dataclass(frozen=True)
class Named:
    """What a file name states about a clip; None where it states nothing."""

    label: str | None = None
    group: str | None = None
    fold: int | None = None
    split: str = ""


@dataclass(frozen=True)
class Scheme:
    """How a published set names its files: what matches the whole stem, and from a match to what it states."""

    name: str
    expression: re.Pattern[str]
    read: Callable[[re.Match[str]], Named]


def _fsdd(match: re.Match[str]) -> Named:
    # Its README: recordings numbered 0-4 are the test set, 5-49 the training set.
    return Named(match["label"], match["group"], 0 if int(match["take"]) <= 4 else 1)


_RAVDESS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
_CREMA_D = {"ANG": "anger", "DIS": "disgust", "FEA": "fear", "HAP": "happiness", "NEU": "neutral", "SAD": "sadness"}
_EMO_DB = {"W": "anger", "L": "boredom", "E": "disgust", "A": "fear", "F": "happiness", "T": "sadness", "N": "neutral"}
_SAVEE = {"a": "anger", "d": "disgust", "f": "fear", "h": "happiness", "n": "neutral", "sa": "sadness",
          "su": "surprise"}  # fmt: skip

SCHEMES = (
    Scheme(
        # https://zenodo.org/records/1188976: modality-channel-emotion-intensity-statement-repetition-actor
        "RAVDESS",
        re.compile(r"0[1-3]-0[12]-(?P<emotion>0[1-8])-0[12]-0[12]-0[12]-(?P<group>\d{2})"),
        lambda match: Named(_RAVDESS[int(match["emotion"]) - 1], match["group"]),
    ),
    Scheme(
        # https://github.com/CheyneyComputerScience/CREMA-D: actor_sentence_emotion_level
        "CREMA-D",
        re.compile(r"(?P<group>1\d{3})_[A-Z]{3}_(?P<emotion>ANG|DIS|FEA|HAP|NEU|SAD)_(LO|MD|HI|XX|X)"),
        lambda match: Named(_CREMA_D[match["emotion"]], match["group"]),
    ),
    Scheme(
        # http://emodb.bilderbar.info: speaker, text, emotion, version
        "Emo-DB",
        re.compile(r"(?P<group>\d{2})[ab]\d{2}(?P<emotion>[WLEAFTN])[a-z]?"),
        lambda match: Named(_EMO_DB[match["emotion"]], match["group"]),
    ),
    Scheme(
        "SAVEE",
        re.compile(r"(?P<group>DC|JE|JK|KL)_(?P<emotion>sa|su|[adfhn])\d{2}"),
        lambda match: Named(_SAVEE[match["emotion"]], match["group"]),
    ),
    Scheme(
        # https://doi.org/10.5683/SP2/E8H2MF: speaker_word_emotion
        "TESS",
        re.compile(r"(?P<group>OAF|YAF|OA)_[A-Za-z]+_(?P<label>angry|disgust|fear|happy|neutral|ps|sad)"),
        lambda match: Named({"ps": "surprise"}.get(match["label"], match["label"]), match["group"][:2] + "F"),
    ),
    Scheme(
        # https://magenta.tensorflow.org/datasets/nsynth: family_source_instrument-pitch-velocity
        "NSynth",
        re.compile(
            r"(?P<group>(?P<label>bass|brass|flute|guitar|keyboard|mallet|organ|reed|string|synth_lead|vocal)"
            r"_(acoustic|electronic|synthetic)_\d{3})-\d{3}-\d{3}"
        ),
        lambda match: Named(match["label"].replace("_", " "), match["group"]),
    ),
    Scheme(
        # https://urbansounddataset.weebly.com: freesound id, class, occurrence, slice; the fold is the folder
        "UrbanSound8K",
        re.compile(r"(?P<source>\d+)-(?P<target>\d)-\d+-\d+"),
        lambda match: Named(match["target"], match["source"]),
    ),
    Scheme(
        "ESC",
        re.compile(r"(?P<fold>[1-5])-(?P<source>\d+)-(?P<take>[A-Z])(-(?P<target>\d{1,2}))?"),
        lambda match: Named(match["target"], match["source"], int(match["fold"])),
    ),
    Scheme("AudioMNIST", re.compile(r"(?P<label>\d)_(?P<group>\d{2})_(?P<take>\d+)"),
           lambda match: Named(match["label"], match["group"])),
    Scheme("FSDD", re.compile(r"(?P<label>\d)_(?P<group>[A-Za-z]+)_(?P<take>\d+)"), _fsdd),
    Scheme("GTZAN", re.compile(r"(?P<label>[A-Za-z]+)\.(?P<take>\d{5})"), lambda match: Named(match["label"])),
    Scheme(
        # label.id, or label.what-it-was-called.id, as its exports have them
        "Edge Impulse",
        re.compile(r"(?P<label>[^.]+)(\..+)?\.(?=[a-z]{0,40}\d)(?=\d{0,40}[a-z])[0-9a-z]{7,40}(\.s\d{1,9})?"),
        lambda match: Named(match["label"]),
    ),
    Scheme("Speech Commands", re.compile(r"(?P<group>[0-9a-f]{8})_nohash_(?P<take>\d+)"),
           lambda match: Named(None, match["group"])),
)  # fmt: skip
"""Known schemes; the first whose expression fits every name is taken."""


def recognise(stems: Sequence[str], share: float = 1.0) -> Scheme | None:
    """The scheme that fits every one of the names (without their suffix), or such a share of them; else None."""
    allowed = int((1 - share) * len(stems))
    for scheme in SCHEMES:
        strange = (stem for stem in stems if not scheme.expression.fullmatch(stem))
        if stems and sum(1 for _ in islice(strange, allowed + 1)) <= allowed:
            return scheme
    return None


def read(scheme: Scheme, stem: str) -> Named:
    """What one name states under a scheme."""
    match = scheme.expression.fullmatch(stem)
    return scheme.read(match) if match else Named()


FOLDS = {
    **dict.fromkeys(("test", "testing", "eval", "evaluation", "evaluate"), 0),
    **dict.fromkeys(("train", "training"), 1),
    **dict.fromkeys(("val", "valid", "validation", "dev", "development"), 2),
}
"""Number of the fold for the names that parts of published sets go by."""


def fold(text: str) -> int | None:
    """Number of a fold as it is written: a number from 0 on ("3", "fold 3") or a name ("test"); None if neither."""
    word = text.strip().casefold()
    if word in FOLDS:
        return FOLDS[word]
    match = re.fullmatch(r"(?:fold|split|part)?[\s_-]*(\d{1,6})(?:\.0+)?", word)
    return int(match[1]) if match else None


_PARTS = {number: part for part, number in SPLIT_FOLDS.items()}

_BESIDE = frozenset(
    (*("audio", "audios", "data", "dataset", "set", "wav", "wavs", "mp3", "ogg", "flac", "clips", "clip", "files"),
     *("file", "list", "lists", "filelist", "meta", "metadata", "labels", "label", "split", "subset", "sounds", "csv"),
     *("curated", "noisy", "post", "competition", "filtered", "ground", "truth", "recordings", "samples", "clean"))
)  # fmt: skip
"""Words that stand beside train and test in the names of folders, lists and tables."""


def split(text: str) -> str:
    """Part of an official split (train, validation or test) that a whole word names; empty for none."""
    return _PARTS.get(FOLDS.get(text.strip().casefold(), -1), "")


def split_in(name: str, known: frozenset[str] = frozenset()) -> str:
    """Subset of an official split that the name of a folder, list or table stands for; empty for none or several.

    Such as ``train``, ``audio_test`` or ``FSD50K.eval_audio``; ``known`` are more words that may stand beside, in small
    letters.
    """
    words = [word for word in re.split(r"[\W_]+", name.casefold()) if word]
    details = {split(word) for word in words} - {""}
    beside = _BESIDE | known
    rest = [word for word in words if not split(word) and word not in beside and not re.fullmatch(r"(fold)?\d+", word)]
    return next(iter(details)) if len(details) == 1 and not rest else ""


def settled(parts: Iterable[str]) -> dict[str, str]:
    """What the parts that occur in a set stand for: where nothing trains, the development set does."""
    there = set(parts) - {""}
    return {part: "train" if part == "validation" and "train" not in there else part for part in there}


_NUMBERED = re.compile(r"\s*(?P<number>\d+)(\s*[-–_.)]\s*|\s+)(?P<rest>\S.*)")


def without_numbers(names: Sequence[str]) -> list[str]:
    """Class names without their leading numbers ("001 - Dog bark" gives "Dog bark").

    Only where every name carries a number of its own and what remains distinguishes the classes: "10 degrees" and
    "20 degrees" stay as they are.
    """
    matches = [_NUMBERED.fullmatch(name) for name in names]
    if not names or not all(matches):
        return list(names)
    rest = [match["rest"].strip() for match in matches if match]
    numbers = {int(match["number"]) for match in matches if match}
    return rest if len(set(rest)) == len(names) == len(numbers) else list(names)


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Key that sorts "take 2" before "take 10"."""
    parts: Iterable[str] = re.split(r"(\d+)", text.casefold())
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part)
