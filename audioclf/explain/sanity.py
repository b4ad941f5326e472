"""Do maps agree with each other, and do they change when the model's weights do?"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from audioclf.explain.faithfulness import MARKED, rank
from audioclf.training import Fitted


def overlap(first: npt.NDArray[np.floating], second: npt.NDArray[np.floating], share: float = MARKED) -> float:
    """Share of the hottest places of one map that are among the hottest of another; by chance it is ``share``."""
    rng = np.random.default_rng(0)
    both = (rank(first, rng) < share) & (rank(second, rng) < share)
    return float(both.sum() / max(1, round(share * first.size)))


def rank_correlation(first: npt.NDArray[np.floating], second: npt.NDArray[np.floating]) -> float:
    """Spearman's correlation of two maps, in [-1, 1]; 0 where one of them is the same everywhere."""
    from scipy.stats import rankdata

    a, b = (rankdata(one.ravel()) for one in (first, second))
    a, b = a - a.mean(), b - b.mean()
    spread = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / spread if spread else 0.0


def randomised(fitted: Fitted, random_state: int = 1) -> Fitted:
    """A network with all that it learned made random again [1]_: an untrained one of the same kind.

    The statistics of its normalisations stay, so that its layers work in the range they were made for.

    Parameters
    ----------
    fitted : Fitted
        A network.
    random_state : int

    References
    ----------
    .. [1] Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim: "Sanity Checks for Saliency Maps", NeurIPS 2018.
    """
    network: Any = fitted.model.build(fitted.input_shape, fitted.n_classes, random_state)
    known = {weight.path: weight for weight in fitted.estimator.non_trainable_weights}
    for weight in network.weights:
        if weight.path in known:
            weight.assign(known[weight.path])
    return Fitted(fitted.model, network, fitted.input_shape, fitted.n_classes)
