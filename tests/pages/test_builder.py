"""The Train page as a builder: all that an experiment holds goes through its forms, and every change can be seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from audioclf.audio.io import AudioSettings
from audioclf.augment import AUGMENTATIONS, Copies
from audioclf.datasets.splits import PROTOCOLS, Holdout, KFold
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.features import MFCC, Mel
from audioclf.features.colormap import Picture
from audioclf.features.scaling import Scaling
from audioclf.models import MODELS
from audioclf.training import Training

OpenPage = Callable[..., AppTest]
Keyed = Callable[[AppTest, str], Any]


def experiment(page: AppTest) -> Experiment:
    """What the forms hold, from the TOML on the page."""
    return Experiment.from_toml(page.code[0].value)


def use(page: AppTest, toml: str) -> None:
    """Paste an experiment and use it."""
    next(area for area in page.text_area if area.key == "train.toml").set_value(toml)
    page.run()
    next(button for button in page.button if button.label == "Use it").click()
    page.run()
    assert not page.exception


def error_texts(page: AppTest) -> str:
    return " ".join(error.value.replace("\\", "") for error in page.error)


@pytest.fixture
def page(train: AppTest) -> AppTest:
    return train


def test_everything_an_experiment_holds_goes_through_the_forms(page: AppTest, class_folders: Path) -> None:
    wanted = Experiment(
        dataset=DatasetChoice(str(class_folders), clips_per_class=5),
        audio=AudioSettings(sr=16000, duration=0.3),
        split=KFold(n_splits=2, validation_size=0.3, random_state=3),
        features=(Mel(n_mels=40, fmin=50.0, fmax=7000.0), MFCC(n_mfcc=13)),
        combine="ensemble",
        weights=(2.0, 1.0),
        scaling=Scaling("clip-standard"),
        augmentations=(
            AUGMENTATIONS["pitch-shift"](min_semitones=-1.0),
            AUGMENTATIONS["gaussian-noise"](),
            AUGMENTATIONS["mask"](n_time_masks=2),
        ),
        copies=Copies(number=2, how="each", originals=False),
        model=MODELS["cnn"](filters=(8, 16), units=(32,), dropout=(0.5,)),
        training=Training(epochs=3, batch_size=2, optimizer="sgd", momentum=0.9, schedule="cosine", seed=5),
    )
    use(page, wanted.to_toml())
    assert experiment(page) == wanted
    assert not page.error
    coloured = wanted.replace(
        features=(Mel(),),
        combine="channels",
        weights=(),
        copies=Copies(),
        augmentations=(AUGMENTATIONS["zoom"](),),
        picture=Picture("viridis", -80.0, 0.0, 32, 48),
    )
    use(page, coloured.to_toml())
    assert experiment(page) == coloured
    assert not page.error
    assert {row["output"] for _, row in page.dataframe[0].value.iterrows()} >= {"32 × 48 × 3"}


@pytest.mark.parametrize(
    ("changed", "message", "heading"),
    [
        ({"split": KFold(n_splits=7)}, "7 splits need at least 7", "Split"),
        ({"model": MODELS["compact-cnn"](filters=(4,) * 9)}, "needs a map of at least", "Model"),
        ({"copies": Copies(number=1)}, "Copies need an augmentation", "Augmentation"),
        ({"model": MODELS["knn"](n_neighbors=50)}, "n_neighbors must be at most", "Model"),
        ({"picture": Picture("magma", height=2, width=1)}, "needs a map of at least", "Model"),
    ],
    ids=["k above the smallest class", "map below pooling", "nothing to copy by", "k of knn", "one pixel"],
)
def test_what_cannot_be_is_said_before_a_job_is_made(
    page: AppTest, class_folders: Path, changed: dict[str, Any], message: str, heading: str
) -> None:
    use(
        page,
        Experiment(dataset=DatasetChoice(str(class_folders)), training=Training(batch_size=2), **changed).to_toml(),
    )
    assert message in error_texts(page)
    assert f"{heading}: " in error_texts(page)
    assert next(button for button in page.button if button.key == "train.go").disabled


@pytest.mark.parametrize(
    ("changed", "learns", "tested"),
    [
        ({}, "it learns from 6 clips and is then tested on 4", "it has not seen before."),
        ({"split": PROTOCOLS["resubstitution"]()}, "from 12 clips and is then tested on 12", "of the same: LEAKY"),
        (
            {"copies": Copies(number=2, before_split=True), "augmentations": (AUGMENTATIONS["gaussian-noise"](),)},
            " copies and is then tested on ",
            "of the same clips: LEAKY",
        ),
    ],
    ids=["honest", "no test set", "copies before the split"],
)
def test_what_is_tested_on_what_was_met_is_called_leaky(
    page: AppTest, class_folders: Path, changed: dict[str, Any], learns: str, tested: str
) -> None:
    split = {"split": Holdout(test_size=0.34, validation_size=0.25)} | changed
    use(page, Experiment(dataset=DatasetChoice(str(class_folders)), training=Training(batch_size=2), **split).to_toml())
    message = " ".join(element.value for element in page.markdown).replace("\\", "")
    assert learns in message
    assert tested in message


def test_copies_are_counted_in_the_steps_of_an_epoch(page: AppTest, class_folders: Path) -> None:
    wanted = Experiment(
        dataset=DatasetChoice(str(class_folders)),
        split=Holdout(test_size=0.34, validation_size=0.25),
        training=Training(batch_size=2, epochs=5),
        augmentations=(AUGMENTATIONS["gaussian-noise"](),),
    )
    use(page, wanted.to_toml())
    assert any("5 epochs of 3 steps" in element.value for element in page.caption)
    use(page, wanted.replace(copies=Copies(number=2)).to_toml())
    (steps,) = [element.value for element in page.caption if "5 epochs of" in element.value]
    assert "of 9 steps" in steps
    assert "18 examples" in steps


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[training]\nlerning_rate = 1", "did you mean 'learning_rate'"),
        ("[modell]\nkind = 'tree'", "did you mean 'model'"),
        ("[model]\nkind = 'compact-cn'", "did you mean 'compact-cnn'"),
        ("combine = 'ensemble'", "ensemble"),
        ("[copies]\nnumber = -1", "number must be at least 0"),
        ("[training\n", "not valid TOML"),
    ],
)
def test_a_text_that_is_no_experiment_is_told_with_the_nearest(page: AppTest, toml: str, message: str) -> None:
    before = experiment(page)
    use(page, toml)
    assert message in error_texts(page)
    assert experiment(page) == before


def players(page: AppTest) -> list[dict[str, Any]]:
    return [json.loads(element.proto.json) for element in page.get("bidi_component")]


def test_an_augmentation_is_seen_and_heard_and_the_dice_rolled_again(
    page: AppTest, class_folders: Path, keyed: Keyed
) -> None:
    wanted = Experiment(
        dataset=DatasetChoice(str(class_folders)),
        augmentations=(AUGMENTATIONS["gaussian-noise"](min_snr=0.0, max_snr=1.0), AUGMENTATIONS["row-shift"]()),
        training=Training(batch_size=2),
    )
    use(page, wanted.to_toml())
    keyed(page, "train.preview.0.gaussian-noise.on").set_value(True)
    page.run()
    before, after = players(page)
    assert before["tracks"][0]["note"] == "original"
    assert after["tracks"][0]["note"] == "changed"
    assert before["tracks"][0]["audio"] != after["tracks"][0]["audio"]
    keyed(page, "train.preview.0.gaussian-noise.again").click()
    page.run()
    same, again = players(page)
    assert same["tracks"] == before["tracks"]
    assert again["tracks"][0]["audio"] != after["tracks"][0]["audio"]
    # a change that only the picture knows has no sound
    keyed(page, "train.preview.0.gaussian-noise.on").set_value(False)
    keyed(page, "train.preview.1.row-shift.on").set_value(True)
    page.run()
    (shown,) = players(page)
    assert (len(shown["tracks"]), len(shown["panels"])) == (1, 2)
    assert not page.error
