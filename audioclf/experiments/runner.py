"""Make a run out of an experiment: plan the fits, train one model for each, test, measure."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from audioclf import training
from audioclf.core.errors import AudioclfError, RunError, Stopped
from audioclf.datasets import Dataset
from audioclf.datasets.leakage import group_remark
from audioclf.experiments.config import Experiment
from audioclf.experiments.fit import Fit, plan, read_result, train_fit
from audioclf.experiments.parallel import Fits, require_cluster
from audioclf.experiments.preprocessing import Inputs
from audioclf.experiments.progress import Progress
from audioclf.experiments.runs import STOPPED, Prediction, Run, RunWriter, Watcher, create_run
from audioclf.experiments.transform import ensemble
from audioclf.features.base import Array
from audioclf.features.cache import FeatureStore
from audioclf.models import trust
from audioclf.training import metrics as evaluation


def run_experiment(
    experiment: Experiment,
    folder: str | Path,
    *,
    name: str = "",
    watch: Watcher | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Run:
    """Run an experiment in this process, into a new folder.

    Parameters
    ----------
    experiment : Experiment
    folder : path
        Must not exist, or be empty; becomes the run.
    name : str
        Name for people.
    watch : callable, optional
        Called with the run's :class:`~audioclf.experiments.runs.Status` whenever it changes.
    should_stop : callable, optional
        Called every batch; when it returns True, the run stops and can be resumed.

    Returns
    -------
    Run

    Raises
    ------
    AudioclfError
        For anything the user can correct; :class:`~audioclf.core.errors.Stopped` after a stop.
    """
    run = create_run(experiment, Path(folder), name=name, begun=True)
    return execute(run, watch=watch, should_stop=should_stop, trust_code=True)


def execute(
    run: Run,
    *,
    watch: Watcher | None = None,
    should_stop: Callable[[], bool] | None = None,
    store: FeatureStore | None = None,
    trust_code: bool = False,
) -> Run:
    """Make, or go on making, a run whose folder exists.

    What an earlier process finished is kept: whole fits by their test results, a fit under way
    by its checkpoint. Features are looked up in ``store``; None takes the one in the cache folder.

    ``trust_code`` allows the import of code that the run's experiment names: the folder may be a stranger's.

    Raises
    ------
    RunError
        When another process is making it at this moment.
    ParameterError
        When its model names code that is not trusted.
    """
    run.require_mine()
    maker = _Maker(run, watch, should_stop, store)
    with trust.trusting_code(trust_code or trust.code_trusted()), maker.writer.ending():
        trust.require_trusted(run.experiment.model)
        try:
            maker.make()
        except MemoryError as error:
            raise AudioclfError(
                "The training needs more memory than a job may take; take a smaller model, feature or batch."
            ) from error
    return run


class _Maker:
    def __init__(
        self,
        run: Run,
        watch: Watcher | None,
        should_stop: Callable[[], bool] | None,
        store: FeatureStore | None = None,
    ) -> None:
        self.run = run
        self.store = store
        self.experiment = run.experiment
        self.writer = RunWriter(run, watch, should_stop)
        self.should_stop = self.writer.should_stop
        self._told = self._followed = 0.0

    def tell(self, **changes: Any) -> None:
        self._told = time.monotonic()
        self.writer.status(**changes)

    def make(self) -> None:
        begun = time.monotonic()
        earlier = self.writer.current.spent
        self.tell(state="running", stage="data", message="Reading the data set", fraction=0.0)
        require_cluster(self.run)
        self.experiment.model.obtain()
        for feature in dict.fromkeys(self.experiment.features):
            fetched = self._counted(f"Fetching what {feature.title} needs")
            feature.obtain(progress=fetched, should_stop=self.should_stop)
        dataset = self.experiment.dataset.load(progress=self._counted("Reading the data set"))
        dataset.require_trainable()
        self._require_same_clips(dataset)
        if not self.run.about.get("data_title"):
            self.run.describe(data_title=dataset.name)
        self.writer.clips(dataset)
        inputs = Inputs(self.experiment, dataset, store=self.store)
        fits = plan(inputs)
        inputs.compute(begin=self._begin_features, should_stop=self.should_stop)
        extracted = time.monotonic()
        self.tell(stage="training", message="Preparing the model", fraction=0.0, n_fits=len(fits))
        shapes, n_parameters = self._train(fits, inputs)
        self.tell(stage="testing", message="Testing", fraction=1.0)
        self.writer.signature(
            {
                "classes": list(dataset.classes),
                "duration": inputs.duration,
                "input_shapes": [list(shape) for shape in shapes],
                "n_parameters": n_parameters,
                "version": self.experiment.model.version,
                "fits": [
                    {"id": fit.id, "split": fit.split.name, "split_index": fit.split_index, "member": fit.member}
                    for fit in fits
                ],
            }
        )
        predictions = self._predictions(fits, inputs)
        on_groups = "" if self.experiment.leaky else group_remark(self.experiment.split, dataset)
        self.writer.predictions(predictions, len(dataset.classes))
        ended = time.monotonic()
        self.writer.metrics(
            summary(self.experiment, predictions, dataset)
            | {
                "fingerprint": dataset.fingerprint,
                "n_train": len(inputs.train_examples(fits[0].split)),
                "n_train_clips": len({inputs.clip_of(example) for example in fits[0].split.train}),
                "n_validation": len(fits[0].split.validation),
                "augmentation": inputs.augmentation,
                "n_parameters": sum(n_parameters),
                "remarks": list(
                    dict.fromkeys(
                        ([on_groups] if on_groups else [])
                        + [remark for fit in fits for remark in training.read_remarks(self.run.fit_folder(fit.id))]
                    )
                ),
                "temperatures": [
                    {"fit": fit.id, **temperature.to_dict()}
                    for fit in fits
                    if (temperature := training.Temperature.load(self.run.fit_folder(fit.id))) is not None
                ],
                # what was stopped or cut off was mostly training
                "seconds": round(earlier + ended - begun, 3),
                "seconds_features": round(extracted - begun, 3),
                "seconds_training": round(earlier + ended - extracted, 3),
            }
        )
        self.tell(state="done", message="Done", seconds_left=None)

    def _require_same_clips(self, dataset: Dataset) -> None:
        """Raise where models were trained, or tested, on other clips than there are now."""
        trained = any(self.run.folder.glob("models/*/*.npz"))
        if trained and not self.writer.has_clips_of(dataset):
            raise RunError(
                f"The data set of run '{self.run.name}' has changed since it began: its models were trained on other"
                " clips. Begin a new run, or put the clips back as they were."
            )

    def _begin_features(self, sentence: str) -> Callable[[int, int], None]:
        self.tell(stage="features", message=sentence, fraction=0.0)
        return self._counted(sentence)

    def _train(self, fits: Sequence[Fit], inputs: Inputs) -> tuple[list[tuple[int, ...]], list[int]]:
        folders = {fit.id: self.run.fit_folder(fit.id) for fit in fits}
        epochs = self.experiment.training.epochs if self.experiment.model.family == "network" else 1
        progress = Progress(self.run, self.writer, fits, epochs)
        with Fits(self.run, inputs, fits, progress, self.store) as work:
            while (fit := work.take()) is not None or work.away or work.waiting:
                if fit is not None:
                    self._report(work)
                    train_fit(
                        fit, inputs, folders[fit.id], should_stop=self.should_stop, poll=partial(self._follow, work)
                    )
                    work.end_here()
                elif self.should_stop():
                    raise Stopped(STOPPED)
                else:
                    self._follow(work)
                    time.sleep(0.05)
            work.check()
        self.writer.order_history(fits)
        first = {fit.member: fit for fit in reversed(fits)}
        results = [read_result(folders[first[member].id]) for member in sorted(first)]
        shapes = [
            result.shape or inputs.of_fit(first[member].split, member, folders[first[member].id]).shape
            for member, result in enumerate(results)
        ]
        return shapes, [result.n_parameters for result in results]

    def _follow(self, work: Fits, epoch_ended: bool = False) -> None:
        """Look at the fits that train, a few times a second."""
        now = time.monotonic()
        if epoch_ended or now - self._followed > 0.2:
            self._followed = now
            known = work.progress.fraction
            work.follow()
            if epoch_ended or work.progress.fraction > known or now - self._told > 1.0:
                self._report(work)

    def _report(self, work: Fits) -> None:
        running, progress = work.running, work.progress
        if not running:
            return
        epoch = progress.epoch_of(running[0])
        message = f"Epoch {epoch} of {progress.epochs}" if epoch else "Training"
        if len(running) > 1:
            message += f", {len(running)} models at a time"
        self.tell(
            fit=progress.number[running[0].id],
            epoch=epoch,
            epochs=progress.epochs,
            fraction=progress.fraction,
            seconds_left=progress.seconds_left(len(running)),
            message=message,
        )

    def _predictions(self, fits: Sequence[Fit], inputs: Inputs) -> list[Prediction]:
        answers: dict[int, list[tuple[int, Array]]] = {}
        for fit in fits:
            probabilities = read_result(self.run.fit_folder(fit.id)).probabilities
            answers.setdefault(fit.split_index, []).append((fit.member, probabilities))
        return [
            Prediction(
                inputs.clip_of(example),
                split.name,
                int(inputs.labels[example]),
                int(row.argmax()),
                tuple(map(float, row)),
            )
            for number, split in enumerate(inputs.splits)
            for example, row in zip(split.test, ensemble(self.experiment, answers[number]), strict=True)
        ]

    def _counted(self, sentence: str) -> Callable[[int, int], None]:
        def count(done: int, total: int) -> None:
            if self.should_stop():
                raise Stopped("Stopped.")
            if done >= total or time.monotonic() - self._told > 0.3:
                self.tell(message=sentence, fraction=done / max(total, 1))

        return count


def summary(experiment: Experiment, predictions: Sequence[Prediction], dataset: Dataset) -> dict[str, Any]:
    """Metrics over all tested clips, and per split, with the protocol in words."""
    names = list(dict.fromkeys(item.split for item in predictions))

    def measured(items: Sequence[Prediction]) -> dict[str, Any]:
        return evaluation.metrics(
            [item.true for item in items],
            np.array([item.probabilities for item in items]),
            dataset.classes,
            [dataset.clips[item.clip].group for item in items],
            [item.split for item in items],
        )

    metrics = measured(predictions)
    splits = []
    for name in names:
        of_split = measured([item for item in predictions if item.split == name])
        shown = ("accuracy", "interval", "interval_kind", "interval_over", "interval_n", "n")
        splits.append({"name": name, **{key: of_split[key] for key in shown}})
    accuracies = np.array([split["accuracy"] for split in splits])
    return metrics | {
        "n_test": len(predictions),
        "protocol": experiment.protocol_on(dataset),
        "leaky": experiment.leaky,
        "splits": splits,
        "accuracy_mean": float(accuracies.mean()),
        "accuracy_sd": float(accuracies.std(ddof=1)) if len(accuracies) > 1 else None,
    }
