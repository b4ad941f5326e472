"""Make a run out of an experiment: plan the fits, train one model for each, test, measure."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from audioclf import training
from audioclf.core import limits
from audioclf.core.errors import AudioclfError, RunError, Stopped
from audioclf.datasets import Dataset
from audioclf.experiments.config import Experiment
from audioclf.experiments.fit import Fit, is_done, plan, read_result, train_fit
from audioclf.experiments.parallel import Board, Crew
from audioclf.experiments.preprocessing import Inputs
from audioclf.experiments.runs import STOPPED, Prediction, Run, RunWriter, Watcher, create_run
from audioclf.experiments.transform import ensemble
from audioclf.features.base import Array
from audioclf.features.cache import FeatureStore
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
        Told the run's :class:`~audioclf.experiments.runs.Status` whenever it changes.
    should_stop : callable, optional
        Looked at every batch; when it says yes, the run stops and can be resumed.

    Returns
    -------
    Run

    Raises
    ------
    AudioclfError
        For anything the user can mend; :class:`~audioclf.core.errors.Stopped` after a stop.
    """
    run = create_run(experiment, Path(folder), name=name, begun=True)
    return execute(run, watch=watch, should_stop=should_stop)


def execute(
    run: Run,
    *,
    watch: Watcher | None = None,
    should_stop: Callable[[], bool] | None = None,
    store: FeatureStore | None = None,
) -> Run:
    """Make, or go on making, a run whose folder exists.

    What an earlier process finished is kept: whole fits by their test results, a fit under way
    by its checkpoint. Features are looked up in ``store``; None takes the one in the cache folder.

    Raises
    ------
    RunError
        When another process is making it at this moment.
    """
    run.require_mine()
    maker = _Maker(run, watch, should_stop, store)
    with maker.writer.ending():
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
        self._told = 0.0

    def tell(self, **changes: Any) -> None:
        self._told = time.monotonic()
        self.writer.status(**changes)

    def make(self) -> None:
        begun = time.monotonic()
        earlier = self.writer.current.spent
        self.tell(state="running", stage="data", message="Reading the data set", fraction=0.0)
        self.experiment.model.obtain()
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
        self.writer.predictions(predictions, len(dataset.classes))
        ended = time.monotonic()
        self.writer.metrics(
            summary(self.experiment, predictions, dataset.classes)
            | {
                "fingerprint": dataset.fingerprint,
                "n_train": len(inputs.train_examples(fits[0].split)),
                "n_train_clips": len({inputs.clip_of(example) for example in fits[0].split.train}),
                "n_validation": len(fits[0].split.validation),
                "augmentation": inputs.augmentation,
                "n_parameters": sum(n_parameters),
                "remarks": list(
                    dict.fromkeys(said for fit in fits for said in training.read_remarks(self.run.fit_folder(fit.id)))
                ),
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
        completed = {fit.id: training.completed_epochs(folders[fit.id]) for fit in fits}
        board = Board(fits, completed, {fit.id for fit in fits if is_done(folders[fit.id])}, epochs)
        helped = limits.fit_processes() > 1 and not self.experiment.model.only_here
        if len(board.waiting) > 1 and epochs > 1 and helped:
            limits.one_thread()
        with Crew(self.run, inputs, board, self.store, self._begin_fit, self._write_epoch) as crew:
            while True:
                fit = crew.next()
                if fit is not None:
                    self._train_one(fit, crew, inputs)
                elif crew.working:
                    self._wait(crew)
                else:
                    break
            crew.check()
        self.writer.order_history(fits)
        first = {fit.member: fit for fit in reversed(fits)}
        results = [read_result(folders[first[member].id]) for member in sorted(first)]
        shapes = [
            result.shape or inputs.of_fit(first[member].split, member, folders[first[member].id]).shape
            for member, result in enumerate(results)
        ]
        return shapes, [result.n_parameters for result in results]

    def _train_one(self, fit: Fit, crew: Crew, inputs: Inputs) -> None:
        board = crew.board

        def on_epoch(epoch: training.Epoch) -> None:
            crew.told(fit, epoch)
            crew.grow()
            self._tell_progress(crew, fit, epoch.epoch)

        def on_batch(share: float) -> None:
            crew.check()
            board.share(fit, share)
            if time.monotonic() - self._told > 1.0:
                self._tell_progress(crew, fit, self.writer.current.epoch)

        self._tell_progress(crew, fit, training.completed_epochs(self.run.fit_folder(fit.id)))
        train_fit(
            fit,
            inputs,
            self.run.fit_folder(fit.id),
            on_epoch=on_epoch,
            on_batch=on_batch,
            should_stop=self.should_stop,
        )
        board.end(fit)

    def _wait(self, crew: Crew) -> None:
        """Follow the helpers for a moment."""
        if self.should_stop():
            raise Stopped(STOPPED)
        crew.check()
        if time.monotonic() - self._told > 1.0:
            followed = next(iter(list(crew.board.running.values())), None)
            if followed is not None:
                done = round(crew.board.share_of(followed) * crew.board.epochs)
                self._tell_progress(crew, followed, done)
        time.sleep(0.05)

    def _tell_progress(self, crew: Crew, fit: Fit, epoch: int) -> None:
        board = crew.board
        message = f"Epoch {epoch} of {board.epochs}" if epoch else "Training"
        if len(board.running) > 1:
            message += f", {len(board.running)} models at a time"
        self.tell(
            fit=board.number[fit.id],
            epoch=epoch,
            epochs=board.epochs,
            fraction=board.fraction,
            seconds_left=board.seconds_left,
            message=message,
        )

    def _begin_fit(self, fit: Fit) -> None:
        self.writer.cut_history(fit, training.completed_epochs(self.run.fit_folder(fit.id)))

    def _write_epoch(self, fit: Fit, epoch: training.Epoch) -> None:
        self.writer.epoch(fit, epoch)

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


def summary(experiment: Experiment, predictions: Sequence[Prediction], classes: Sequence[str]) -> dict[str, Any]:
    """Metrics over all tested clips, and per split, with the protocol in words."""
    names = list(dict.fromkeys(item.split for item in predictions))

    def measured(items: Sequence[Prediction]) -> dict[str, Any]:
        return evaluation.metrics(
            [item.true for item in items], np.array([item.probabilities for item in items]), classes
        )

    metrics = measured(predictions)
    splits = []
    for name in names:
        of_split = measured([item for item in predictions if item.split == name])
        splits.append(
            {"name": name, "accuracy": of_split["accuracy"], "interval": of_split["interval"], "n": of_split["n"]}
        )
    accuracies = np.array([split["accuracy"] for split in splits])
    return metrics | {
        "n_test": len(predictions),
        "protocol": experiment.protocol,
        "leaky": experiment.leaky,
        "splits": splits,
        "accuracy_mean": float(accuracies.mean()),
        "accuracy_sd": float(accuracies.std(ddof=1)) if len(accuracies) > 1 else None,
    }
