"""The features of one sound: all six under one line, or one with its parameters and what they cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import streamlit as st

from audioclf.core.errors import ParameterError
from audioclf.datasets import Clip
from audioclf.features import Feature, construction, trade_offs, views
from audioclf.features.mel import MelFramed
from audioclf.ui.explore import panels, presets, remarks, selection, sliders
from audioclf.ui.forms.parameter_form import Form
from audioclf.ui.shell import error_boundary, warmup
from audioclf.ui.shell.state import State
from audioclf.ui.shell.switch import switch
from audioclf.ui.shell.text import escape
from audioclf.ui.sound import as_python, cache, clip_picker, feature_panels, feature_settings, player

KEY: Final = "explore"
LINK: Final = player.link_fields(KEY)
"""What is selected and zoomed to in the player, as the page's link keeps it."""

NEXT = selection.NEXT
SOUND, MADE = "This sound", "How it is made"
_HEIGHT_ALL, _HEIGHT_ONE = 138, 440


def all_six(state: State, clip: Clip) -> None:
    """Every feature under one time axis and one moving line."""
    warmup.until_ready()
    shown, tools = _shown(clip)
    made, errors = panels.of_all(shown, [feature_settings.feature(kind) for kind in views()])
    for error in errors:
        error_boundary.show_error(error)
    _workbench(state, shown, tools, made, columns=3, height=_HEIGHT_ALL)
    as_python.of_clip(state, clip, list(views()), shown.view)
    feature_settings.explanations()


def one(state: State, clip: Clip, kind: str, publish: Callable[[], None]) -> None:
    """One feature, large, beside its parameters.

    Parameters
    ----------
    state : State
    clip : Clip
    kind : str
    publish : callable
        Writes the view into the address; called where only the picture is drawn again.
    """
    sliders.settle(kind)
    picture, side = st.columns([5, 3], gap="medium")
    feature = views()[kind]
    made, deltas = False, False
    with side:
        wanted = feature_settings.feature(kind)
        if construction.is_made(wanted):
            with st.container(horizontal=True, vertical_alignment="center"):
                made = switch("What is shown", [SOUND, MADE], f"explore.way.{kind}") == MADE
                if isinstance(wanted, MelFramed) and not made:
                    deltas = st.toggle(
                        "Deltas",
                        key=f"explore.deltas.{kind}",
                        help="How fast every row changes, and how fast that does.",
                    )
        st.markdown(f"**{escape(feature.title)}**  \n{escape(feature.explanation)}")
        presets.draw(kind)
        form = feature_settings.feature_form(kind)
    with picture:
        warmup.until_ready()
        _picture(state, clip, form, publish, kind=kind, made=made, deltas=deltas)
    _notes(form, form.value or feature_settings.feature(kind), clip)


@error_boundary.fragment()
def _picture(
    state: State,
    clip: Clip,
    form: Form[Feature],
    publish: Callable[[], None],
    *,
    kind: str,
    made: bool,
    deltas: bool,
) -> None:
    """The picture with its slider; while that is dragged, nothing else of the page runs."""
    wanted, sentence = feature_settings.feature(kind), ""
    newest = sliders.moved(kind)
    if newest is not None:
        try:
            wanted = wanted.replace(**{newest.name: newest.value})
        except ParameterError as error:
            sentence = str(error)
    above = st.container()
    shown, tools = _shown(clip)
    problem = _construction(wanted, shown) if made else _sound(state, shown, tools, wanted, deltas=deltas)
    if problem is not None and newest is None:
        form.show_error(problem)
    elif problem is not None:
        sentence = sentence or str(problem)
    with above:
        sliders.draw(wanted, shown.audio.sr, len(cache.samples(clip, shown.audio)), sentence)
    if newest is None:
        publish()
    elif not newest.held:
        st.rerun()  # the form takes the value over; only now, or the browser would drop what is drawn above


def _sound(
    state: State, shown: panels.Shown, tools: player.Tools, wanted: Feature, *, deltas: bool
) -> ParameterError | None:
    """The feature of the sound; why it is not drawn where another one stands in its place."""
    made, shape, error = panels.last_good(shown, wanted, deltas=deltas)
    if made:
        _workbench(state, shown, tools, made, height=_HEIGHT_ONE // len(made) + 20 * (len(made) - 1))
        with st.container(horizontal=True, vertical_alignment="center"):
            feature_settings.save(shown.clip, wanted, shown.audio, shown.view)
            as_python.of_clip(state, shown.clip, [wanted.kind], shown.view)
            st.caption(escape(trade_offs.size(shape)))
    return error


def _construction(wanted: Feature, shown: panels.Shown) -> ParameterError | None:
    """What the feature is made with; why it is not drawn."""
    try:
        found = construction.pictures(wanted, shown.audio.sr)
    except ParameterError as error:
        return error
    sound = clip_picker.track(shown.clip, shown.audio)
    drawn = [
        feature_panels.filters(item, title=title)
        if item.axes[-1].label == "Frequency"
        else feature_panels.panel(item, title=title)
        for title, item in found.items()
    ]
    player.player("explore.made", [sound], drawn, height=max(150, 420 // len(drawn)))
    return None


def _notes(form: Form[Feature], wanted: Feature, clip: Clip) -> None:
    """What every parameter gains and costs, beside it."""
    audio = feature_settings.audio_of(clip)
    n_samples = len(cache.samples(clip, audio))
    for name, note in trade_offs.trade_offs(wanted, audio.sr, n_samples).items():
        form.note(name, note)
    if form.value is not None:
        for name, sentence in trade_offs.warnings(wanted, audio.sr, n_samples).items():
            form.warn(name, sentence)


def _shown(clip: Clip) -> tuple[panels.Shown, player.Tools]:
    audio = feature_settings.audio_of(clip)
    sentence = remarks.remark(clip, audio, feature_settings.audio())
    if sentence:
        st.caption(escape(sentence))
    seconds = len(cache.samples(clip, audio)) / audio.sr
    tools = player.Tools(f"{clip.key} {audio.sr}", seconds, selection.ACTIONS)
    return panels.Shown(clip, audio, player.view(KEY, tools), player.selection(KEY, tools)), tools


def _workbench(
    state: State,
    shown: panels.Shown,
    tools: player.Tools,
    made: list[dict[str, object]],
    *,
    height: int,
    columns: int = 1,
) -> None:
    sound = clip_picker.track(shown.clip, shown.audio, note=clip_picker.facts(shown.clip))
    action = player.workbench(KEY, sound, made, tools, columns=columns, height=height)
    selection.act(state, shown, action)
