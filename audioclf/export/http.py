"""A run over HTTP: send a sound, get its classes. The models answer in worker processes; this one imports none of them.

FastAPI and uvicorn come with the extra ``serve``, so this module is imported only once they are known to be there.
"""

import contextlib
import io
import logging
import math
import os
import queue
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final

import anyio
import anyio.to_thread
from fastapi import FastAPI, File, Query, Request, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from audioclf.audio.io import AudioInfo, read_info, wav_bytes
from audioclf.core import limits as machine
from audioclf.core.errors import AudioclfError, RunError
from audioclf.core.version import __version__
from audioclf.datasets import Clip
from audioclf.experiments.runs import Run
from audioclf.export.check import made
from audioclf.export.limits import Limited, RateLimit
from audioclf.export.report.document import render
from audioclf.inference.model_server import ModelWorker
from audioclf.inference.predictor import Classification

_log = logging.getLogger(__name__)

MOST_WAITING: Final = 64
"""Requests that wait for a worker; beyond them one is asked to come back."""

LONGEST_START: Final = 1e6


@dataclass(frozen=True)
class Limits:
    """What the server accepts.

    Attributes
    ----------
    max_mb : float
        Of a request.
    max_seconds : float
        Of sound that one request classifies.
    per_minute : float
        Requests of one client; 0 means no limit.
    workers : int
        Processes that answer, each with the models of its own; 0 takes one per processor, 4 at most.
    """

    max_mb: float = 20.0
    max_seconds: float = 60.0
    per_minute: float = 1200.0
    workers: int = 0


class Problem(BaseModel):
    """Why a request was refused."""

    error: str = Field(description="One sentence: what was expected, what arrived, what to do.")


class Window(BaseModel):
    """Answer for one stretch of the sound."""

    start: float = Field(description="Where it begins, in seconds from the start of what was classified.")
    probabilities: list[float] = Field(description="In the order of the classes.")


class Remark(BaseModel):
    """What to know of the sound beside the answer."""

    kind: str
    sentence: str


class Answer(BaseModel):
    """What the models predict for a sound."""

    label: str = Field(description="The most probable class.")
    probabilities: dict[str, float] = Field(description="Mean over the windows.")
    classes: list[str]
    windows: list[Window]
    remarks: list[Remark]
    novelty: float | None = Field(
        description="Distance from what was learned, as a multiple of what 95 of 100 known clips stay below; above 1"
        " the sound is like none of the classes. Null where the run does not know it."
    )


class About(BaseModel):
    """What is served."""

    name: str
    run: str
    classes: list[str]
    seconds: float = Field(description="Length of one window.")
    sample_rate: int = Field(description="In Hz; sounds of other rates are resampled.")
    max_mb: float
    max_seconds: float
    version: str


class Health(BaseModel):
    """Whether the models answer."""

    status: str
    workers: int


class Workers:
    """Processes that classify, one request each at a time.

    Parameters
    ----------
    run : Run
    n : int
    """

    def __init__(self, run: Run, n: int) -> None:
        self._run = run
        self._all = [ModelWorker(apart=True) for _ in range(n)]
        self._free: queue.SimpleQueue[ModelWorker] = queue.SimpleQueue()

    def start(self) -> None:
        """Have every process load the models and answer once, so that no request waits for that.

        Raises
        ------
        AudioclfError
            When the run has no models, or they cannot be read.
        """
        sr, seconds = self._run.experiment.audio.sr, float(self._run.signature["duration"])
        with _kept(io.BytesIO(wav_bytes(made(max(1, round(seconds * sr)), sr)[0], sr))) as path:
            for worker in self._all:
                worker.classify(self._run.folder, _clip(path, "", 0.0, None))
                self._free.put(worker)

    def classify(self, clip: Clip) -> Classification:
        """Have one of them answer, as soon as one is free."""
        worker = self._free.get()
        try:
            return worker.classify(self._run.folder, clip)
        finally:
            self._free.put(worker)

    def __len__(self) -> int:
        return len(self._all)

    def close(self) -> None:
        """End the processes."""
        for worker in self._all:
            worker.close()


REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    400: {"model": Problem, "description": "The request cannot be read."},
    413: {"model": Problem, "description": "Too many bytes, or too long a sound."},
    415: {"model": Problem, "description": "The file is no sound that can be read."},
    422: {"model": Problem, "description": "A parameter or the file is missing or out of range."},
    429: {"model": Problem, "description": "Too many requests; Retry-After has the seconds to wait."},
    503: {"model": Problem, "description": "Too many requests wait; Retry-After has the seconds to wait."},
}


def application(run: Run, limits: Limits, workers: Workers) -> FastAPI:
    """The server of one finished run as an ASGI application.

    Raises
    ------
    AudioclfError
        When the run has no models.
    """
    signature, audio = run.signature, run.experiment.audio
    waiting = 0

    app = FastAPI(
        title="audioclf",
        version=__version__,
        summary=f"Which of {len(signature['classes'])} classes a sound belongs to.",
        docs_url=None,  # its pages load scripts from other servers
        redoc_url=None,
    )
    rate = RateLimit(limits.per_minute)
    app.add_middleware(Limited, max_bytes=round(limits.max_mb * 1e6), rate=rate, free=("/health",))
    _errors(app)
    limited: dict[int | str, dict[str, Any]] = {code: REFUSALS[code] for code in (413, 429)}

    @app.get("/", response_model=About, responses=limited)
    async def about() -> About:
        """What is served: classes, input, limits."""
        return About(
            name=_text(run.name),
            run=_text(run.id),
            classes=[_text(name) for name in signature["classes"]],
            seconds=float(signature["duration"]),
            sample_rate=audio.sr,
            max_mb=limits.max_mb,
            max_seconds=limits.max_seconds,
            version=__version__,
        )

    @app.get("/health", response_model=Health, responses={413: REFUSALS[413]})
    async def health() -> Health:
        """Whether the models answer; nothing is answered before they do."""
        return Health(status="ready", workers=len(workers))

    @app.get("/docs", response_class=HTMLResponse, responses=limited)
    async def docs() -> HTMLResponse:
        """The description of this server as a page, with a form to try it."""
        return HTMLResponse(render("api.html", title=run.name, api=app.openapi(), limits=limits))

    @app.post("/classify", response_model=Answer, responses=REFUSALS)
    async def classify(
        file: Annotated[UploadFile, File(description="WAV, FLAC, OGG, MP3, M4A, WebM ...")],
        start: Annotated[float, Query(ge=0, le=LONGEST_START, description="Where to begin, in seconds.")] = 0.0,
        duration: Annotated[
            float | None, Query(gt=0, le=limits.max_seconds, description="How much to classify, in seconds.")
        ] = None,
    ) -> Any:
        """Classify a sound, or a stretch of it; one longer than a window is cut into windows."""
        nonlocal waiting
        if waiting >= MOST_WAITING:
            return _problem(
                503, f"{waiting} requests are waiting already; ask again in a second.", {"retry-after": "1"}
            )
        waiting += 1
        try:
            return await anyio.to_thread.run_sync(_answer, workers, file, start, duration, limits)
        finally:
            waiting -= 1

    return app


def _answer(workers: Workers, file: UploadFile, start: float, duration: float | None, limits: Limits) -> Any:
    with _kept(file.file) as path:
        name = _text(" ".join((file.filename or "sound").split())[:80]) or "sound"
        try:
            info = read_info(path)
            left = info.seconds - start
            if left <= 0:
                return _problem(
                    422,
                    f"start must be before the end of the sound ({info.seconds:g} s), got {start:g} s; begin earlier.",
                )
            if min(left, duration or math.inf) > limits.max_seconds:
                return _problem(
                    413,
                    f"At most {limits.max_seconds:g} s of sound are classified at a time, and this is {left:.1f} s;"
                    " give a duration, and begin the next request where it ended.",
                )
            found = workers.classify(_clip(path, name, start, duration))
        except AudioclfError as error:
            return _problem(415, _text(str(error).replace(str(path), name).replace(path.name, name)))
    return Answer(
        label=_text(found.label),
        probabilities=dict(zip(map(_text, found.classes), map(float, found.probabilities), strict=True)),
        classes=list(map(_text, found.classes)),
        windows=[
            Window(start=window.start, probabilities=list(map(float, window.probabilities))) for window in found.windows
        ],
        remarks=[Remark(kind=remark.kind, sentence=_text(remark.sentence)) for remark in found.remarks],
        novelty=None if found.novelty is None or not math.isfinite(found.novelty) else found.novelty,
    )


def _clip(path: Path, name: str, start: float, duration: float | None) -> Clip:
    return Clip(path, "", AudioInfo(0, 0, 0, "", ""), start=start, duration=duration, file=name)


@contextlib.contextmanager
def _kept(sound: BinaryIO) -> Iterator[Path]:
    """A file with these bytes, as long as it is needed; no folder of its own, which would take half a millisecond."""
    number, name = tempfile.mkstemp(prefix="audioclf-serve-")
    path = Path(name)
    try:
        with os.fdopen(number, "wb") as kept:
            shutil.copyfileobj(sound, kept, 1 << 20)
        yield path
    finally:
        path.unlink(missing_ok=True)


def _text(value: str) -> str:
    """Text that JSON in UTF-8 can hold: bytes of a file name that are no UTF-8 become question marks."""
    return value.encode("utf-8", "replace").decode("utf-8")


def _problem(status: int, sentence: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": sentence}, status, headers)


def _errors(app: FastAPI) -> None:
    """Every refusal is one sentence in JSON."""

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or "body"
        return _problem(422, _text(f"{where}: {first['msg']}; see /docs for what is expected."))

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> JSONResponse:
        return _problem(
            error.status_code, _text(f"{error.detail}; see /docs for what is there."), dict(error.headers or {})
        )

    @app.exception_handler(Exception)
    async def bug(request: Request, error: Exception) -> JSONResponse:
        number = secrets.token_hex(3)
        _log.error("bug %s", number, exc_info=error)
        return _problem(500, f"Something went wrong on our side (number {number}); try again.")


def serve(run: Run, host: str, port: int, limits: Limits) -> None:
    """Answer until Ctrl-C or SIGTERM; requests under way are answered first.

    Raises
    ------
    AudioclfError
        When the run has no models, or the address is taken.
    """
    import uvicorn

    workers = Workers(run, limits.workers or min(machine.cores(), 4))
    app = application(run, limits, workers)
    server = uvicorn.Server(
        uvicorn.Config(
            app, host=host, port=port, log_level="warning", timeout_graceful_shutdown=10, timeout_keep_alive=30
        )
    )
    try:
        workers.start()  # here, where a refusal is a sentence
        server.run()
    except SystemExit as error:  # uvicorn's way to end where it cannot begin
        if error.code:
            raise RunError(
                f"The server could not begin at {host}:{port}; the line above tells why; choose another --port."
            ) from error
    finally:
        workers.close()
