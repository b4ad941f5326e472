"""Vectors on a plane: what is alike lies together."""

from __future__ import annotations

from typing import Final

import numpy as np

from audioclf.core.errors import ParameterError
from audioclf.core.params import unknown
from audioclf.features.base import Array

METHODS: Final = {"tsne": "t-SNE", "pca": "PCA"}
"""Ways to a plane. t-SNE keeps neighbours together and says nothing by distances; PCA keeps the largest differences."""

COMPONENTS: Final = 50
"""Principal components that t-SNE is given."""

FEWEST: Final = 5
"""Points that t-SNE needs; fewer are drawn by PCA."""


def project(units: Array, method: str = "tsne", random_state: int = 0) -> Array:
    """Place of every vector on a plane.

    Parameters
    ----------
    units : np.ndarray [shape=(n, d)]
        As :func:`audioclf.inference.neighbours.units` gives them.
    method : str
        Of :data:`METHODS`.
    random_state : int

    Returns
    -------
    np.ndarray [shape=(n, 2)], float32
        Centred; the largest value is 1.

    Raises
    ------
    ParameterError
        For an unknown method.
    """
    if method not in METHODS:
        raise ParameterError(unknown(method, METHODS, "way to a plane"), "method")
    from sklearn.decomposition import PCA

    k = min(COMPONENTS, *units.shape)
    with np.errstate(divide="ignore", invalid="ignore"):  # sklearn divides by the variance, which may be 0
        found = PCA(k, random_state=random_state).fit_transform(units)
    if method == "tsne" and len(units) >= FEWEST:
        from sklearn.manifold import TSNE

        perplexity = min(30.0, (len(units) - 1) / 3)
        found = TSNE(2, perplexity=perplexity, init="pca", random_state=random_state).fit_transform(found)
    plane = np.zeros((len(units), 2), np.float32)
    plane[:, : min(2, found.shape[1])] = found[:, :2]
    plane -= plane.mean(axis=0)
    size = np.abs(plane).max()
    return plane / size if size > 0 else plane
