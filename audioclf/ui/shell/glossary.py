"""Words of the field in plain words: pages show these, and the field's own word with its meaning one click below."""

from __future__ import annotations

import re
from typing import NamedTuple

from audioclf.ui.shell.text import escape


class Term(NamedTuple):
    """A word of the field in words of someone who does not know it, and what pages call it where not by itself."""

    meaning: str
    plain: str = ""


TERMS: dict[str, Term] = {
    "accuracy": Term("The share of clips that were predicted correctly."),
    "macro F1": Term(
        "The mean of the F1 of all classes, so that a small class counts as much as a large one; 1 is perfect.",
        "Class average",
    ),
    "F1": Term("The harmonic mean of precision and recall: high only where both are.", "Both together"),
    "precision": Term("Of the clips predicted as this class, the share that really was.", "Right when predicted"),
    "recall": Term("Of the clips of this class, the share that the model found.", "Found"),
    "top-2 accuracy": Term(
        "The share of clips whose true class is one of the two that the model finds most probable.", "In the top two"
    ),
    "log loss": Term(
        "How wrong the predictions are, given how sure the model was: sure and wrong costs most. 0 is perfect.",
        "Error score",
    ),
    "loss": Term("How wrong the predictions are, given how sure the model was. Training makes it smaller.", "Error"),
    "95 % interval": Term(
        "Other test clips would give a somewhat different figure. An interval made like this one holds the true value"
        " in 95 of 100 experiments.",
        "most likely between",
    ),
    "standard deviation": Term(
        "How far the figures of the single splits lie from their mean, typically.", "Over the splits"
    ),
    "McNemar's exact test": Term(
        "Counts the clips on which only one of two models is right. p is how often chance alone would make these counts"
        " at least so uneven; below 0.05 is commonly taken as more than chance."
    ),
    "protocol": Term("How the clips were divided into those to learn from and those to be tested on."),
    "stratified": Term("Every class has the same share of the test clips as of all clips."),
    "seed": Term("The number that chance begins with: the same seed draws the same clips."),
    "group": Term("Clips that belong together, such as those of one speaker or one recording."),
    "epoch": Term("One pass of the model through all training clips."),
    "validation": Term(
        "Clips kept aside while training, to see how well the model does on clips it does not learn from."
    ),
    "learning rate": Term("How large a step the model takes each time it learns from its errors.", "Step size"),
    "weights": Term("The numbers in the model that training changes.", "Weights"),
    "fANOVA": Term("A way to estimate from the finished points how much of their differences each setting explains."),
    "TPE": Term(
        "Tree-structured Parzen estimator: new points are tried where points so far did well; good for many settings"
        " and slow trainings.",
        "Guided",
    ),
}

_PROTOCOLS: tuple[tuple[str, str], ...] = (
    (r"^holdout, (\d+)% test", r"on \1% of the clips, kept aside from the start"),
    (r"^(\d+)-fold cross-validation", r"in \1 rounds, each on clips new to its model"),
    (r"^official folds, fold (.+?) held out", r"on part \1 of the data set, as its publisher divided it"),
    (r"^official folds, each held out in turn", "on each part in turn of the data set, as its publisher divided it"),
    (r"^official split", "on the test clips that the data set's publisher chose"),
    (r"^leave one group out \(each in turn\)", "on one group (such as a speaker) at a time, new to its model"),
    (r"^leave one group out \((.+?)\)(?=, |$)", r"on groups (such as speakers) new to the model: \1"),
    (r"^judged on its own training clips \(no test set\)", "on the very clips it learns from"),
    (r", stratified", ""),
    (r", seed \d+", ""),
    (r", (known )?groups kept together", ", with the clips of one group (such as a speaker) kept together"),
    (r", groups not kept together", ", with clips of one group (such as a speaker) on both sides"),
    (r", of copies made before the split \(leaky\)", ", with copies of the test clips among those learned from"),
)


def explain(*terms: str, note: str = "") -> str:
    """Help for what is shown in plain words, in Markdown: keys of :data:`TERMS` with their meanings, a paragraph each.

    ``note``, the exact figure or words, stands first.
    """
    known = [f"**{escape(term[0].upper() + term[1:])}**: {escape(TERMS[term].meaning)}" for term in terms]
    return "\n\n".join([escape(note), *known] if note else known)


def plain_name(term: str) -> str:
    """What pages call a word of the field."""
    return TERMS[term].plain or term


def plain_protocol(sentence: str) -> str:
    """How a model was tested, in plain words: made from the protocol's sentence, which stands in every run."""
    for pattern, words in _PROTOCOLS:
        sentence = re.sub(pattern, words, sentence)
    return sentence
