"""What every registered feature keeps to."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audioclf.core.errors import ParameterError
from audioclf.features import FEATURES, FeatureMap, stack, views

SR = 22050
every_feature = pytest.mark.parametrize("kind", list(views()))


def noise(n: int = SR, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(n)).astype(np.float32)


def assert_sound(found: FeatureMap, kind: str) -> None:
    assert found.feature == kind
    assert found.values.dtype == np.float32
    assert found.values.flags.c_contiguous
    assert np.isfinite(found.values).all()
    assert found.is_picture == (found.values.ndim == 2)
    assert tuple(len(axis.values) for axis in found.axes) == found.values.shape
    for axis in found.axes:
        assert (np.diff(axis.values) > 0).all()
        assert axis.scale in {"linear", "log", "mel"}
    assert (found.axes[-1].label, found.axes[-1].unit) in {("Time", "s"), ("Frequency", "Hz")}


def test_all_six_are_found_in_the_order_a_person_meets_them() -> None:
    assert list(views()) == ["waveform", "spectrum", "stft", "cqt", "mel", "mfcc"]


@every_feature
def test_defaults_give_a_sound_map(kind: str) -> None:
    y = noise()
    before = y.copy()
    found = FEATURES[kind]().compute(y, SR)
    assert_sound(found, kind)
    np.testing.assert_array_equal(y, before)
    np.testing.assert_array_equal(found.values, FEATURES[kind]().compute(y, SR).values)
    assert found.values.std() > 0


@every_feature
def test_values_do_not_share_memory_with_the_samples(kind: str) -> None:
    y = noise()
    assert not np.shares_memory(y, FEATURES[kind]().compute(y, SR).values)


@every_feature
@pytest.mark.parametrize("n", [SR, 5001, 700, 64])
def test_silence_and_short_sounds_work_without_a_warning(kind: str, n: int) -> None:
    assert_sound(FEATURES[kind]().compute(np.zeros(n), SR), kind)
    assert_sound(FEATURES[kind]().compute(noise(n), SR), kind)


@every_feature
def test_shape_is_the_shape_of_what_is_computed(kind: str) -> None:
    feature = FEATURES[kind]()
    assert feature.shape(SR, SR) == feature.compute(noise(), SR).values.shape


@every_feature
def test_parameters_survive_plain_values_and_are_described(kind: str) -> None:
    feature = FEATURES[kind]()
    assert FEATURES.make(feature.to_dict()) == feature
    for name, (kind_of, described) in type(feature).describe().items():
        assert described.help.endswith("."), name
        assert described.choices or described.low is not None or described.above is not None or kind_of is bool, name
    assert set(feature.describe()) == set(feature.to_dict()) - {"kind"} | {
        name for name in feature.describe() if getattr(feature, name) is None
    }


@every_feature
def test_a_learner_is_told_what_is_seen(kind: str) -> None:
    feature = FEATURES[kind]
    assert feature.title
    assert 2 <= feature.explanation.count(". ") + 1 <= 3


@every_feature
@pytest.mark.parametrize(
    ("y", "sr", "reported"),
    [
        (np.zeros(0), SR, "mono samples"),
        (np.zeros((2, 100)), SR, "shape (2, 100)"),
        (np.array([0, np.nan] * 100), SR, "NaN"),
        (np.array([0, np.inf] * 100), SR, "infinity"),
        (np.ones(100), 0, "sample rate"),
        (np.ones(100), -1, "sample rate"),
        (np.ones(100), np.nan, "sample rate"),
    ],
)
def test_what_is_no_sound_is_refused_in_one_sentence(kind: str, y: np.ndarray, sr: float, reported: str) -> None:
    with pytest.raises(ParameterError) as caught:
        FEATURES[kind]().compute(y, sr)
    assert reported in str(caught.value)


@every_feature
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_any_allowed_parameters_give_a_map_or_one_sentence(kind: str, data: st.DataObject) -> None:
    values = {}
    for name, (annotation, described) in FEATURES[kind].describe().items():
        if described.choices:
            values[name] = data.draw(st.sampled_from(described.choices), name)
        elif annotation is bool:
            values[name] = data.draw(st.booleans(), name)
        else:
            low = described.low if described.low is not None else described.above
            whole = "int" in str(annotation)
            number = st.integers(int(low), int(described.high)) if whole else st.floats(low, described.high)
            values[name] = data.draw(st.none() | number if "None" in str(annotation) else number, name)
    y = noise(data.draw(st.integers(1, 6000), "n"))
    sr = data.draw(st.sampled_from([1000.0, 8000.0, 22050.0, 44100.0]), "sr")
    try:
        feature = FEATURES[kind](**values)
        advice = feature.advice(sr, y.size)
        found = feature.compute(y, sr)
    except ParameterError as caught:
        refusal = caught
    else:
        assert FEATURES.make(feature.to_dict()) == feature
        assert all(sentence.endswith(".") for sentence in advice)
        assert found.values.dtype == np.float32
        assert np.isfinite(found.values).all()
        assert tuple(len(axis.values) for axis in found.axes) == found.values.shape
        return
    assert refusal.field in values
    assert refusal.field in str(refusal)
    assert str(refusal).endswith(".")


def test_features_need_neither_librosa_nor_anything_that_is_slow_to_load() -> None:
    program = """
import sys, numpy as np
from audioclf.features import views
early = {name.partition(".")[0] for name in sys.modules}
for feature in views().values():
    feature().compute(np.random.default_rng(0).standard_normal(8000), 22050)
late = {name.partition(".")[0] for name in sys.modules}
print(sorted(early & {"scipy", "soxr", "librosa"}), sorted(late & {"librosa", "numba", "sklearn", "matplotlib"}))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] []"


def test_maps_of_one_shape_are_stacked_and_others_are_named() -> None:
    make = FEATURES["stft"]().compute
    assert stack([make(noise(), SR), make(noise(seed=1), SR)]).shape == (2, 1025, 44)
    with pytest.raises(ParameterError, match="common duration"):
        stack([make(noise(), SR), make(noise(9000), SR)])
