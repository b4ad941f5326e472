"""Occlusion."""

from __future__ import annotations

from dataclasses import dataclass

from audioclf.core.params import param
from audioclf.explain.base import Array, Method, Subject
from audioclf.explain.occlusion import PATCHES, occlusion

COVERS = ("patches", "bands", "stretches")


@dataclass(frozen=True)
class Occlusion(Method):
    """The fall of the probability when a part of the feature is removed (Zeiler and Fergus 2014)."""

    kind = "occlusion"
    title = "Occlusion"
    order = 10
    explanation = (
        "One part after another is removed, and where the probability falls most, the evidence was. It works for any"
        " model and asks only what it predicts."
    )
    nothing = (
        "Removing any single part leaves the probability of {} as it is: the prediction depends on no single place, or"
        " the class was never likely."
    )
    falls = True

    cover: str = param(
        "patches", "What is removed at once: patches, whole bands of rows, or whole stretches of time.", choices=COVERS
    )

    by_level: bool = param(
        True, "Whether a part's fall is shared among its places by how much of each was removed, or alike."
    )

    def heat(self, subject: Subject, class_index: int) -> Array:
        shape = subject.x.shape
        slow = any(probe.model.frozen_until is not None for probe in subject.probes)
        patches = PATCHES // 2 if slow else PATCHES  # where a single prediction takes long
        size = [min(max(2, -(-n // patches)), n) for n in shape]
        if self.cover == "bands" and len(shape) > 1:
            size[1] = shape[1]
        elif self.cover == "stretches" and len(shape) > 1:
            size[0] = shape[0]
        stride = tuple(size) if slow else None
        falls = occlusion(subject.predict, subject.x, class_index, patch=tuple(size), stride=stride, fill=subject.floor)
        return subject.by_level(falls) if self.by_level else falls
