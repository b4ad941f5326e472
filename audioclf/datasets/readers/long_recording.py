"""Long recordings, cut into clips by a rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from audioclf.audio.io import AudioInfo
from audioclf.core.errors import DatasetError, ParameterError
from audioclf.core.params import param
from audioclf.datasets import naming, segmentation
from audioclf.datasets.base import Dataset, Problem, Progress, ShouldStop
from audioclf.datasets.csv_table import decode, read_file
from audioclf.datasets.general_midi import PERCUSSION, PROGRAMS
from audioclf.datasets.ingest.file_index import FileIndex
from audioclf.datasets.ingest.file_tree import Entry, Row, Tree, clips
from audioclf.datasets.layout import Reader, Reading
from audioclf.datasets.segmentation import Cut


@dataclass(frozen=True)
class RecordingReader(Reader):
    """One long recording, or a folder of them, cut by a rule.

    ``every`` cuts a clip every so many seconds; ``grid`` cuts class after class with the same number of clips each (as
    reference A: ``seconds=2, per_class=50, only=[0, 10, ..., 90]``); ``labels`` takes the Audacity label track beside
    the recording (same name, ``.txt``); ``silence`` takes what sounds between silences. ``auto`` is ``labels`` where
    there is a label track, and else ``every``. A folder or archive in which every sound has one is read so by itself.

    Of several recordings the folder is the class, or else the file name.
    """

    kind = "recording"
    title = "A long recording"
    order: ClassVar[int] = 60
    description = "One recording is cut into clips: every few seconds, by labels, or at silences."

    rule: str = param("auto", "How it is cut.", choices=("auto", "every", "grid", "labels", "silence"))
    seconds: float = param(2.0, "Length of a clip.", low=0.05, high=600, unit="s")
    step: float = param(
        0.0, "From the start of one clip to the next; 0 means one behind the other.", low=0, high=3600, unit="s"
    )
    offset: float = param(0.0, "Where the first clip starts.", low=0, unit="s")
    label: str = param("", "Class of all clips, where the rule gives none; empty takes the name of the file or folder.")
    labels_file: str = param("", "Label track beside the recording; empty takes the one of the same name.")
    classes: tuple[str, ...] = param(
        (), "Grid: names of the classes, in order; empty takes General MIDI's where they fit."
    )
    per_class: int = param(50, "Grid: clips of each class.", low=1, high=100_000)
    only: tuple[int, ...] = param((), "Grid: numbers of the classes that are wanted, from 0; empty takes all.", low=0)
    below: float = param(40.0, "Silence: so far below the loudest moment.", low=3, high=110, unit="dB")
    silence: float = param(0.3, "Silence: shortest that divides two clips.", low=0.02, high=60, unit="s")
    shortest: float = param(0.1, "Silence: shortest sound that is kept.", low=0.01, high=600, unit="s")
    margin: float = param(0.05, "Silence: what is kept around every sound.", low=0, high=5, unit="s")

    @classmethod
    def suits(cls, tree: Tree) -> bool:
        if tree.pointed:
            return Entry(tree.pointed, tree.path).may_be_sound
        return all_labelled(tree)

    def understand(self, tree: Tree) -> Reading:
        inner = tree if tree.pointed else tree.unwrapped()
        recordings = [entry for entry in inner.entries if entry.promises_sound]
        n = len(recordings)
        rule = self.rule if self.rule != "auto" else "labels" if all_labelled(inner) else "every"
        how = {"every": f"every {self.step or self.seconds:g} s", "labels": "by their label tracks"}.get(rule, rule)
        what = f"{n:,} recording{'' if n == 1 else 's'} to be cut ({how})"
        return Reading(self, tree, problems=tree.problems, what=what)

    def load(
        self, reading: Reading, *, progress: Progress | None = None, should_stop: ShouldStop | None = None
    ) -> Dataset:
        tree = reading.tree
        inner = tree if tree.pointed else tree.unwrapped()
        recordings = [entry for entry in inner.entries if entry.may_be_sound]
        facts = FileIndex().lookup([entry.path for entry in recordings], should_stop=should_stop)
        rows: list[Row] = []
        problems: list[Problem] = []
        for entry, fact in zip(recordings, facts, strict=True):
            if isinstance(fact, Problem):
                if entry.promises_sound or tree.pointed:
                    problems.append(replace(fact, file=entry.name))
                continue
            found_cuts, refused = self.cuts(inner, entry, fact, progress=progress, should_stop=should_stop)
            problems += refused
            known = self.label or (naming.without_numbers([entry.folders[0]])[0] if entry.folders else entry.stem)
            rows += [Row(entry, cut.label or known, cut.start, cut.duration, cut.group) for cut in found_cuts]
        if not rows and problems:
            raise DatasetError(f"'{problems[0].file}': {problems[0].reason} {problems[0].remedy}")
        found, broken = clips(_grouped(rows), progress=progress, should_stop=should_stop)
        return Dataset(tree.name, tuple(found), (*tree.problems, *problems, *broken), source=str(tree.path))

    def cuts(
        self,
        tree: Tree,
        entry: Entry,
        info: AudioInfo,
        *,
        progress: Progress | None = None,
        should_stop: ShouldStop | None = None,
    ) -> tuple[list[Cut], list[Problem]]:
        """Where one recording is cut, and lines of its label track that cannot be used.

        Raises
        ------
        ParameterError
            When the rule cannot be applied.
        """
        total = info.seconds
        track = label_track(tree, entry, self.labels_file)
        rule = self.rule if self.rule != "auto" else ("labels" if track is not None else "every")
        if rule == "labels":
            return self._labelled(track, entry, total)
        if rule == "silence":
            level = segmentation.levels(entry.path, total, progress=progress, should_stop=should_stop)
            return segmentation.between_silences(level, self.below, self.silence, self.shortest, self.margin), []
        if rule == "grid":
            return self._grid(total), []
        return segmentation.every(total, self.seconds, self.step, self.offset), []

    def _grid(self, total: float) -> list[Cut]:
        step = self.step or self.seconds
        count = round((total - self.offset) / (self.per_class * step))
        general_midi = (*PROGRAMS, *PERCUSSION)
        names = self.classes or (general_midi if len(PROGRAMS) <= count <= len(general_midi) else ())
        found = segmentation.grid(total, names, self.per_class, self.seconds, self.step, self.offset, self.only)
        if not found:
            raise ParameterError(
                f"A recording of {total:g} s holds {count} classes of {self.per_class} clips, and class"
                f" {min(self.only, default=0)} was asked for; choose among 0 to {max(count - 1, 0)}.",
                "only",
            )
        return found

    def _labelled(self, track: Entry | None, entry: Entry, total: float) -> tuple[list[Cut], list[Problem]]:
        if track is None:
            raise ParameterError(
                f"No label track '{self.labels_file or entry.stem + '.txt'}' is beside '{entry.name}'; export it from"
                " Audacity (Export Labels), or take another rule.",
                "labels_file" if self.labels_file else "rule",
            )
        try:
            text = decode(read_file(track.path, 16 * 2**20))
        except OSError as error:
            raise DatasetError(f"'{track.name}' cannot be read ({error.strerror}); check its permissions.") from None
        found, refused = segmentation.audacity(text, total, self.seconds)
        return found, [
            Problem(f"{track.name}, line {number}", reason, "Correct the label, or leave it out.")
            for number, reason in refused
        ]


def label_track(tree: Tree, entry: Entry, name: str = "") -> Entry | None:
    """The label track beside a recording: of that name, or of the recording's own."""
    head = entry.name[: len(entry.name) - len(entry.stem) - len(entry.suffix)]
    names = [name] if name else [f"{entry.stem}.txt", f"{entry.stem}.tsv"]
    return next((found for one in names if (found := tree.find(head + one)) is not None), None)


def all_labelled(tree: Tree) -> bool:
    """Whether every sound has a label track of its own name beside it, so that these give the classes."""
    sounds = [entry for entry in tree.entries if entry.promises_sound]
    tracks = (label_track(tree, entry) for entry in sounds)  # looked for until the first sound that has none
    return bool(sounds) and all(track is not None and segmentation.is_label_track(track.path) for track in tracks)


def _grouped(rows: Sequence[Row]) -> list[Row]:
    """Rows with the recording as group where every class has several: clips of one recording resemble each other."""
    recordings = Counter(label for label, _ in {(row.label, row.entry.name) for row in rows})
    if any(row.group is not None for row in rows) or min(recordings.values(), default=0) < 2:
        return list(rows)
    return [replace(row, group=row.entry.name) for row in rows]
