"""The work of a scan: decode as a stream, cut into windows, ask the models batch by batch, add rows."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from audioclf.audio.io import AudioInfo, fix_length, read_info
from audioclf.audio.level import loudest
from audioclf.audio.stream import stream_audio
from audioclf.core.errors import AudioclfError, AudioError, RunError, Stopped
from audioclf.experiments.runs import Run, open_run, process_created
from audioclf.features import Feature, FeatureMap
from audioclf.features.base import Array
from audioclf.inference.scan import (
    Scan,
    create_scan,
    new_scan_folder,
)
from audioclf.inference.scan_records import FileResult, ScanStatus, sounds_in

if TYPE_CHECKING:
    from audioclf.inference.predictor import Predictor

BATCH = 64
"""Windows in one call of the models, of short windows."""

_SAMPLES = 2**22
"""Samples in one call at most."""

_EVERY = 0.3

ShouldStop = Callable[[], bool]
Progress = Callable[[ScanStatus], None]


def scan_sounds(
    run: Run | str | Path,
    sounds: Iterable[str | Path],
    folder: str | Path | None = None,
    *,
    hop: float | None = None,
    trust_code: bool = False,
    progress: Progress | None = None,
    should_stop: ShouldStop = lambda: False,
) -> Scan:
    """Classify recordings of any length, or all files of folders, window by window.

    Parameters
    ----------
    run : Run or path
        Finished.
    sounds : iterable of path
        Files and folders. A file that is no sound becomes a row with the reason.
    folder : path, optional
        Where the rows are kept; where the scan of an earlier call is, it goes on. A new one in the workspace where left
        out.
    hop : float, optional
        Seconds from one window to the next, at most the models' window, which it is where left out.
    trust_code : bool
        Allows the import of code that the run names to build its model.
    progress : callable, optional
        Given the :class:`~audioclf.inference.scan.ScanStatus` now and then.
    should_stop : callable, optional

    Returns
    -------
    Scan
        Its ``answers()`` are one per file, its ``rows()`` one per window, its ``events()`` what is heard when.

    Raises
    ------
    AudioclfError
        When the run cannot be used or nothing can be written; what was done is kept.
    Stopped
    """
    opened = run if isinstance(run, Run) else open_run(Path(run))
    place = new_scan_folder() if folder is None else Path(folder)
    files = sounds_in(Path(sound) for sound in sounds)
    found = Scan(place)
    if (place / "scan.json").is_file():
        asked = [(name, path.absolute()) for name, path in files]
        same = found.files == asked and found.about["run"] == str(opened.folder.absolute())
        if not same or (hop is not None and abs(found.hop - hop) > 1 / found.about["sr"]):
            raise RunError(
                f"The scan in '{place.name}' is of other files, another run or another hop; choose another folder, or"
                " delete it."
            )
    else:
        found = create_scan(opened, files, place, hop=hop)
    execute_scan(found, run=opened, trust_code=trust_code, progress=progress, should_stop=should_stop)
    return found


def execute_scan(
    scan: Scan,
    *,
    run: Run | None = None,
    trust_code: bool = False,
    progress: Progress | None = None,
    should_stop: ShouldStop = lambda: False,
) -> None:
    """Do what is left of a scan; its status states how it ended.

    Raises
    ------
    AudioclfError, Stopped
    """
    from audioclf.inference.predictor import Predictor

    (scan.folder / "stop").unlink(missing_ok=True)
    pid = os.getpid()
    status = ScanStatus("running", pid=pid, pid_created=process_created(pid))
    try:
        scan.write_status(status)
        predictor = Predictor(run or open_run(Path(scan.about["run"])), trust_code=trust_code)
        with ExitStack() as stack:
            status = _scan(scan, predictor, status, stack, progress, lambda: should_stop() or scan.stopping)
        status = replace(status, state="done", share=1.0)
        scan.write_status(status)
    except Stopped:
        stopped = replace(_counted(scan, status), state="stopped", message="It was stopped; what was done is kept.")
        scan.write_status(stopped)
        raise
    except OSError as error:
        reason = RunError(
            f"The scan cannot be written ({error.strerror or error}); free some space and let it go on. What was done"
            " is kept."
        )
        _fail(scan, status, reason)
        raise reason from None
    except AudioclfError as error:
        _fail(scan, status, error)
        raise
    except Exception:
        _fail(scan, status, RunError("Something went wrong on our side; what was done is kept."))
        raise
    if progress is not None:
        progress(status)


def _fail(scan: Scan, status: ScanStatus, error: AudioclfError) -> None:
    import contextlib

    with contextlib.suppress(RunError):  # on a full disk not even this may find room
        scan.write_status(replace(_counted(scan, status), state="failed", message=str(error)))


def _counted(scan: Scan, status: ScanStatus) -> ScanStatus:
    finished = len(scan.finished)
    return replace(status, files=finished, windows=scan.n_rows, share=max(status.share, finished / len(scan.files)))


@dataclass
class _Batch:
    """Windows that are given to the models together, and the files whose last window is among them."""

    maps: list[Mapping[Feature, FeatureMap]] = field(default_factory=list)
    levels: list[float] = field(default_factory=list)
    finished: list[FileResult] = field(default_factory=list)
    share: float = 0.0


def _scan(
    scan: Scan,
    predictor: Predictor,
    status: ScanStatus,
    stack: ExitStack,
    progress: Progress | None,
    should_stop: ShouldStop,
) -> ScanStatus:
    done = scan.finished
    n_rows = scan.n_rows
    _cut(scan.folder / "windows.f32", n_rows * 4 * (len(scan.classes) + 2))
    _cut(scan.folder / "files.jsonl", len(_lines(done)))
    names = ("windows.f32", "files.jsonl")
    windows, files = (stack.enter_context((scan.folder / name).open("ab")) for name in names)
    batches = _batches(scan, predictor, done, n_rows)
    pool = stack.enter_context(ThreadPoolExecutor(1))  # decodes the next batch while the models have this one
    ahead = pool.submit(next, batches, None)
    shown = 0.0
    n_files = len(done)
    while (batch := ahead.result()) is not None:
        if should_stop():
            raise Stopped("The scan was stopped; what was done is kept.")
        ahead = pool.submit(next, batches, None)
        if batch.maps:
            probabilities, novelty = predictor.answers(batch.maps)
            far = np.full(len(probabilities), np.nan) if novelty is None else novelty
            rows = np.column_stack([probabilities, far, batch.levels]).astype("<f4")
            _add(windows, rows.tobytes())
        _add(files, _lines(batch.finished))
        n_rows, n_files = n_rows + len(batch.maps), n_files + len(batch.finished)
        status = replace(status, share=batch.share, files=n_files, windows=n_rows)
        if time.monotonic() - shown > _EVERY:
            shown = time.monotonic()
            scan.write_status(status)
            if progress is not None:
                progress(status)
    return status


def _add(file: BinaryIO, data: bytes) -> None:
    if data:
        file.write(data)
        file.flush()


def _lines(results: Iterable[FileResult]) -> bytes:
    return b"".join(json.dumps(asdict(result)).encode() + b"\n" for result in results)


def _cut(path: Path, size: int) -> None:
    """Take away what stands behind the last whole row."""
    with path.open("ab") as file:
        file.truncate(size)


def _batches(scan: Scan, predictor: Predictor, done: list[FileResult], n_rows: int) -> Iterator[_Batch]:
    """All that is left to do, in order."""
    size = max(1, min(BATCH, _SAMPLES // predictor.n_samples))
    hop = round(scan.hop * predictor.audio.sr)
    first = done[-1].first + done[-1].count if done else 0
    before = n_rows - first  # windows of the file in whose middle it ended
    batch = _Batch()
    total = len(scan.files)
    for number in range(len(done), total):
        path = scan.files[number][1]
        info: AudioInfo | None = None
        count, error = before, ""
        try:
            info = read_info(path)
            offset = before * scan.hop
            blocks = stream_audio(path, sr=predictor.audio.sr, mono=predictor.audio.mono, offset=offset)
            for window in windows(blocks, predictor.n_samples, hop, predictor.audio.pad, begun=before > 0):
                batch.maps.append(predictor.maps(window))
                batch.levels.append(loudest(window, predictor.audio.sr))
                count += 1
                batch.share = (number + min(count * scan.hop / max(info.seconds, 1e-9), 1.0)) / total
                if len(batch.maps) == size:
                    yield batch
                    batch = _Batch(share=batch.share)
        except AudioError as problem:
            error = str(problem)
        seconds = 0.0 if info is None else info.seconds
        if error and count:
            seconds = min(seconds, (count - 1) * scan.hop + scan.window)
        batch.finished.append(FileResult(number, first, count, seconds, 0 if info is None else info.sr, error))
        batch.share = (number + 1) / total
        first, before = first + count, 0
        if len(batch.finished) >= size:
            yield batch
            batch = _Batch(share=batch.share)
    yield batch


def windows(blocks: Iterable[Array], n: int, hop: int, pad: str = "end", *, begun: bool = False) -> Iterator[Array]:
    """Cut a stream of samples into windows; as of ``Predictor.windows``, a rest shorter than half of one is left out.

    Parameters
    ----------
    blocks : iterable of np.ndarray [shape=(n,)]
    n, hop : int
        Samples of a window, and from one to the next (at most ``n``).
    pad : str
        See :func:`audioclf.audio.io.fix_length`.
    begun : bool
        Whether there were windows before these samples; otherwise there is at least one.

    Yields
    ------
    np.ndarray [shape=(n,)]
    """
    rest = np.zeros(0, np.float32)
    for block in blocks:
        rest = np.concatenate([rest, block])
        at = 0
        while len(rest) - at >= n:
            begun = True
            yield rest[at : at + n]
            at += hop
        rest = rest[at:]
    while len(rest) > n // 2 or (len(rest) and not begun):
        begun = True
        yield fix_length(rest, n, pad)
        rest = rest[hop:]
