"""The work of a scan: decode as a stream, cut into windows, ask the models batch by batch, add rows."""

from __future__ import annotations

import contextlib
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

from audioclf.audio.io import AudioInfo, read_info
from audioclf.audio.sources import renamed
from audioclf.audio.stream import stream_audio
from audioclf.core.errors import AudioclfError, AudioError, RunError, Stopped
from audioclf.experiments.runs import Run, open_run, process_created
from audioclf.features import Feature, FeatureMap
from audioclf.features.base import Array
from audioclf.inference.cutting import cut, lead
from audioclf.inference.networks import onnx_networks
from audioclf.inference.scan import Scan, create_scan, new_scan_folder
from audioclf.inference.scan_records import FileResult, ScanStatus, sounds_in
from audioclf.inference.scan_windows import described

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
        Seconds from one window to the next, at most the models' window; half of it where left out. Sounds that begin
        after a pause have windows of their own besides.
    trust_code : bool
        Allows the import of code that the run names to build its model.
    progress : callable, optional
        Given the :class:`~audioclf.inference.scan.ScanStatus` now and then.
    should_stop : callable, optional

    Returns
    -------
    Scan
        Its ``answers()`` are one per file, its ``windows()`` what was asked, its ``events()`` what is heard when.

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
        run = run or open_run(Path(scan.about["run"]))

        def asked() -> bool:
            return should_stop() or scan.stopping

        predictor = Predictor(run, trust_code=trust_code, onnx=onnx_networks(run, asked))
        with ExitStack() as stack:
            status = _scan(scan, predictor, status, stack, progress, asked)
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
    with contextlib.suppress(RunError):  # on a full disk not even this may find room
        scan.write_status(replace(_counted(scan, status), state="failed", message=str(error)))


def _counted(scan: Scan, status: ScanStatus) -> ScanStatus:
    finished = len(scan.finished)
    return replace(status, files=finished, windows=scan.n_rows, share=max(status.share, finished / len(scan.files)))


@dataclass
class _Batch:
    """Windows that are given to the models together, and the files whose last window is among them."""

    maps: list[Mapping[Feature, FeatureMap]] = field(default_factory=list)
    about: list[Array] = field(default_factory=list)
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
    n_rows = scan.whole_rows(scan.n_rows)
    _truncate(scan.folder / "windows.f32", n_rows * 4 * scan.width)
    _truncate(scan.folder / "files.jsonl", len(_lines(done)))
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
            rows = np.column_stack([probabilities, far, np.array(batch.about)]).astype("<f4")
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


def _truncate(path: Path, size: int) -> None:
    """Take away what stands behind the last whole row."""
    with path.open("ab") as file:
        file.truncate(size)


def _batches(scan: Scan, predictor: Predictor, done: list[FileResult], n_rows: int) -> Iterator[_Batch]:
    """All that is left to do, in order."""
    size = max(1, min(BATCH, _SAMPLES // predictor.n_samples))
    sr, n, pad = predictor.audio.sr, predictor.n_samples, predictor.audio.pad
    hop = scan.hop * sr
    first = done[-1].first + done[-1].count if done else 0
    count = n_rows - first  # windows of the file in whose middle it ended
    begun = int(np.count_nonzero(scan.windows(first, n_rows).even))
    batch = _Batch()
    total = len(scan.files)
    for number in range(len(done), total):
        name, path = scan.files[number]
        info: AudioInfo | None = None
        error = ""
        try:
            info = read_info(path)
            at = round(max(0, begun - lead(n, hop, sr)) * hop)
            blocks = stream_audio(path, sr=sr, mono=predictor.audio.mono, offset=at / sr)
            for window in cut(blocks, n, hop, sr, pad, begun=begun, first=at):
                batch.maps.append(predictor.maps(window.y))
                batch.about.append(described(window.y, sr, window.start, window.even))
                count, begun = count + 1, begun + window.even
                batch.share = (number + min(begun * scan.hop / max(info.seconds, 1e-9), 1.0)) / total
                if len(batch.maps) == size:
                    yield batch
                    batch = _Batch(share=batch.share)
        except AudioError as problem:
            error = renamed(problem, path, name)
        seconds = 0.0 if info is None else info.seconds
        if error and count:
            seconds = min(seconds, (begun - 1) * scan.hop + scan.window)
        batch.finished.append(FileResult(number, first, count, seconds, 0 if info is None else info.sr, error))
        batch.share = (number + 1) / total
        first, count, begun = first + count, 0, 0
        if len(batch.finished) >= size:
            yield batch
            batch = _Batch(share=batch.share)
    yield batch
