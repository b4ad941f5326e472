"""The Optuna study of a search: which point comes next, which one is pruned, which parameter matters.

Trials lie in ``journal.jsonl``, lines of JSON that any number of processes append to. A trial's number is that of its
point less one. What is drawn follows from the seed, the trial's number and the trials before it alone, so a search
that was cut off goes on as if it had not been, and no state of a sampler is stored.

This module imports Optuna where it is used; pages read the folders of the points instead.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from audioclf.core.errors import ParameterError, RunError
from audioclf.core.locks import FileLock
from audioclf.tuning.config import Point, Search
from audioclf.tuning.values import Range

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

JOURNAL: Final = "journal.jsonl"

_NAME: Final = "search"
_PROPOSALS: Final = 16
"""So often the sampler is asked for a point that is new and can be made;"""
_DRAWS: Final = 10_000
"""then points are drawn at random."""


class Trial:
    """A point that this process works on, and nobody else.

    Attributes
    ----------
    number : int
        Of the point, from 1.
    point : Point
    """

    def __init__(self, study: Study, frozen: FrozenTrial, point: Point, lock: FileLock) -> None:
        from optuna.trial import Trial as OptunaTrial

        self.point = point
        self.number = point.number
        self._study = study
        self._trial = OptunaTrial(study, frozen._trial_id)
        self._reported = frozen.intermediate_values
        self._lock = lock

    def report(self, losses: Mapping[int, float], last: int) -> bool:
        """Report validation losses by epoch; returns whether the point is to be stopped for them.

        Parameters
        ----------
        losses : mapping of int to float
            All so far; those that are known already are passed over.
        last : int
            Epochs planned: the last of them is no reason to stop.
        """
        for epoch, loss in sorted(losses.items()):
            if epoch < last and epoch not in self._reported and math.isfinite(loss):
                self._trial.report(loss, epoch)
                self._reported[epoch] = loss
        return bool(self._reported) and max(losses, default=0) < last and self._trial.should_prune()

    def finish(self, value: float) -> None:
        """The point is done; the lower the value, the better."""
        self._study.tell(self._trial, value)

    def prune(self) -> None:
        """The point was stopped early."""
        from optuna.trial import TrialState

        self._study.tell(self._trial, state=TrialState.PRUNED)

    def release(self) -> None:
        """Let others have it: it is finished, or somebody goes on with it later."""
        self._lock.release()


class SharedStudy:
    """The trials of a search, shared by all processes that work on it.

    Parameters
    ----------
    search : Search
    folder : Path
        Of the search.

    Raises
    ------
    RunError
        When the journal is damaged, or of another search.
    """

    def __init__(self, search: Search, folder: Path) -> None:
        self.search = search
        self.folder = folder
        self._space = _space(search)
        self._values = {
            name: {_text(value): value for value in given}
            for name, given in search.grid.items()
            if not isinstance(given, Range)
        }
        self._turn = FileLock(folder / "locks" / "next")
        self._order = in_order(search) if search.sampler == "grid" else []
        path = folder / JOURNAL
        if not path.is_file() and search.sampler != "grid" and any(folder.glob("points/*/experiment.toml")):
            raise RunError(
                f"The search has points but no {JOURNAL} to go on with (an earlier version made it, or the"
                " file was deleted); begin a new search with its search.toml."
            )
        try:
            self._study = _open(search, path)
            self.trials  # noqa: B018
        except Exception as error:  # whatever a line that Optuna did not write makes of it
            raise RunError(
                f"{JOURNAL} of search '{folder.name}' cannot be read ({_sentence(error)}): it is damaged or not of this"
                " search; begin a new search with its search.toml."
            ) from error

    @property
    def trials(self) -> list[FrozenTrial]:
        """All trials so far, each of which the search could have made.

        Raises
        ------
        ValueError
        """
        from optuna.trial import create_trial

        found = self._study.get_trials(deepcopy=False)
        if len(found) > self.search.count:
            raise ValueError(f"{len(found)} trials where {self.search.count} are tried")
        trials = []
        for number, trial in enumerate(found):
            if trial.distributions != self._space or trial.number != number:
                raise ValueError(f"trial {number} varies something else")
            if not all(isinstance(value, float) for value in trial.system_attrs.values()):
                raise ValueError(f"trial {number} has attributes of another program")  # Hyperband's are losses
            # made anew, so that only what is looked at here is used
            made = create_trial(
                state=trial.state,
                value=trial.value,
                params={name: trial.params[name] for name in self._space},
                distributions=self._space,
                intermediate_values={int(step): float(loss) for step, loss in trial.intermediate_values.items()},
            )
            made._trial_id = trial._trial_id
            self.settings(made.params)
            trials.append(made)
        return trials

    def settings(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """What a point sets, from a trial's parameters."""
        found = {}
        for name, given in self.search.grid.items():
            if isinstance(given, Range):
                number = self.search.variables[name].number
                assert number is not None
                found[name] = given.rounded(params[name], number)
            else:
                found[name] = self._values[name][params[name]]
        return found

    def take(self, *, skip: set[int]) -> Trial | None:
        """A point to work on: one that was begun and that nobody works on any more, else a new one.

        Parameters
        ----------
        skip : set of int
            Numbers of points that are not taken again.

        Returns
        -------
        Trial or None
            None where all points are finished, or others work on them.
        """
        with self._turn:
            trials = self.trials
            for number, trial in enumerate(trials, start=1):
                if not trial.state.is_finished() and self._number(number) not in skip:
                    lock = self._lock(self._number(number))
                    if lock.try_acquire():
                        return self._taken(trial, number, lock)
            if len(trials) >= self.search.count:
                return None
            self._add(trials)
            number = len(trials) + 1
            lock = self._lock(self._number(number))
            lock.acquire()
            return self._taken(self.trials[-1], number, lock)

    @property
    def open(self) -> set[int]:
        """Numbers of the points that have begun and are not finished."""
        return {
            self._number(number) for number, trial in enumerate(self.trials, start=1) if not trial.state.is_finished()
        }

    @property
    def finished(self) -> set[int]:
        """Numbers of the points that are done or pruned."""
        return {self._number(number) for number, trial in enumerate(self.trials, start=1) if trial.state.is_finished()}

    def importances(self) -> dict[str, float]:
        """How much of the variance of the results each parameter explains (fANOVA); empty while that is unknown.

        Source: Hutter, Hoos and Leyton-Brown, "An Efficient Approach for Assessing Hyperparameter Importance",
        ICML 2014.
        """
        import optuna
        from optuna.trial import TrialState

        done = [trial for trial in self.trials if trial.state == TrialState.COMPLETE]
        if len(done) < 2 or sum(not distribution.single() for distribution in self._space.values()) < 2:
            return {}
        study = optuna.create_study()
        study.add_trials(done)
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=self.search.seed)
        try:
            found = optuna.importance.get_param_importances(study, evaluator=evaluator)
        except RuntimeError:  # so few points that no tree of the forest separates two
            return {}
        shares = {name: float(found.get(name, 0.0)) for name in self.search.grid}
        return shares if all(map(math.isfinite, shares.values())) else {}

    def _number(self, number: int) -> int:
        """Number of the point of the n-th trial, from 1."""
        return self._order[number - 1] if self._order else number

    def _lock(self, number: int) -> FileLock:
        return FileLock(self.folder / "locks" / f"{number:02d}")

    def _taken(self, trial: FrozenTrial, number: int, lock: FileLock) -> Trial:
        point = self.search.point(self._number(number), self.settings(trial.params))
        return Trial(self._study, trial, point, lock)

    def _add(self, trials: list[FrozenTrial]) -> None:
        """Add the next trial, with all its parameters in one line of the journal."""
        from optuna.trial import TrialState, create_trial

        if self.search.sampler == "grid":
            point = self.search.preview[self._number(len(trials) + 1) - 1]
            params = {name: _text(value) for name, value in point.settings.items()}
        else:
            params = self._proposed(trials)
        self._study.add_trial(create_trial(state=TrialState.RUNNING, params=params, distributions=self._space))

    def _proposed(self, trials: list[FrozenTrial]) -> dict[str, Any]:
        """Parameters of a point that is new and can be made."""
        import numpy as np
        import optuna
        from optuna.samplers import RandomSampler, TPESampler

        seed = int(np.random.SeedSequence((self.search.seed, len(trials))).generate_state(1)[0])
        startup = max(3, min(10, self.search.count // 3))
        tpe = TPESampler(seed=seed, n_startup_trials=startup)
        drawn = RandomSampler(seed=seed)
        asked = optuna.create_study(
            study_name=_NAME, sampler=tpe if self.search.sampler == "tpe" else drawn, pruner=_pruner(self.search)
        )
        asked.add_trials(trials)
        before = [self.settings(trial.params) for trial in trials]
        refusal = ""
        for proposal in range(_PROPOSALS + _DRAWS):
            if proposal == _PROPOSALS:
                asked = optuna.create_study(sampler=drawn)
            params = asked.ask(self._space).params
            settings = self.settings(params)
            if settings in before:
                continue
            try:
                self.search.point(len(trials) + 1, settings)
            except ParameterError as error:
                refusal = f" ({error})"
                continue
            return params
        raise ParameterError(
            f"Only {len(trials)} different points could be drawn, and {self.search.count} are to be tried{refusal};"
            " take fewer points, or give more values."
        )


def in_order(search: Search) -> list[int]:
    """Numbers of a grid's points so that those with equal features follow each other and share them in memory."""
    first: dict[str, int] = {}
    keys = {}
    for point in search.preview:
        key = repr((point.experiment.audio, point.experiment.features))
        keys[point.number] = first.setdefault(key, point.number)
    return sorted(keys, key=lambda number: (keys[number], number))


def _open(search: Search, path: Path) -> Study:
    import optuna
    from optuna.storages.journal import JournalFileBackend, JournalStorage

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    lock = FileLock(path.parent / "locks" / "journal")  # Optuna's own outlive a process that was killed
    with lock:
        _drop_torn_line(path)
    storage = JournalStorage(JournalFileBackend(str(path), lock_obj=cast(Any, lock)))
    names = optuna.get_all_study_names(storage)
    if names not in ([], [_NAME]):
        raise ValueError(f"it holds {', '.join(map(repr, names))}")
    return optuna.create_study(
        storage=storage, study_name=_NAME, pruner=_pruner(search), direction="minimize", load_if_exists=True
    )


def _drop_torn_line(path: Path) -> None:
    """Cut off a last line that the end of its process, or a full disk, left unfinished."""
    if path.is_file() and (content := path.read_bytes()) and not content.endswith(b"\n"):
        with path.open("r+b") as file:
            file.truncate(content.rfind(b"\n") + 1)


def _pruner(search: Search) -> Any:
    from optuna.pruners import HyperbandPruner, MedianPruner, NopPruner

    epochs = max(point.experiment.training.epochs for point in search.preview)
    if search.pruner == "median":
        return MedianPruner(n_startup_trials=max(2, min(5, search.count // 2)), n_warmup_steps=epochs // 5)
    if search.pruner == "hyperband":
        return HyperbandPruner(min_resource=1, max_resource=epochs, reduction_factor=3)
    return NopPruner()


def _space(search: Search) -> dict[str, BaseDistribution]:
    """Optuna's distributions, by name in alphabetical order, since TOML writes ranges behind lists."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    space: dict[str, BaseDistribution] = {}
    for name, given in sorted(search.grid.items()):
        if not isinstance(given, Range):
            space[name] = CategoricalDistribution([_text(value) for value in given])
        elif search.variables[name].number is int:
            space[name] = IntDistribution(math.ceil(given.low), math.floor(given.high), log=given.log)
        else:
            space[name] = FloatDistribution(given.low, given.high, log=given.log)
    return space


def _text(value: Any) -> str:
    """A listed value as one that Optuna keeps, whatever it is."""
    return json.dumps(value, default=str)


def _sentence(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:120]}" if text else type(error).__name__
