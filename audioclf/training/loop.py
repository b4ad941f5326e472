"""fit: train one model, report progress through plain callbacks, honour a stop request, go on after a crash."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError, RunError, Stopped
from audioclf.models.base import Model
from audioclf.models.classical import Classical
from audioclf.training.checkpoint import Checkpoint, fingerprint
from audioclf.training.fitted import Fitted, as_examples, load_weights, save_estimator, save_weights
from audioclf.training.forward import keras_forward
from audioclf.training.frozen import Divided, write_remarks
from audioclf.training.history import Epoch, is_over, kept_epoch, learning_rate, plateau_scale
from audioclf.training.optimizers import make_optimizer
from audioclf.training.settings import Training
from audioclf.training.step import Step

Array = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
Augment = Callable[[Array, Array, np.random.Generator], tuple[Array, Array]]
EpochExamples = Callable[[int, Callable[[], bool]], Array]


def fit(
    model: Model,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    x_val: npt.ArrayLike | None,
    y_val: npt.ArrayLike | None,
    n_classes: int,
    training: Training,
    *,
    folder: Path,
    on_epoch: Callable[[Epoch], None],
    on_batch: Callable[[float], None] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    augment: Augment | None = None,
    prefetch: EpochExamples | None = None,
) -> Fitted:
    """Train a model and write it into a folder.

    Called again with the same folder, recipe and data, a network goes on after the last completed
    epoch, with the same result as if it had never been interrupted.

    Parameters
    ----------
    model : Model
    x : np.ndarray [shape=(n, rows, frames[, channels]) or (n, m)], float32
        Training examples, already scaled.
    y : np.ndarray [shape=(n,)], int
        Class numbers from 0.
    x_val, y_val : np.ndarray or None
        Validation examples. Without them the last epoch is kept.
    n_classes : int
    training : Training
    folder : Path
        Where weights and checkpoint go; made when it is not there.
    on_epoch : callable
        Called with every epoch that is new, before its checkpoint is written.
    on_batch : callable, optional
        Called after every batch with the share of the whole training that is done, in (0, 1].
    should_stop : callable
        Looked at before every batch.
    augment : callable, optional
        ``(x_batch, onehot_batch, rng) -> (x_batch, onehot_batch)``; its generator is seeded by epoch.
    prefetch : callable, optional
        ``(epoch, should_stop) -> x``: the training examples of an epoch (from 0), in place of ``x``, of the
        same shape and order; the same epoch must give the same examples. Of no use to a classical model.

    Returns
    -------
    Fitted

    Raises
    ------
    ParameterError
        When data and settings do not go together.
    Stopped
        When ``should_stop`` returned True; the checkpoint stays.
    RunError
        When the loss was never a number, or the folder belongs to another training.
    """
    examples, labels = _checked(x, y, n_classes, "training")
    validation = None
    if x_val is not None and y_val is not None:
        validation = _checked(x_val, y_val, n_classes, "validation", examples.shape[1:])
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(model, Classical):
        return _fit_classical(model, examples, labels, validation, n_classes, training, folder, on_epoch, should_stop)
    training.check_batch_size(len(examples))
    network = model.build(examples.shape[1:], n_classes, training.seed)
    write_remarks(folder, model.initialise(network))
    return _Run(
        model, network, examples, labels, validation, n_classes, training, folder, should_stop, augment, prefetch
    ).fit(on_epoch, on_batch or (lambda share: None))


@dataclass(eq=False)
class _Run:
    """One training of one network."""

    model: Model
    network: Any
    x: Array
    labels: Labels
    validation: tuple[Array, Labels] | None
    n_classes: int
    training: Training
    folder: Path
    should_stop: Callable[[], bool]
    augment: Augment | None
    prefetch: EpochExamples | None

    def __post_init__(self) -> None:
        training, taken = self.training, self.network.input_shape[1:]
        self.divided = Divided(self.model, self.network, changing=self.augment is not None or self.prefetch is not None)
        self.learning = learning = self.divided.learning
        self.input_shape = self.x.shape[1:]
        self.x = self.x.reshape(len(self.x), *taken)
        self.y = np.eye(self.n_classes, dtype=np.float32)[self.labels]
        self.validation = self.validation and (self.validation[0].reshape(-1, *taken), self.validation[1])
        self.steps = -(-len(self.x) // training.batch_size)
        self.optimizer = make_optimizer(training, learning)
        weights = class_weights(self.labels, self.n_classes, training)
        self.step = Step(learning, self.optimizer, training.label_smoothing, weights)
        self.predict = keras_forward(learning)
        mark = fingerprint(self.model, training, self.input_shape, self.labels)
        self.checkpoint = Checkpoint(self.folder, mark)

    def fit(self, on_epoch: Callable[[Epoch], None], on_batch: Callable[[float], None]) -> Fitted:
        variables = [*self.learning.variables, *self.optimizer.variables]
        history, finished = self.checkpoint.restore(variables)
        if not finished:

            def asked() -> bool:
                on_batch(len(history) / self.training.epochs)
                return self.should_stop()

            self.x = self.divided.ahead(self.x, asked)
            if self.validation is not None:
                self.validation = (self.divided.ahead(self.validation[0], asked), self.validation[1])
        while not finished and not is_over(history, self.training):
            row = self._epoch(history, on_batch)
            history = (*history, row)
            if kept_epoch(history, self.training) == row.epoch:
                save_weights(self.network, self.folder, row.epoch)
            on_epoch(row)
            self.checkpoint.save(history, variables)
        kept = kept_epoch(history, self.training)
        if not kept:
            raise RunError(
                f"The loss was no number in epoch {history[-1].epoch} already; lower the learning rate (now"
                f" {self.training.learning_rate:g}) or scale the feature."
            )
        self.checkpoint.finish(history)
        if finished or kept != history[-1].epoch:
            load_weights(self.network, self.folder)
        return Fitted(self.model, self.network, self.input_shape, self.n_classes, history, kept)

    def _epoch(self, history: tuple[Epoch, ...], on_batch: Callable[[float], None]) -> Epoch:
        training, done = self.training, len(history)
        began = time.perf_counter()
        scale = plateau_scale(history, training)
        order = np.arange(len(self.x))
        if training.shuffle:
            np.random.default_rng((training.seed, done)).shuffle(order)
        rng = np.random.default_rng((training.seed, done, 1))
        totals = np.zeros(2)
        input_seconds = rate = 0.0
        if self.prefetch is not None:
            self.x = self.prefetch(done, self.should_stop).reshape(self.x.shape)
            input_seconds = time.perf_counter() - began
        for number in range(self.steps):
            if self.should_stop():
                raise Stopped(
                    f"Training was stopped in epoch {done + 1} of {training.epochs}; {done} epochs are kept and it"
                    " can go on from there."
                )
            batch_began = time.perf_counter()
            chosen = order[number * training.batch_size : (number + 1) * training.batch_size]
            x, y = self.x[chosen], self.y[chosen]
            if self.augment is not None:
                x, y = self.augment(x, y, rng)
            input_seconds += time.perf_counter() - batch_began
            rate = learning_rate(done * self.steps + number, self.steps, scale, training)
            totals += self.step(x, y, rate)
            on_batch((done + (number + 1) / self.steps) / training.epochs)
        seconds = time.perf_counter() - began
        val_loss = val_accuracy = float("nan")
        if self.validation is not None:
            predicted = self.predict(self.validation[0], self.should_stop)
            val_loss, val_accuracy = cross_entropy(predicted, self.validation[1], training.label_smoothing)
        return Epoch(
            epoch=done + 1,
            loss=float(totals[0] / len(self.x)),
            accuracy=float(totals[1] / len(self.x)),
            val_loss=val_loss,
            val_accuracy=val_accuracy,
            learning_rate=rate,
            seconds=time.perf_counter() - began,
            samples_per_second=len(self.x) / seconds,
            input_share=input_seconds / seconds,
        )


def _fit_classical(
    model: Classical,
    x: Array,
    y: Labels,
    validation: tuple[Array, Labels] | None,
    n_classes: int,
    training: Training,
    folder: Path,
    on_epoch: Callable[[Epoch], None],
    should_stop: Callable[[], bool],
) -> Fitted:
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    if should_stop():
        raise Stopped("Training was stopped before it began.")
    if len(np.unique(y)) < 2:
        raise ParameterError(f"{model.title} needs clips of at least two classes to train on, got one.", "split")
    began = time.perf_counter()
    estimator = model.build(x.shape[1:], n_classes, training.seed)
    model.require_examples(len(x))
    weights: dict[str, Array] = {}
    if training.class_weight == "balanced" and model.weighs_classes:
        weights["sample_weight"] = class_weights(y, n_classes, training)[y]
    with warnings.catch_warnings():
        # References train with the usual 100 or 1,000 steps; that this is not always enough belongs to the lesson.
        warnings.simplefilter("ignore", ConvergenceWarning)
        estimator.fit(x.reshape(len(x), -1), y, **weights)
    seconds = time.perf_counter() - began
    save_estimator(estimator, folder)
    fitted = Fitted(model, estimator, x.shape[1:], n_classes, epoch=1)
    loss, accuracy = cross_entropy(fitted.predict_proba(x), y)
    val_loss = val_accuracy = float("nan")
    if validation is not None:
        val_loss, val_accuracy = cross_entropy(fitted.predict_proba(validation[0]), validation[1])
    row = Epoch(1, loss, accuracy, val_loss, val_accuracy, 0.0, seconds, len(x) / max(seconds, 1e-9))
    fitted.history = (row,)
    on_epoch(row)
    return fitted


def _checked(
    x: npt.ArrayLike, y: npt.ArrayLike, n_classes: int, subset: str, shape: tuple[int, ...] | None = None
) -> tuple[Array, Labels]:
    examples = np.asarray(x, dtype=np.float32)
    examples = as_examples(examples, examples.shape[1:] if shape is None else shape)
    labels = np.asarray(y, dtype=np.int64)
    if len(examples) == 0 or labels.shape != (len(examples),):
        raise ParameterError(
            f"The {subset} subset needs one label for each of at least one clip, got {len(examples)} clips and"
            f" {labels.size} labels; choose another split.",
            "split",
        )
    if labels.min() < 0 or labels.max() >= n_classes:
        raise ParameterError(
            f"Class numbers of the {subset} subset must lie in 0 to {n_classes - 1}, got {labels.min()} to"
            f" {labels.max()}."
        )
    if not np.isfinite(examples).all():
        raise ParameterError(
            f"The {subset} subset holds NaN or infinity after feature and scaling; leave out silent or broken clips, or"
            " choose another scaling.",
            "scaling",
        )
    return examples, labels


def class_weights(y: Labels, n_classes: int, training: Training) -> Array:
    """Weight of every class: 1, or what weights all classes equally (scikit-learn's ``balanced``)."""
    if training.class_weight == "none":
        return np.ones(n_classes, dtype=np.float32)
    counts = np.bincount(y, minlength=n_classes)
    weights = np.where(counts > 0, len(y) / (np.count_nonzero(counts) * np.maximum(counts, 1)), 0.0)
    return weights.astype(np.float32)


def cross_entropy(probabilities: Array, y: Labels, label_smoothing: float = 0.0) -> tuple[float, float]:
    """Mean cross-entropy (natural logarithm, probabilities held above 1e-7) and accuracy."""
    logarithms = np.log(np.maximum(probabilities, 1e-7))
    if not np.isfinite(probabilities).all():
        return float("nan"), float((probabilities.argmax(axis=1) == y).mean())
    right = logarithms[np.arange(len(y)), y]
    losses = (1 - label_smoothing) * right + label_smoothing * logarithms.mean(axis=1)
    return float(0.0 - losses.mean()), float((probabilities.argmax(axis=1) == y).mean())
