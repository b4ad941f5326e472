"""Export a run: make the file, check it against the run, and only then put it where it was asked for."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from audioclf.core.errors import ParameterError, RunError, Stopped
from audioclf.core.files import write_atomic
from audioclf.experiments.runs import Run, open_run
from audioclf.export import archive, bundle, check, convert, formats, network, quantise, script
from audioclf.export.formats import Format
from audioclf.export.report.run import write_report
from audioclf.inference.messages import Arrays
from audioclf.inference.predictor import Predictor

Progress = Callable[[int, int, str], None]
"""Called with steps done, all steps, and what is done now."""

INT8_CLIPS = 400
"""Test clips that a quantised model is measured on, at most."""


@dataclass(frozen=True)
class Exported:
    """A file that left a run.

    Attributes
    ----------
    path : Path
    format : str
    n_bytes : int
    difference : float or None
        Largest difference from the run's own probabilities over the sounds it was compared on; None where the format
        is no model.
    n_compared : int
    made : bool
        Whether those were sounds made for the purpose, because the run's clips are gone.
    accuracy, accuracy_int8 : float or None
        Of the run's own models and of the quantised one, over the same ``n_compared`` test clips.
    same : float or None
        Share of these for which both predict the same class.
    """

    path: Path
    format: str
    n_bytes: int
    difference: float | None = None
    n_compared: int = 0
    made: bool = False
    accuracy: float | None = None
    accuracy_int8: float | None = None
    same: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"path": str(self.path)}

    @property
    def sentence(self) -> str:
        """What was found by the check."""
        on = f"{self.n_compared} {'made sounds' if self.made else 'test clips'}"
        if self.difference is None:
            return ""
        if self.same is None:
            at_most = f"{max(self.difference, 1e-7):.7f}"
            return f"Checked in its own runtime: no probability differs by more than {at_most} on {on}."
        loss = (
            f"is right on {self.accuracy_int8:.1%} of them instead of {self.accuracy:.1%}"
            if self.accuracy is not None and self.accuracy_int8 is not None
            else "has no accuracy to state on them"
        )
        return (
            f"Quantised to int8: on {on} it predicts the same class as before in {self.same:.1%}, and {loss}; a"
            f" probability differs by up to {self.difference:.2g}."
        )


def export_run(
    run: Run,
    path: str | Path,
    format: str = "onnx",
    *,
    bundled: bool = False,
    split: str | None = None,
    int8: bool = False,
    web_runtime: bool = False,
    trust_code: bool = False,
    progress: Progress = lambda done, total, words: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Exported:
    """Write a finished run for other programs.

    Parameters
    ----------
    run : Run
    path : path
        File to write, replaced whole.
    format : str
        ``"onnx"``, ``"litert"`` or ``"keras"``: one model from samples to probabilities, compared with the run's own
        in its own runtime before the file is there. ``"run"``: one file for another audioclf. ``"python"``: a script
        that trains it again.
    bundled : bool
        A zip of ONNX or LiteRT with labels, a test clip and its answer, a model card, a program that classifies files
        and the microphone, and (ONNX) a web page.
    split : str, optional
        Only the models of this split; all are averaged otherwise, as when a sound is classified.
    int8 : bool
        Quantise the network of LiteRT; the loss is measured and stated.
    web_runtime : bool
        Put onnxruntime-web into the zip, fetched with npm.
    trust_code : bool
        Allows the import of code that the run names to build its model.
    progress, should_stop : callable, optional

    Returns
    -------
    Exported

    Raises
    ------
    AudioclfError
        When the run cannot be exported so; the sentence says what to use instead.
    Stopped
    """
    path, chosen = Path(path), formats.named(format)
    _require(chosen, bundled, int8, web_runtime)
    number = count()

    def step(words: str) -> None:
        if should_stop():
            raise Stopped("The export was stopped.")
        progress(next(number), 6 if chosen.name in convert.WRITERS else 1, words)

    if chosen.name == "python":
        step("Writing the script")
        text = script.of(run)
        _place(lambda target: write_atomic(target, text), path)
        return Exported(path, chosen.name, path.stat().st_size)
    if chosen.name == "run":
        step("Packing the run")
        _place(lambda target: archive.write(run, target), path)
        return Exported(path, chosen.name, path.stat().st_size)
    if sentence := network.refusal(run.experiment):
        raise ParameterError(sentence, "format")
    step("Loading the models")
    predictor = Predictor(run, trust_code=trust_code)
    step("Building one network from samples to probabilities")
    model = network.build(predictor, split)
    step(f"Converting to {chosen.title}" + (" and quantising" if int8 else ""))
    with tempfile.TemporaryDirectory(prefix="audioclf-export-") as folder:
        written = Path(folder) / f"model{chosen.suffix}"
        # what is quantised is measured on as many clips as there are
        samples = check.samples_of(predictor, INT8_CLIPS if int8 else check.MOST, split)
        if int8:
            quantise.to_litert(model, samples.windows[: check.MOST], written)
        else:
            convert.WRITERS[chosen.name](model, written)
        step(f"Asking the run on {len(samples.windows)} {'sounds' if samples.made else 'test clips'}")
        ours = predictor.probabilities(list(samples.windows), split)
        step("Asking the exported model in its own runtime")
        theirs = check.ask(written, samples.windows)
        found = check.difference(ours, theirs) if int8 else check.require_equal(ours, theirs)
        figures: dict[str, Any] = {"difference": found, "n_compared": len(ours), "made": samples.made}
        if int8:
            figures["same"] = float((ours.argmax(axis=1) == theirs.argmax(axis=1)).mean())
            if samples.true:
                figures["accuracy"] = check.accuracy(ours, samples.true)
                figures["accuracy_int8"] = check.accuracy(theirs, samples.true)
        step("Packing" if bundled else "Writing the file")
        made = Exported(path, chosen.name, written.stat().st_size, **figures)

        def write(target: Path) -> None:
            if bundled:
                bundle.write(predictor, written, target, samples, theirs, made.sentence, web_runtime=web_runtime)
            else:
                shutil.copyfile(written, target)

        _place(write, path)
    step("Done")
    return replace(made, n_bytes=path.stat().st_size)


def _require(chosen: Format, bundled: bool, int8: bool, web_runtime: bool) -> None:
    if bundled and not chosen.bundled:
        raise ParameterError(
            f"A zip with a program around the model is made of onnx or litert, and the format is {chosen.name}; leave"
            " --zip out, or choose one of these.",
            "bundled",
        )
    if int8 and chosen.name != "litert":
        raise ParameterError(
            f"int8 is a choice of litert alone, and the format is {chosen.name}; choose litert, or leave int8 out.",
            "int8",
        )
    if web_runtime and not (bundled and chosen.name == "onnx"):
        raise ParameterError(
            "onnxruntime-web goes into a zip of onnx only; choose onnx and a zip, or leave it out.", "web_runtime"
        )
    formats.require(f"Export to {chosen.title}", chosen.packages, "export")


def _place(write: Callable[[Path], object], path: Path) -> None:
    """Have a file written beside its place, and put it there.

    Raises
    ------
    RunError
        When it cannot be written.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=".audioclf-", dir=path.absolute().parent) as folder:
            part = Path(folder) / "part"
            write(part)
            os.replace(part, path)
    except OSError as error:
        raise RunError(
            f"The export cannot be written to '{path}' ({error.strerror or error}); name another file, or make room on"
            " the disk."
        ) from error


def export_task(request: dict[str, Any], progress: Callable[[int, int], None]) -> tuple[dict[str, Any], Arrays]:
    """Export a run, or write its report, in its own process; see :func:`audioclf.jobs.background.run_task`."""
    write = write_report if request["what"] == "report" else export_run
    found = write(
        open_run(request["run"]),
        request["path"],
        **request["options"],
        progress=lambda done, total, words: progress(done, total),
    )
    return {"sentence": found.sentence if isinstance(found, Exported) else ""}, {}
