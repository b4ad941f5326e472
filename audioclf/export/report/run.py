"""The report of one run: what a user must know to trust its model, or not to, on one page."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np

from audioclf.audio.io import wav_bytes
from audioclf.core.errors import AudioclfError, RunError
from audioclf.core.files import write_atomic
from audioclf.datasets import Clip, Dataset
from audioclf.datasets.quality import report as quality
from audioclf.datasets.quality.findings import Finding
from audioclf.experiments.diagnosis import diagnose_run
from audioclf.experiments.runs import Prediction, Run
from audioclf.experiments.runs.mistakes import wilson
from audioclf.explain import METHODS
from audioclf.export.report import facts, unknown
from audioclf.export.report.document import Picture, address, confusion, curves, embedded, render
from audioclf.features.extraction import load_clip
from audioclf.inference.predictor import Predictor
from audioclf.plots.canvas import Look
from audioclf.plots.feature import overlay_figure

Known = TypeVar("Known")
Progress = Callable[[int, int, str], None]

MISTAKES: Final = 6
"""Worst mistakes that are shown."""

MOST_CHECKED: Final = 20_000
"""Clips beyond which the health of the data is left to the Data page."""

SECONDS: Final = 15.0
"""Longest stretch of a mistake that can be heard."""

SEVERITIES: Final = {"error": "Fix first", "warning": "Check this", "note": "Good to know"}
_BINS: Final = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)


def html(
    run: Run,
    *,
    evidence: bool = True,
    trust_code: bool = False,
    progress: Progress = lambda done, total, words: None,
) -> str:
    """The page as text; nothing outside of it is needed to read it.

    Parameters
    ----------
    run : Run
        Finished.
    evidence : bool
        Whether to ask the models where in the worst mistakes they found their answers, and what they make of unknown
        sounds, which loads them.
    trust_code : bool
        Allows the import of code that the run names to build its model.
    progress : callable

    Raises
    ------
    AudioclfError
        When the run has no results, or cannot be read.
    """
    progress(0, 4, "Reading the run")
    known, metrics = facts.of(run), run.metrics
    clips = _if_there(lambda: run.clips) or ()
    predictions = _if_there(lambda: run.predictions)
    progress(1, 4, "Checking the clips")
    health, no_health = _health(clips)
    progress(2, 4, "Drawing curves and confusion matrix")
    learning = embedded(curves(run, (860, 360), ("Accuracy", "Loss"), "split"))
    matrix = embedded([confusion(run)])
    progress(3, 4, "Looking at the worst mistakes")
    predictor = None
    if evidence and not any(feature.heavy for feature in run.experiment.features):
        predictor = _if_there(lambda: Predictor(run, trust_code=trust_code))
    mistakes = None if predictions is None else _mistakes(run, predictions, clips, predictor)
    sentence, strange = unknown.section(predictor, predictions or (), clips)
    progress(4, 4, "Writing the page")
    return render(
        "run.html",
        title=known.name,
        facts=known,
        made=_day(known.made),
        written=_day(time.time()),
        accuracy=f"{100 * metrics['accuracy']:.1f} %",
        leaky=bool(metrics["leaky"]),
        health=health,
        no_health=no_health,
        severities=SEVERITIES,
        curves=learning,
        diagnosis=_if_there(lambda: diagnose_run(run)),
        matrix=matrix,
        splits=[
            {**split, "accuracy": facts.percent_interval(split["accuracy"], split["interval"])}
            for split in metrics["splits"]
        ],
        calibration=_calibration(predictions) if predictions else None,
        mistakes=mistakes,
        unknown={"sentence": sentence, "rows": strange},
        settings=facts.without_paths(run.experiment).to_toml(),
    )


def write_report(run: Run, path: str | Path, **options: Any) -> Path:
    """Write the report of a finished run as one HTML page; returns where it is.

    Parameters
    ----------
    run : Run
    path : path
    **options
        As of :func:`html`.

    Raises
    ------
    AudioclfError
        When the run has no results, or the file cannot be written.
    """
    path, text = Path(path), html(run, **options)
    try:
        write_atomic(path, text)
    except OSError as error:
        raise RunError(f"The report cannot be written to '{path}' ({error.strerror}); name another file.") from error
    return path


def _day(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(moment))


def _if_there(read: Callable[[], Known]) -> Known | None:
    """What ``read`` returns, or None where that part of the run cannot be read: the rest still makes a report."""
    try:
        return read()
    except AudioclfError:
        return None


def _health(clips: Sequence[Clip]) -> tuple[list[Finding] | None, str]:
    """What is wrong with the clips; or None, and why it is not known."""
    if not clips:
        return None, "The list of this run's clips is not there, so that they cannot be checked."
    if len(clips) > MOST_CHECKED:
        return None, f"{len(clips):,} clips are too many to check here; the Data page shows their health."
    missing = sum(not clip.path.is_file() for clip in clips)
    if missing:
        return None, f"{missing:,} of {len(clips):,} clips are not where they were, so that they cannot be checked."
    try:
        return list(quality.check(Dataset("", tuple(clips))).findings), ""
    except AudioclfError as error:
        return None, str(error)


def _calibration(predictions: Sequence[Prediction]) -> dict[str, Any]:
    """Reliability: of the clips it was so sure of, how many were right."""
    sure = np.array([item.probabilities[item.predicted] for item in predictions])
    right = np.array([item.true == item.predicted for item in predictions])
    rows = []
    for low, high in pairwise(_BINS):
        chosen = (sure >= low) & ((sure < high) | (high == 1.0))
        n, hits = int(chosen.sum()), int(right[chosen].sum())
        if n:
            rows.append(
                {
                    "given": f"{100 * low:.0f} to {100 * high:.0f} %" if low else f"below {100 * high:.0f} %",
                    "right": facts.percent_interval(hits / n, wilson(hits, n), end_digits=0),
                    "n": f"{n:,}",
                }
            )
    gap = float(sure.mean() - right.mean())
    words = "about as sure as it is right"
    if abs(gap) > 0.03:
        words = f"{'surer' if gap > 0 else 'less sure'} than it is right, by {100 * abs(gap):.0f} points"
    sentence = (
        f"On average it gives {100 * sure.mean():.1f} % to its answer and is right in {100 * right.mean():.1f} %: it is"
        f" {words}. The intervals are Wilson's over clips."
    )
    return {"sentence": sentence, "rows": rows}


def _mistakes(
    run: Run, predictions: Sequence[Prediction], clips: Sequence[Clip], predictor: Predictor | None
) -> list[dict[str, Any]]:
    wrong = [item for item in predictions if item.true != item.predicted]
    wrong.sort(key=lambda item: -item.probabilities[item.predicted])
    shown = []
    for item in wrong[:MISTAKES]:
        clip = clips[item.clip] if item.clip < len(clips) else None
        about: dict[str, Any] = {
            "name": clip.name if clip is not None else f"clip {item.clip}",
            "true": run.classes[item.true],
            "predicted": run.classes[item.predicted],
            "probability": f"{item.probabilities[item.predicted]:.2f}",
            "true_probability": f"{item.probabilities[item.true]:.2f}",
            "sound": "",
            "error": "",
            "pictures": [],
        }
        if clip is not None:
            try:
                about["sound"] = _sound(run, clip)
                if predictor is not None:
                    about["pictures"] = embedded([_evidence(predictor, clip, item)])
            except AudioclfError as error:
                about["error"] = str(error)
        shown.append(about)
    return shown


def _sound(run: Run, clip: Clip) -> str:
    audio = run.experiment.audio
    y = load_clip(clip, audio.replace(duration=None))
    return address(wav_bytes(y[: round(SECONDS * audio.sr)], audio.sr), "audio/wav")


def _evidence(predictor: Predictor, clip: Clip, item: Prediction) -> Picture:
    """Where in a clip the wrong answer comes from, by the model that has not learned from it."""
    found = predictor.explain(clip, class_index=item.predicted, split=item.split)
    return Picture(
        "evidence",
        "",
        f"Evidence for {found.classes[item.predicted]} ({METHODS[found.method].title}).",
        lambda theme: overlay_figure(found.feature_map, found.drawn, look=Look(theme, 820, 300)),
    )
