"""Trees: questions about single values, alone, in a forest, or boosted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from audioclf.core.params import param
from audioclf.models.classical import Classical

TREE = "sklearn.tree._tree.Tree"


def grow_seconds(n_clips: int, n_values: int, levels: float) -> tuple[float, float]:
    """Between how many seconds growing a tree lies: on every level all clips are sorted by every value looked at."""
    sorting = n_clips * math.log2(max(n_clips, 2)) * n_values * levels
    return 7e-9 * sorting, 4e-8 * sorting


def levels_of(max_depth: int | None, n_clips: int, n_classes: int) -> float:
    """How many questions in a row it takes about: to tell the classes apart, and no more than is allowed."""
    needed = min(math.log2(2 * n_classes), math.log2(max(n_clips, 2)))
    return needed if max_depth is None else min(needed, max_depth)


def values_looked_at(n_values: int, share: float | None) -> int:
    """How many of the values a question chooses from: the square root where no share is given."""
    return max(1, round(math.sqrt(n_values) if share is None else share * n_values))


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

        return DecisionTreeClassifier(
            criterion=self.criterion,
            max_depth=self.max_depth,
            min_samples_split=self.min_samples_split,
            min_samples_leaf=self.min_samples_leaf,
            random_state=random_state,
        )

    def fit_seconds(self, n_clips: int, n_values: int, n_classes: int) -> tuple[float, float]:
        return grow_seconds(n_clips, n_values, levels_of(self.max_depth, n_clips, n_classes))


@dataclass(frozen=True)
class RandomForest(Classical):
    """Many trees on random parts of the data (:class:`sklearn.ensemble.RandomForestClassifier`)."""

    kind = "forest"
    title = "Random forest"
    order = 54
    trusted_types = (TREE,)
    on_all_cores = True
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

        return RandomForestClassifier(
            n_estimators=self.n_estimators,
            criterion=self.criterion,
            max_depth=self.max_depth,
            max_features="sqrt" if self.max_features is None else self.max_features,
            min_samples_leaf=self.min_samples_leaf,
            n_jobs=-1,
            random_state=random_state,
        )

    def fit_seconds(self, n_clips: int, n_values: int, n_classes: int) -> tuple[float, float]:
        looked_at = values_looked_at(n_values, self.max_features)
        low, high = grow_seconds(n_clips, looked_at, levels_of(self.max_depth, n_clips, n_classes))
        return self.n_estimators * (low + 4e-4), self.n_estimators * (high + 2e-3)


@dataclass(frozen=True)
class GradientBoosting(Classical):
    """Trees that mend each other's errors (:class:`sklearn.ensemble.GradientBoostingClassifier`).

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

        return GradientBoostingClassifier(
            learning_rate=self.learning_rate,
            n_estimators=self.n_estimators,
            subsample=self.subsample,
            max_depth=self.max_depth,
            max_features="sqrt" if self.max_features is None else self.max_features,
            min_samples_leaf=self.min_samples_leaf,
            random_state=random_state,
        )

    def fit_seconds(self, n_clips: int, n_values: int, n_classes: int) -> tuple[float, float]:
        looked_at = values_looked_at(n_values, self.max_features)
        levels = math.log2(max(n_clips, 2)) if self.max_depth is None else self.max_depth
        low, high = grow_seconds(n_clips, looked_at, levels)
        n_trees = self.n_estimators * (n_classes if n_classes > 2 else 1)
        return n_trees * (low + 2e-4), n_trees * (high + 2e-3)
