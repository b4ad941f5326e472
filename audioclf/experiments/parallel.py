"""Several parts of a run at a time: the process that makes the run trains, and helpers train beside it.

The run's process starts ``python -m audioclf.jobs.worker --parts`` once it has seen that it pays, and
speaks with it in lines of JSON: which part to train there, every epoch back. All that is written
for the whole run is written by the run's process; a helper writes into its part's folder alone. It
ends with the pipe, so that it does not outlive a run's process that was killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any, Final

from audioclf.core import limits
from audioclf.core.errors import AudioclfError, Stopped
from audioclf.experiments.fit import Part, is_done, plan, train_part
from audioclf.experiments.preprocessing import Inputs
from audioclf.experiments.runs import Run, open_run
from audioclf.features.cache import FeatureStore
from audioclf.models import trust
from audioclf.training import Epoch

PAYS: Final = 30.0
"""Seconds of waiting work that are worth a helper: its imports and its first step take about ten."""

_GRACE: Final = 6.0
_SMALLEST: Final = 1.5
"""Gigabytes below which a process that trains a network is not started."""


class Board:
    """Who trains what, and how far it is; several threads look at it.

    Parameters
    ----------
    parts : sequence of Part
    completed : dict of part id to int
        Epochs behind every part.
    done : set of part ids
        Parts that have been trained and tested.
    epochs : int
        Epochs of a part.
    """

    def __init__(self, parts: Sequence[Part], completed: dict[str, int], done: set[str], epochs: int) -> None:
        self.lock = threading.RLock()
        self.epochs = epochs
        self.number = {part.id: number for number, part in enumerate(parts, start=1)}
        self.waiting = deque(part for part in parts if part.id not in done)
        self.running: dict[str, Part] = {}
        self._shares = {part.id: 1.0 if part.id in done else completed[part.id] / epochs for part in parts}
        self._seconds: deque[float] = deque(maxlen=20)

    def take(self) -> Part | None:
        """The next part to train; None where nothing waits."""
        with self.lock:
            part = self.waiting.popleft() if self.waiting else None
            if part is not None:
                self.running[part.id] = part
            return part

    def give_back(self, part: Part) -> None:
        """A part whose helper has gone waits again."""
        with self.lock:
            self.running.pop(part.id, None)
            self.waiting.appendleft(part)

    def end(self, part: Part) -> None:
        """A part is done, perhaps before its last epoch."""
        with self.lock:
            self.running.pop(part.id, None)
            self._shares[part.id] = 1.0

    def share(self, part: Part, share: float) -> None:
        """So much of a part is done."""
        with self.lock:
            self._shares[part.id] = share

    def share_of(self, part: Part) -> float:
        """Share of a part that is done, 0 to 1."""
        with self.lock:
            return self._shares[part.id]

    def epoch(self, part: Part, epoch: Epoch) -> None:
        """A part has come to the end of an epoch."""
        with self.lock:
            self._shares[part.id] = epoch.epoch / self.epochs
            self._seconds.append(epoch.seconds)

    @property
    def fraction(self) -> float:
        """Share of all parts that is done, 0 to 1."""
        with self.lock:
            return sum(self._shares.values()) / len(self._shares)

    @property
    def seconds_left(self) -> float | None:
        """Time the rest will take, if no part ends before its last epoch; None before there is anything to go by."""
        with self.lock:
            if not self._seconds:
                return None
            mean = sum(self._seconds) / len(self._seconds)
            left = {part: (1 - share) * self.epochs * mean for part, share in self._shares.items()}
            return max(sum(left.values()) / max(1, len(self.running)), max(left.values()))

    @property
    def waiting_seconds(self) -> float:
        """Work that nobody has begun, in seconds of one process; 0 before two epochs have told how long one takes."""
        with self.lock:
            if len(self._seconds) < 2:
                return 0.0  # the first epoch holds the compilation
            return min(self._seconds) * sum((1 - self._shares[part.id]) * self.epochs for part in self.waiting)


class Crew:
    """The helpers of one run; used in a ``with`` statement, at whose end they have ended too.

    Parameters
    ----------
    run : Run
    inputs : Inputs
    board : Board
    store : FeatureStore or None
    begin : callable
        Told a part before its training begins.
    on_epoch : callable
        Told part and epoch, from a thread of the helper's and before its checkpoint is written.
    """

    def __init__(
        self,
        run: Run,
        inputs: Inputs,
        board: Board,
        store: FeatureStore | None,
        begin: Callable[[Part], None],
        on_epoch: Callable[[Part, Epoch], None],
    ) -> None:
        self.board = board
        self.error: BaseException | None = None
        self.most = 0 if run.experiment.model.only_here else limits.part_processes() - 1
        self._hello = {
            "run": str(run.folder.resolve()),
            "fingerprint": inputs.dataset.fingerprint,
            "trust_code": trust.code_trusted(),
            "store": None if store is None else [str(store.folder), store.max_bytes],
        }
        self._begin, self._on_epoch = begin, on_epoch
        self._helpers: list[_Helper] = []
        self._cap: float | None = None

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *error: object) -> None:
        for helper in self._helpers:
            helper.stop()
        end = time.monotonic() + _GRACE
        for helper in self._helpers:
            helper.close(max(0.0, end - time.monotonic()))
        if self._cap is not None:
            limits.cap_memory(self._cap)

    @property
    def working(self) -> int:
        """Helpers that train."""
        return sum(helper.part is not None for helper in self._helpers)

    def grow(self) -> None:
        """Start helpers where that pays; to be called now and then."""
        if self._helpers or self.most < 1 or self.board.waiting_seconds < PAYS:
            return
        number = min(self.most, len(self.board.waiting))
        cap = limits.memory_cap()
        if cap is not None:
            # all together stay below what one would be given
            number = min(number, int(cap / max(_SMALLEST, 1.2 * limits.memory_used())) - 1)
            if number > 0:
                self._cap, cap = cap, cap / (number + 1)
                limits.cap_memory(cap)
        for _ in range(number):
            self._helpers.append(_Helper(self, self._hello | {"cap": cap}))

    def check(self) -> None:
        """Raise what a helper met."""
        if self.error is not None:
            raise self.error

    def next(self) -> Part | None:
        """The next part, ready to be trained by whoever asks."""
        with self.board.lock:
            part = self.board.take() if self.error is None else None
            if part is not None:
                self._begin(part)
            return part

    def told(self, part: Part, epoch: Epoch) -> None:
        """A helper has come to the end of an epoch."""
        with self.board.lock:
            self.board.epoch(part, epoch)
            self._on_epoch(part, epoch)


class _Helper:
    """One helper, seen from the run's process: a thread reads what it says."""

    def __init__(self, crew: Crew, hello: dict[str, Any]) -> None:
        self.part: Part | None = None
        self._heard = False
        self._crew = crew
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "audioclf.jobs.worker", "--parts"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "2"},
            text=True,
            encoding="utf-8",
            start_new_session=True,  # Ctrl-C is for the run's process, which passes it on
        )
        self._send(hello)
        self._assign()
        self._thread = threading.Thread(target=self._listen, name="audioclf-helper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask it to stop within a batch."""
        self._send({"stop": True})

    def close(self, seconds: float) -> None:
        """Wait for its end, or bring it about: at once where it is still getting ready and has nothing to leave."""
        assert self._process.stdin is not None
        if not self._heard:
            self._process.kill()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._thread.join()
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):  # it has gone, and its thread will notice
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()

    def _assign(self) -> None:
        self.part = self._crew.next()
        self._send({"train": self.part.id} if self.part is not None else {"stop": True})

    def _listen(self) -> None:
        assert self._process.stdout is not None
        try:
            for line in self._process.stdout:
                self._hear(json.loads(line))
        except BaseException as error:  # told to the thread that makes the run
            self._crew.error = error
            self.stop()
        if self.part is not None:
            self._crew.board.give_back(self.part)
            self.part = None

    def _hear(self, said: dict[str, Any]) -> None:
        self._heard = True
        part = self.part
        assert part is not None
        if "epoch" in said:
            self._crew.told(part, Epoch(*said["epoch"]))
            self._send({"go": True})
        elif "share" in said:
            self._crew.board.share(part, said["share"])
        elif "done" in said:
            self._crew.board.end(part)
            self._assign()


def serve() -> None:
    """Train the parts that standard input names, until it says stop or closes."""
    # whatever a library prints must not get between the lines
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def tell(**said: Any) -> None:
        answers.write(json.dumps(said) + "\n")
        answers.flush()

    hello = json.loads(sys.stdin.readline())
    if hello["cap"]:
        limits.cap_memory(hello["cap"])
    orders = _Orders()
    try:
        with trust.trusting_code(hello["trust_code"]):
            _obey(hello, orders, tell)
    except Stopped:
        pass
    except AudioclfError as error:  # the run's process takes the part back, and meets it too if it is of the part
        print(error, file=sys.stderr)


class _Orders:
    """What the run's process wants; read by a thread, so that its end is noticed at once."""

    def __init__(self) -> None:
        self.parts: queue.Queue[str | None] = queue.Queue()
        self.stopped = threading.Event()
        self.go = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in sys.stdin:
            said = json.loads(line)
            if "train" in said:
                self.parts.put(said["train"])
            elif "go" in said:
                self.go.set()
            elif "stop" in said:
                self.stopped.set()
                self.parts.put(None)
        os._exit(1)  # nobody is there any more for whom this is done


def _obey(hello: dict[str, Any], orders: _Orders, tell: Callable[..., None]) -> None:
    run = open_run(Path(hello["run"]))
    experiment = run.experiment
    dataset = experiment.dataset.load()
    if dataset.fingerprint != hello["fingerprint"]:
        raise AudioclfError("The data set has changed while its run was being made; run the experiment again.")
    store = None if hello["store"] is None else FeatureStore(Path(hello["store"][0]), hello["store"][1])
    inputs = Inputs(experiment, dataset, store=store)
    inputs.compute(should_stop=orders.stopped.is_set)
    parts = {part.id: part for part in plan(inputs)}
    if experiment.model.family == "network":
        limits.one_thread()
    told = [time.monotonic()]

    def on_epoch(epoch: Epoch) -> None:
        orders.go.clear()
        tell(epoch=astuple(epoch))
        while not orders.go.wait(0.2):
            if orders.stopped.is_set():
                raise Stopped("Stopped.")

    def on_batch(share: float) -> None:
        if time.monotonic() - told[0] > 1.0:
            told[0] = time.monotonic()
            tell(share=share)

    while (name := orders.parts.get()) is not None:
        folder = run.part_folder(name)
        if not is_done(folder):
            train_part(
                parts[name], inputs, folder, on_epoch=on_epoch, on_batch=on_batch, should_stop=orders.stopped.is_set
            )
        tell(done=name)
