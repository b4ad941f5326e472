"""Names of what can be searched over: of every parameter, and short ones for people."""

from __future__ import annotations

import pytest

from audioclf.augment import AUGMENTATIONS
from audioclf.datasets.splits import PROTOCOLS
from audioclf.experiments.config import Experiment
from audioclf.features import FEATURES, MFCC, Mel
from audioclf.models import MODELS
from audioclf.tuning import Search, short, variables


def _every_part() -> list[Experiment]:
    made = [Experiment(features=(feature(),), model=MODELS["mlp"]()) for feature in FEATURES.values()]
    made += [Experiment(model=model()) for kind, model in MODELS.items() if kind != "custom"]
    made += [Experiment(split=protocol()) for protocol in PROTOCOLS.values()]
    made += [Experiment(augmentations=(augmentation(),)) for augmentation in AUGMENTATIONS.values()]
    return [*made, Experiment(features=(Mel(), MFCC()), combine="ensemble")]


@pytest.mark.parametrize("experiment", _every_part(), ids=lambda item: f"{item.model.kind} {item.split.kind}")
def test_every_parameter_of_every_part_can_be_searched_over(experiment: Experiment) -> None:
    known = variables(experiment)
    assert {name.split(".")[0] for name in known} >= {"audio", "split", "scaling", "model", "training"}
    grid = {name: [variable.value] for name, variable in known.items() if variable.value is not None}
    (point,) = Search(experiment, grid).preview
    assert point.experiment.to_dict() == experiment.to_dict()


def test_short_names_stay_apart() -> None:
    assert short(["feature.n_fft", "training.seed"]) == {"feature.n_fft": "n_fft", "training.seed": "seed"}
    assert set(short(["features.0.n_fft", "features.1.n_fft"]).values()) == {"features.0.n_fft", "features.1.n_fft"}
    assert short(["model.kind"]) == {"model.kind": "model.kind"}
