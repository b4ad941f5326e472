"""Models that compare a clip with the training clips: kernel SVM and nearest neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from audioclf.core.errors import ParameterError
from audioclf.core.params import param
from audioclf.models.classical import Classical


@dataclass(frozen=True)
class RBFSVM(Classical):
    """Support vector machine with a Gaussian kernel (:class:`sklearn.svm.SVC`)."""

    kind = "rbf-svm"
    title = "RBF SVM"
    order = 52
    explanation = (
        "Compares a clip with the training clips near the boundary; the nearer one is, the more it counts. "
        "The boundary may bend, so it does more than a linear model and explains less."
    )

    C: float = param(1.0, "Penalty for a clip on the wrong side of the margin.", above=0, high=1e6)
    gamma: float | None = param(
        None,
        "How fast a training clip's say falls with distance; empty takes 1 / (values x variance), the 'scale'.",
        above=0,
        high=1e6,
    )
    max_iter: int = param(-1, "Most steps of the solver; -1 means no limit.", low=-1, high=1_000_000, advanced=True)

    def estimator(self, random_state: int) -> Any:
        from sklearn.svm import SVC

        # break_ties makes predict name the class of the highest score, which is what the probabilities say.
        parameters = vars(self) | {"gamma": self.gamma or "scale"}
        return SVC(**parameters, break_ties=True, random_state=random_state)


@dataclass(frozen=True)
class KNearestNeighbors(Classical):
    """Vote of the nearest training clips (:class:`sklearn.neighbors.KNeighborsClassifier`, brute force)."""

    kind = "knn"
    title = "k nearest neighbours"
    order = 60
    weighs_classes = False
    explanation = (
        "Learns nothing: it keeps the training clips and asks the nearest ones. "
        "What 'near' means is the whole model, so the feature and its scaling decide."
    )

    n_neighbors: int = param(5, "How many training clips vote.", low=1, high=1000)
    weights: str = param("uniform", "Whether nearer clips count more.", choices=("uniform", "distance"))
    metric: str = param("euclidean", "How distance is measured.", choices=("euclidean", "manhattan", "cosine"))

    def estimator(self, random_state: int) -> Any:
        from sklearn.neighbors import KNeighborsClassifier

        # Search trees do not help at hundreds of dimensions.
        return KNeighborsClassifier(**vars(self), algorithm="brute")

    def require_examples(self, n_train: int) -> None:
        if self.n_neighbors > n_train:
            raise ParameterError(
                f"n_neighbors must be at most the number of training clips, {n_train}, got {self.n_neighbors}.",
                "n_neighbors",
            )

    def advice(self, n_rarest: int) -> tuple[str, ...]:
        if self.n_neighbors <= n_rarest:
            return ()
        return (
            f"n_neighbors is {self.n_neighbors}, and the smallest class has {n_rarest} training clips: clips of other"
            " classes vote on every clip of it.",
        )
