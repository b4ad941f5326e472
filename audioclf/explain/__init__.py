"""Why a model decides as it does: where it looks, what that sounds like, and whether that is true."""

from __future__ import annotations

from audioclf.core.registry import Registry
from audioclf.explain.base import Method, Probe, Subject, floor_of
from audioclf.explain.faithfulness import Verdict, judge
from audioclf.explain.grad_cam import class_activation_map
from audioclf.explain.integrated_gradients import integrated_gradients
from audioclf.explain.linear import coefficients
from audioclf.explain.occlusion import occlusion
from audioclf.explain.pointing import iou, points_into
from audioclf.explain.random_masks import random_masks
from audioclf.explain.tree_paths import tree_paths
from audioclf.explain.words import Words, describe
from audioclf.features.resynthesis import masked_sound

METHODS: Registry[Method] = Registry(Method, "audioclf.explain.methods", "explanation method")
"""Every explanation method."""

__all__ = [
    "METHODS",
    "Method",
    "Probe",
    "Subject",
    "Verdict",
    "Words",
    "class_activation_map",
    "coefficients",
    "describe",
    "floor_of",
    "integrated_gradients",
    "iou",
    "judge",
    "masked_sound",
    "occlusion",
    "points_into",
    "random_masks",
    "tree_paths",
]
