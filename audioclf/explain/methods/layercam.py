"""LayerCAM."""

from __future__ import annotations

from dataclasses import dataclass

from audioclf.explain.methods.grad_cam import GradCAM


@dataclass(frozen=True)
class LayerCAM(GradCAM):
    """Maps of a convolution times the positive part of their gradients (Jiang et al. 2021)."""

    kind = "layercam"
    title = "LayerCAM"
    order = 32
    explanation = (
        "Like HiResCAM, with positive gradients only, which makes it usable on early layers: these have finer maps than"
        " the last one."
    )
    weighting = "layercam"
