"""How far a search is, and how long the rest will take."""

from __future__ import annotations

import math
import time

from audioclf.experiments.preflight import Plan
from audioclf.tuning.config import Point


def cost(point: Point, plan: Plan) -> float:
    """How much work a point is, in proportion to the others: values fed through all epochs of all models."""
    values = sum(math.prod(shape) for shape in plan.input_shapes)
    clips = sum(len(split.train) for split in plan.splits)
    return float(values * clips * point.experiment.training.epochs)


class Clock:
    """How much of the search is done, and how long the rest will take at the pace of this process.

    The pace is measured from the first progress of a training, so that what is only done once does not count.
    """

    def __init__(self, costs: dict[int, float]) -> None:
        self._costs = costs
        self._total = sum(costs.values()) or 1.0
        self._left = self._total
        self._origin: tuple[float, float] | None = None
        self._done: set[int] = set()
        self._current = 0

    @property
    def n_left(self) -> int:
        """How many points are not done."""
        return len(self._costs) - len(self._done)

    def without(self, done: set[int]) -> Clock:
        """The same clock, these points done."""
        if done - self._done - {self._current}:
            self._origin = None  # done before, or elsewhere: no measure of the pace
        self._done = done
        self._left = sum(cost for number, cost in self._costs.items() if number not in done)
        return self

    def fraction(self, number: int, share: float) -> float:
        """Share of the whole search that is done, with ``share`` of this point."""
        return min(max(1 - self._rest(number, share) / self._total, 0.0), 1.0)

    def seconds_left(self, number: int, share: float) -> float | None:
        """None before there is anything to go by."""
        self._current = number
        now, rest = time.monotonic(), self._rest(number, share)
        if self._origin is None:
            if share > 0:
                self._origin = now, rest
            return None
        began, then = self._origin
        return (now - began) / (then - rest) * rest if rest < then else None

    def _rest(self, number: int, share: float) -> float:
        return self._left - share * self._costs[number]
