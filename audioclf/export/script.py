"""A run as a Python script that trains to the same figure."""

from __future__ import annotations

import pprint
from importlib.metadata import version

from audioclf.core.version import __version__
from audioclf.experiments.runs import Run

_SCRIPT = '''"""{title}

Trains this model again with audioclf, on the same clips, and compares the figure:

    python {name} [DATA] [FOLDER]

DATA is the folder or name of the data set, where it is not the one below; FOLDER is where the run goes.
Written by audioclf {version} on TensorFlow {tensorflow}. Other versions, and other processors, round differently, and
a network may then end a few clips apart.
"""

import sys

import audioclf

EXPERIMENT = {experiment}

EXPECTED_ACCURACY = {accuracy}
N_TEST = {n_test}
CLIPS = {fingerprint}


def main(data="", folder="run"):
    experiment = audioclf.Experiment.from_dict(EXPERIMENT)
    if data:
        experiment = experiment.replace(dataset=experiment.dataset.replace(name=data))
    run = audioclf.run_experiment(experiment, folder)
    metrics = run.metrics
    if CLIPS and metrics["fingerprint"] != CLIPS:
        print("These are not the clips of the original run, so the figures cannot be the same.")
    print(f"accuracy {{metrics['accuracy']:.4f}} on {{metrics['n_test']}} test clips,", end=" ")
    print("not known before" if EXPECTED_ACCURACY is None else f"{{EXPECTED_ACCURACY:.4f}} on {{N_TEST}} before")
    return metrics["accuracy"]


if __name__ == "__main__":
    main(*sys.argv[1:3])
'''


def of(run: Run) -> str:
    """The script as text; every name in it is a literal.

    Raises
    ------
    AudioclfError
        When the run's experiment cannot be read.
    """
    metrics = run.metrics if run.has_metrics else {}
    plain = run.experiment.to_dict()
    # a name goes into the docstring, where it must not end it
    title = " ".join(run.name.split()).encode("unicode_escape").decode().replace('"', "'").replace("\\", "/")
    return _SCRIPT.format(
        title=title or "A run of audioclf",
        name=f"{run.id}.py" if run.id.isascii() and run.id.replace("-", "").isalnum() else "train.py",
        version=__version__,
        tensorflow=version("tensorflow"),
        experiment=pprint.pformat(plain, width=110, sort_dicts=False),
        accuracy=repr(metrics.get("accuracy")),
        n_test=repr(metrics.get("n_test")),
        fingerprint=repr(metrics.get("fingerprint", "")),
    )
