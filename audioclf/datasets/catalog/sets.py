"""Published sets, known by name: where they are, under which terms, and what their file names say.

No checksum stands in an entry unless its publisher states one. None of these does: GitHub packs its archives when
they are asked for, and the others publish the file alone. What came is recorded beside it (``fetched.json``), and the
archives' own check sums are heeded before they are unpacked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from audioclf.datasets import naming
from audioclf.datasets.base import Clip, Problem
from audioclf.datasets.catalog.published import Published
from audioclf.datasets.ingest.download import Remote
from audioclf.datasets.ingest.file_tree import Entry, Row


@dataclass(frozen=True)
class FreeSpokenDigits(Published):
    """Free Spoken Digit Dataset. Fold 0 is its official test set (takes 0 to 4), fold 1 its training set."""

    kind = "fsdd"
    title = "Free Spoken Digit Dataset"
    description = "Spoken digits: 3,000 recordings of 6 speakers, 8 kHz. Fold 0 is the official test, fold 1 training."
    licence = "Creative Commons BY-SA 4.0"
    citation = "Z. Jackson and others, Free Spoken Digit Dataset, doi:10.5281/zenodo.1342401."
    homepage = "https://github.com/Jakobovski/free-spoken-digit-dataset"
    scheme = "FSDD"
    example = "7_jackson_32.wav"
    n_clips, n_classes = 3000, 10
    remote = Remote(f"{homepage}/archive/v1.0.10.zip", "fsdd.zip", 16_000_000)


@dataclass(frozen=True)
class AudioMnist(Published):
    """AudioMNIST. The group of a clip is its speaker."""

    kind = "audiomnist"
    title = "AudioMNIST"
    description = "Spoken digits: 30,000 recordings of 60 speakers, 48 kHz. The group of a clip is its speaker."
    licence = "MIT"
    citation = (
        "S. Becker, J. Vielhaben, M. Ackermann, K.-R. Müller, S. Lapuschkin, W. Samek, AudioMNIST: Exploring"
        " Explainable Artificial Intelligence for Audio Analysis on a Simple Benchmark, Journal of the Franklin"
        " Institute 361(1), 2024, arXiv:1807.03418."
    )
    homepage = "https://github.com/soerenab/AudioMNIST"
    scheme = "AudioMNIST"
    example = "7_01_32.wav"
    n_clips, n_classes = 30_000, 10
    remote = Remote(f"{homepage}/archive/refs/heads/master.zip", "audiomnist.zip", 1_900_000_000)


ESC_50 = (
    *("Dog", "Rooster", "Pig", "Cow", "Frog", "Cat", "Hen", "Insects (flying)", "Sheep", "Crow"),
    *("Rain", "Sea waves", "Crackling fire", "Crickets", "Chirping birds"),
    *("Water drops", "Wind", "Pouring water", "Toilet flush", "Thunderstorm"),
    *("Crying baby", "Sneezing", "Clapping", "Breathing", "Coughing"),
    *("Footsteps", "Laughing", "Brushing teeth", "Snoring", "Drinking, sipping"),
    *("Door knock", "Mouse click", "Keyboard typing", "Door, wood creaks", "Can opening"),
    *("Washing machine", "Vacuum cleaner", "Clock alarm", "Clock tick", "Glass breaking"),
    *("Helicopter", "Chainsaw", "Siren", "Car horn", "Engine"),
    *("Train", "Church bells", "Airplane", "Fireworks", "Hand saw"),
)
"""Classes by the target number in the names of ESC-50, as its README lists them."""

ESC_10 = ("Dog", "Rain", "Sea waves", "Crying baby", "Clock tick", "Sneezing", "Helicopter", "Chainsaw", "Rooster",
          "Crackling fire")  # fmt: skip
"""The ten of them that make up ESC-10, in its order."""


class Esc(Published):
    """ESC in either layout: the class as a number in the name, or as a folder."""

    scheme = "ESC"
    citation = (
        "K. J. Piczak, ESC: Dataset for Environmental Sound Classification, Proceedings of the 23rd ACM Conference on"
        " Multimedia, 2015, doi:10.1145/2733373.2806390."
    )
    labels: ClassVar[tuple[str, ...]] = ESC_50
    """The classes in their order."""

    def _rows(self, entries: Sequence[Entry]) -> list[Row]:
        details = self._named(entries)
        numbered = [(entry, int(named.label), named) for entry, named in details if named.label]
        if numbered:
            return [
                Row(entry, ESC_50[target], group=named.group, fold=named.fold)
                for entry, target, named in numbered
                if target < len(ESC_50)
            ]
        details = [(entry, named) for entry, named in details if entry.folders]
        folders = list(dict.fromkeys(entry.folders[-1] for entry, _ in details))
        labels = dict(zip(folders, naming.without_numbers(folders), strict=True))
        return [Row(entry, labels[entry.folders[-1]], group=named.group, fold=named.fold) for entry, named in details]

    def _in_order(self, found: Sequence[Clip]) -> list[Clip]:
        if not {clip.label for clip in found} <= set(self.labels):
            return list(found)  # classes by the names of folders
        return sorted(found, key=lambda clip: self.labels.index(clip.label))


@dataclass(frozen=True)
class Esc10(Esc):
    """ESC-10, from its own archive or out of ESC-50. Folds 1 to 5 and groups (source recordings) are official."""

    kind = "esc10"
    title = "ESC-10"
    description = "Environmental sounds: 400 clips of 5 s in 10 classes, 44.1 kHz, with five official folds."
    licence = "Creative Commons BY 3.0 (single clips CC0, BY or Sampling+; credits are in its README)"
    homepage = "https://github.com/karolpiczak/ESC-10"
    example = "001 - Dog bark/1-100032-A.ogg"
    n_clips, n_classes = 400, 10
    labels = ESC_10
    remote = Remote("https://github.com/karoldvl/ESC-10/archive/master.zip", "esc10.zip", 40_000_000)

    def _rows(self, entries: Sequence[Entry]) -> list[Row]:
        rows = super()._rows(entries)
        if len({row.label for row in rows}) > self.n_classes:
            rows = [row for row in rows if row.label in ESC_10]
        return rows


@dataclass(frozen=True)
class Esc50(Esc):
    """ESC-50. Folds 1 to 5 and groups (source recordings) are official."""

    kind = "esc50"
    title = "ESC-50"
    description = "Environmental sounds: 2,000 clips of 5 s in 50 classes, 44.1 kHz, with five official folds."
    licence = "Creative Commons BY-NC 3.0 (the ten classes of ESC-10: BY); credits are in its LICENSE"
    homepage = "https://github.com/karolpiczak/ESC-50"
    example = "audio/1-100032-A-0.wav"
    n_clips, n_classes = 2000, 50
    remote = Remote("https://github.com/karoldvl/ESC-50/archive/master.zip", "esc50.zip", 650_000_000)


@dataclass(frozen=True)
class Gtzan(Published):
    """GTZAN. It has no official folds, and its faults are catalogued (Sturm 2013)."""

    kind = "gtzan"
    title = "GTZAN"
    description = (
        "Music genres: 1,000 excerpts of 30 s in 10 genres, 22.05 kHz. Its file jazz.00054.wav is broken and is left"
        " out; it has repeated and mislabelled excerpts and no groups (B. L. Sturm, arXiv:1306.1461)."
    )
    licence = "None is stated; the excerpts are of commercial recordings, gathered for research"
    citation = (
        "G. Tzanetakis, P. Cook, Musical Genre Classification of Audio Signals, IEEE Transactions on Speech and Audio"
        " Processing 10(5), 2002, doi:10.1109/TSA.2002.800560."
    )
    homepage = "https://huggingface.co/datasets/marsyas/gtzan"
    scheme = "GTZAN"
    example = "jazz/jazz.00012.wav"
    n_clips, n_classes = 1000, 10
    remote = Remote(f"{homepage}/resolve/main/data/genres.tar.gz", "genres.tar.gz", 1_230_000_000)

    def _known_fault(self, problem: Problem) -> Problem:
        if not problem.file.endswith("jazz.00054.wav"):
            return problem
        return replace(
            problem,
            reason="This file is broken in the published set, for everyone.",
            remedy="Nothing needs to be done; the other 999 are used.",
        )


@dataclass(frozen=True)
class MiniSpeechCommands(Published):
    """The eight words of Speech Commands that TensorFlow's tutorial uses. The group of a clip is its speaker."""

    kind = "mini-speech-commands"
    title = "Mini Speech Commands"
    description = "Eight spoken words, 1,000 recordings of 1 s each, 16 kHz. The group of a clip is its speaker."
    licence = "Creative Commons BY 4.0"
    citation = (
        "P. Warden, Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition, 2018, arXiv:1804.03209."
    )
    homepage = "https://www.tensorflow.org/tutorials/audio/simple_audio"
    scheme = "Speech Commands"
    example = "yes/0a7c2a8d_nohash_0.wav"
    n_clips, n_classes = 8000, 8
    remote = Remote(
        "https://storage.googleapis.com/download.tensorflow.org/data/mini_speech_commands.zip",
        "mini_speech_commands.zip",
        182_000_000,
    )
    words: ClassVar[tuple[str, ...]] = ("down", "go", "left", "no", "right", "stop", "up", "yes")

    def _rows(self, entries: Sequence[Entry]) -> list[Row]:
        return [
            Row(entry, entry.folders[-1], group=named.group)
            for entry, named in self._named(entries)
            if entry.folders and entry.folders[-1] in self.words
        ]
