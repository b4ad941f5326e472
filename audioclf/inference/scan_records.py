"""What stands in a scan: what became of a file, how far it is, and what the models predict for a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from audioclf.core.errors import DatasetError
from audioclf.datasets import mount
from audioclf.inference.events import Array


@dataclass(frozen=True)
class FileResult:
    """What became of one file.

    Attributes
    ----------
    number : int
        Its place in the list of files.
    first, count : int
        Its windows among all rows.
    seconds : float
        Length; 0 where it could not be read.
    sr : int
        Sample rate of the file in Hz.
    error : str
        Why it, or the rest of it, could not be used; empty where all is well.
    """

    number: int
    first: int
    count: int
    seconds: float = 0.0
    sr: int = 0
    error: str = ""


@dataclass(frozen=True)
class ScanStatus:
    """How far a scan is.

    Attributes
    ----------
    state : str
        ``"queued"``, ``"running"``, ``"done"``, ``"stopped"``, ``"failed"`` or ``"interrupted"``.
    message : str
        Why it ended early.
    share : float
        How much of all files is done, 0 to 1.
    files, windows : int
        Done so far.
    """

    state: str = "queued"
    message: str = ""
    share: float = 0.0
    files: int = 0
    windows: int = 0
    pid: int = 0
    pid_created: float = 0.0
    updated: float = 0.0

    @property
    def ended(self) -> bool:
        """Whether nothing works at it any more."""
        return self.state not in ("queued", "running")


@dataclass(frozen=True, eq=False)
class Answer:
    """What the models predict for one file of a scan: the mean over its windows.

    Attributes
    ----------
    name : str
    seconds : float
    probabilities : np.ndarray [shape=(n_classes,)] or None
        None where no window of it could be read.
    novelty : float or None
        Median over the windows; see :attr:`audioclf.inference.predictor.Classification.novelty`.
    remarks : tuple of str
        ``"silent"``, ``"unknown"``, ``"not sure"``.
    error : str
    """

    name: str
    seconds: float
    probabilities: Array | None
    novelty: float | None
    remarks: tuple[str, ...]
    error: str


def sounds_in(paths: Iterable[Path]) -> list[tuple[str, Path]]:
    """Files to scan by name: every file that is given, and whatever may be a sound in every folder.

    Raises
    ------
    DatasetError
        When nothing is there, or a folder holds no such file.
    """
    found: list[tuple[str, Path]] = []
    for path in paths:
        if not path.is_dir():
            found.append((str(path), path))
            continue
        inside = [(entry.name, entry.path) for entry in mount(path).entries if entry.may_be_sound]
        if not inside:
            raise DatasetError(f"The folder '{path.name}' holds no sound file; choose another.")
        found += inside
    return found
