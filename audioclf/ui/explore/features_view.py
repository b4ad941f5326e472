"""The features of one sound: all six under one line, or one with its parameters and what they cost."""

from __future__ import annotations

import streamlit as st

from audioclf.core.errors import ParameterError
from audioclf.datasets import Clip
from audioclf.features import Feature, construction, trade_offs, views
from audioclf.features.mel import MelFramed
from audioclf.ui.explore import panels, presets, selection, sliders
from audioclf.ui.forms.parameter_form import Form
from audioclf.ui.shell import error_boundary, warmup
from audioclf.ui.shell.state import State
from audioclf.ui.shell.switch import switch
from audioclf.ui.shell.text import escape
from audioclf.ui.shell.text import seconds as duration
from audioclf.ui.sound import cache, clip_picker, feature_panels, feature_settings, player

KEY = "explore"
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
    feature_settings.explanations()


def one(state: State, clip: Clip, kind: str) -> None:
    """One feature, large, beside its parameters."""
    picture, side = st.columns([5, 3], gap="medium")
    feature = views()[kind]
    with side:
        st.markdown(f"**{escape(feature.title)}**")
        st.markdown(escape(feature.explanation))
        presets.draw(kind)
        sliders.draw(kind)
        form = feature_settings.feature_form(kind)
    with picture:
        warmup.until_ready()
        wanted = form.value or feature_settings.feature(kind)
        ways = [SOUND, MADE] if construction.is_made(wanted) else [SOUND]
        way, deltas = SOUND, False
        if len(ways) > 1:
            with st.container(horizontal=True, vertical_alignment="center"):
                way = switch("What is shown", ways, f"explore.way.{kind}")
                if isinstance(wanted, MelFramed) and way == SOUND:
                    deltas = st.toggle(
                        "Deltas",
                        key=f"explore.deltas.{kind}",
                        help="How fast every row changes, and how fast that does.",
                    )
        shown, tools = _shown(clip)
        if way == MADE:
            _construction(wanted, shown)
        else:
            _sound(state, shown, tools, wanted, form, deltas=deltas)
    _notes(form, wanted, shown)


def _sound(
    state: State, shown: panels.Shown, tools: player.Tools, wanted: Feature, form: Form[Feature], *, deltas: bool
) -> None:
    made, shape, error = panels.last_good(shown, wanted, deltas=deltas)
    if error is not None:
        form.show_error(error)
    if not made:
        return
    _workbench(state, shown, tools, made, height=_HEIGHT_ONE // len(made) + 20 * (len(made) - 1))
    with st.container(horizontal=True, vertical_alignment="center"):
        feature_settings.save(shown.clip, wanted, shown.audio)
        st.caption(escape(trade_offs.size(shape)))


def _construction(wanted: Feature, shown: panels.Shown) -> None:
    """What the feature is made with."""
    try:
        found = construction.pictures(wanted, shown.audio.sr)
    except ParameterError as error:
        error_boundary.show_error(error)
        return
    sound = clip_picker.track(shown.clip, shown.audio)
    drawn = [
        feature_panels.filters(item, title=title)
        if item.axes[-1].label == "Frequency"
        else feature_panels.panel(item, title=title)
        for title, item in found.items()
    ]
    player.player("explore.made", [sound], drawn, height=max(150, 420 // len(drawn)))


def _notes(form: Form[Feature], wanted: Feature, shown: panels.Shown) -> None:
    """What every parameter gains and costs, beside it."""
    n_samples = len(cache.samples(shown.clip, shown.audio))
    for name, note in trade_offs.trade_offs(wanted, shown.audio.sr, n_samples).items():
        form.note(name, note)
    if form.value is not None:
        for name, sentence in trade_offs.warnings(wanted, shown.audio.sr, n_samples).items():
            form.warn(name, sentence)


def _shown(clip: Clip) -> tuple[panels.Shown, player.Tools]:
    audio = feature_settings.audio_of(clip)
    if audio.sr < feature_settings.audio().sr:
        st.caption(
            escape(f"A recording of {duration(clip.seconds)} is read at {audio.sr:,} Hz here, so that it can be drawn.")
        )
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
