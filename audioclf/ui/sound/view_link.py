"""The whole view in the address: whoever opens the link sees the same features with the same parameters.

Data set, options and clip stand there already (:mod:`audioclf.ui.shell.state`); this adds, as one JSON text, what
differs from what a page shows at first. An address is a stranger's: what cannot be is left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from audioclf.audio.io import AudioSettings
from audioclf.core.documents import parse_json
from audioclf.core.errors import ParameterError
from audioclf.core.params import Parameters
from audioclf.features import views
from audioclf.ui.forms import parameter_form
from audioclf.ui.sound import feature_settings

PARAMETER: Final = "view"
_HELD: Final = "view link"


@dataclass(frozen=True)
class Field:
    """One choice on a page.

    Attributes
    ----------
    name : str
        In the link.
    key : str
        Where the session keeps it.
    default : object
        What the page shows at first, which the link leaves out.
    valid : callable
        Whether a value of the link can be.
    """

    name: str
    key: str
    default: Any
    valid: Callable[[Any], bool]


def one_of(choices: Sequence[Any]) -> Callable[[Any], bool]:
    """Whether a value is one of some."""
    return lambda value: isinstance(value, (str, int)) and value in choices


def some_of(choices: Sequence[Any], most: int) -> Callable[[Any], bool]:
    """Whether a value is a list of some, none of them twice."""

    def valid(value: Any) -> bool:
        if not isinstance(value, list) or len(value) > most or not all(isinstance(one, str) for one in value):
            return False
        return set(value) <= set(choices) and len(set(value)) == len(value)

    return valid


def whole(low: int, high: int) -> Callable[[Any], bool]:
    """Whether a value is a whole number in a range."""
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def stretch(lengths: Sequence[int]) -> Callable[[Any], bool]:
    """Whether a value is a list of pairs of numbers, each of which ends after it begins."""

    def valid(value: Any) -> bool:
        if not isinstance(value, list) or len(value) not in lengths:
            return False
        if not all(isinstance(one, (int, float)) and not isinstance(one, bool) and abs(one) < 1e9 for one in value):
            return False
        return all(low < high for low, high in zip(value[::2], value[1::2], strict=True))

    return valid


def take(fields: Sequence[Field]) -> bool:
    """Take over what the address says; before anything that is in it is drawn.

    Parameters
    ----------
    fields : sequence of Field
        The page's own choices; the parameters of the features and how sounds are read are in every link.

    Returns
    -------
    bool
        Whether the address held another view than the last one.
    """
    held: dict[str, str] = st.session_state.setdefault(_HELD, {})
    found = st.query_params.get(PARAMETER, "")
    # a quick rerun may still carry the address from before the last change
    new = bool(found) and found not in (held.get("written"), held.get("seen"))
    if new:
        _take(_parsed(found), fields)
    held["seen"] = found
    return new


def publish(fields: Sequence[Field]) -> None:
    """Write into the address what differs from what the page shows at first; after all of it is drawn."""
    text = _text(fields)
    if text != st.query_params.get(PARAMETER, ""):
        if text:
            st.query_params[PARAMETER] = text
        else:
            del st.query_params[PARAMETER]
    st.session_state.setdefault(_HELD, {})["written"] = text


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = parse_json(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _take(view: dict[str, Any], fields: Sequence[Field]) -> None:
    for field in fields:
        value = view.get(field.name, field.default)
        if field.valid(value):
            st.session_state[field.key] = value
    _fill(AudioSettings, view.get("audio"), "audio", AudioSettings())
    features = view.get("features")
    for kind in views():
        changed = features.get(kind) if isinstance(features, dict) else None
        start = feature_settings.start(kind)
        _fill(type(start), changed, f"feature.{kind}", start)


def _fill(cls: type[Parameters], changed: Any, key: str, start: Parameters) -> None:
    value = start
    if isinstance(changed, dict):
        try:
            value = start.replace(**changed)
        except (ParameterError, TypeError):
            value = start
    if value != parameter_form.last(cls, key, start=start):
        parameter_form.fill(value, key)


def _text(fields: Sequence[Field]) -> str:
    view: dict[str, Any] = {}
    for field in fields:
        value = st.session_state.get(field.key, field.default)
        if value != field.default and field.valid(value):
            view[field.name] = value
    audio = changes(feature_settings.audio(), AudioSettings())
    if audio:
        view["audio"] = audio
    features = {kind: changes(feature_settings.feature(kind), feature_settings.start(kind)) for kind in views()}
    if any(features.values()):
        view["features"] = {kind: changed for kind, changed in features.items() if changed}
    return json.dumps(view, separators=(",", ":"), ensure_ascii=False) if view else ""


def changes(value: Parameters, start: Parameters) -> dict[str, Any]:
    """Parameters that differ; one that is empty now is null."""
    now, then = value.to_dict(), start.to_dict()
    return {name: now.get(name) for name in {**then, **now} if now.get(name) != then.get(name)}
