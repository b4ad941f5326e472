"""Temperature scaling finds the temperature that logits were made with, leaves the argmax and never blows up."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import log_loss

from audioclf.core.errors import RunError
from audioclf.models import MODELS
from audioclf.training import Fitted, Temperature, Training, load
from audioclf.training.checkpoint import fingerprint
from audioclf.training.temperature import FEWEST, HIGHEST, LOWEST, TEMPERATURE, temperature_sentences


def softmax(logits: np.ndarray) -> np.ndarray:
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)


def drawn(seed: int, n: int, k: int, temperature: float) -> tuple[np.ndarray, np.ndarray]:
    """What a model gives that is too sure by a temperature (below 1: not sure enough), and the labels."""
    rng = np.random.default_rng(seed)
    true_logits = rng.normal(0, 2, (n, k))
    shares = softmax(true_logits).astype(np.float64)
    labels = (rng.random((n, 1)) > (shares / shares.sum(axis=1, keepdims=True)).cumsum(axis=1)).sum(axis=1)
    return softmax(true_logits * temperature), np.minimum(labels, k - 1)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.integers(2, 10), temperature=st.floats(0.3, 6))
def test_it_recovers_the_temperature_of_synthetic_logits(seed: int, k: int, temperature: float) -> None:
    probabilities, labels = drawn(seed, 4000, k, temperature)
    found = Temperature.fit(probabilities, labels)
    assert found.value == pytest.approx(temperature, rel=0.2)
    assert (found.n_validation, found.note) == (4000, "")
    assert found.log_loss_before == pytest.approx(-np.log(probabilities[np.arange(4000), labels]).mean(), rel=1e-5)
    after = log_loss(labels, found(probabilities), labels=range(k))
    assert found.log_loss_after == pytest.approx(after, rel=1e-3)
    assert found.log_loss_after <= found.log_loss_before


_ROWS = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 40), st.integers(2, 5)),
    elements=st.one_of(st.just(0.0), st.floats(0, 1, width=32)),
).filter(lambda x: bool((x.sum(axis=1) > 1e-3).all()))


@settings(max_examples=200, deadline=None)
@given(rows=_ROWS, value=st.floats(LOWEST, HIGHEST))
def test_the_argmax_never_changes_and_rows_sum_to_one(rows: np.ndarray, value: float) -> None:
    rows = rows / rows.sum(axis=1, keepdims=True)
    calibrated = Temperature(value)(rows)
    assert calibrated.dtype == np.float32
    np.testing.assert_array_equal(calibrated.argmax(axis=1), rows.argmax(axis=1))
    np.testing.assert_allclose(calibrated.sum(axis=1), 1, atol=1e-5)
    assert ((calibrated >= 0) & (calibrated <= 1)).all()


def test_two_classes_that_rounding_would_make_equal_keep_their_order() -> None:
    rows = np.array([[0.49999997, 0.5]], np.float32)
    assert rows[0, 0] < rows[0, 1]
    assert Temperature(20.0)(rows).argmax() == 1


@settings(max_examples=50, deadline=None)
@given(rows=_ROWS.filter(lambda x: len(x) >= FEWEST), seed=st.integers(0, 99))
def test_any_predictions_have_a_finite_temperature_that_does_not_raise_the_loss(rows: np.ndarray, seed: int) -> None:
    rows = rows / rows.sum(axis=1, keepdims=True)
    found = Temperature.fit(rows, np.random.default_rng(seed).integers(0, rows.shape[1], len(rows)))
    assert LOWEST <= found.value <= HIGHEST
    assert found.log_loss_after is not None
    assert found.log_loss_before is not None
    assert 0 <= found.log_loss_after <= found.log_loss_before < np.inf


def test_constant_predictions_stay_as_they_are() -> None:
    found = Temperature.fit(np.full((40, 4), 0.25, np.float32), np.arange(40) % 4)
    assert found.value == pytest.approx(1, abs=1e-3)
    assert found.log_loss_after == pytest.approx(np.log(4))


def test_perfect_predictions_become_surer_but_never_certain() -> None:
    labels = np.arange(40) % 4
    rows = np.where(np.eye(4, dtype=bool)[labels], 0.7, 0.1).astype(np.float32)
    found = Temperature.fit(rows, labels)
    assert 0.2 < found.value < 1
    assert 0.7 < found(rows).max() < 0.9999
    certain = np.eye(4, dtype=np.float32)[labels]
    assert Temperature.fit(certain, labels)(certain).max() == pytest.approx(1, abs=1e-5)


def test_votes_that_never_name_the_true_class_cost_a_finite_loss() -> None:
    """Forests and nearest neighbours give 0 to a class none of them votes for."""
    labels = np.arange(60) % 3
    rows = np.eye(3, dtype=np.float32)[np.where(np.arange(60) < 12, (labels + 1) % 3, labels)]
    found = Temperature.fit(rows, labels)
    # one wrong clip in five: the most probable class deserves 0.8
    assert found(rows).max(axis=1) == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize(("n", "words"), [(0, "there were none"), (1, "there was 1"), (19, "there were 19")])
def test_too_few_validation_clips_leave_probabilities_as_they_are_and_say_so(n: int, words: str) -> None:
    rows = np.full((n, 2), 0.5, np.float32)
    found = Temperature.fit(rows, np.zeros(n, int)) if n else Temperature.fit(None, None)
    assert (found.value, found.n_validation, found.log_loss_after) == (1.0, n, None)
    assert words in found.sentence
    assert found(rows) is rows


def test_probabilities_that_are_no_numbers_have_no_temperature() -> None:
    found = Temperature.fit(np.full((30, 2), np.nan), np.zeros(30, int))
    assert found.value == 1
    assert "no numbers" in found.note


def test_a_network_and_a_classical_model_read_their_temperature_again(tmp_path: Path) -> None:
    from audioclf.training.fitted import save_estimator, save_weights

    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 6, 10)).astype(np.float32)
    y = np.arange(60) % 3
    for kind in ("logreg", "compact-cnn"):
        folder = tmp_path / kind
        folder.mkdir()
        model = MODELS[kind]()
        built = model.build((6, 10), 3)
        if kind == "logreg":
            built.fit(x.reshape(60, -1), y)
            save_estimator(built, folder)
        else:
            save_weights(built, folder, 1)
        fitted = Fitted(model, built, (6, 10), 3)
        plain, rolled = fitted.predict_proba(x), fitted.predict_rolled(x, 2)
        fitted.temperature = Temperature(2.5, 60, 1.0, 0.9)
        fitted.temperature.save(folder)
        again = load(model, folder, (6, 10), 3)
        assert again.temperature == fitted.temperature
        np.testing.assert_allclose(again.predict_proba(x), Temperature(2.5)(plain), atol=1e-6)
        # the mean over the rolls is calibrated, not every roll
        np.testing.assert_allclose(again.predict_rolled(x, 2), Temperature(2.5)(rolled), atol=1e-6)
        np.testing.assert_array_equal(again.predict(x), plain.argmax(axis=1))
        (folder / TEMPERATURE).unlink()  # as in runs of earlier versions
        older = load(model, folder, (6, 10), 3)
        assert older.temperature is None
        np.testing.assert_array_equal(older.predict_proba(x), plain)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"temperature": "hot"}',
        '{"temperature": 0, "note": "x"}',
        '{"temperature": 1e9, "note": "x"}',
        '{"temperature": NaN, "note": "x"}',
        '{"temperature": 1.5}',
        '{"temperature": 1.5, "log_loss_before": [], "log_loss_after": 1}',
    ],
)
def test_a_damaged_file_is_a_sentence(text: str, tmp_path: Path) -> None:
    (tmp_path / TEMPERATURE).write_text(text, encoding="utf-8")
    with pytest.raises(RunError, match=r"temperature\.json cannot be read"):
        Temperature.load(tmp_path)


def test_it_is_written_as_json_and_read_again(tmp_path: Path) -> None:
    assert Temperature.load(tmp_path) is None
    found = Temperature.fit(*drawn(0, 200, 3, 2))
    found.save(tmp_path)
    assert Temperature.load(tmp_path) == found
    assert json.loads((tmp_path / TEMPERATURE).read_text())["temperature"] == found.value


def test_the_words_name_what_was_done() -> None:
    one, other = Temperature(2.0, 50, 0.8, 0.6).to_dict(), Temperature(0.5, 50, 0.4, 0.2).to_dict()
    none = Temperature(note="calibrate is switched off").to_dict()
    assert temperature_sentences([]) == ()
    assert "less sure; their log loss went from 0.8 to 0.6" in temperature_sentences([one])[0]
    assert "surer" in temperature_sentences([other])[0]
    assert temperature_sentences([none, none]) == (
        "The probabilities are as the model gives them: calibrate is switched off.",
    )
    first, second = temperature_sentences([one, other, none])
    assert "0.50 to 2.00" in first
    assert "from 0.6 to 0.4" in first
    assert "switched off" in second


def test_the_setting_belongs_to_no_checkpoint() -> None:
    """A training that an earlier version began is still taken up."""
    model, y = MODELS["mlp"](), np.zeros(4, np.int64)
    on, off = (fingerprint(model, Training(calibrate=calibrate), (4, 4), y) for calibrate in (True, False))
    np.testing.assert_array_equal(on, off)
