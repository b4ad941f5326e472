"""Forms come from the parameters' own description, and stop what cannot be beside its field."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from audioclf.datasets.splits import PROTOCOLS
from audioclf.features import FEATURES
from audioclf.models import MODELS
from audioclf.training import Training

EVERY = {**FEATURES, **MODELS, **PROTOCOLS, "training": Training}


def _page(kind: str) -> None:
    import streamlit as st

    from audioclf.datasets.splits import PROTOCOLS
    from audioclf.features import FEATURES
    from audioclf.models import MODELS
    from audioclf.training import Training
    from audioclf.ui.forms import parameter_form

    cls: Any = {**FEATURES, **MODELS, **PROTOCOLS, "training": Training}[kind]
    st.session_state["made"] = parameter_form.parameters(cls, "form").value


def draw(kind: str) -> AppTest:
    page = AppTest.from_function(_page, kwargs={"kind": kind}, default_timeout=600)
    page.session_state["form:more"] = True  # all settings are shown
    return page.run()


def field(page: AppTest, name: str) -> Any:
    """The widget of a parameter, of whatever sort it is."""
    widgets = (*page.number_input, *page.selectbox, *page.text_input, *page.toggle)
    return next(widget for widget in widgets if widget.key == f"form.{name}")


@pytest.mark.parametrize("kind", EVERY)
def test_an_untouched_form_gives_the_defaults_and_has_a_field_for_every_parameter(kind: str) -> None:
    page = draw(kind)
    assert not page.exception
    assert not page.error
    assert page.session_state["made"] == EVERY[kind]()
    for name, (_, about) in EVERY[kind].describe().items():
        widget = field(page, name)
        assert widget.label.replace("\\", "") == (f"{name} ({about.unit})" if about.unit else name)
        assert widget.help.replace("\\", "") == about.help


def test_a_change_arrives_in_the_object() -> None:
    page = draw("mel")
    field(page, "n_mels").set_value(40)
    field(page, "fmax").set_value(8000.0)
    field(page, "htk").set_value(True)
    page.run()
    made = page.session_state["made"]
    assert (made.n_mels, made.fmax, made.htk) == (40, 8000.0, True)


def test_an_optional_field_may_be_emptied_again() -> None:
    page = draw("mel")
    field(page, "fmax").set_value(8000.0)
    page.run()
    field(page, "fmax").set_value(None)
    page.run()
    assert page.session_state["made"].fmax is None


@pytest.mark.parametrize(
    ("kind", "name", "value", "words"),
    [
        ("mel", "hop_length", 0, "hop_length must be at least"),
        ("mel", "n_fft", -5, "n_fft must be at least"),
        ("training", "learning_rate", 0.0, "learning_rate must be above 0"),
        ("training", "epochs", 1_000_000, "epochs must be at most"),
        ("cnn", "filters", "16, many", "filters is a list of numbers"),
        ("cnn", "filters", "16, 9999999", "filters must be at most"),
    ],
)
def test_a_value_out_of_range_is_stopped_with_its_sentence(kind: str, name: str, value: Any, words: str) -> None:
    page = draw(kind)
    field(page, name).set_value(value)
    page.run()
    assert not page.exception
    assert page.session_state["made"] is None
    assert [words in error.value.replace("\\", "") for error in page.error] == [True]


def test_the_sentence_stands_right_after_its_field() -> None:
    page = draw("mel")
    field(page, "hop_length").set_value(0)
    page.run()
    columns = [column for column in page.columns if column.error]
    assert len(columns) == 1
    assert [widget.key for widget in columns[0].number_input] == ["form.hop_length"]


def test_fields_that_contradict_each_other_are_told_beside_one_of_them() -> None:
    page = draw("mel")
    field(page, "fmin").set_value(5000.0)
    field(page, "fmax").set_value(100.0)
    page.run()
    assert page.session_state["made"] is None
    assert "below fmax" in page.error[0].value.replace("\\", "")


def test_lists_are_written_with_commas() -> None:
    page = draw("cnn")
    field(page, "filters").set_value("8; 16,32")
    page.run()
    assert page.session_state["made"].filters == (8, 16, 32)


def _filled() -> None:
    import streamlit as st

    from audioclf.features import Mel
    from audioclf.ui.forms import parameter_form

    if "made" not in st.session_state:
        parameter_form.fill(Mel(n_mels=64, fmax=4000.0), "form")
    st.session_state["made"] = parameter_form.parameters(Mel, "form").value
    st.session_state["last"] = parameter_form.last(Mel, "form")


def test_a_form_can_be_filled_from_an_object_and_remembers_what_it_last_held() -> None:
    page = AppTest.from_function(_filled, default_timeout=600).run()
    assert (page.session_state["made"].n_mels, page.session_state["made"].fmax) == (64, 4000.0)
    field(page, "n_mels").set_value(0)
    page.run()
    assert page.session_state["made"] is None
    assert page.session_state["last"].n_mels == 64


def test_advanced_fields_are_drawn_when_they_are_opened_and_keep_their_values() -> None:
    page = draw("mel")
    advanced = [name for name, (_, about) in EVERY["mel"].describe().items() if about.advanced]
    assert advanced
    field(page, "htk").set_value(True)
    page.run()
    page.session_state["form:more"] = False
    page.run()
    keys = {widget.key for widget in (*page.number_input, *page.selectbox, *page.text_input, *page.toggle)}
    assert not keys & {f"form.{name}" for name in advanced}
    assert page.session_state["made"].htk
