"""How far an example lies from what was learned: classical models and networks, thresholds, files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audioclf.core.errors import RunError
from audioclf.models import MODELS
from audioclf.training import Fitted, Novelty
from audioclf.training.novelty import FEWEST, NOVELTY, Angle, Distance

SHAPE = (6, 10)


def examples(n: int, seed: int, offset: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Two classes of pictures around two means, far from them where an offset is given."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    x = rng.standard_normal((n, *SHAPE)) + 3 * y[:, None, None] + offset * np.sin(np.arange(SHAPE[1]))
    return x.astype(np.float32), y


@pytest.fixture(scope="module", params=["logreg", "compact-cnn"])
def fitted(request: pytest.FixtureRequest) -> Fitted:
    model = MODELS[request.param]()
    x, y = examples(100, 0)
    built = model.build(SHAPE, 2)
    if request.param == "logreg":
        built.fit(x.reshape(len(x), -1), y)
    return Fitted(model, built, SHAPE, 2)


def test_known_examples_lie_below_the_threshold_and_others_above(fitted: Fitted) -> None:
    x, y = examples(300, 0)
    novelty = Novelty.fit(fitted, x, y, examples(200, 1)[0])
    assert novelty is not None
    assert novelty.on_validation
    known = novelty(fitted, examples(400, 2)[0])
    assert 0.01 < (known > 1).mean() < 0.12  # 5 of 100 by design
    assert (novelty(fitted, examples(50, 3, offset=8)[0]) > 1).all()


def test_without_validation_training_clips_are_measured_by_others(fitted: Fitted) -> None:
    x, y = examples(300, 0)
    for validation in (None, x[: FEWEST - 1]):
        novelty = Novelty.fit(fitted, x, y, validation)
        assert novelty is not None
        assert not novelty.on_validation
        assert (novelty(fitted, examples(400, 2)[0]) > 1).mean() < 0.12
        assert (novelty(fitted, examples(50, 3, offset=8)[0]) > 1).all()


def test_too_few_or_equal_examples_have_no_novelty(fitted: Fitted) -> None:
    x, y = examples(FEWEST - 1, 0)
    assert Novelty.fit(fitted, x, y, None) is None
    same = np.zeros((50, *SHAPE), np.float32)
    assert Novelty.fit(fitted, same, np.arange(50) % 2, None) is None
    assert Novelty.fit(fitted, same * np.float32("nan"), np.arange(50) % 2, None) is None


def test_few_embeddings_are_compared_by_their_angle_as_they_were_before_scaling(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    directions = np.abs(rng.standard_normal((3, 40)))
    y = np.arange(12) % 2

    def embedded(labels: np.ndarray) -> np.ndarray:
        loudness = rng.uniform(0.5, 2, (len(labels), 1))  # a louder sound is the same sound
        return np.float32(loudness * (directions[labels] + 0.1 * rng.standard_normal((len(labels), 40))))

    raw = embedded(y)
    offset, scale = raw.mean(axis=0), raw.std(axis=0)
    model = MODELS["logreg"]()
    fitted = Fitted(model, model.build((40,), 2).fit((raw - offset) / scale, y), (40,), 2)
    novelty = Novelty.fit(fitted, (raw - offset) / scale, y, None, scaling=(offset, scale))
    assert novelty is not None
    assert isinstance(novelty.distance, Angle)
    unit = raw[5] / np.linalg.norm(raw[5])
    assert novelty.distance.points((raw[5:6] - offset) / scale)[0] == pytest.approx(unit, abs=1e-5)
    known, unknown = ((embedded(np.full(50, label)) - offset) / scale for label in (1, 2))
    assert (novelty(fitted, known) > 1).mean() < 0.3
    assert (novelty(fitted, unknown) > 1).all()
    novelty.save(tmp_path)
    again = Novelty.load(tmp_path)
    assert again is not None
    np.testing.assert_allclose(again(fitted, unknown), novelty(fitted, unknown), rtol=1e-5)
    few = slice(0, 4)
    assert Novelty.fit(fitted, (raw[few] - offset) / scale, y[few], None, scaling=(offset, scale)) is None


def test_the_distance_is_that_of_mahalanobis() -> None:
    rng = np.random.default_rng(0)
    spread = np.array([1.0, 10.0])
    y = np.arange(4000) % 2
    x = np.float32(rng.standard_normal((4000, 2)) * spread + 100 * y[:, None])
    found = Distance.fit(x, y)
    assert found is not None
    # a tenth of the covariance is a sphere of the mean variance of three axes, the third being what is left out: 0
    sizes = np.sqrt(0.9 * spread**2 + 0.1 * (spread**2).sum() / 3)
    for place in ([3.0, 0.0], [0.0, 30.0], [100.0, 130.0]):
        expected = np.linalg.norm((np.array(place) - round(place[0] / 100) * 100) / sizes)
        assert found(np.float32([place]))[0] == pytest.approx(expected, rel=0.1)


def test_it_is_written_and_read_and_a_damaged_file_is_a_sentence(fitted: Fitted, tmp_path: Path) -> None:
    x, y = examples(100, 0)
    assert Novelty.load(tmp_path) is None
    novelty = Novelty.fit(fitted, x, y, None)
    assert novelty is not None
    novelty.save(tmp_path)
    again = Novelty.load(tmp_path)
    assert again is not None
    assert again.on_validation is novelty.on_validation
    np.testing.assert_allclose(again(fitted, x), novelty(fitted, x), rtol=1e-5)
    with np.load(tmp_path / NOVELTY) as stored:
        arrays = dict(stored)
    for name in ("components", "centres"):
        np.savez(tmp_path / NOVELTY, **{**arrays, name: arrays[name][0]})
        with pytest.raises(RunError, match="novelty"):
            Novelty.load(tmp_path)
    (tmp_path / NOVELTY).write_bytes(b"nothing")
    with pytest.raises(RunError, match="novelty"):
        Novelty.load(tmp_path)
