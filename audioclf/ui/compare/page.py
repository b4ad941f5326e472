"""Several sounds side by side, each as several features."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from audioclf.audio.io import AudioSettings
from audioclf.core.errors import ParameterError
from audioclf.datasets import Clip, Dataset
from audioclf.features import Feature, views
from audioclf.plots.screen import Limits
from audioclf.ui.compare import choosing, grid, means, quiz, saving
from audioclf.ui.compare.table import Column, Table
from audioclf.ui.shell import current_dataset, error_boundary, page_frame, warmup
from audioclf.ui.shell.state import State
from audioclf.ui.shell.switch import switch
from audioclf.ui.shell.text import escape
from audioclf.ui.sound import as_python, cache, clip_picker, feature_settings, view_link
from audioclf.ui.sound.drawn_view import View
from audioclf.ui.sound.view_link import Field, one_of, some_of

SHARED, OWN = "Shared colours", "Own colours"
MEANS, QUIZ = "Means of two classes", "Quiz"
_TRAY = "compare.tray"
_ZOOM = "compare.zoom"
_FIRST = ("waveform", "stft", "mel")


def draw() -> None:
    """Draw the page."""
    with page_frame.page("Compare") as state:
        dataset = current_dataset.require(state)
        fields = _link_fields(dataset)
        st.session_state[_TRAY] = state.tray
        view_link.take(fields)
        state.tray = st.session_state[_TRAY]
        _draw(state, dataset)
        st.session_state[_TRAY] = state.tray
        view_link.publish(fields)


def _link_fields(dataset: Dataset) -> list[Field]:
    """What is chosen on this page, as its link keeps it."""
    return [
        Field("how", "compare.how", choosing.CLASSES, one_of([*choosing.WAYS, MEANS, QUIZ])),
        Field("scale", "compare.scale", SHARED, one_of([SHARED, OWN])),
        Field("kinds", "compare.kinds", list(_FIRST), some_of(list(views()), len(views()))),
        Field("zoom", _ZOOM, None, view_link.stretch((2,))),
        Field("tray", _TRAY, [], some_of(clip_picker.ids(dataset)[0], choosing.MOST)),
        *choosing.link_fields(dataset),
        *quiz.link_fields(),
    ]


def _draw(state: State, dataset: Dataset) -> None:
    audio = feature_settings.audio()
    left, right = st.columns([3, 7], vertical_alignment="bottom")
    with left:
        way = st.selectbox("Compare", [*choosing.WAYS, MEANS, QUIZ], key="compare.how", persist_state="session")
    with right:
        rules = quiz.choose() if way == QUIZ else None
        averaged = means.choose(dataset, audio) if way == MEANS else None
        chosen = choosing.choose(state, dataset, way) if way in choosing.WAYS else choosing.Chosen(())
    if rules is not None:
        warmup.until_ready()
        quiz.draw(dataset, audio, rules)
        return
    features, shared, (save, python) = _options(2 if way == choosing.PAIR else len(views()))
    if not features or not (averaged or chosen.clips):
        st.info("Choose at least one sound and one feature.", icon=":material/grid_view:")
        return
    warmup.until_ready()
    caption = chosen.caption
    table: Table | None
    zoom = ""
    if averaged is None:
        table, zoom = _table(chosen.clips, features, audio, shared), _ZOOM
    else:
        features, caption = means.drawable(features)
        if not features:
            st.info("Choose a feature that has a mean picture.", icon=":material/grid_view:")
            return
        caption = f"{caption} Heard is the clip nearest to the mean.".strip()
        table = means.table(averaged, features, audio, shared)
    if table is None:
        return
    grid.draw(table, "compare", zoom=zoom)
    with save:
        saving.draw(table, dataset.name, _note(features, audio))
    with python:
        as_python.draw(_view(table, chosen.clips, averaged, audio), state, dataset)
    drag = "Drag a stretch to zoom in." if zoom and table.span is None else ""
    settings = "The features use the settings from the Explore page. The address of this page is a link to this view."
    with st.container(horizontal=True, vertical_alignment="center"):
        if table.span is not None:
            st.button("Show all", icon=":material/zoom_out:", key="compare.whole", on_click=_show_all)
        st.caption(escape(" ".join(part for part in (caption, drag, settings) if part)))


def _show_all() -> None:
    st.session_state[_ZOOM] = None


def _options(most: int) -> tuple[list[Feature], bool, tuple[DeltaGenerator, DeltaGenerator]]:
    """Draw the choice of features and colour scale; returns them, and the places of what is made of the grid."""
    # the spectrum last: the others share one time axis
    order = sorted(views(), key=lambda kind: kind == "spectrum")
    left, middle, save, python = st.columns([15, 10, 4, 4], vertical_alignment="center", gap="xsmall")
    with left:
        kinds = st.pills(
            "Features",
            order,
            selection_mode="multi",
            default=_FIRST,
            format_func=grid.SHORT.__getitem__,
            key="compare.kinds",
            label_visibility="collapsed",
            persist_state="session",
        )
    with middle:
        scale = switch("Colour scale", [SHARED, OWN], "compare.scale")
    chosen = [kind for kind in order if kind in kinds][:most]
    return [feature_settings.feature(kind) for kind in chosen], scale == SHARED, (save, python)


def _table(clips: Sequence[Clip], features: Sequence[Feature], audio: AudioSettings, shared: bool) -> Table | None:
    """The comparison; a feature that cannot be computed is left out and its sentence shown instead."""
    columns = tuple(
        Column(clip.label, clip.name, cache.sound(clip, audio), len(cache.samples(clip, audio)) / audio.sr)
        for clip in clips
    )
    span = _span(columns)
    maps, drawn = [], []
    for feature in features:
        try:
            maps.append(tuple(cache.feature_map(clip, feature, audio, span) for clip in clips))
            drawn.append(feature)
        except ParameterError as error:
            error_boundary.show_error(error)
    return Table(columns, tuple(drawn), tuple(maps), shared, span=span) if maps else None


def _span(columns: Sequence[Column]) -> Limits | None:
    """The stretch that is zoomed to, where every sound has something of it."""
    found: list[float] | None = st.session_state.get(_ZOOM)
    if found is None:
        return None
    low, high = max(found[0], 0.0), min(found[1], max(column.seconds for column in columns))
    if low >= high or low >= min(column.seconds for column in columns):
        return None
    return low, high


def _view(table: Table, clips: Sequence[Clip], averaged: means.Means | None, audio: AudioSettings) -> View:
    """What is drawn, for the script."""
    groups = averaged.clips if averaged is not None else tuple((clip,) for clip in clips)
    titles = tuple(column.title for column in table.columns)
    n_samples = averaged.n_samples if averaged is not None else None
    return View(groups, titles, table.features, audio, table.shared, n_samples, table.span)


def _note(features: Sequence[Feature], audio: AudioSettings) -> str:
    """What differs from the defaults, in words, for who opens a saved file later."""
    words = [f"sample rate {audio.sr:,} Hz"]
    for feature in features:
        changes = view_link.changes(feature, feature_settings.start(feature.kind))
        changed = [f"{name} {value}" for name, value in changes.items()]
        words.append(f"{feature.title}{' (' + ', '.join(changed) + ')' if changed else ''}")
    return "; ".join(words)
