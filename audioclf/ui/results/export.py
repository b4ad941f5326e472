"""What of a run can be taken along: its report, its model as a file, the run itself; and a run opened from a file."""

from __future__ import annotations

import contextlib
import hashlib
import json
import mimetypes
import time
from pathlib import Path
from typing import Any

import streamlit as st

from audioclf.core import settings, workspaces
from audioclf.core.errors import AudioclfError
from audioclf.experiments.runs import Run
from audioclf.export import archive, formats
from audioclf.jobs.background import run_task
from audioclf.ui.shell import error_boundary, task_bar, tasks
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import escape, plain

_DAY = 86400.0
_ALL = "All models, averaged"


def draw(state: State, run: Run) -> None:
    """Draw the three sections."""
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Export the model", anchor=False)
        _model(run)
    with right:
        st.subheader("Report", anchor=False)
        st.markdown(
            "One page with data, protocol, settings, curves, confusion matrix, every class with its interval, the worst"
            " mistakes to hear and see, unknown sounds, and limits. It needs no other file, and prints."
        )
        _offer(run, "report", f"{run.id}-report.html", {})
        st.subheader("Open a run from a file", anchor=False)
        _open(state)


def _model(run: Run) -> None:
    from audioclf.export import network

    names = list(formats.FORMATS)
    name = st.selectbox(
        "Format",
        names,
        format_func=lambda name: formats.FORMATS[name].title,
        key="export.format",
        label_visibility="collapsed",
    )
    chosen = formats.FORMATS[name]
    st.caption(chosen.explanation)
    if name not in ("run", "python") and (sentence := network.refusal(run.experiment)):
        st.info(escape(sentence, 400), icon=":material/block:")
        return
    options: dict[str, Any] = {"format": name}
    suffix = chosen.suffix
    if chosen.bundled:
        options["bundled"] = st.toggle(
            "As a zip",
            True,
            key="export.zip",
            help="With labels, a test clip and its answer, a model card, a program that classifies files and the"
            " microphone, and for ONNX a web page that does so in the browser.",
        )
        if options["bundled"]:
            suffix = ".zip"
        if name == "litert":
            options["int8"] = st.toggle(
                "Quantise the network to int8",
                key="export.int8",
                help="A quarter of its size; what that costs is measured on the test clips.",
            )
        elif options["bundled"]:
            options["web_runtime"] = st.toggle(
                "With onnxruntime-web (14 MB)",
                key="export.web",
                help="What the web page needs beside it, fetched with npm where the server has it; else the zip's"
                " README explains how to put it there.",
            )
    splits = list(dict.fromkeys(str(fit["split"]) for fit in run.signature["fits"]))
    if name not in ("run", "python") and len(splits) > 1:
        asked = st.selectbox("Models", [_ALL, *splits], format_func=plain, key=f"export.split {run.id}")
        if asked != _ALL:
            options["split"] = asked
    _offer(run, "file", f"{run.id}{suffix}", options)


def _offer(run: Run, what: str, file: str, options: dict[str, Any]) -> None:
    """Draw the button that has a file made in a process of its own, how far it is, and the download."""
    stamp = (run.folder / "metrics.json").stat().st_mtime_ns
    about = json.dumps([what, str(run.folder), run.name, stamp, options], sort_keys=True)
    name = f"export {hashlib.blake2b(about.encode(), digest_size=16).hexdigest()}"
    making = tasks.find(name)
    if making is not None and making.finished and making.error is None and not making.result["path"].is_file():
        tasks.forget(name)
        making = None
    if making is None:
        if st.button(f"Make the {what}", icon=":material/ios_share:", key=f"export.make {what}", type="primary"):
            target = _target(name, Path(file).suffix)
            request = {"what": what, "run": str(run.folder), "path": str(target), "options": options}

            def work(progress: tasks.Progress, should_stop: Any) -> dict[str, Any]:
                found, _ = run_task("export.job:export_task", request, progress=progress, should_stop=should_stop)
                return {"path": target, "sentence": found["sentence"]}

            tasks.start(name, f"Making the {what}", work)
            st.rerun()
    elif not making.wait(0.3):
        task_bar.follow(making, _amount, f"export.stop {what}")
    elif making.error is not None:
        task_bar.failed(making, "It was stopped.", "Try again", f"export.again {what}")
    else:
        path: Path = making.result["path"]
        size = path.stat().st_size
        st.download_button(
            f"Download ({size / 1e6:,.1f} MB)" if size > 5e4 else f"Download ({max(size / 1e3, 0.1):,.1f} kB)",
            path.read_bytes,
            file_name=file,
            mime=mimetypes.guess_type(file)[0] or "application/octet-stream",
            type="primary",
            icon=":material/download:",
            on_click="ignore",
            key=f"export.download {what}",
        )
        if making.result["sentence"]:
            st.caption(escape(making.result["sentence"]))


def _target(name: str, suffix: str) -> Path:
    """A file of the cache folder; those of yesterday go."""
    folder = settings.cache_folder() / "exports"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        with contextlib.suppress(OSError):
            if time.time() - old.stat().st_mtime > _DAY:
                old.unlink()
    return folder / f"{name.split()[-1]}{suffix}"


def _amount(done: int, total: int) -> str:
    return f"step {min(done + 1, total)} of {total}" if total else "starting …"


def _open(state: State) -> None:
    st.markdown("A file that another audioclf wrote in the format *Run*. It is checked, and nothing of it is run.")
    uploaded = st.file_uploader("Run", type=["zip"], key="export.open", label_visibility="collapsed")
    if uploaded is None or st.session_state.get("export.opened") == uploaded.file_id:
        return
    folder = workspaces.runs_folder(state.workspace)
    part = _target(f"x {hashlib.blake2b(uploaded.file_id.encode(), digest_size=16).hexdigest()}", ".upload")
    try:
        workspaces.require_room(uploaded.size, state.workspace)
        part.write_bytes(uploaded.getbuffer())
        opened = archive.import_run(part, folder, name=uploaded.name)
    except AudioclfError as error:
        error_boundary.show_error(error)
        return
    finally:
        part.unlink(missing_ok=True)
    st.session_state["export.opened"] = uploaded.file_id
    state.run = opened.id
    st.toast(f"Opened {escape(opened.name, 60)}.")
    st.rerun()
