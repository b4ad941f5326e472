"""Test a run's explanations on many clips: which method is its default, and what each is worth on the test clips."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from audioclf.core.errors import AudioclfError, RunError, Stopped
from audioclf.datasets import Dataset
from audioclf.datasets.catalog.planted import true_box
from audioclf.experiments.runs import Prediction, Run, write_json
from audioclf.experiments.runs.files import read_json
from audioclf.explain import METHODS
from audioclf.explain.faithfulness import area
from audioclf.explain.pointing import iou, points_into, truth_of
from audioclf.inference.evidence import CHOICE, FOLDER, Explanation, default_method, methods_for
from audioclf.inference.predictor import Predictor
from audioclf.inference.sound_cache import SoundCache

CHOICE_CLIPS = 40
CHOICE_SECONDS = 60.0
CHECKED = 10
"""Clips whose weights are randomised and whose map is compared with other methods'."""

SIGNIFICANT = 0.01
"""Below this a difference counts."""

_SAVE_SECONDS = 3.0

Report = Callable[[int, int], None]


def choice_clips(run: Run, n: int = CHOICE_CLIPS) -> tuple[list[tuple[int, str]], str]:
    """Clips on which the default method is chosen, none of them a test clip of the models that are asked.

    Returns
    -------
    clips : list of (int, str)
        Number of the clip, and the split whose models are asked.
    kind : str
        ``"validation"``, or ``"training"`` where the run has no validation clips.
    """
    names = list(dict.fromkeys(str(fit["split"]) for fit in run.signature["fits"]))
    try:
        splits = run.experiment.split.splits(Dataset("", run.clips))
    except AudioclfError:
        splits = ()
    found = [(clip, split.name) for split in splits if split.name in names for clip in split.validation]
    kind = "validation"
    if not found or run.experiment.copies.before_split:
        kind = "training"
        tested = {(item.clip, item.split) for item in run.predictions}
        found = [(clip, name) for name in names for clip in range(len(run.clips)) if (clip, name) not in tested]
    order = np.random.default_rng(0).permutation(len(found))[:n]
    return [found[number] for number in order], kind


def choose_method(
    run: Run,
    *,
    n: int = CHOICE_CLIPS,
    seconds: float = CHOICE_SECONDS,
    report: Report | None = None,
    should_stop: Callable[[], bool] | None = None,
    predictor: Predictor | None = None,
) -> dict[str, Any]:
    """Find the method that wins the deletion test on a run's validation clips, and keep it with the run.

    A method's score is how far the class falls below what random places and the loudest leave of it, whichever is less,
    when the marked tenth is removed; the mean over the clips decides.

    Parameters
    ----------
    n : int
        Clips at most.
    seconds : float
        After this time the clips that are tested decide.
    predictor : Predictor, optional
        Of the run, where it is loaded already.

    Returns
    -------
    dict
        ``method``, ``n_clips``, ``clips`` (what they are) and ``scores`` by method.

    Raises
    ------
    RunError
        When the run has no clips, or none of its sounds can be read.
    Stopped
    """
    kinds = [method.kind for method in methods_for(run)]
    clips, kind = choice_clips(run, n)
    predictor = predictor or Predictor(run, SoundCache())
    rows: list[list[float]] = []
    begun = time.monotonic()
    for done, (clip, split) in enumerate(clips):
        if time.monotonic() - begun > seconds:
            break
        row = []
        try:
            for name in kinds:
                if should_stop is not None and should_stop():
                    raise Stopped("The test of the explanations was stopped.")
                row.append(_score(predictor.explain(run.clips[clip], split=split, method=name, judge=True)))
            rows.append(row)
        except Stopped:
            raise
        except AudioclfError:  # a sound that is gone
            pass
        if report is not None:
            report(done + 1, len(clips))
    if not rows:
        raise RunError(f"The sounds of run '{run.name}' cannot be read any more, so its explanations cannot be tested.")
    means = dict(zip(kinds, np.mean(rows, axis=0).tolist(), strict=True))
    choice = {
        "method": max(kinds, key=lambda name: means[name]),
        "clips": kind,
        "n_clips": len(rows),
        "scores": means,
    }
    (run.folder / FOLDER).mkdir(exist_ok=True)
    write_json(run.folder / FOLDER / CHOICE, choice)
    return choice


def _score(found: Explanation) -> float:
    verdict = found.verdict
    return 0.0 if verdict is None else min(verdict.random, verdict.loudest) - verdict.marked


def assess_method(
    run: Run,
    method: str,
    *,
    n: int | None = None,
    report: Report | None = None,
    should_stop: Callable[[], bool] | None = None,
    predictor: Predictor | None = None,
) -> dict[str, Any]:
    """Explain a run's test clips by one method, judge every map, and keep what was found with the run.

    What an earlier call found is kept, so a test that was stopped goes on where it was.

    Parameters
    ----------
    n : int, optional
        Clips at most, drawn at random; all where left out.
    predictor : Predictor, optional
        Of the run, where it is loaded already.

    Returns
    -------
    dict
        ``method``, ``clips`` (one entry each) and ``summary``, see :func:`summarise`.

    Raises
    ------
    AudioclfError
        When the method does not suit the run, or none of its sounds can be read; ``Stopped`` when asked to.
    """
    path = results_path(run, method)
    path.parent.mkdir(exist_ok=True)
    known = {(row["clip"], row["split"]): row for row in read_results(run, method).get("clips", [])}
    items = {(item.clip, item.split): item for item in run.predictions}
    names = list(items)
    keys = [names[number] for number in np.random.default_rng(0).permutation(len(items))[:n]]
    predictor = predictor or Predictor(run, SoundCache())
    gone: AudioclfError | None = None
    saved = time.monotonic()
    for done, key in enumerate(keys):
        stopped = should_stop is not None and should_stop()
        if stopped or time.monotonic() - saved > _SAVE_SECONDS:
            write_json(path, {"method": method, "clips": list(known.values())})
            saved = time.monotonic()
        if stopped:
            raise Stopped("The test of the explanations was stopped.")
        if key not in known:
            try:
                known[key] = _assessed(predictor, items[key], method, checks=done < CHECKED)
            except AudioclfError as error:
                gone = error
        if report is not None:
            report(done + 1, len(keys))
    rows = [known[key] for key in keys if key in known]
    if not rows:
        raise gone or RunError(f"Run '{run.name}' has no test clips.")
    found = {"method": method, "clips": rows, "summary": summarise(rows)}
    write_json(path, found)
    return found


def _assessed(predictor: Predictor, item: Prediction, method: str, *, checks: bool) -> dict[str, Any]:
    sound = predictor.run.clips[item.clip]
    found = predictor.explain(sound, split=item.split, method=method, judge=True)
    row: dict[str, Any] = {
        "clip": item.clip,
        "split": item.split,
        "class": found.class_index,
        "correct": found.class_index == item.true,
        "words": found.words.kind,
        "seconds": found.seconds,
        "verdict": None if found.verdict is None else asdict(found.verdict),
    }
    if checks:
        row["checks"] = predictor.checks(sound, found, split=item.split)
    truth = truth_of(found.feature_map, true_box(sound)) if row["correct"] else None
    if truth is not None:
        row |= {"points": points_into(found.heat, truth), "iou": iou(found.heat, truth)}
    return row


def results_path(run: Run, method: str) -> Path:
    """Where what is known of one method on a run's test clips is kept."""
    return run.folder / FOLDER / f"{METHODS[method].kind}.json"


def read_results(run: Run, method: str) -> dict[str, Any]:
    """What :func:`assess_method` kept; empty where nothing is there or it is damaged."""
    try:
        found = read_json(results_path(run, method), missing={})
    except RunError:
        return {}
    usable = isinstance(found, dict) and isinstance(found.get("clips"), list) and found.get("method") == method
    return found if usable else {}


def summarise(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Figures of one method over many clips.

    Parameters
    ----------
    rows : sequence of mapping
        As :func:`assess_method` keeps them.

    Returns
    -------
    dict
        Mean probabilities of the whole sound and without the marked, random and loudest tenth; ``p_random`` and
        ``p_loudest``, Wilcoxon's signed-rank test over the clips (two-sided); ``wins_random`` and ``wins_loudest``,
        shares of clips in which the marked tenth costs more; areas under the curves; average drop, increase and gain,
        input fidelity and faithfulness; the mean of the checks; ``pointing`` and ``iou`` where the place is known.
    """
    judged = [row["verdict"] for row in rows if row["verdict"] is not None]
    found: dict[str, Any] = {
        "n": len(rows),
        "n_empty": len(rows) - len(judged),
        "seconds": float(np.mean([row["seconds"] for row in rows])),
        "words": {kind: sum(row["words"] == kind for row in rows) for kind in ("place", "everywhere", "silence")},
    }
    if judged:
        columns = {
            name: np.array([verdict[name] for verdict in judged], dtype=float)
            for name in (
                "probability", "marked", "random", "loudest", "beats",
                "drop", "increase", "gain", "fidelity", "faithfulness",
            )
        }  # fmt: skip
        found |= {name: float(values.mean()) for name, values in columns.items()}
        for name in ("random", "loudest"):
            found[f"p_{name}"] = _paired(columns["marked"], columns[name])
            found[f"wins_{name}"] = float(np.mean(columns["marked"] < columns[name]))
        for name in ("deletion", "insertion"):
            found[name] = {
                key: float(np.mean([area(tuple(verdict[name][key])) for verdict in judged]))
                for key in ("marked", "random", "loudest")
            }
    checks = [row["checks"] for row in rows if "checks" in row]
    randomised = [check["randomised"] for check in checks if check["randomised"] is not None]
    if randomised:
        found["randomised"] = float(np.mean(randomised))
    if checks:
        kinds = checks[0]["agreement"]
        found["agreement"] = {kind: float(np.mean([check["agreement"][kind] for check in checks])) for kind in kinds}
    pointed = [row for row in rows if "points" in row]
    if pointed:
        found["pointing"] = float(np.mean([row["points"] for row in pointed]))
        found["iou"] = float(np.mean([row["iou"] for row in pointed]))
    return found


def _paired(first: Any, second: Any) -> float:
    """Wilcoxon's signed-rank test, two-sided; 1 where there is no difference at all."""
    from scipy.stats import wilcoxon

    difference = first - second
    if not np.any(difference):
        return 1.0
    return float(wilcoxon(difference, zero_method="wilcox", method="auto").pvalue)


def sentence(summary: Mapping[str, Any]) -> str:
    """What :func:`summarise` found, in words: whether the maps beat random places and the loudest."""
    if "marked" not in summary:
        return f"On {summary['n']} test clips the maps are empty."
    words = (
        f"On {summary['n']} test clips, removing the marked tenth takes the predicted class from"
        f" {summary['probability']:.2f} to {summary['marked']:.2f}, a random tenth to {summary['random']:.2f}, the"
        f" loudest tenth to {summary['loudest']:.2f}."
    )
    beats = [_against(summary, "random", "random places"), _against(summary, "loudest", "the loudest")]
    pointing = f" The maps point right in {summary['pointing']:.0%}." if "pointing" in summary else ""
    return f"{words} {' '.join(beats)}{pointing}"


def _against(summary: Mapping[str, Any], name: str, other: str) -> str:
    p = summary[f"p_{name}"]
    shown = "p < 0.001" if p < 0.001 else f"p = {p:.2g}"
    if p >= SIGNIFICANT:
        return f"They are not shown to differ from {other} ({shown})."
    if summary["marked"] < summary[name]:
        return f"They beat {other} ({shown})."
    return f"They are worse than {other} ({shown})."


def markdown(run: Run) -> str:
    """What is known of a run's explanations, as a Markdown table with a line for every method that was tested."""
    columns = (
        "method", "probability", "marked", "random", "loudest", "p_random", "p_loudest", "deletion", "insertion",
        "drop", "increase", "gain", "fidelity", "randomised", "pointing", "iou", "seconds",
    )  # fmt: skip
    rows = []
    usual = default_method(run)
    for method in methods_for(run):
        summary = read_results(run, method.kind).get("summary")
        if summary:
            title = f"**{method.title}**" if method.kind == usual else method.title
            rows.append({**summary, "method": title})
    shown = [name for name in columns if any(name in row for row in rows)]
    lines = [[_TITLES.get(name, name) for name in shown], ["---"] * len(shown)]
    lines += [[_cell(name, row.get(name)) for name in shown] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


_TITLES = {
    "probability": "whole",
    "p_random": "p (random)",
    "p_loudest": "p (loudest)",
    "randomised": "random weights",
    "pointing": "points right",
    "iou": "IoU",
    "seconds": "s",
}


def _cell(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return "-"
    if isinstance(value, Mapping):
        return f"{value['marked']:.2f} ({value['random']:.2f})"
    if name.startswith("p_"):
        return "< 0.001" if value < 0.001 else f"{value:.2g}"
    return f"{value:.2f}"
