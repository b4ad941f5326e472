"""A network of one's own: given as a function or named in TOML, trained like any other, and never by the web app."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audioclf.core.errors import ParameterError
from audioclf.datasets.splits import Holdout, KFold
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.runner import run_experiment
from audioclf.features import Mel
from audioclf.inference.predictor import Predictor
from audioclf.jobs import queue
from audioclf.models import MODELS, build
from audioclf.models.custom import Custom
from audioclf.models.trust import MARK, trusting_code
from audioclf.training import Training

MODULE = """
import keras

def small(input_shape, n_classes, filters=3):
    start = keras.Input(input_shape)
    maps = keras.layers.Conv2D(filters, 3, activation="relu", name="maps")(start)
    pooled = keras.layers.GlobalAveragePooling2D()(maps)
    return keras.Model(start, keras.layers.Dense(n_classes, activation="softmax")(pooled))
"""


def of_curves(input_shape: tuple[int, ...], n_classes: int, units: int = 4) -> Any:
    import keras

    layers = [
        keras.Input(input_shape),
        keras.layers.Dense(units, activation="relu"),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(n_classes, activation="softmax"),
    ]
    return keras.Sequential(layers)


@pytest.fixture
def experiment(class_folders: Path) -> Experiment:
    return Experiment(
        dataset=DatasetChoice(str(class_folders)),
        features=(Mel(n_mels=16),),
        split=Holdout(test_size=0.34, validation_size=0.25),
        training=Training(epochs=1, batch_size=4),
    )


def test_a_function_of_the_users_own_is_asked_for_the_network() -> None:
    model = Custom(builder=of_curves, options={"units": 7})  # type: ignore[arg-type]
    assert model.builder == f"{__name__}:of_curves"
    assert Custom.from_dict(model.to_dict()) == model
    assert model.count_parameters((20,), 3) == (20 * 7 + 7 + 7 * 3 + 3,) * 2
    rows = model.summary((20,), 3)
    assert [(row.layer, row.output_shape) for row in rows] == [("Dense", (7,)), ("Dropout", (7,)), ("Dense", (3,))]
    first, again, other = (build("custom", (20,), 3, seed, builder=of_curves).get_weights()[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_named_builder_trains_explains_and_is_read_again(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "networks_of_mine.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    chosen = {
        "kind": "custom",
        "builder": "networks_of_mine:small",
        "explained_layer": "maps",
        "options": {"filters": 5},
    }
    run = run_experiment(experiment.replace(model=MODELS.make(chosen)), tmp_path / "run")
    assert run.experiment.model.to_dict()["options"] == {"filters": 5}
    assert run.metrics["n_parameters"] == 3 * 3 * 5 + 5 + 5 * 2 + 2
    found = Predictor(run).explain(run.clips[0])
    assert found.heat.shape == found.feature_map.values.shape
    script = (
        "import os, sys; from audioclf.inference.predictor import Predictor\n"
        "from audioclf.experiments.runs import open_run\n"
        "from audioclf.core.errors import AudioclfError\n"
        "from audioclf.models.trust import MARK\n"
        "run = open_run(sys.argv[1])\n"
        "for mark, trust_code in (('', False), ('1', True), ('', True)):\n"
        "    os.environ[MARK] = mark\n"
        "    try: print(Predictor(run, trust_code=trust_code).classify(run.clips[0].path).label in run.classes)\n"
        "    except AudioclfError as error: print('networks_of_mine' in sys.modules, error)"
    )
    paths = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-c", script, str(run.folder)],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
    )
    untrusted, of_the_app, trusted = done.stdout.splitlines()
    assert untrusted.startswith("False ")
    assert "add --trust-code" in untrusted
    assert of_the_app.startswith("False ")
    assert "the app does not do" in of_the_app
    assert trusted == "True"


def test_a_function_without_a_name_elsewhere_is_built_here_alone(experiment: Experiment, tmp_path: Path) -> None:
    def inside(input_shape: tuple[int, ...], n_classes: int) -> Any:
        import keras

        start = keras.Input(input_shape)
        flat = keras.layers.Flatten()(start)
        return keras.Model(start, keras.layers.Dense(n_classes, activation="softmax")(flat))

    model = Custom(builder=inside)  # type: ignore[arg-type]
    assert model.only_here
    assert not Custom(builder=of_curves).only_here  # type: ignore[arg-type]
    run = run_experiment(experiment.replace(model=model, split=KFold(n_splits=2)), tmp_path / "run")
    assert run.metrics["n_test"] == 12
    assert Predictor(run).classify(run.clips[0].path).label in run.classes


def test_the_app_refuses_it(experiment: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    named = Custom(builder="os:getcwd")
    with pytest.raises(ParameterError, match="runs code from your computer"):
        queue.submit(experiment.replace(model=named))
    monkeypatch.setenv(MARK, "1")
    with pytest.raises(ParameterError, match="runs code from your computer"):
        named.build((20,), 3)
    assert not Custom.listed


def wrong_output(input_shape: tuple[int, ...], n_classes: int) -> Any:
    return of_curves(input_shape, n_classes + 1)


def no_softmax(input_shape: tuple[int, ...], n_classes: int) -> Any:
    import keras

    return keras.Sequential([keras.Input(input_shape), keras.layers.Dense(n_classes)])


def no_network(input_shape: tuple[int, ...], n_classes: int) -> Any:
    return n_classes


@pytest.mark.parametrize(
    ("builder", "part"),
    [
        ("", "module:function"),
        ("nowhere_at_all:net", "cannot be imported"),
        ("os:nothing", "cannot be imported"),
        ("os:sep", "no function"),
        (no_network, "must return a keras.Model, got int"),
        (wrong_output, r"give 3 probabilities.*\(20,\) to \(4,\)"),
        (no_softmax, "end in a Dense layer with softmax"),
    ],
)
def test_what_is_wrong_with_a_builder_is_said(builder: Any, part: str) -> None:
    with trusting_code(True), pytest.raises(ParameterError, match=part) as caught:
        Custom(builder=builder).build((20,), 3)
    assert caught.value.field == "builder"
