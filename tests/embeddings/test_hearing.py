"""What YAMNet hears: the right names of real sounds, over time, from Python and the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

import audioclf
from audioclf.cli import cli
from audioclf.plots.hearing import hearing_chart


@pytest.mark.usefixtures("yamnet")
def test_a_rooster_is_heard(esc10: Path) -> None:
    file = sorted((esc10 / "009 - Rooster").glob("*.ogg"))[0]
    found = audioclf.hear(file)
    assert found.scores.shape == (len(found.times), 521)
    assert {"Chicken, rooster", "Crowing, cock-a-doodle-doo", "Fowl"} & {name for name, _ in found.top(5)}
    assert found.remark == ""
    plain = found.to_dict(3)
    assert len(plain["classes"]) == 3
    assert all(len(one["scores"]) == len(found.times) for one in plain["classes"].values())
    json.dumps(plain)


@pytest.mark.usefixtures("yamnet")
def test_short_and_narrow_sounds_are_remarked(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "short.wav", np.zeros(4000), 8000)
    found = audioclf.hear(tmp_path / "short.wav")
    assert found.top(1)[0][0] == "Silence"
    assert "silence follows it" in found.remark
    assert "nothing above 4,000 Hz" in found.remark


@pytest.mark.usefixtures("yamnet")
def test_the_command_names_the_likeliest_classes(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "noise.wav", np.random.default_rng(0).uniform(-1, 1, 32000), 16000)
    (tmp_path / "text.wav").write_text("no sound")
    done = CliRunner().invoke(cli, ["hear", str(tmp_path / "noise.wav"), "--top", "2"])
    assert done.exit_code == 0
    assert "White noise" in done.output
    both = CliRunner().invoke(cli, ["hear", str(tmp_path / "noise.wav"), str(tmp_path / "text.wav"), "--json"])
    assert both.exit_code == 2
    answers = json.loads(both.stdout)
    assert "White noise" in answers[0]["classes"]
    assert "error" in answers[1]


def test_the_chart_has_a_row_for_every_class_and_ends_with_the_sound() -> None:
    chart = hearing_chart(["a", "b"], [0.48, 0.96], [[0.1, 0.9], [0.2, 0.8]], seconds=1.0, hop=0.48)
    rows = chart["layer"][0]["data"]["values"]
    assert {(row["class"], row["from"], row["score"]) for row in rows} >= {("a", 0.0, 0.1), ("b", 0.72, 0.8)}
    assert max(row["to"] for row in rows) <= 1.0
