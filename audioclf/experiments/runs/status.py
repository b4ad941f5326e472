"""Values of a run: where it stands, the key of a fit, one tested clip; and the columns of its tables."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from audioclf.training import Epoch

STOPPED = "Stopped; resume it to go on where it was."
ENDED = ("done", "stopped", "failed", "pruned")
HISTORY = ("fit", "split_index", "member", *(item.name for item in dataclasses.fields(Epoch)))
CLIPS = (
    "label",
    "path",
    "start",
    "duration",
    "group",
    "fold",
    "sr",
    "channels",
    "frames",
    "format",
    "subtype",
    "content",
    "file",
)


@dataclass(frozen=True)
class FitKey:
    """Which of a run's models a fit is.

    Attributes
    ----------
    split_index : int
        Number of its split, from 0.
    member : int
        Index into ``experiment.members``.
    """

    split_index: int
    member: int

    @property
    def id(self) -> str:
        """Name of its folder and in the history."""
        return f"s{self.split_index:02d}-m{self.member}"


@dataclass(frozen=True)
class Status:
    """Where a run stands.

    Attributes
    ----------
    state : str
        ``"queued"``, ``"running"``, ``"done"``, ``"stopped"``, ``"failed"``, for a point of a search
        ``"pruned"``; when read also ``"interrupted"``: the run's process ended without reporting.
    stage : str
        ``"data"``, ``"features"``, ``"training"``, ``"testing"``.
    message : str
        The sentence of a failure, or what is being done.
    fraction : float
        Share of the stage that is done, 0 to 1; of the training, over all models.
    fit, n_fits : int
        Which fit (from 1) is reported, of how many; of a search, which point.
    epoch, epochs : int
        Epochs done and planned in that fit.
    seconds_left : float or None
        Estimate for the whole run.
    started, updated : float
        Unix times.
    spent : float
        Seconds that earlier processes worked on it, before it was stopped or cut off.
    pid : int
        Process that makes the run, and
    pid_created : float
        when it began, since process numbers are used again.
    """

    state: str = "queued"
    stage: str = ""
    message: str = ""
    fraction: float = 0.0
    fit: int = 0
    n_fits: int = 0
    epoch: int = 0
    epochs: int = 0
    seconds_left: float | None = None
    started: float = 0.0
    updated: float = 0.0
    spent: float = 0.0
    pid: int = 0
    pid_created: float = 0.0

    @property
    def worked(self) -> float:
        """Seconds that all processes together have worked on it, up to its last report."""
        return self.spent + (max(0.0, self.updated - self.started) if self.started else 0.0)

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state in (*ENDED, "interrupted")


Watcher = Callable[[Status], None]
"""Called with where a run stands whenever that changes."""


@dataclass(frozen=True)
class Prediction:
    """One tested clip.

    Attributes
    ----------
    clip : int
        Number in the run's clips.
    split : str
        Name of the split in which it was tested.
    true, predicted : int
        Class numbers.
    probabilities : tuple of float
        One per class.
    """

    clip: int
    split: str
    true: int
    predicted: int
    probabilities: tuple[float, ...]
