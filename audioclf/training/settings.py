"""Training: how a model learns, as one described value."""

from __future__ import annotations

from dataclasses import dataclass

from audioclf.core.errors import ParameterError
from audioclf.core.params import Parameters, param


@dataclass(frozen=True)
class Training(Parameters):
    """How a network is trained; of a classical model, only ``class_weight``, ``calibrate`` and ``seed`` count."""

    title = "Training"

    epochs: int = param(40, "How often every training clip is seen.", low=1, high=10_000)
    batch_size: int = param(16, "Training clips per step.", low=1, high=65_536)
    optimizer: str = param("adam", "How a step follows from the gradient.", choices=("adam", "adamw", "sgd", "rmsprop"))
    learning_rate: float = param(0.001, "Size of a step.", above=0, high=10, step=0.0001)
    momentum: float = param(0.0, "Share of the last step that is taken again (sgd, rmsprop).", low=0, high=0.999)
    decay: float = param(
        0.0,
        "Inverse-time decay: after n steps the learning rate is divided by 1 + decay x n.",
        low=0,
        high=1000,
        advanced=True,
    )
    weight_decay: float = param(
        0.0,
        "Share of every weight taken off in a step, times the learning rate; biases and norms are left out.",
        low=0,
        high=1,
    )
    schedule: str = param(
        "constant",
        "Course of the learning rate: as it is, or down to 0 along a cosine.",
        choices=("constant", "cosine"),
    )
    warmup_epochs: float = param(
        0.0, "Epochs in which the learning rate rises from 0; at most half of all.", low=0, high=1000
    )
    reduce_on_plateau: bool = param(False, "Lower the learning rate when the validation loss no longer falls.")
    plateau_factor: float = param(0.1, "What the learning rate is then multiplied by.", above=0, high=0.99)
    plateau_patience: int = param(5, "Epochs without a better validation loss before that.", low=1, high=1000)
    plateau_min_lr: float = param(1e-6, "Lowest learning rate it goes down to.", low=0, high=1, advanced=True)
    early_stopping: int = param(
        0, "Epochs without a better validation loss after which training ends; 0 goes on to the end.", low=0, high=1000
    )
    keep: str = param(
        "best", "Which weights are kept: those of the lowest validation loss, or the last.", choices=("best", "last")
    )
    label_smoothing: float = param(0.0, "Share of every label spread over all classes.", low=0, high=0.9)
    class_weight: str = param(
        "none",
        "Whether rare classes count more: 'balanced' weights all classes equally.",
        choices=("none", "balanced"),
    )
    test_rolls: int = param(
        1,
        "Test-time averaging: a clip's probabilities are the mean over so many of its time rolls; 1 asks once. Right"
        " where the roll augmentation is.",
        low=1,
        high=64,
        advanced=True,
    )
    calibrate: bool = param(
        True,
        "Set the probabilities by a temperature, so that they are right as often as they state on the validation clips;"
        " the most probable class stays the same.",
        advanced=True,
    )
    shuffle: bool = param(True, "New order of the training clips in every epoch.")
    seed: int = param(
        0,
        "Seed of the initial weights, the order and the augmentation; members of an ensemble count on from it.",
        low=0,
        high=2**31 - 1,
    )

    def require_unweighted(self, title: str) -> None:
        """Raise a ParameterError where classes are to be weighted, for a model (of that title) that cannot."""
        if self.class_weight != "none":
            raise ParameterError(
                f"class_weight is {self.class_weight!r}, and {title} cannot weigh classes; set it to 'none', or choose"
                " another model.",
                "class_weight",
            )

    def advice(self, n_validation: int) -> tuple[str, ...]:
        """What works but deserves a word, one sentence each, with so many validation clips."""
        if n_validation or not (self.early_stopping or self.reduce_on_plateau):
            return ()
        return (
            "No clips are kept for validation, so early stopping and the learning rate's plateaus follow the training"
            " loss; set the split's validation_size.",
        )

    def check_batch_size(self, n_train: int) -> None:
        """Raise a ParameterError when a batch holds more clips than there are to train on."""
        if self.batch_size > n_train:
            raise ParameterError(
                f"batch_size must be at most the number of training clips, {n_train}, got {self.batch_size}; take"
                f" {max(n_train // 4, 1)} for about four steps an epoch.",
                "batch_size",
            )
