"""A run is a folder, and the folder is the single source of truth.

=================  ==========================================================================
file               what it holds
=================  ==========================================================================
experiment.toml    the experiment, as it was asked for
run.json           name, note and time of making, for people
status.json        state, stage, progress; replaced whole, never half-written
clips.csv          the clips as they were: label, path, stretch, group, fold, content key
history.csv        one line per epoch and fit
predictions.csv    true and predicted class and every probability of each tested clip
metrics.json       accuracy with interval, per class, confusion matrix, calibration, protocol, times
model.json         classes, clip length, input shapes: what is needed to use the models
models/<fit>/     weights and scaling of each fit: one model, a split x a member of the ensemble; novelty.npz:
                   from which distance on a sound counts as unknown; temperature.json:
                   what its probabilities are calibrated with
explanations/      choice.json: the method that won the test on validation clips; <method>.json: every test clip's map
                   judged; beside them the status of the job that does it
stop               there when someone asked the run to stop
log.txt            what the run's process printed
=================  ==========================================================================
"""

from __future__ import annotations

from audioclf.experiments.runs.compare import Comparison, Summary, compare_runs, side_by_side, summarise
from audioclf.experiments.runs.files import write_json
from audioclf.experiments.runs.paired import PairedTest, paired_test
from audioclf.experiments.runs.processes import process_created, process_lives
from audioclf.experiments.runs.reader import Run, list_runs, open_run, read_history
from audioclf.experiments.runs.status import ENDED, STOPPED, FitKey, Prediction, Status, Watcher
from audioclf.experiments.runs.writer import RunWriter, automatic_name, create_run, new_folder

__all__ = [
    "ENDED",
    "STOPPED",
    "Comparison",
    "FitKey",
    "PairedTest",
    "Prediction",
    "Run",
    "RunWriter",
    "Status",
    "Summary",
    "Watcher",
    "automatic_name",
    "compare_runs",
    "create_run",
    "list_runs",
    "new_folder",
    "open_run",
    "paired_test",
    "process_created",
    "process_lives",
    "read_history",
    "side_by_side",
    "summarise",
    "write_json",
]
