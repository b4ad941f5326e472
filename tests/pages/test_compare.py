"""The Compare page: sounds in columns, features in rows, ways to choose, means, the quiz, files and scripts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from audioclf.audio.io import AudioSettings
from audioclf.datasets import load_dataset
from audioclf.features import MFCC, Mel
from audioclf.ui.compare import quiz
from audioclf.ui.shell import tasks
from audioclf.ui.sound import as_python, clip_picker, librosa_script
from audioclf.ui.sound.drawn_view import View

OpenPage = Callable[..., AppTest]


def grid(page: AppTest) -> dict[str, Any]:
    (element,) = page.get("bidi_component")
    data: dict[str, Any] = json.loads(element.proto.json)
    return data


def control(page: AppTest, key: str) -> Any:
    return next(item for item in (*page.segmented_control, *page.pills, *page.selectbox) if item.key == key)


def field(page: AppTest, label: str) -> Any:
    return next(item for item in (*page.selectbox, *page.multiselect, *page.number_input) if item.label == label)


def by(page: AppTest, way: str) -> AppTest:
    control(page, "compare.how").set_value(way)
    return run(page)


def run(page: AppTest) -> AppTest:
    page.run()
    assert not page.exception
    return page


def titles(page: AppTest) -> list[str]:
    return [column["title"] for column in grid(page)["columns"]]


def captions(page: AppTest) -> str:
    return " ".join(item.value for item in page.caption).replace("\\", "")


def notes(page: AppTest) -> list[str]:
    return [column["note"] for column in grid(page)["columns"]]


def test_one_column_for_each_class_and_one_row_for_each_feature(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("compare", data=class_folders)
    assert titles(page) == ["high", "low"]
    data = grid(page)
    assert [row["title"] for row in data["rows"]] == ["Waveform", "STFT spectrogram", "Mel spectrogram"]
    assert [row["ticks"] for row in data["rows"]] == [False, False, True]
    assert all(len(row["cells"]) == 2 for row in data["rows"])
    assert notes(page) == ["high/0.wav", "low/0.wav"], "the first of every class"


def test_six_features_of_a_row_of_sounds_fit_a_small_screen(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("compare", data=class_folders)
    control(page, "compare.kinds").set_value(["waveform", "spectrum", "stft", "cqt", "mel", "mfcc"])
    data = grid(run(page))
    assert data["compact"]
    assert [row["short"] for row in data["rows"]][-1] == "FFT", "the others share one time axis"
    spent = 46 + sum(13 + data["height"] + (29 if row["ticks"] else 0) for row in data["rows"])
    assert spent <= 446


def test_shared_colours_mean_the_same_in_a_row_and_own_ones_do_not(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("compare", data=class_folders)

    def ranges(page: AppTest) -> list[int]:
        return [len({(cell["low"], cell["high"]) for cell in row["cells"]}) for row in grid(page)["rows"]]

    assert ranges(page) == [1, 1, 1]
    assert [cell["bar"] for cell in grid(page)["rows"][1]["cells"]] == [False, True]
    control(page, "compare.scale").set_value("Own colours")
    assert max(ranges(run(page))) == 2


def test_sounds_of_different_length_stand_on_one_time_axis(
    open_page: OpenPage, class_folders: Path, write_tone: Callable[..., Path]
) -> None:
    for path in (class_folders / "high").iterdir():
        write_tone(path, frequency=900, seconds=0.6)
    frames = json.dumps({"features": {"stft": {"center": False}}})
    rows = grid(open_page("compare", data=class_folders, view=frames))["rows"]
    assert round(rows[0]["x"]["high"], 2) == 0.6
    assert len({round(cell["x"]["high"], 2) for cell in rows[0]["cells"]}) == 2
    assert rows[1]["cells"][0]["x"]["low"] > 0.02
    assert [row["x"]["low"] for row in rows] == [0, 0, 0]


def test_the_first_of_every_class(open_page: OpenPage) -> None:
    options = {"programs": list(range(12)), "notes": [60, 64], "seconds": 0.1, "sr": 8000}
    page = by(open_page("compare", data="instruments", options=json.dumps(options)), "First of every class")
    assert len(set(titles(page))) == 10
    assert "first 10 of 12 classes" in captions(page)


def test_several_of_one_class_and_others_by_chance(open_page: OpenPage, class_folders: Path) -> None:
    page = by(open_page("compare", data=class_folders), "Several of one class")
    assert titles(page) == ["high"] * 4
    seen = {tuple(notes(page))}
    for _ in range(8):
        next(item for item in page.button if item.label == "Others").click()
        seen.add(tuple(notes(run(page))))
    assert len(seen) > 1


def test_the_sound_just_explored_stands_beside_another_class_at_the_same_place(
    open_page: OpenPage, class_folders: Path
) -> None:
    dataset = load_dataset(class_folders)
    clip = dataset.clips[9]
    page = open_page("compare", data=class_folders, clip=clip_picker.id_of(dataset, clip))
    page = by(page, "This sound and another class")
    assert notes(page) == [clip.name, clip.name.replace("low", "high")]
    assert "in common: 3" in captions(page)


def test_two_clips_in_two_features(open_page: OpenPage, class_folders: Path) -> None:
    page = by(open_page("compare", data=class_folders), "Two clips, two features")
    field(page, "Clip 2").set_value(4)
    page = run(page)
    assert notes(page) == ["high/0.wav", "low/4.wav"]
    assert len(grid(page)["rows"]) == 2


def test_clips_are_put_aside_by_hand(open_page: OpenPage, class_folders: Path) -> None:
    page = by(open_page("compare", data=class_folders), "Clips you choose")
    for label in ("high", "low"):
        page.selectbox(key="compare.class").set_value(label)
        page.run()
        next(item for item in page.button if item.label == "Add").click()
        page.run()
    assert titles(page) == ["high", "low"]


def test_the_mean_of_two_classes_and_their_difference(open_page: OpenPage, class_folders: Path) -> None:
    page = by(open_page("compare", data=class_folders), "Means of two classes")
    for task in tasks.all_tasks():
        assert task.wait(120)
    page = run(page)
    assert titles(page) == ["high", "low", "Difference"]
    data = grid(page)
    assert [row["short"] for row in data["rows"]] == ["STFT", "Mel"]
    assert "Waveform has no mean picture" in captions(page)
    difference = data["rows"][0]["cells"][2]
    assert difference["low"] == -difference["high"] < 0
    assert [cell["bar"] for cell in data["rows"][0]["cells"]] == [False, True, True]
    assert [bool(column["audio"]) for column in data["columns"]] == [True, True, False]


def test_the_quiz_asks_and_counts(open_page: OpenPage, class_folders: Path) -> None:
    page = by(open_page("compare", data=class_folders), "Quiz")
    dataset = load_dataset(class_folders)
    for right, choose_right in ((1, True), (1, False)):
        held = page.session_state["compare.quiz"]
        question = quiz.ask_feature(dataset, held["seed"])
        assert titles(page) == list(question.choices), "no names before the answer"
        assert all(row["y"] is None for row in grid(page)["rows"])
        wrong = (question.answer + 1) % 4
        page.button(key=f"compare.quiz.answer{question.answer if choose_right else wrong}").click()
        page = run(page)
        shown = page.success if choose_right else page.error
        assert question.choices[question.answer] in shown[0].value
        assert titles(page)[question.answer].startswith(f"{question.choices[question.answer]}: ")
        assert any(item.value.startswith(f"{right} of ") for item in page.caption)
        page.button(key="compare.quiz.next").click()
        page = run(page)


def test_the_quiz_about_classes_hides_sound_or_picture(open_page: OpenPage, class_folders: Path) -> None:
    page = by(open_page("compare", data=class_folders), "Quiz")
    control(page, "compare.quiz.which").set_value("Which class?")
    page = run(page)
    assert not grid(page)["rows"]
    assert grid(page)["columns"][0]["audio"]
    control(page, "compare.quiz.how").set_value("Look")
    page = run(page)
    assert len(grid(page)["rows"]) == 1
    assert not grid(page)["columns"][0]["audio"]
    question = quiz.ask_class(load_dataset(class_folders), page.session_state["compare.quiz"]["seed"], "mel")
    page.button(key=f"compare.quiz.answer{question.answer}").click()
    page = run(page)
    assert "Right" in page.success[0].value
    assert grid(page)["columns"][0]["audio"], "heard with the answer"


def test_nothing_chosen_is_reported(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("compare", data=class_folders)
    page.multiselect[0].set_value([])
    page.run()
    assert "Choose at least one sound" in page.info[0].value


def linked(page: AppTest) -> dict[str, Any]:
    """The view in the address."""
    found = page.query_params["view"]
    view: dict[str, Any] = json.loads(found if isinstance(found, str) else found[0])
    return view


VIEW = {
    "how": "Several of one class",
    "kinds": ["mel", "mfcc"],
    "of": "low",
    "several": 3,
    "scale": "Own colours",
    "audio": {"sr": 16000},
    "features": {"mel": {"n_mels": 40}, "mfcc": {"n_mfcc": 13}},
}


def test_a_link_shows_the_view_and_a_view_makes_the_link(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("compare", data=class_folders, view=json.dumps(VIEW))
    data = grid(page)
    assert titles(page) == ["low"] * 3
    assert [row["short"] for row in data["rows"]] == ["Mel", "MFCC"]
    assert [row["cells"][0]["rows"] for row in data["rows"]] == [40, 13]
    assert control(page, "compare.scale").value == "Own colours"
    assert linked(page) == VIEW
    field(page, "Clips").set_value(2)
    page = run(page)
    assert linked(page)["several"] == 2
    assert len(titles(page)) == 2, "an address that the page wrote itself changes nothing"


def test_a_link_zooms_all_sounds_to_one_stretch(open_page: OpenPage, class_folders: Path) -> None:
    view = {"kinds": ["waveform", "spectrum", "mel"], "zoom": [0.1, 0.2]}
    page = open_page("compare", data=class_folders, view=json.dumps(view))
    waveform, mel, spectrum = grid(page)["rows"]
    assert (waveform["x"]["low"], waveform["x"]["high"]) == (0.1, 0.2)
    assert all(cell["x"]["high"] - cell["x"]["low"] == pytest.approx(0.1, abs=0.01) for cell in mel["cells"])
    assert spectrum["x"]["unit"] == "Hz"
    assert linked(page)["zoom"] == [0.1, 0.2]
    page.button(key="compare.whole").click()
    assert grid(run(page))["rows"][0]["x"]["low"] == 0
    assert "zoom" not in linked(page)


@pytest.mark.parametrize(
    "view",
    [
        '{"zoom": [5, 6]}',
        '{"zoom": [0.2, 0.1]}',
        "nonsense",
        "[1]",
        '{"how": 3, "kinds": ["mel", "mel"], "classes": ["<b>no</b>"], "each": 99, "tray": "x", "seed": -1}',
        '{"features": {"mel": {"n_mels": "many"}, "stft": 3, "no": {}}, "audio": {"sr": 1e9, "what": 1}}',
        '{"features": [], "audio": [], "clip1": 1e400, "how": null, "kinds": {"a": 1}}',
    ],
)
def test_what_a_link_says_wrong_is_left_out(view: str, open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("compare", data=class_folders, view=view)
    assert not page.error
    assert titles(page) == ["high", "low"]
    assert len(grid(page)["rows"]) == 3


def scripts(page: AppTest) -> dict[str, str]:
    """The script of each library."""
    found = {}
    for which in ("audioclf", "librosa and matplotlib"):
        control(page, "python.which").set_value(which)
        found[which] = run(page).code[0].value
    return found


def test_the_scripts_are_of_what_is_shown(open_page: OpenPage, class_folders: Path) -> None:
    """That they make it, the tests of the scripts show."""
    page = open_page("compare", data=class_folders, view=json.dumps(VIEW))
    dataset = load_dataset(class_folders)
    clips = dataset.of("low")[:3]
    view = View(
        tuple((clip,) for clip in clips),
        ("low",) * 3,
        (Mel(n_mels=40), MFCC(n_mfcc=13)),
        AudioSettings(sr=16000),
        shared=False,
    )
    found = scripts(page)
    assert found["audioclf"] == as_python.ours(view, dataset, str(class_folders), {}).strip()
    assert found["librosa and matplotlib"] == librosa_script.script(view, lambda clip: str(clip.path)).strip()
