"""The report of a run: everything on one page, names as text, also of runs whose sounds are gone."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

import audioclf
from audioclf.core.errors import AudioclfError, RunError
from audioclf.experiments.runs import Run, open_run
from audioclf.export.report import facts
from audioclf.export.report.document import render
from audioclf.export.report.run import html, write_report
from audioclf.inference.assets import starter_run
from audioclf.jobs.background import run_task

LOW, HIGH = "<b>low</b>", "=high {{ 7*7 }}"


class Page(HTMLParser):
    """Tags, addresses and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attributes if name in ("src", "srcset", "href")]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, write_tone: Callable[..., Path]) -> Run:
    folder = tmp_path_factory.mktemp("report")
    for number, name in enumerate((LOW, HIGH)):
        for take in range(10):  # both classes sound alike, so that mistakes are certain
            path = folder / "sounds" / name.replace("/", "∕") / f"{take}.wav"
            write_tone(path, frequency=440 * (1 + 0.01 * take + 0.003 * number), sr=8000, seconds=0.4)
    settings = {
        "dataset.name": str(folder / "sounds"),
        "audio.sr": 8000,
        "feature.n_fft": 256,
        "feature.hop_length": 128,
        "feature.n_mels": 16,
        "model.filters": [4, 4],
        "training.epochs": 1,
        "training.batch_size": 4,
        "split.test_size": 0.5,
        "split.by_group": False,
    }
    experiment = audioclf.Experiment(name="<i>mine</i>").with_settings(settings)
    return audioclf.run_experiment(experiment, folder / "run")


def test_everything_is_on_one_page_and_names_are_text(run: Run) -> None:
    text = html(run)
    page = Page(text)
    for heading in ("What was asked", "Data", "Health", "Learning", "Which classes are confused", "Worst mistakes"):
        assert heading in page.text
    trust = ("How far its probabilities can be trusted", "Unknown sounds", "Limits", "How to repeat it", "Versions")
    for heading in trust:
        assert heading in page.text
    assert f"{100 * run.metrics['accuracy']:.1f} %" in page.text
    assert run.metrics["protocol"] in page.text
    assert run.metrics["fingerprint"] in page.text
    assert "<i>mine</i>" in page.text
    assert HIGH in page.text
    assert "<b>low" not in text.replace("</b>", "")
    assert all(address.startswith("data:") for address in page.addresses)
    assert "audio" in page.tags
    wrong = sum(item.true != item.predicted for item in run.predictions)
    assert page.tags.count("audio") == min(wrong, 6)
    assert page.text.count("Evidence for") == min(wrong, 6)
    assert str(run.folder.parent) not in text
    assert "script" not in page.tags


def test_a_run_whose_sounds_are_gone_still_has_a_report(run: Run, tmp_path: Path) -> None:
    shutil.copytree(run.folder, tmp_path / "run")
    clips = (tmp_path / "run" / "clips.csv").read_text().replace("/sounds/", "/gone/")
    (tmp_path / "run" / "clips.csv").write_text(clips)
    page = Page(html(open_run(tmp_path / "run")))
    assert "not where they were" in page.text
    assert "audio" not in page.tags
    (tmp_path / "run" / "clips.csv").unlink()
    (tmp_path / "run" / "predictions.csv").unlink()
    page = Page(html(open_run(tmp_path / "run"), evidence=False))
    assert "predictions of the test clips are not there" in page.text


def test_the_starter_has_a_report(tmp_path: Path) -> None:
    path = write_report(starter_run(), tmp_path / "starter.html")
    text = Page(path.read_text(encoding="utf-8")).text
    assert "Music Box" in text
    for kind in ("White noise", "Pink noise", "Steady tones", "Clicks"):
        share = re.search(kind + r"\s*(\d+) % \(", text)
        assert share is not None
        assert int(share[1]) >= 60, kind
    assert "Licence" in text
    with pytest.raises(RunError, match="cannot be written"):
        write_report(starter_run(), tmp_path / "nothing" / "starter.html", evidence=False)


def test_its_process_reports_steps_and_refuses_in_words(run: Run, tmp_path: Path) -> None:
    task = "export.job:export_task"
    request = {"what": "report", "run": str(run.folder), "path": str(tmp_path / "page.html"), "options": {}}
    steps: list[tuple[int, int]] = []
    run_task(task, request, progress=lambda *step: steps.append(step))
    assert steps[-1] == (4, 4)
    assert (tmp_path / "page.html").stat().st_size > 10_000
    with pytest.raises(AudioclfError, match="is no run"):
        run_task(task, request | {"run": str(tmp_path)})


def test_limits_say_what_the_figures_do_not(run: Run) -> None:
    known = facts.of(run)
    assert any("10 clips only" in sentence for sentence in known.limits)
    assert any("No groups are known" in sentence for sentence in known.limits)
    assert all(re.search(r"\.$|[a-z0-9>]$", sentence) for sentence in known.limits)
    row = known.per_class[0]
    low, high = row["interval"]
    assert 0 <= low <= row["recall"] <= high <= 1


@pytest.mark.parametrize("name", ["/home/me/sounds", "C:\\Users\\me\\sounds", "~/sounds/", "\\\\server\\sounds"])
def test_what_leaves_names_no_folder(name: str) -> None:
    assert facts.last_name(name) == "sounds"
    assert facts.last_name("fsdd") == "fsdd"
    assert facts.last_name("data/mine") == "data/mine"


def test_templates_escape() -> None:
    from audioclf.export.http import Limits

    api = {"info": {"summary": "<b>x</b>"}, "paths": {"/<i>": {"get": {"summary": "<u>", "responses": {}}}}}
    text = render("api.html", title="<script>alert(1)</script>", api=api, limits=Limits())
    assert "<b>x" not in text
    assert "<i>" not in text
    assert "alert(1)</script>" not in text
