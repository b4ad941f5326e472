"""Why a model decides as it does: where it looks, what that sounds like, and what its weights say."""

from __future__ import annotations

from audioclf.explain.grad_cam import grad_cam
from audioclf.explain.linear import coefficients, contributions, importances
from audioclf.explain.occlusion import occlusion
from audioclf.features.resynthesis import masked_sound

__all__ = ["coefficients", "contributions", "grad_cam", "importances", "masked_sound", "occlusion"]
