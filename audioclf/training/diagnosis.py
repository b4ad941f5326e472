"""A plain sentence when a training went wrong, and what to do about it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from audioclf.training.history import Epoch, kept_epoch
from audioclf.training.settings import Training


def diagnose(
    history: Sequence[Epoch], n_train: int, n_classes: int, training: Training, batch_norm_momentum: float | None = None
) -> dict[str, str]:
    """What the curves say, worst first; empty when nothing is wrong.

    Parameters
    ----------
    history : sequence of Epoch
    n_train : int
        Training clips.
    n_classes : int
    training : Training
    batch_norm_momentum : float, optional
        Momentum of the network's batch normalisation, where it has any.

    Returns
    -------
    dict of str to str
        By what is wrong: one or two sentences on what is seen, and what to do.
    """
    if not history:
        return {}
    sentences = {
        "not a number": _not_a_number(history, training),
        "dead": _dead(history, n_train, n_classes, training),
        "rate too high": _rate_too_high(history, n_train, n_classes, training),
        "batch norm lags": _batch_norm_lags(history, n_train, training, batch_norm_momentum),
        "overfitting": _overfitting(history, training),
    }
    if not sentences["overfitting"]:
        sentences["unfinished"] = _unfinished(history, training)
    found = {kind: sentence for kind, sentence in sentences.items() if sentence}
    # a loss that is no number, or a network that learned nothing, explains all the rest
    for kind in ("not a number", "dead"):
        if kind in found:
            return {kind: found[kind]}
    return found


_USUAL = {"adam": 0.01, "adamw": 0.01, "rmsprop": 0.01, "sgd": 0.5}
"""Learning rates up to which an optimizer is commonly used."""


_WORTH = 0.02
"""A smaller change of the validation loss is not worth a word."""


def _not_a_number(history: Sequence[Epoch], training: Training) -> str:
    for row in history:
        if not row.is_finite:
            return (
                f"The loss was no longer a number in epoch {row.epoch}: the steps were so large that the weights"
                f" overflowed. Lower the learning rate (now {training.learning_rate:g}) or scale the feature."
            )
    return ""


def _dead(history: Sequence[Epoch], n_train: int, n_classes: int, training: Training) -> str:
    if len(history) < 3:
        return ""
    chance = 1 / n_classes
    margin = 2 * math.sqrt(chance * (1 - chance) / n_train)
    last = history[-3:]
    # with very few clips chance reaches far, and yet a network that gets most of them right has learned something
    at_chance = all(row.accuracy <= min(chance + margin, (1 + chance) / 2) for row in last)
    if at_chance and min(row.loss for row in history) > 0.9 * math.log(n_classes):
        top = _highest(history, n_train, training)
        if top > 5 * math.log(n_classes) or training.learning_rate > _USUAL[training.optimizer]:
            return (
                f"The network has learned nothing: its loss went up to {top:.3g}, and it only guesses now. The learning"
                f" rate of {training.learning_rate:g} is too high: divide it by ten, or scale the feature."
            )
        return (
            f"The network has learned nothing: its training accuracy of {last[-1].accuracy:.2f} is what guessing gives"
            f" with {n_classes} classes. Scale the feature, change the learning rate (now {training.learning_rate:g})"
            " tenfold, or take relu instead of sigmoid."
        )
    return ""


def _rate_too_high(history: Sequence[Epoch], n_train: int, n_classes: int, training: Training) -> str:
    if len(history) < 5:
        return ""
    guess, top = math.log(n_classes), _highest(history, n_train, training)
    usual = training.learning_rate <= _USUAL[training.optimizer]
    losses = [row.loss for row in history]
    jumps = _jumps(losses, n_train if usual else math.inf)
    if len(jumps) >= max(2, (len(history) - 1) // 5) or (jumps and max(jumps) > 5 * guess):
        times = "again and again" if len(jumps) > 1 else f"as high as {max(jumps):.3g}"
        return (
            f"The training loss jumps up {times} ({len(jumps)} of {len(history)} epochs): the learning"
            f" rate of {training.learning_rate:g} is too high. Divide it by three to ten, or add a warm-up."
        )
    risen = any(loss > 10 * guess and loss > min(losses[:number]) for number, loss in enumerate(losses) if number)
    if top > 10 * guess and usual and not risen:
        return (
            f"The training loss began at {top:.3g}, where guessing has {guess:.2g}: the values the network is fed are"
            " large, or its first steps are. Scale the feature, or add a warm-up."
        )
    if top > 10 * guess:
        return (
            f"The training loss shot up to {top:.3g}, where guessing has {guess:.2g}: the learning rate of"
            f" {training.learning_rate:g} is too high. Divide it by three to ten, add a warm-up, or scale the feature."
        )
    return ""


def _jumps(losses: Sequence[float], n_train: float) -> list[float]:
    """Losses far above those of the three epochs before them, further than chance brings them with so few clips.

    The loss of an epoch is a mean over its clips, whose own losses spread about as far as they are high; which of them
    stand together in a batch, and dropout, move that mean by a share in the order of 1 / sqrt(n_train). Where all are
    learned already, one or two clips that dropout spoils (a loss of 4 each) move it by 8 / n_train.
    """
    most, least = 1 + max(0.25, 2 / math.sqrt(n_train)), 8 / n_train
    found = []
    for number in range(1, len(losses)):
        before = [max(loss, 1e-9) for loss in losses[max(0, number - 3) : number]]
        usual = math.exp(sum(map(math.log, before)) / len(before))
        if losses[number] > max(most * usual, usual + least, 0.1):
            found.append(losses[number])
    return found


def _highest(history: Sequence[Epoch], n_train: int, training: Training) -> float:
    """Highest loss of the training; that of a single step shows only how the untrained network began."""
    single = n_train <= training.batch_size and len(history) > 1
    return max(row.loss for row in (history[1:] if single else history))


def _batch_norm_lags(history: Sequence[Epoch], n_train: int, training: Training, momentum: float | None) -> str:
    steps = -(-n_train // training.batch_size) * len(history)
    last = history[-1]
    if momentum is None or momentum**steps < 0.05 or math.isnan(last.val_accuracy):
        return ""
    if last.accuracy - last.val_accuracy > 0.1 and last.val_loss > 1.5 * last.loss:
        return (
            f"Validation lags because batch normalisation has seen only {steps} steps, and its running averages still"
            f" hold {momentum**steps:.0%} of their start. Train for more epochs or with smaller batches."
        )
    return ""


def _overfitting(history: Sequence[Epoch], training: Training) -> str:
    finite = [row for row in history if row.is_finite]
    if len(finite) < 5 or math.isnan(finite[-1].val_accuracy):
        return ""
    best = min(finite, key=lambda row: row.val_loss)
    last = finite[-1]
    risen = last.val_loss > max(1.15 * best.val_loss, best.val_loss + _WORTH)
    rising = last.epoch - best.epoch >= 3 and risen and last.loss < 0.9 * best.loss
    gap = best.accuracy > 0.9 and best.accuracy - best.val_accuracy > 0.15
    if not (rising or gap):
        return ""
    seen = (
        f"the validation loss is lowest in epoch {best.epoch} ({best.val_loss:.2f}) and rises to {last.val_loss:.2f}"
        f" while the training loss falls to {last.loss:.2f}"
        if rising
        else f"training accuracy is {best.accuracy:.2f}, validation accuracy {best.val_accuracy:.2f}"
    )
    kept = "" if kept_epoch(history, training) == last.epoch else f" The weights of epoch {best.epoch} are kept."
    return (
        f"It learns its training clips by heart: {seen}.{kept} More clips, augmentation, dropout or a smaller network"
        " help."
    )


def _unfinished(history: Sequence[Epoch], training: Training) -> str:
    if len(history) < max(5, training.epochs) or math.isnan(history[-1].val_accuracy):
        return ""
    tenth = max(len(history) // 10, 2)
    before = min(row.val_loss for row in history[:-tenth])
    after = min(row.val_loss for row in history[-tenth:])
    if training.schedule == "constant" and after < min(0.95 * before, before - _WORTH):
        return (
            f"It was still getting better at the end: the validation loss fell from {before:.2f} to {after:.2f} in the"
            f" last {tenth} epochs. Train for more than {training.epochs} epochs."
        )
    return ""
