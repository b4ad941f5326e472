"""Trees: questions about single values, alone, in a forest, or boosted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from audioclf.core.params import param
from audioclf.models.classical import Classical

TREE = "sklearn.tree._tree.Tree"


@dataclass(frozen=True)
class DecisionTree(Classical):
    """One decision tree (:class:`sklearn.tree.DecisionTreeClassifier`)."""

    kind = "tree"
    title = "Decision tree"
    order = 53
    trusted_types = (TREE,)
    explanation = (
        "Asks one yes-or-no question about one value after the other until a class is left. "
        "It needs no scaling, can be read from top to bottom, and learns its training clips by heart if it may."
    )

    criterion: str = param("gini", "What makes a question good.", choices=("gini", "entropy", "log_loss"))
    max_depth: int | None = param(None, "Most questions in a row; empty means no limit.", low=1, high=1000)
    min_samples_split: int = param(2, "Fewest clips that are still divided.", low=2, high=10_000)
    min_samples_leaf: int = param(1, "Fewest clips at an end.", low=1, high=10_000)

    def estimator(self, random_state: int) -> Any:
        from sklearn.tree import DecisionTreeClassifier

        return DecisionTreeClassifier(**vars(self), random_state=random_state)


@dataclass(frozen=True)
class RandomForest(Classical):
    """Many trees on random parts of the data (:class:`sklearn.ensemble.RandomForestClassifier`)."""

    kind = "forest"
    title = "Random forest"
    order = 54
    trusted_types = (TREE,)
    explanation = (
        "Hundreds of decision trees, each grown on other clips and asked about other values, that vote. "
        "Robust, without scaling, and hard to spoil: a good first baseline."
    )

    n_estimators: int = param(300, "Number of trees.", low=1, high=10_000)
    criterion: str = param("gini", "What makes a question good.", choices=("gini", "entropy", "log_loss"))
    max_depth: int | None = param(None, "Most questions in a row; empty means no limit.", low=1, high=1000)
    max_features: float | None = param(
        None, "Share of the values a question chooses from; empty takes their square root.", above=0, high=1
    )
    min_samples_leaf: int = param(1, "Fewest clips at an end.", low=1, high=10_000)

    def estimator(self, random_state: int) -> Any:
        from sklearn.ensemble import RandomForestClassifier

        parameters = vars(self) | {"max_features": self.max_features or "sqrt"}
        return RandomForestClassifier(**parameters, n_jobs=-1, random_state=random_state)


@dataclass(frozen=True)
class GradientBoosting(Classical):
    """Trees that correct each other's errors (:class:`sklearn.ensemble.GradientBoostingClassifier`).

    The exact algorithm, not the histogram one: on a few hundred clips of thousands of values,
    looking at a part of the values at every question is a hundred times faster.
    """

    kind = "boosting"
    title = "Gradient boosting"
    order = 55
    trusted_types = (TREE,)
    explanation = (
        "Small trees one after the other, each grown on what those before it got wrong. "
        "Often the strongest of the classical models on short features, and slower than a forest."
    )

    learning_rate: float = param(0.1, "How much of each tree is added.", above=0, high=10)
    n_estimators: int = param(100, "Number of rounds; a round grows one tree per class.", low=1, high=10_000)
    subsample: float = param(1.0, "Share of the clips every tree is grown on.", above=0, high=1)
    max_depth: int | None = param(3, "Most questions in a row; empty means no limit.", low=1, high=1000)
    max_features: float | None = param(
        None, "Share of the values a question chooses from; empty takes their square root.", above=0, high=1
    )
    min_samples_leaf: int = param(1, "Fewest clips at an end.", low=1, high=10_000)

    def estimator(self, random_state: int) -> Any:
        from sklearn.ensemble import GradientBoostingClassifier

        parameters = vars(self) | {"max_features": self.max_features or "sqrt"}
        return GradientBoostingClassifier(**parameters, random_state=random_state)
