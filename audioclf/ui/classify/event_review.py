"""What is heard when in a recording: a time line, its events one by one with the player, and a review that is kept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from audioclf import plots
from audioclf.audio.io import AudioInfo, AudioSettings
from audioclf.audio.sources import renamed
from audioclf.core import workspaces
from audioclf.core.errors import AudioError, Stopped
from audioclf.datasets import Clip, Progress, ShouldStop
from audioclf.datasets.readers import versions
from audioclf.features import FeatureMap, Mel
from audioclf.features.base import Axis
from audioclf.inference.events import EventSettings
from audioclf.inference.review import LONGEST_NOTE, Reviewed, as_dataset, review, with_review
from audioclf.inference.scan import Scan
from audioclf.inference.scan_records import FileResult
from audioclf.inference.sound_cache import file_key
from audioclf.ui.forms import parameter_form
from audioclf.ui.shell import current_dataset, error_boundary, tasks
from audioclf.ui.shell.state import State
from audioclf.ui.shell.table import one_row
from audioclf.ui.shell.tasks import Task
from audioclf.ui.shell.text import count, distinct, escape, plain, seconds
from audioclf.ui.sound import cache, feature_panels
from audioclf.ui.sound.player import player, track

_CELLS = 240
"""Columns of the time line."""

_AROUND = 2.0
_MOST_HEARD = 60.0
_ICONS = {"confirmed": "✓ confirmed", "rejected": "✗ rejected", "": ""}
_BACK, _SENT = "scan.back.task", "scan.back.sent"


def draw(state: State, scan: Scan, file: int) -> None:
    """Draw all about one recording of a scan."""
    result = next(one for one in scan.results if one.number == file)
    if len(scan.files) > 1:
        st.subheader(escape(scan.files[file][0], 80), anchor=False)
    line = st.container()
    settings, thresholds = _settings(scan)
    with line:
        _time_line(scan, result, settings)
    every = with_review(scan, scan.events(settings, thresholds, file=file))
    events = [one for one in every if one.file == file]
    if not events:
        st.info(
            "No event: no class reaches its threshold. Lower it in the settings, or listen anywhere in the recording.",
            icon=":material/hearing_disabled:",
        )
        _listen(scan, result, None)
        return
    at = _at(scan, file, events)
    left, right = st.columns([6, 5], gap="medium")
    with left:
        _table(scan, file, events, at)
    one = events[at]
    with right:
        _one(scan, file, events, at)
        _listen(scan, result, one)
    _send_back(state, scan, every)


def _time_line(scan: Scan, result: FileResult, settings: EventSettings) -> None:
    heard = scan.timeline(result)
    empty = heard.silent | (heard.novelty > 1 if settings.skip_unknown else False)
    rows, edges = np.where(empty[:, None], 0, heard.probabilities), heard.edges
    step = -(-len(rows) // _CELLS)
    firsts = np.arange(0, len(rows), step)
    highest = np.maximum.reduceat(rows, firsts, axis=0)
    names = distinct(plain(label, 32) for label in scan.classes)
    theme = st.context.theme.type or "light"
    length = float(edges[min(step, len(rows))] - edges[0])
    st.vega_lite_chart(
        plots.windows_chart(edges[firsts].tolist(), length, names, highest, theme=theme),
        key=f"scan.line.{scan.folder.name}.{result.number}",
    )
    if settings.skip_unknown and empty.any():
        st.caption("Silence, and what sounds like none of the classes, stays empty.")


def _settings(scan: Scan) -> tuple[EventSettings, dict[str, float]]:
    """The settings of the events, as a form where it is opened; a change is kept with the scan."""
    settings, thresholds = scan.settings
    if not st.toggle("Thresholds and merging", key="scan.settings"):
        return settings, thresholds
    with st.container(border=True):
        form = parameter_form.parameters(EventSettings, f"scan.events.{scan.folder.name}", start=settings, columns=3)
        own: Any = st.data_editor(
            {
                "class": [plain(label, 60) for label in scan.classes],
                "threshold": [thresholds.get(label) for label in scan.classes],
            },
            disabled=["class"],
            hide_index=True,
            key=f"scan.thresholds.{scan.folder.name}",
            column_config={
                "threshold": st.column_config.NumberColumn(
                    "threshold of its own", min_value=0.0, max_value=1.0, step=0.01, format="%.3f"
                )
            },
        )
        st.caption(
            "`audioclf thresholds RUN --precision 0.9` calibrates them on the validation clips of a run; they are then"
            " taken for every new scan."
            if not thresholds
            else "A class without a threshold of its own has the common one."
        )
    values = own["threshold"]
    changed = {
        label: float(value)
        for label, value in zip(scan.classes, values, strict=True)
        if value is not None and value == value
    }
    wanted = form.value or settings
    if (wanted, changed) != (settings, thresholds):
        scan.set_events(wanted, changed)
    return wanted, changed


def _at(scan: Scan, file: int, events: Sequence[Reviewed]) -> int:
    """Which event is looked at: the one that was before, wherever it is now."""
    key = st.session_state.get(f"scan.at.{scan.folder.name}.{file}")
    found = next((number for number, one in enumerate(events) if one.key == key), None)
    return next((n for n, one in enumerate(events) if not one.verdict), 0) if found is None else found


def _look(scan: Scan, file: int, one: Reviewed) -> None:
    st.session_state[f"scan.at.{scan.folder.name}.{file}"] = one.key


def _table(scan: Scan, file: int, events: Sequence[Reviewed], at: int) -> None:
    import pandas as pd

    done = sum(bool(one.verdict) for one in events)
    st.caption(f"{count(len(events), 'event')}, {done:,} reviewed. Click a row to look at one.")
    frame = pd.DataFrame(
        {
            "": ["▶" if number == at else "" for number in range(len(events))],
            "class": [plain(one.final, 40) for one in events],
            "from": [one.start for one in events],
            "to": [one.end for one in events],
            "review": [_ICONS[one.verdict] for one in events],
            "score": [one.score for one in events],
            "note": [plain(one.note, 80) for one in events],
        }
    )
    row = one_row(
        frame,
        f"scan.events.table.{scan.folder.name}.{file}",
        height=360,
        column_config={
            "": st.column_config.TextColumn(width=28),
            "from": st.column_config.NumberColumn(format="%.2f s", width=76),
            "to": st.column_config.NumberColumn(format="%.2f s", width=76),
            "review": st.column_config.TextColumn(width=96),
            "score": st.column_config.NumberColumn(format="%.3f"),
        },
    )
    last = f"scan.picked.{scan.folder.name}.{file}"
    if row != st.session_state.get(last):  # a new click; later steps lead away from it
        st.session_state[last] = row
        if row is not None:
            _look(scan, file, events[row])
            st.rerun()


def _one(scan: Scan, file: int, events: Sequence[Reviewed], at: int) -> None:
    """The event that is looked at, and what can be done with it by mouse or keyboard."""
    one = events[at]
    reviewed = f" · {_ICONS[one.verdict]}" if one.verdict else ""
    st.markdown(
        f"**{escape(one.final, 60)}** {one.score:.2f} · {one.start:,.2f} to {one.end:,.2f} s · event {at + 1} of"
        f" {len(events)}{reviewed}"
    )
    following = events[min(at + 1, len(events) - 1)]
    with st.container(horizontal=True, gap="small"):
        for name, icon, key, verdict, then in (
            ("Previous", "skip_previous", "K", None, events[max(at - 1, 0)]),
            ("Next", "skip_next", "J", None, following),
            ("Confirm", "check", "A", "confirmed", following),
            ("Reject", "close", "X", "rejected", following),
            ("Undo", "undo", "U", "", one),
        ):
            if st.button(name, icon=f":material/{icon}:", key=f"scan.{name}", shortcut=key):
                if verdict is not None:
                    review(scan, one, verdict=verdict)
                _look(scan, file, then)
                st.rerun()
    left, right = st.columns(2)
    labels = list(dict.fromkeys([one.final, *scan.classes]))
    label = left.selectbox(
        "Class", labels, format_func=lambda text: plain(text, 48), accept_new_options=True, key=f"scan.label.{one.key}"
    )
    note = right.text_input("Note", one.note, max_chars=LONGEST_NOTE, key=f"scan.note.{one.key}")
    if label is not None and (label.strip() != one.final or note != one.note):
        review(scan, one, label=label, note=note)
        _look(scan, file, one)
        st.rerun()


def _listen(scan: Scan, result: FileResult, one: Reviewed | None) -> None:
    """The player over a stretch of the recording, with the probabilities in step."""
    if one is None:
        start = st.slider("Listen from (s)", 0.0, max(result.seconds, 0.1), 0.0, key=f"scan.from.{result.number}")
        end, label = min(start + 20.0, result.seconds), None
    else:
        start = max(0.0, one.start - _AROUND)
        end = min(one.end + _AROUND, start + _MOST_HEARD, result.seconds)
        label = scan.classes.index(one.predicted) if one.predicted in scan.classes else None
    audio = AudioSettings(sr=int(scan.about["sr"]))
    clip = _stretch(scan, result, start, end)
    try:
        y = cache.samples(clip, audio)
    except AudioError as error:  # what was heard in it stays, and so does its review
        name, path = scan.files[result.number]
        error_boundary.show_error(AudioError(f"It cannot be played: {renamed(error, path, name)}"))
        return
    length = len(y) / audio.sr
    panels = [feature_panels.panel(cache.feature_map(clip, Mel(), audio), title="Mel spectrogram")]
    curve = _curve(scan, result, start, length, label)
    if curve is not None:
        panels.append(curve)
    title = "Recording" if one is None else one.final
    player("scan", [track(title, cache.sound(clip, audio), length, f"from {seconds(start)} on")], panels, height=150)


def _stretch(scan: Scan, result: FileResult, start: float, end: float) -> Clip:
    """A stretch as a clip; a long recording is not hashed for that."""
    name, path = scan.files[result.number]
    content = hashlib.blake2b(ascii(file_key(path)).encode(), digest_size=16).hexdigest()
    info = AudioInfo(result.sr or 1, 1, round(result.seconds * (result.sr or 1)), "", "", content)
    return Clip(path, name, info, start=round(start, 3), duration=round(max(end - start, 0.05), 3), file=name)


def _curve(scan: Scan, result: FileResult, start: float, length: float, label: int | None) -> dict[str, Any] | None:
    if label is None:
        return None
    heard = scan.timeline(result)
    middles = (heard.edges[:-1] + heard.edges[1:]) / 2 - start
    rows = np.where(heard.silent, 0, heard.probabilities[:, label]).astype(np.float32)
    low, high = np.searchsorted(middles, [0.0, length])
    low, high = max(int(low) - 1, 0), min(int(high) + 1, len(rows))
    times = np.linspace(0.0, length, 400)
    values = np.interp(times, middles[low:high], rows[low:high]).astype(np.float32)
    shown = FeatureMap(values, (Axis(times, "Time", "s"),), "Probability", "", "probability")
    title = f"Probability of {plain(scan.classes[label], 40)}"
    return feature_panels.panel(shown, title=title, limits=(0.0, 1.0), span=(0.0, length))


def _send_back(state: State, scan: Scan, events: Sequence[Reviewed]) -> None:
    """Confirmed events as clips of a data set, from which a model can be trained again."""
    confirmed = sum(one.verdict == "confirmed" for one in events)
    task: Task | None = st.session_state.get(_BACK)
    if task is not None:
        _sent(state, scan, task)
        return
    if st.session_state.get(_SENT) == scan.folder.name:
        _next(state)
    if not confirmed:
        return
    own = "A data set of their own"
    ways = [f"A new version of {current_dataset.title(state)}", own] if state.data else [own]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        way = st.selectbox(f"Use {count(confirmed, 'confirmed event')} as clips of", ways, key="scan.target", width=340)
        if st.button("Send them to Data", icon=":material/dataset:", key="scan.send"):
            loading = None if way == own else current_dataset.load(state)
            source, options, workspace = state.data, dict(state.options), state.workspace

            def work(progress: Progress, should_stop: ShouldStop) -> str:
                folder = workspaces.datasets_folder(workspace)
                if loading is None:
                    return versions.save(as_dataset(scan, events), folder).source
                while not loading.wait(0.2):
                    if should_stop():
                        raise Stopped("Sending the clips was stopped.")
                if loading.error is not None:
                    raise loading.error
                made = as_dataset(scan, events, loading.result)
                return versions.save(replace(made, source=source), folder, options).source

            st.session_state[_BACK] = tasks.start(f"scan back {secrets.token_hex(8)}", "Sending the clips", work)
            st.rerun()


def _sent(state: State, scan: Scan, task: Task) -> None:
    if not task.wait(0.3):
        error_boundary.until(lambda: task.finished, lambda: st.caption("Sending the clips …"), every=0.5)
        return
    del st.session_state[_BACK]
    tasks.forget(task.key)
    if task.error is not None:
        error_boundary.show_error(task.error)
        return
    state.choose(task.result)
    current_dataset.load(state).wait(2.0)
    st.session_state[_SENT] = scan.folder.name
    st.rerun()


def _next(state: State) -> None:
    st.success("They are clips of a data set now, which is chosen.", icon=":material/check_circle:")
    with st.container(horizontal=True):
        if st.button("Train with them", icon=":material/model_training:", key="scan.train"):
            state.run = ""  # what is shown there is of other clips
            st.switch_page("pages/train.py")
        if st.button("See them on Data", icon=":material/library_music:", key="scan.data"):
            st.switch_page("pages/data.py")
