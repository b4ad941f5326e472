"""The Explore page: one sound, six pictures, their parameters."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from audioclf.datasets import load_dataset
from audioclf.features import views

FEATURES = views()

OpenPage = Callable[..., AppTest]


def player(page: AppTest) -> dict[str, Any]:
    """What the page gives its player."""
    return component(page, "tracks")


def component(page: AppTest, name: str) -> dict[str, Any]:
    """The data of the only component that is given something of this name."""
    (data,) = [data for data in map(json.loads, (one.proto.json for one in page.get("bidi_component"))) if name in data]
    return data


def view(page: AppTest, kind: str) -> AppTest:
    control = next(item for item in page.segmented_control if item.key == "explore.view")
    control.set_value(kind)
    page.run()
    assert not page.exception
    return page


def test_all_six_stand_under_one_sound(open_page: OpenPage, class_folders: Path) -> None:
    data = player(open_page("explore", data=class_folders))
    assert [panel["title"] for panel in data["panels"]] == [feature.title for feature in FEATURES.values()]
    assert len(data["tracks"]) == 1
    assert data["tracks"][0]["seconds"] == pytest.approx(0.3, abs=0.01)


def test_the_clip_in_the_address_is_the_one_shown(open_page: OpenPage, class_folders: Path) -> None:
    clip = load_dataset(class_folders).clips[8]
    page = open_page("explore", data=class_folders, clip=clip.key)
    assert page.selectbox[0].value == clip.label
    assert player(page)["tracks"][0]["title"] == clip.label


@pytest.mark.parametrize("kind", list(FEATURES))
def test_one_picture_comes_with_explanation_and_parameters(kind: str, open_page: OpenPage, class_folders: Path) -> None:
    page = view(open_page("explore", data=class_folders), kind)
    page.session_state[f"feature.{kind}:more"] = True
    page.run()
    (panel,) = player(page)["panels"]
    assert panel["title"] == FEATURES[kind].title
    assert any(FEATURES[kind].explanation in text.value.replace("\\", "") for text in page.markdown)
    keys = {item.key for item in (*page.number_input, *page.selectbox, *page.text_input, *page.toggle)}
    assert {f"feature.{kind}.{name}" for name in FEATURES[kind].describe()} <= keys


def test_a_parameter_changes_the_picture(open_page: OpenPage, class_folders: Path) -> None:
    page = view(open_page("explore", data=class_folders), "mel")
    assert player(page)["panels"][0]["rows"] == 128
    page.number_input(key="feature.mel.n_mels").set_value(32)
    page.run()
    assert player(page)["panels"][0]["rows"] == 32
    page.number_input(key="feature.mel.n_mels").set_value(0)
    page.run()
    assert "n_mels must be at least" in page.error[0].value.replace("\\", "")
    assert player(page)["panels"][0]["rows"] == 32, "the previous picture stays"


def test_the_sample_rate_changes_the_pictures_at_once(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("explore", data=class_folders)
    page.session_state["audio.open"] = True
    page.run()
    page.number_input(key="audio.sr").set_value(8000)
    page.run()
    assert player(page)["subject"].endswith(" 8000")
    page.number_input(key="audio.sr").set_value(1)
    page.run()
    assert page.error
    assert player(page)["subject"].endswith(" 8000"), "the previous pictures stay"


def test_what_cannot_work_with_this_sound_is_told_beside_its_field(open_page: OpenPage, class_folders: Path) -> None:
    page = view(open_page("explore", data=class_folders), "mel")
    page.number_input(key="feature.mel.fmax").set_value(20000.0)
    page.run()
    (error,) = page.error
    assert "fmax" in error.value.replace("\\", "")
    assert player(page)["panels"][0]["title"] == FEATURES["mel"].title, "the previous picture stays"
    view(page, "All")
    assert len(player(page)["panels"]) == len(FEATURES)
    assert len(page.error) == 1


def test_stepping_goes_through_the_class_and_round(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("explore", data=class_folders)
    first = page.selectbox[1].value
    page.button(key="clip.next").click()
    page.run()
    assert page.selectbox[1].value == first + 1
    page.button(key="clip.previous").click()
    page.run()
    page.button(key="clip.previous").click()
    page.run()
    assert page.selectbox[1].value == 5


def test_stepping_passes_the_same_sound_twice(open_page: OpenPage, class_folders: Path) -> None:
    high = class_folders / "high"
    for copy in ("0b.wav", "0c.wav"):
        (high / copy).write_bytes((high / "0.wav").read_bytes())
    page = open_page("explore", data=class_folders)
    met = []
    for _ in range(8):
        met.append(page.selectbox[1].value)
        page.button(key="clip.next").click()
        page.run()
    assert met == list(range(8))


def test_a_sound_of_ones_own_needs_no_data_set(open_page: OpenPage, tone_wav: Path) -> None:
    page = open_page("explore")
    source = next(item for item in page.segmented_control if item.key == "explore.source")
    source.set_value("Your own")
    page.run()
    page.file_uploader[0].set_value(("my <b>tone</b>.wav", tone_wav.read_bytes(), "audio/wav"))
    page.run()
    assert not page.error
    data = player(page)
    assert data["tracks"][0]["title"] == "my <b>tone</b>.wav"
    assert len(data["panels"]) == len(FEATURES)


def test_an_upload_that_is_no_sound_is_told(open_page: OpenPage) -> None:
    page = open_page("explore")
    next(item for item in page.segmented_control if item.key == "explore.source").set_value("Your own")
    page.run()
    page.file_uploader[0].set_value(("page.wav", b"<html></html>" * 50, "audio/wav"))
    page.run()
    (error,) = page.error
    assert "web page" in error.value or "HTML" in error.value


def test_the_spectrum_is_in_decibels_until_the_user_wants_it_linear(open_page: OpenPage, class_folders: Path) -> None:
    page = view(open_page("explore", data=class_folders), "spectrum")
    assert player(page)["panels"][0]["unit"] == "dB"
    page.selectbox(key="feature.spectrum.scale").set_value("magnitude")
    page.run()
    assert player(page)["panels"][0]["label"] == "Magnitude"
    assert FEATURES["spectrum"]().to_dict()["scale"] == "magnitude", "old recipes keep their features"


def test_costs_stand_beside_the_fields(open_page: OpenPage, class_folders: Path) -> None:
    page = view(open_page("explore", data=class_folders), "mel")
    notes = " ".join(caption.value.replace("\\", "") for caption in page.caption)
    assert "92.9 ms long, bins 10.8 Hz apart" in notes
    assert "128 × 13 values, 6.66 kB" in notes


def test_a_published_preset_fills_the_form(open_page: OpenPage, class_folders: Path) -> None:
    page = view(open_page("explore", data=class_folders), "cqt")
    preset = page.selectbox(key="explore.preset.cqt")
    assert any(option.startswith("A: instruments, 44,100 Hz") for option in preset.options)
    preset.set_value(preset.options.index(next(item for item in preset.options if item.startswith("A:"))))
    page.run()
    assert not page.exception
    assert player(page)["panels"][0]["rows"] == 168
    assert page.number_input(key="feature.cqt.bins_per_octave").value == 24


@pytest.mark.parametrize("kind", ["stft", "cqt", "mel", "mfcc"])
def test_how_a_feature_is_made(kind: str, open_page: OpenPage, class_folders: Path) -> None:
    page = view(open_page("explore", data=class_folders), kind)
    next(item for item in page.segmented_control if item.key == f"explore.way.{kind}").set_value("How it is made")
    page.run()
    assert not page.exception
    titles = [panel["title"] for panel in player(page)["panels"]]
    assert (
        titles
        == {
            "stft": ["Window (hann)"],
            "cqt": ["Window of every row"],
            "mel": ["Window (hann)", "Mel filter bank"],
            "mfcc": ["Window (hann)", "Mel filter bank", "Cosines of the DCT"],
        }[kind]
    )


def test_deltas_stand_below_the_mfcc(open_page: OpenPage, class_folders: Path) -> None:
    page = view(open_page("explore", data=class_folders), "mfcc")
    page.toggle(key="explore.deltas.mfcc").set_value(True)
    page.run()
    assert [panel["title"] for panel in player(page)["panels"]] == ["MFCC", "Δ MFCC", "ΔΔ MFCC"]


def test_one_sound_at_four_sample_rates(open_page: OpenPage, class_folders: Path) -> None:
    data = player(view(open_page("explore", data=class_folders), "Resampling"))
    assert [track["title"] for track in data["tracks"]] == ["22,050 Hz", "20,000 Hz", "16,000 Hz", "8,000 Hz"]
    assert len({(panel["low"], panel["high"]) for panel in data["panels"]}) == 1
    tops = [panel["y"]["values"][-1] for panel in data["panels"]]
    assert tops == pytest.approx([11025] * 4, abs=30)


def test_the_picture_follows_the_slider_and_the_form_once_it_is_released(
    open_page: OpenPage, class_folders: Path
) -> None:
    page = view(open_page("explore", data=class_folders), "mel")
    assert [one["name"] for one in component(page, "parameters")["parameters"]] == ["n_fft", "hop_length", "n_mels"]
    slid = {"name": "n_mels", "value": 40, "held": False, "number": 1}
    for moved, n_mels in ((slid, 40), (slid | {"number": 2, "value": 41}, 40), (slid | {"number": 3, "name": "x"}, 40)):
        page.session_state["explore.slide.mel"] = {"moved": moved}
        page.run()
        assert not page.exception
        assert page.number_input(key="feature.mel.n_mels").value == n_mels, "only values of the slider count"
        assert player(page)["panels"][0]["rows"] == n_mels
    page.number_input(key="feature.mel.n_mels").set_value(100)
    page.run()
    assert player(page)["panels"][0]["rows"] == 100, "a movement counts once"
    slider = component(page, "parameters")
    assert slider["parameters"][2]["value"] == 100
    assert slider["number"] == 1
