"""What someone decided about test clips after listening, and the version of the data set that it comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from audioclf.core.errors import RunError
from audioclf.datasets import SOURCES, Clip, Dataset, curation
from audioclf.experiments.runs.files import read_json, write_json
from audioclf.experiments.runs.reader import Run

REVIEW: Final = "review.json"

VERDICTS: Final = {"relabel": "relabelled", "exclude": "left out", "both": "both right"}
"""What can be decided about a clip, and how that is counted in words."""


@dataclass(frozen=True)
class Verdict:
    """What was decided about one clip.

    Attributes
    ----------
    kind : str
        ``"relabel"``; ``"exclude"``; or ``"both"``: its label and another class are both right, so that neither alone
        describes the clip.
    label : str
        The class it is now, or the other class that is right, too; empty where it is left out. Earlier versions did not
        note the other class.
    """

    kind: str
    label: str = ""

    def words(self) -> str:
        """The verdict in a few words."""
        return f"relabelled {self.label}" if self.kind == "relabel" else VERDICTS[self.kind]


def read_review(run: Run) -> dict[int, Verdict]:
    """Verdicts by the number of the clip; what is damaged or about clips that are not there is passed over."""
    try:
        stored: Any = read_json(run.folder / REVIEW, missing={})
    except RunError:
        return {}
    found: dict[int, Verdict] = {}
    for number, values in stored.items() if isinstance(stored, dict) else ():
        if not (isinstance(values, dict) and str(number).isdecimal() and int(number) < len(run.clips)):
            continue
        kind, label = values.get("kind"), values.get("label", "")
        if kind in VERDICTS and isinstance(label, str) and (kind == "both" or bool(label) == (kind == "relabel")):
            found[int(number)] = Verdict(kind, label)
    return found


def decide(run: Run, clip: int, verdict: Verdict | None) -> dict[int, Verdict]:
    """Keep a verdict about one clip in the run's folder, or take it back; returns all that stand.

    Raises
    ------
    DatasetError
        When the label is empty or too long.
    RunError
        When the folder cannot be written.
    """
    found = read_review(run)
    found.pop(clip, None)
    if verdict is not None:
        if verdict.kind == "relabel":
            verdict = replace(verdict, label=curation.checked_label(verdict.label))
            if verdict.label == run.clips[clip].label:
                verdict = None
        if verdict is not None:
            found[clip] = verdict
    _write(run, found)
    return found


def forget(run: Run) -> None:
    """Take all verdicts back."""
    _write(run, {})


def _write(run: Run, verdicts: Mapping[int, Verdict]) -> None:
    plain = {
        str(number): {"kind": one.kind} | ({"label": one.label} if one.label else {})
        for number, one in sorted(verdicts.items())
    }
    try:
        write_json(run.folder / REVIEW, plain)
    except OSError as error:
        raise RunError(
            f"The folder of run '{run.name}' cannot be written ({error.strerror or error}), so nothing was noted."
        ) from error


def counted(verdicts: Mapping[int, Verdict]) -> str:
    """How many clips were decided on, and how: ``3 clips: 2 relabelled, 1 left out``."""
    kinds = Counter(one.kind for one in verdicts.values())
    n = len(verdicts)
    details = ", ".join(f"{kinds[kind]:,} {words}" for kind, words in VERDICTS.items() if kinds[kind])
    return f"{n:,} {'clip' if n == 1 else 'clips'}: {details}"


def revised(run: Run, verdicts: Mapping[int, Verdict]) -> Dataset:
    """The data set of a run with the verdicts carried out: a new version that knows its parent.

    Clips of which both classes are right are left out, since a clip has one label here and neither is wrong.

    Raises
    ------
    RunError
        When the list of the run's clips is gone.
    """
    if not run.clips:
        raise RunError(f"The list of clips of run '{run.name}' is gone, so no new version can be made of them.")
    choice = run.experiment.dataset
    tested = {item.clip for item in run.predictions}
    official = run.experiment.split.kind == "official"
    clips = tuple(_part(clip, n in tested) if official else clip for n, clip in enumerate(run.clips))
    before = Dataset(str(run.about.get("data_title") or choice.name), clips, source=choice.name)
    if choice.name in SOURCES:
        known = SOURCES[choice.name]
        before = replace(before, description=known.description, licence=known.licence, citation=known.citation)
    return curation.edit(
        before,
        labels=[verdicts[n].label if _is(verdicts, n, "relabel") else clip.label for n, clip in enumerate(clips)],
        keep=[not (_is(verdicts, n, "exclude") or _is(verdicts, n, "both")) for n in range(len(clips))],
    )


def _is(verdicts: Mapping[int, Verdict], number: int, kind: str) -> bool:
    return number in verdicts and verdicts[number].kind == kind


def _part(clip: Clip, tested: bool) -> Clip:
    """A clip in its part of an official split, which the list of a run's clips does not hold."""
    return replace(clip, split="test" if tested else "validation" if clip.fold == 2 else "train")


def reviewed_accuracy(run: Run, verdicts: Mapping[int, Verdict]) -> float | None:
    """Accuracy of the run by what was decided.

    Relabelled clips count by their new label; of a clip with two right classes, a prediction of either is right, and
    one of a third class, as another split's model may have made it, is wrong. Clips that are left out do not count.
    None where no clip is left.
    """
    right = n = 0
    for item in run.predictions:
        verdict = verdicts.get(item.clip)
        predicted, label = run.classes[item.predicted], run.classes[item.true]
        if verdict is None:
            known = {label}
        elif verdict.kind == "exclude":
            continue
        elif verdict.kind == "relabel":
            known = {verdict.label}
        else:
            known = {label, verdict.label or predicted}
        n += 1
        right += predicted in known
    return right / n if n else None
