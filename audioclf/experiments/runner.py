"""Make a run out of an experiment: plan the parts, train one model for each, test, measure."""

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
from audioclf.datasets.splits import Split
from audioclf.experiments.config import Experiment
from audioclf.experiments.fit import Part, is_done, plan, read_result, train_part
from audioclf.experiments.parallel import Board, Crew
from audioclf.experiments.preprocessing import Inputs
from audioclf.experiments.runs import STOPPED, Prediction, Run, RunWriter, Watcher, create_run
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

    What an earlier process finished is kept: whole parts by their test results, a part under way
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
        parts = plan(inputs)
        inputs.compute(begin=self._begin_features, should_stop=self.should_stop)
        extracted = time.monotonic()
        self.tell(stage="training", message="Preparing the model", fraction=0.0, n_parts=len(parts))
        shapes, n_parameters = self._train(parts, inputs)
        self.tell(stage="testing", message="Testing", fraction=1.0)
        self.writer.signature(
            {
                "classes": list(dataset.classes),
                "duration": inputs.duration,
                "input_shapes": [list(shape) for shape in shapes],
                "n_parameters": n_parameters,
                "version": self.experiment.model.version,
                "parts": [{"id": part.id, "split": part.split.name, "member": part.member} for part in parts],
            }
        )
        predictions = self._predictions(parts, inputs)
        self.writer.predictions(predictions, len(dataset.classes))
        ended = time.monotonic()
        self.writer.metrics(
            summary(self.experiment, predictions, dataset.classes)
            | {
                "fingerprint": dataset.fingerprint,
                "n_train": len(inputs.train_examples(parts[0].split)),
                "n_train_clips": len({inputs.clip_of(example) for example in parts[0].split.train}),
                "n_validation": len(parts[0].split.validation),
                "augmentation": inputs.augmentation,
                "n_parameters": sum(n_parameters),
                "remarks": list(
                    dict.fromkeys(
                        said for part in parts for said in training.read_remarks(self.run.part_folder(part.id))
                    )
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

    def _train(self, parts: Sequence[Part], inputs: Inputs) -> tuple[list[tuple[int, ...]], list[int]]:
        folders = {part.id: self.run.part_folder(part.id) for part in parts}
        epochs = self.experiment.training.epochs if self.experiment.model.family == "network" else 1
        completed = {part.id: training.completed_epochs(folders[part.id]) for part in parts}
        board = Board(parts, completed, {part.id for part in parts if is_done(folders[part.id])}, epochs)
        helped = limits.part_processes() > 1 and not self.experiment.model.only_here
        if len(board.waiting) > 1 and epochs > 1 and helped:
            limits.one_thread()
        with Crew(self.run, inputs, board, self.store, self._begin_part, self._write_epoch) as crew:
            while True:
                part = crew.next()
                if part is not None:
                    self._train_one(part, crew, inputs)
                elif crew.working:
                    self._wait(crew)
                else:
                    break
            crew.check()
        self.writer.order_history([part.id for part in parts])
        first = {part.member: part for part in reversed(parts)}
        results = [read_result(folders[first[member].id]) for member in sorted(first)]
        shapes = [
            result.shape or inputs.part(first[member].split, member, folders[first[member].id]).shape
            for member, result in enumerate(results)
        ]
        return shapes, [result.n_parameters for result in results]

    def _train_one(self, part: Part, crew: Crew, inputs: Inputs) -> None:
        board = crew.board

        def on_epoch(epoch: training.Epoch) -> None:
            crew.told(part, epoch)
            crew.grow()
            self._tell_progress(crew, part, epoch.epoch)

        def on_batch(share: float) -> None:
            crew.check()
            board.share(part, share)
            if time.monotonic() - self._told > 1.0:
                self._tell_progress(crew, part, self.writer.current.epoch)

        self._tell_progress(crew, part, training.completed_epochs(self.run.part_folder(part.id)))
        train_part(
            part,
            inputs,
            self.run.part_folder(part.id),
            on_epoch=on_epoch,
            on_batch=on_batch,
            should_stop=self.should_stop,
        )
        board.end(part)

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

    def _tell_progress(self, crew: Crew, part: Part, epoch: int) -> None:
        board = crew.board
        message = f"Epoch {epoch} of {board.epochs}" if epoch else "Training"
        if len(board.running) > 1:
            message += f", {len(board.running)} models at a time"
        self.tell(
            part=board.number[part.id],
            epoch=epoch,
            epochs=board.epochs,
            fraction=board.fraction,
            seconds_left=board.seconds_left,
            message=message,
        )

    def _begin_part(self, part: Part) -> None:
        self.writer.cut_history(part.id, training.completed_epochs(self.run.part_folder(part.id)))

    def _write_epoch(self, part: Part, epoch: training.Epoch) -> None:
        self.writer.epoch(part.id, epoch)

    def _predictions(self, parts: Sequence[Part], inputs: Inputs) -> list[Prediction]:
        weights = self.experiment.weights or (1.0,) * len(self.experiment.members)
        summed: dict[int, Array] = {}
        splits: dict[int, Split] = {}
        for part in parts:
            result = read_result(self.run.part_folder(part.id))
            probabilities = result.probabilities * (weights[part.member] / sum(weights))
            key = int(part.id[1:].split("-")[0])
            summed[key] = summed[key] + probabilities if key in summed else probabilities
            splits[key] = part.split
        return [
            Prediction(
                inputs.clip_of(example),
                splits[key].name,
                int(inputs.labels[example]),
                int(row.argmax()),
                tuple(map(float, row)),
            )
            for key in summed
            for example, row in zip(splits[key].test, summed[key], strict=True)
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
        part = measured([item for item in predictions if item.split == name])
        splits.append({"name": name, "accuracy": part["accuracy"], "interval": part["interval"], "n": part["n"]})
    accuracies = np.array([split["accuracy"] for split in splits])
    return metrics | {
        "n_test": len(predictions),
        "protocol": experiment.protocol,
        "leaky": experiment.leaky,
        "splits": splits,
        "accuracy_mean": float(accuracies.mean()),
        "accuracy_sd": float(accuracies.std(ddof=1)) if len(accuracies) > 1 else None,
    }
