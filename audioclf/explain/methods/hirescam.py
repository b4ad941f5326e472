"""HiResCAM."""

from __future__ import annotations

from dataclasses import dataclass

from audioclf.explain.methods.grad_cam import GradCAM


@dataclass(frozen=True)
class HiResCAM(GradCAM):
    """Maps of a convolution times their gradients, place by place (Draelos and Carin 2020)."""

    kind = "hirescam"
    title = "HiResCAM"
    order = 31
    explanation = (
        "Like Grad-CAM, but the gradient is not averaged over the map first, so a filter counts only where the network"
        " used it. With one dense layer after the map it shows exactly what is added up."
    )
    weighting = "hirescam"
