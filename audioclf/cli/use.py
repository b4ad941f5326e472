"""Commands that use a finished run: classify, explain, test the explanations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from audioclf.cli.group import cli
from audioclf.cli.options import answer_each, as_json, opened_run, print_json, run_argument, trust_code
from audioclf.core.errors import ParameterError
from audioclf.core.params import unknown
from audioclf.explain import METHODS
from audioclf.inference.assessment import markdown, sentence
from audioclf.inference.evidence import default_method, methods_for, read_choice


@cli.command()
@run_argument
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@trust_code
@as_json
def classify(run: Path, files: tuple[Path, ...], trust_code: bool, as_json: bool) -> None:
    """Classify sound FILES with the models of RUN (a folder, or "starter": the model that comes with audioclf)."""
    from audioclf.inference.predictor import Predictor

    predictor = Predictor(opened_run(run), trust_code=trust_code)

    def answer(file: Path) -> tuple[dict[str, Any], list[str]]:
        found = predictor.classify(file)
        ranked = sorted(zip(found.classes, map(float, found.probabilities), strict=True), key=lambda pair: -pair[1])
        remarks = [{"kind": remark.kind, "sentence": remark.sentence} for remark in found.remarks]
        about = {
            "label": found.label,
            "probabilities": dict(ranked),
            "remarks": remarks,
            "novelty": found.novelty,
        }
        best = ", ".join(f"{label} {probability:.3f}" for label, probability in ranked[:3])
        return about, [best, *(remark["sentence"] for remark in remarks)]

    answer_each(files, answer, as_json)


@cli.command()
@run_argument
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Picture to write: .png, .svg or .pdf.")
@click.option("--class", "label", help="Class to explain; the predicted one where left out.")
@click.option(
    "--method",
    default="",
    help="Explanation method, such as occlusion; the run's default where left out.",
)
@click.option("--layer", default="", help="Convolution layer that Grad-CAM and its kin read; the last where left out.")
@click.option("--feature-index", default=0, show_default=True, help="Which of several features to look at.")
@trust_code
def explain(
    run: Path, file: Path, out: Path, label: str | None, method: str, layer: str, feature_index: int, trust_code: bool
) -> None:
    """Draw where in FILE the models of RUN find the evidence for a class, and test whether that is true."""
    from audioclf.inference.predictor import Predictor
    from audioclf.plots.feature import overlay_figure
    from audioclf.plots.png import save

    predictor = Predictor(opened_run(run), trust_code=trust_code)
    index = None
    if label is not None:
        if label not in predictor.classes:
            raise ParameterError(unknown(label, predictor.classes, "class of this run"), "class")
        index = predictor.classes.index(label)
    kind = method or default_method(predictor.run)
    chosen = {"kind": kind, "layer": layer} if layer else kind
    answer = predictor.explain(file, class_index=index, method=chosen, feature_index=feature_index, judge=True)
    name, share = answer.classes[answer.class_index], answer.probabilities[answer.class_index]
    save(overlay_figure(answer.feature_map, answer.drawn, title=f"{file.name}: evidence for {name} ({share:.2f})"), out)
    click.echo(str(out))
    click.echo(f"{METHODS[answer.method].title}, {answer.seconds:.2g} s: {answer.words.sentence}")
    if answer.verdict is None:
        click.echo(METHODS[answer.method].nothing.format(name))
    else:
        click.echo(" ".join(filter(None, (answer.verdict.sentence(name), answer.verdict.warning()))))


@cli.command()
@run_argument
@click.option("--method", "methods", multiple=True, help="Method to test, or all; the run's default where left out.")
@click.option("--clips", default=None, type=click.IntRange(min=1), help="Test clips at most; all where left out.")
@click.option("--markdown", "as_table", is_flag=True, help="Print a Markdown table of all methods tested so far.")
@trust_code
@as_json
def explanations(
    run: Path, methods: tuple[str, ...], clips: int | None, as_table: bool, trust_code: bool, as_json: bool
) -> None:
    """Test whether the explanations of RUN's test clips are true, and choose the method it explains by."""
    from audioclf.inference.assessment import assess_method, choose_method
    from audioclf.inference.predictor import Predictor
    from audioclf.inference.sound_cache import SoundCache

    opened = opened_run(run)
    predictor = Predictor(opened, SoundCache(), trust_code=trust_code)
    suited = [method.kind for method in methods_for(opened)]

    def report(done: int, total: int) -> None:
        if done % 10 == 0 or done == total:
            click.echo(f"{done} of {total} clips", err=True)

    choice = read_choice(opened)
    if choice is None:
        click.echo("Choosing the method", err=True)
        choice = choose_method(opened, report=report, predictor=predictor)
    asked = suited if "all" in methods else [METHODS[kind].kind for kind in methods or (choice["method"],)]
    found = []
    for kind in asked:
        click.echo(METHODS[kind].title, err=True)
        result = assess_method(opened, kind, n=clips, report=report, predictor=predictor)
        found.append({"method": kind, **result["summary"]})
    if as_json:
        print_json({"choice": choice, "methods": found})
        return
    if as_table:
        click.echo(markdown(opened))
        return
    title = METHODS[choice["method"]].title
    click.echo(f"default  {title}, chosen on {choice['n_clips']} {choice['clips']} clips")
    for row in found:
        click.echo(f"{METHODS[row['method']].title}: {sentence(row)}")
