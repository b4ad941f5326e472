"""What a person made of the events of a scan: confirmed, rejected, relabelled, with a note; kept beside the scan."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from audioclf.audio.io import read_info
from audioclf.core.documents import read_json
from audioclf.core.errors import DatasetError, ParameterError, RunError
from audioclf.core.files import write_atomic
from audioclf.datasets import Clip, Dataset
from audioclf.datasets.curation import checked_label
from audioclf.inference.events import Event
from audioclf.inference.scan import Scan

FILE = "review.json"
VERDICTS = ("", "confirmed", "rejected")
LONGEST_NOTE = 2000

_SAME = 0.5
"""Share of the shorter of two events of one class from which on they are the same one."""

_turn = threading.Lock()


@dataclass(frozen=True)
class Reviewed:
    """An event and what a person made of it.

    Attributes
    ----------
    file : int
        Number of the recording.
    start, end : float
        Seconds.
    predicted : str
        The class that the models heard.
    score : float
    verdict : str
        ``"confirmed"``, ``"rejected"``, or empty while nobody has looked.
    label : str
        The class it is, where a person has given another one; empty otherwise.
    note : str
    """

    file: int
    start: float
    end: float
    predicted: str
    score: float
    verdict: str = ""
    label: str = ""
    note: str = ""

    @property
    def key(self) -> str:
        """Tells it from the other events of its scan."""
        return f"{self.file}:{self.start:.3f}:{self.end:.3f}:{self.predicted}"

    @property
    def final(self) -> str:
        """The class it is: the given one, or else the predicted one."""
        return self.label or self.predicted

    @property
    def touched(self) -> bool:
        """Whether a person has left anything at it."""
        return bool(self.verdict or self.label or self.note)


def with_review(scan: Scan, events: Iterable[Event]) -> list[Reviewed]:
    """Events with what is known of them, by recording and start.

    What someone has looked at stays, with the times it had then, however the settings change; an event that covers at
    least half of it, or is half covered by it, and is of the same class is not listed a second time.
    """
    kept = read_review(scan)
    found = list(kept)
    by_place: dict[tuple[int, str], list[Reviewed]] = {}
    for one in kept:
        by_place.setdefault((one.file, one.predicted), []).append(one)
    for event in events:
        predicted = scan.classes[event.label]
        near = by_place.get((event.file, predicted), ())
        if not any(_same(one, event) for one in near):
            found.append(Reviewed(event.file, event.start, event.end, predicted, event.score))
    return sorted(found, key=lambda one: (one.file, one.start, one.predicted))


def _same(one: Reviewed, event: Event) -> bool:
    shared = min(one.end, event.end) - max(one.start, event.start)
    return shared > 0 and shared >= _SAME * min(one.end - one.start, event.end - event.start)


def read_review(scan: Scan) -> list[Reviewed]:
    """What was looked at so far.

    Raises
    ------
    RunError
        When the file is damaged.
    """
    path = scan.folder / FILE
    if not path.is_file():
        return []
    try:
        return [_checked(Reviewed(**values), scan) for values in read_json(path)["events"]]
    except (OSError, ValueError, TypeError, KeyError, ParameterError) as error:
        raise RunError(
            f"The review in '{scan.folder.name}' is damaged ({error}); move its {FILE} away to begin anew."
        ) from None


def _checked(one: Reviewed, scan: Scan) -> Reviewed:
    numbers = all(isinstance(value, int | float) for value in (one.start, one.end, one.score))
    texts = all(isinstance(value, str) for value in (one.predicted, one.label, one.note))
    if not numbers or not texts or one.verdict not in VERDICTS or not 0 <= one.file < len(scan.files):
        raise ValueError("an event has values that cannot be")
    return one


def review(
    scan: Scan, one: Reviewed, *, verdict: str | None = None, label: str | None = None, note: str | None = None
) -> Reviewed:
    """Keep what a person made of an event; what is left out stays as it is.

    Parameters
    ----------
    scan : Scan
    one : Reviewed
    verdict : str, optional
        ``"confirmed"``, ``"rejected"`` or empty.
    label : str, optional
        The class it is; the predicted one or empty takes a given one back.
    note : str, optional

    Raises
    ------
    ParameterError
        When the verdict or the note cannot be.
    DatasetError
        When the label is too long.
    RunError
        When it cannot be written; the old review stays then.
    """
    if verdict is not None and verdict not in VERDICTS:
        raise ParameterError(f"verdict is 'confirmed', 'rejected' or empty, got {verdict!r}.", "verdict")
    if note is not None and len(note) > LONGEST_NOTE:
        raise ParameterError(f"A note has {len(note):,} characters, at most {LONGEST_NOTE:,} were expected.", "note")
    if label is not None:
        label = "" if label.strip() in ("", one.predicted) else checked_label(label)
    changed = replace(
        one,
        verdict=one.verdict if verdict is None else verdict,
        label=one.label if label is None else label,
        note=one.note if note is None else note,
    )
    with _turn:
        others = [other for other in read_review(scan) if other.key != one.key]
        events = [*others, changed] if changed.touched else others
        text = json.dumps({"version": 1, "events": [asdict(other) for other in events]}, ensure_ascii=True, indent=1)
        try:
            write_atomic(scan.folder / FILE, text, durable=True)
        except OSError as error:
            raise RunError(
                f"The review cannot be kept ({error.strerror or error}); free some space and try again."
            ) from None
    return changed


def confirmed_clips(scan: Scan, events: Sequence[Reviewed]) -> tuple[Clip, ...]:
    """Confirmed events as clips: stretches of their recordings, each recording a group of its own.

    Raises
    ------
    DatasetError
        When none is confirmed.
    AudioError
        When a recording is gone.
    """
    chosen = [one for one in events if one.verdict == "confirmed"]
    if not chosen:
        raise DatasetError("No event is confirmed yet; confirm those that are to become clips.")
    infos = {number: read_info(scan.files[number][1], content=True) for number in sorted({one.file for one in chosen})}
    clips = []
    for one in chosen:
        name, path = scan.files[one.file]
        start, info = round(one.start, 6), infos[one.file]
        length = round(min(one.end, info.seconds) - start, 6)
        group = f"recording {info.content[:12]}"
        clips.append(Clip(path, one.final, info, start=start, duration=length, group=group, file=name))
    return tuple(clips)


def as_dataset(scan: Scan, events: Sequence[Reviewed], dataset: Dataset | None = None) -> Dataset:
    """Confirmed events as a new version of a data set, or as a data set of their own.

    Clips that are in it already (the same stretch of the same sound) are not added again.

    Raises
    ------
    AudioclfError
    """
    clips = confirmed_clips(scan, events)
    if dataset is None:
        about = f"Confirmed events, heard by the run '{scan.about['run_name']}'."
        return Dataset(f"Events of {scan.about['name']}"[:120], clips, description=about)
    known = {clip.key for clip in dataset.clips}
    new = tuple(clip for clip in clips if clip.key not in known)
    if not new:
        raise DatasetError(f"All confirmed events are in {dataset.name} already; confirm others.")
    return replace(dataset, clips=dataset.clips + new, parent=dataset.fingerprint)
