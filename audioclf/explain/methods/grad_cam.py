"""Grad-CAM, and two that weigh the maps of a convolution otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from audioclf.core.params import param
from audioclf.explain.base import Array, Method, Subject, mean_of_fits
from audioclf.explain.grad_cam import class_activation_map
from audioclf.models.base import Model


@dataclass(frozen=True)
class GradCAM(Method):
    """Maps of a convolution, each weighted by the mean of its gradient (Selvaraju et al. 2017)."""

    kind = "grad-cam"
    title = "Grad-CAM"
    order = 30
    explanation = (
        "The maps of one convolution, each weighted by how much it supports the class on average. Fast and well known;"
        " the map is as coarse as the layer."
    )
    nothing = "No filter of the layer supports {}: there is no evidence to show."
    weighting: ClassVar[str] = "grad-cam"

    layer: str = param("", "Convolution layer to read; empty takes the last.")

    def refusal(self, model: Model, *, picture: bool) -> str:
        if model.cam_layer is None or not picture:
            return (
                f"{model.title} has no convolution layer for {self.title} to read; explain it by another method, such"
                " as occlusion."
            )
        return ""

    def heat(self, subject: Subject, class_index: int) -> Array:
        self.require(subject)
        return mean_of_fits(
            [
                probe.on_map(
                    class_activation_map(
                        probe.estimator,
                        probe.x,
                        class_index,
                        self.layer or str(probe.model.cam_layer),
                        self.weighting,
                        probe.model.unfold,
                    )
                )
                for probe in subject.probes
            ]
        )


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
