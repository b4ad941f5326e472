"""Whether one of two runs that were tested on the same clips is the better one, or only luckier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import asdict, dataclass
from typing import Any

from audioclf.core.errors import RunError
from audioclf.datasets import Clip
from audioclf.experiments.runs.reader import Run
from audioclf.training.intervals import Interval, interval_words, mean_interval

_ONE_GROUP = "all test clips are of one group, so nothing follows for others."


@dataclass(frozen=True)
class PairedTest:
    """Two runs on the same test clips.

    Attributes
    ----------
    n : int
        Test clips.
    only_first, only_second : int
        Clips that the one predicted correctly and the other did not.
    p_value : float
        McNemar's exact test, two-sided: how probable so uneven a pair of numbers is where both models are equally
        good and clips are independent.
    difference : float
        Accuracy of the first less that of the second.
    interval : Interval or None
        Of the difference, over groups where they are known, else over clips; None of a single one.
    """

    n: int
    only_first: int
    only_second: int
    p_value: float
    difference: float
    interval: Interval | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        made = self.interval.to_dict() if self.interval is not None else {}
        return {**{key: value for key, value in asdict(self).items() if key != "interval"}, **made}

    @property
    def decided(self) -> bool:
        """Whether 0, no difference, lies outside the interval."""
        return self.interval is not None and not self.interval.low <= 0 <= self.interval.high

    def _counted(self, first: str, second: str) -> str:
        return (
            f"Of {self.n:,} test clips, {first} alone was right on {self.only_first:,} and {second} alone on"
            f" {self.only_second:,}"
        )

    def plain(self, first: str, second: str) -> str:
        """What it comes to, in words that need no statistics."""
        words = self._counted(first, second)
        if self.interval is None:
            return f"{words}; {_ONE_GROUP}"
        return f"{words}: that is {'more than chance explains' if self.decided else 'a difference that may be chance'}."

    def sentence(self, first: str, second: str) -> str:
        """The result in words, with the names of the two."""
        over_clips = self.interval is not None and self.interval.over == "clips"
        assumed = "" if over_clips else ", if clips were independent"
        words = (
            f"{self._counted(first, second)} (McNemar's exact test, p = {self.p_value:.2g}{assumed})."
            f" The difference is {100 * self.difference:+.1f} percentage points"
        )
        if self.interval is None:
            return f"{words}; {_ONE_GROUP}"
        made = interval_words(self.interval.to_dict())
        words += f", 95 % interval {100 * self.interval.low:+.1f} to {100 * self.interval.high:+.1f} ({made})"
        return f"{words}: {'more than chance explains' if self.decided else 'it may well be chance'}."


def paired_test(first: Run, second: Run) -> PairedTest:
    """Compare two finished runs clip by clip.

    Parameters
    ----------
    first, second : Run

    Returns
    -------
    PairedTest
        McNemar's exact test takes all clips for independent; the interval of the difference is a bootstrap over
        groups where both runs know the same ones (Student's t where they are few).

    Raises
    ------
    RunError
        Where there is nothing to pair: a run without results or with a leaky protocol, other test clips, clips that
        were tested more than once, or other labels.
    """
    from scipy.stats import binomtest

    for run in (first, second):
        if not run.clips:
            raise RunError(f"The list of clips of run '{run.name}' is gone, so it is not compared clip by clip.")
        if run.metrics.get("leaky"):
            raise RunError(f"Run '{run.name}' was tested on clips it learned from, so it is not tested against others.")
    tested = _tested(first, second)
    labels = [{key: label for key, (_, label, _) in side.items()} for side in tested]
    if labels[0] != labels[1]:
        raise RunError(
            f"Runs '{first.name}' and '{second.name}' were tested on the same clips under other labels, so they cannot"
            " be compared clip by clip."
        )
    keys = sorted(tested[0], key=str)
    differences = [float(tested[0][key][0]) - float(tested[1][key][0]) for key in keys]
    only_first, only_second = differences.count(1.0), differences.count(-1.0)
    groups = [tested[0][key][2] for key in keys]
    grouped = any(group is not None for group in groups) and groups == [tested[1][key][2] for key in keys]
    units = [f"clip {n}" if not grouped or group is None else f"group {group}" for n, group in enumerate(groups)]
    return PairedTest(
        n=len(keys),
        only_first=only_first,
        only_second=only_second,
        p_value=float(binomtest(only_first, only_first + only_second).pvalue) if only_first + only_second else 1.0,
        difference=(only_first - only_second) / len(keys),
        interval=mean_interval(differences, units, "groups" if grouped else "clips") if len(set(units)) > 1 else None,
    )


_Tested = dict[Hashable, tuple[bool, str, str | None]]
"""Whether a clip was predicted correctly, its label and its group."""


def _tested(first: Run, second: Run) -> tuple[_Tested, _Tested]:
    """Test clips of both runs by what they are known by: their sound, or else sound and file where there are copies."""
    other = f"Runs '{first.name}' and '{second.name}' were tested on different clips"
    counted = []
    by: tuple[Callable[[Clip], Hashable], ...] = (lambda clip: clip.key, lambda clip: (clip.key, clip.file))
    for identify in by:
        counted = [Counter(identify(run.clips[item.clip]) for item in run.predictions) for run in (first, second)]
        if set(counted[0]) != set(counted[1]):
            common = len(set(counted[0]) & set(counted[1]))
            raise RunError(
                f"{other} ({common:,} of {len(counted[0]):,} and {len(counted[1]):,} in common), so their difference"
                " may come from the clips; train both with the same split to compare them."
            )
        if max(counted[0].values()) == max(counted[1].values()) == 1:
            return _by(first, identify), _by(second, identify)
    raise RunError(f"{other.rsplit(' were', 1)[0]} tested some clips more than once, so they cannot be paired.")


def _by(run: Run, identify: Callable[[Clip], Hashable]) -> _Tested:
    found: _Tested = {}
    for item in run.predictions:
        clip = run.clips[item.clip]
        found[identify(clip)] = (item.true == item.predicted, clip.label, clip.group)
    return found
