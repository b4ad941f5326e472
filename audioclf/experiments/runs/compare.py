"""Several runs side by side: their figures, and only the settings in which they differ."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audioclf.core.errors import AudioclfError
from audioclf.core.params import Parameters
from audioclf.experiments.config import Experiment
from audioclf.experiments.runs.reader import Run, list_runs
from audioclf.training import epochs_of
from audioclf.training.history import kept_epoch
from audioclf.training.intervals import interval_words


@dataclass(frozen=True)
class Summary:
    """What one line of a table shows of a run; None where the run does not hold it (yet).

    Attributes
    ----------
    id, name, note : str
    created : float
        Unix time.
    state : str
        See :class:`~audioclf.experiments.runs.Status`.
    data, model : str
        Last section of the data set's name, and the model's title.
    fingerprint : str
        Of the clips the run was made of; empty where it is not known yet.
    features : tuple of str
        Titles of the features.
    accuracy, low, high : float or None
        Over all tested clips, with its 95 % interval.
    interval : str
        How the interval was made, such as ``"Student's t over 6 groups"``; empty where that is not known.
    accuracy_mean, accuracy_sd : float or None
        Over the splits; the deviation only where there are several.
    n_splits, n_test : int or None
    val_loss : float or None
        Validation loss of the epochs whose weights were kept, mean over the models.
    calibration_error, calibration_chance : float or None
        Expected calibration error, and what a perfectly calibrated model stays below in 95 of 100 cases:
        :class:`~audioclf.training.reliability.Reliability`.
    temperatures : tuple of float
        Of each of its models; empty for runs of earlier versions.
    n_parameters : int or None
        0 for a classical model.
    seconds : float or None
        Wall time of the whole run.
    protocol : str
        How it was tested, in words.
    leaky : bool
        Whether test clips were known to the training.
    remarks : tuple of str
        What belongs beside the figures, one sentence each.
    settings : mapping
        Every setting of the experiment by its dotted name; empty where it cannot be read.
    """

    id: str
    name: str
    note: str
    created: float
    state: str
    data: str = ""
    model: str = ""
    fingerprint: str = ""
    features: tuple[str, ...] = ()
    accuracy: float | None = None
    low: float | None = None
    high: float | None = None
    interval: str = ""
    accuracy_mean: float | None = None
    accuracy_sd: float | None = None
    n_splits: int | None = None
    n_test: int | None = None
    val_loss: float | None = None
    calibration_error: float | None = None
    calibration_chance: float | None = None
    temperatures: tuple[float, ...] = ()
    n_parameters: int | None = None
    seconds: float | None = None
    protocol: str = ""
    leaky: bool = False
    remarks: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """Several runs, and what was set differently.

    Attributes
    ----------
    runs : tuple of Summary
    differences : dict of str to tuple
        Settings that are not the same in all runs by their dotted name, with one value per run; None where a run
        has no such setting, or leaves it to be found out.
    """

    runs: tuple[Summary, ...]
    differences: dict[str, tuple[Any, ...]]

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        runs = [
            {key: value for key, value in dataclasses.asdict(run).items() if key != "settings"} for run in self.runs
        ]
        return {"runs": runs, "differences": {name: list(values) for name, values in self.differences.items()}}


def compare_runs(folders: str | Path | Iterable[str | Path | Run]) -> Comparison:
    """Compare runs: finished, failed or under way.

    Parameters
    ----------
    folders : path, or iterable of path or Run
        Folders of runs, or one folder that holds runs: then all of it, the newest first.

    Returns
    -------
    Comparison

    Raises
    ------
    RunError
        When a folder is no run.
    """
    if isinstance(folders, str | Path):
        runs = list_runs(folders)
    else:
        runs = [item if isinstance(item, Run) else Run(Path(item)) for item in folders]
    return side_by_side([summarise(run) for run in runs])


def side_by_side(summaries: Sequence[Summary]) -> Comparison:
    """The comparison of runs that have been read."""
    return Comparison(tuple(summaries), differing([summary.settings for summary in summaries]))


def summarise(run: Run) -> Summary:
    """Read what a table shows of a run; what is missing or damaged is left out, so that every run has its line."""
    about, status = run.about, run.status
    found: dict[str, Any] = {}
    remarks = [status.message] if status.state == "failed" and status.message else []
    with contextlib.suppress(AudioclfError):  # made by another version; its name and state are still worth a line
        experiment = run.experiment
        found |= {
            "data": str(about.get("data_title", ""))
            or experiment.dataset.name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1],
            "model": experiment.model.title,
            "features": tuple(feature.title for feature in experiment.features),
            "protocol": experiment.protocol,
            "leaky": experiment.leaky,
            "settings": settings(experiment),
            "val_loss": _val_loss(run, experiment),
        }
    if run.has_metrics:
        with contextlib.suppress(AudioclfError):
            measured, found_remarks = _measured(run.metrics)
            found |= measured
            remarks += found_remarks
    return Summary(
        id=run.id,
        name=str(about["name"]),
        note=str(about["note"]),
        created=float(about["created"]),
        state=status.state,
        remarks=tuple(remarks),
        **found,
    )


def _measured(metrics: Any) -> tuple[dict[str, Any], list[str]]:
    """Figures of metrics.json, as far as it has them."""
    if not isinstance(metrics, Mapping):
        return {}, []
    names = ("accuracy", "accuracy_mean", "accuracy_sd", "n_test", "n_parameters", "seconds")
    found: dict[str, Any] = {name: metrics[name] for name in names if _is_number(metrics.get(name))}
    interval = metrics.get("interval")
    if isinstance(interval, list) and len(interval) == 2 and all(map(_is_number, interval)):
        found["low"], found["high"] = interval
        found["interval"] = interval_words(metrics)
    calibration = metrics.get("calibration")
    if isinstance(calibration, Mapping):
        figures = {f"calibration_{name}": calibration.get(name) for name in ("error", "chance")}
        found |= {name: value for name, value in figures.items() if _is_number(value)}
    with contextlib.suppress(AttributeError, TypeError):
        values = [one.get("temperature") for one in metrics.get("temperatures", ())]
        found["temperatures"] = tuple(value for value in values if _is_number(value))
    if isinstance(metrics.get("splits"), list):
        found["n_splits"] = len(metrics["splits"])
    for name in ("protocol", "fingerprint"):
        if isinstance(metrics.get(name), str):
            found[name] = metrics[name]
    if isinstance(metrics.get("leaky"), bool):
        found["leaky"] = metrics["leaky"]
    remarks = metrics.get("remarks")
    return found, [str(remark) for remark in remarks] if isinstance(remarks, list) else []


def _val_loss(run: Run, experiment: Experiment) -> float | None:
    losses = []
    for rows in epochs_of(run.history).values():
        kept = kept_epoch(rows, experiment.training)
        losses += [row.val_loss for row in rows if row.epoch == kept and math.isfinite(row.val_loss)]
    return sum(losses) / len(losses) if losses else None


def settings(experiment: Experiment) -> dict[str, Any]:
    """Every setting by the name that ``--set`` takes, such as ``training.epochs`` and ``features.0.n_mels``."""
    flat: dict[str, Any] = {}
    for section in dataclasses.fields(experiment):
        if section.name not in ("name", "note"):
            _flatten(section.name, getattr(experiment, section.name), flat)
    return flat


def _flatten(name: str, value: Any, flat: dict[str, Any]) -> None:
    if isinstance(value, Parameters):
        if value.kind:
            flat[f"{name}.kind"] = value.kind
        for item in dataclasses.fields(value):
            _flatten(f"{name}.{item.name}", getattr(value, item.name), flat)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            _flatten(f"{name}.{key}", inner, flat)
    elif isinstance(value, tuple) and value and isinstance(value[0], Parameters):
        for number, inner in enumerate(value):
            _flatten(f"{name}.{number}", inner, flat)
    else:
        flat[name] = list(value) if isinstance(value, tuple) else value


def differing(all_settings: Sequence[Mapping[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """Settings that are not the same in all runs, with one value per run.

    Where two runs have a section of different kinds (a tree and a CNN), the kind is named and not every setting that
    only one of them knows; what cannot be read differs in nothing.
    """
    readable = [known for known in all_settings if known]
    found: dict[str, tuple[Any, ...]] = {}
    for name in dict.fromkeys(name for known in readable for name in known):
        values = [known[name] for known in readable if name in known]
        only_some = len(values) < len(readable) and (name.endswith(".kind") or name.startswith("dataset."))
        if only_some or any(value != values[0] for value in values):
            found[name] = tuple(known.get(name) for known in all_settings)
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
