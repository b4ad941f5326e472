"""One warm process that classifies and explains, and the client that talks to it.

Both ends speak frames of one ``.npz`` archive each (no pickle): arrays by name, and one JSON text
for the rest. The models stay loaded between requests; a crash costs the answer under way and
nothing else, since the next request starts the process anew.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import struct
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import AudioclfError, RunError

Arrays = dict[str, npt.NDArray[Any]]

MODELS_KEPT = 8
"""Runs whose models stay loaded in the process."""

MAX_FRAME = 1 << 30


def write_frame(stream: BinaryIO, values: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Send one message."""
    packed = io.BytesIO()
    text = np.frombuffer(json.dumps(values).encode(), dtype=np.uint8)
    np.savez(packed, json=text, **{f"array_{name}": array for name, array in arrays.items()})  # type: ignore[arg-type]
    body = packed.getvalue()
    stream.write(struct.pack("<Q", len(body)))
    stream.write(body)
    stream.flush()


def read_frame(stream: BinaryIO) -> tuple[dict[str, Any], Arrays]:
    """Receive one message.

    Raises
    ------
    EOFError
        When the other end has gone.
    """
    (size,) = struct.unpack("<Q", _exactly(stream, 8))
    if size > MAX_FRAME:
        raise EOFError("no frame")
    with np.load(io.BytesIO(_exactly(stream, size)), allow_pickle=False) as packed:
        values = json.loads(packed["json"].tobytes())
        arrays = {name.removeprefix("array_"): packed[name] for name in packed.files if name != "json"}
    return values, arrays


def _exactly(stream: BinaryIO, size: int) -> bytes:
    chunks = []
    while size:
        chunk = stream.read(size)
        if not chunk:
            raise EOFError("the other end has gone")
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)


def serve() -> None:
    """Answer requests on standard input until it closes."""
    # whatever a library prints must not get between the frames
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    predictors: OrderedDict[tuple[str, int], Any] = OrderedDict()
    while True:
        try:
            request, _ = read_frame(sys.stdin.buffer)
        except EOFError:
            return
        try:
            values, arrays = _answer(request, predictors)
        except AudioclfError as error:
            values, arrays = {"error": str(error)}, {}
        except Exception as error:
            import traceback

            traceback.print_exc()
            values, arrays = {"fault": f"{type(error).__name__}: {error}"}, {}
        write_frame(answers, values, arrays)


def _answer(request: dict[str, Any], predictors: OrderedDict[tuple[str, int], Any]) -> tuple[dict[str, Any], Arrays]:
    if request["do"] == "warm":
        import keras  # noqa: F401

        return {}, {}
    predictor = _predictor(request["run"], predictors)
    sound = base64.b64decode(request["sound"]) if "sound" in request else None
    if request["do"] == "classify":
        answer = predictor.classify(sound if sound is not None else request["path"], split=request.get("split"))
        return (
            {"classes": list(answer.classes), "starts": [window.start for window in answer.windows]},
            {
                "probabilities": answer.probabilities,
                "windows": np.stack([window.probabilities for window in answer.windows]),
            },
        )
    if request["do"] == "explain":
        clip = predictor.run.clips[request["clip"]] if "clip" in request else None
        explanation = predictor.explain(
            clip or (sound if sound is not None else request["path"]),
            **{
                key: request[key]
                for key in ("class_index", "feature_index", "method", "split", "start")
                if key in request
            },
        )
        return (
            {
                "class_index": explanation.class_index,
                "classes": list(explanation.classes),
                "sr": explanation.sr,
                "peak": explanation.peak,
            },
            {"heat": explanation.heat, "probabilities": explanation.probabilities, "y": explanation.y},
        )
    raise ValueError(f"unknown request {request['do']!r}")


def _predictor(folder: str, predictors: OrderedDict[tuple[str, int], Any]) -> Any:
    from audioclf.experiments.runs import open_run
    from audioclf.inference.predictor import Predictor

    run = open_run(folder)
    signature = run.folder / "model.json"
    key = (str(run.folder.resolve()), signature.stat().st_mtime_ns if signature.exists() else 0)
    if key not in predictors:
        predictors[key] = Predictor(run)
        while len(predictors) > MODELS_KEPT:
            predictors.popitem(last=False)
    predictors.move_to_end(key)
    return predictors[key]


class ModelWorker:
    """The client: starts the process when it is needed, and again when it died.

    Requests of several threads are answered one after the other.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def warm(self) -> None:
        """Start the process and let it import what it will need."""
        self.ask({"do": "warm"})

    def classify(
        self, run: Path, sound: bytes, *, split: str | None = None
    ) -> tuple[tuple[str, ...], npt.NDArray[np.float32], list[float], Arrays]:
        """Classes, mean probabilities, start of each window in seconds, and the raw arrays (``windows``).

        Parameters
        ----------
        run : Path
        sound : bytes
            Content of a sound file.
        split : str, optional
            Whose models to ask: the split in which a clip was tested.
        """
        request = {"do": "classify", "run": str(run), "sound": base64.b64encode(sound).decode(), "split": split}
        values, arrays = self.ask(request)
        return tuple(values["classes"]), arrays["probabilities"], values["starts"], arrays

    def explain(
        self, run: Path, *, sound: bytes | None = None, clip: int | None = None, **options: Any
    ) -> tuple[dict[str, Any], Arrays]:
        """Heat map for one class of one sound, or of one of the run's clips.

        Returns
        -------
        values : dict
            ``class_index``, ``classes``, ``sr``, ``peak``.
        arrays : dict
            ``heat`` [shape of the feature map], ``probabilities``, ``y``.
        """
        request: dict[str, Any] = {"do": "explain", "run": str(run)}
        if sound is not None:
            request["sound"] = base64.b64encode(sound).decode()
        if clip is not None:
            request["clip"] = clip
        request |= {key: value for key, value in options.items() if value is not None}
        return self.ask(request)

    def ask(self, request: Mapping[str, Any]) -> tuple[dict[str, Any], Arrays]:
        """Send one request and wait for its answer.

        Raises
        ------
        AudioclfError
            What the process refused in words, or that it died.
        """
        with self._lock:
            process = self._running()
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                write_frame(process.stdin, request, {})  # type: ignore[arg-type]
                values, arrays = read_frame(process.stdout)  # type: ignore[arg-type]
            except (EOFError, OSError, ValueError) as error:
                self._end()
                raise RunError("The process that runs the models ended while it worked; try again.") from error
        if "error" in values:
            raise RunError(values["error"])
        if "fault" in values:
            raise RuntimeError(values["fault"])
        return values, arrays

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "audioclf.jobs.worker", "--serve"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        return self._process

    def _end(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):  # what was not sent before it died
                    stream.close()
        self._process = None
