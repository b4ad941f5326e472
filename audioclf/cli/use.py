"""Commands that use a finished run: classify, explain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from audioclf.cli.group import cli
from audioclf.cli.options import as_json, print_json, quiet_start, trust_code
from audioclf.core.errors import AudioclfError, ParameterError
from audioclf.core.params import unknown
from audioclf.experiments.runs import Run, open_run


@cli.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@trust_code
@as_json
def classify(run: Path, files: tuple[Path, ...], trust_code: bool, as_json: bool) -> None:
    """Classify sound FILES with the models of RUN (a folder, or "starter": the model that comes with audioclf)."""
    from audioclf.inference.predictor import Predictor

    predictor = Predictor(open_or_starter(run), trust_code=trust_code)
    answers: list[dict[str, Any]] = []
    failed = False
    for file in files:
        try:
            answer = predictor.classify(file)
        except AudioclfError as error:
            failed = True
            answers.append({"file": str(file), "error": str(error)})
            click.echo(f"audioclf: {error}", err=True)
            continue
        ranked = sorted(zip(answer.classes, map(float, answer.probabilities), strict=True), key=lambda pair: -pair[1])
        found = [{"kind": remark.kind, "sentence": remark.sentence} for remark in answer.remarks]
        answers.append(
            {
                "file": str(file),
                "label": answer.label,
                "probabilities": dict(ranked),
                "remarks": found,
                "novelty": answer.novelty,
            }
        )
        if not as_json:
            best = ", ".join(f"{label} {probability:.3f}" for label, probability in ranked[:3])
            click.echo(f"{file}: {best}")
            for remark in answer.remarks:
                click.echo(f"  {remark.sentence}")
    if as_json:
        print_json(answers)
    if failed:
        raise SystemExit(2)


@cli.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Picture to write: .png or .svg.")
@click.option("--class", "label", help="Class to explain; the predicted one where left out.")
@click.option("--method", default="grad-cam", show_default=True, help="grad-cam (networks) or occlusion (any model).")
@click.option("--feature-index", default=0, show_default=True, help="Which of several features to look at.")
@trust_code
def explain(
    run: Path, file: Path, out: Path, label: str | None, method: str, feature_index: int, trust_code: bool
) -> None:
    """Draw where in FILE the models of RUN find the evidence for a class."""
    from audioclf.inference.predictor import Predictor
    from audioclf.plots.feature import overlay_figure
    from audioclf.plots.png import save

    predictor = Predictor(open_or_starter(run), trust_code=trust_code)
    index = None
    if label is not None:
        if label not in predictor.classes:
            raise ParameterError(unknown(label, predictor.classes, "class of this run"), "class")
        index = predictor.classes.index(label)
    answer = predictor.explain(file, class_index=index, method=method, feature_index=feature_index)
    name, share = answer.classes[answer.class_index], answer.probabilities[answer.class_index]
    save(overlay_figure(answer.feature_map, answer.heat, title=f"{file.name}: evidence for {name} ({share:.2f})"), out)
    click.echo(str(out))


def open_or_starter(run: Path) -> Run:
    """The run in a folder; "starter" stands for the model that comes with audioclf."""
    from audioclf.inference.assets import starter_run

    opened = starter_run() if str(run) == "starter" and not run.exists() else open_run(run)
    quiet_start(opened.experiment.model.family)
    return opened
