"""One warm process that classifies and explains, and the client that talks to it.

Both ends speak frames, see :mod:`audioclf.inference.messages`. A sound is named by its path and stretch, and is decoded
once however much is asked about it. The models stay loaded between requests; a crash costs the answer under way and
nothing else, since the next request starts the process anew.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from audioclf.augment.alteration import Alteration
from audioclf.core import forkserver
from audioclf.core.errors import AudioclfError, RunError
from audioclf.core.files import BoundedCache
from audioclf.datasets import Clip
from audioclf.features.base import FeatureMap
from audioclf.inference import sound_tasks
from audioclf.inference.messages import Arrays, Frame, packed, read_frame, unpacked, write_frame
from audioclf.inference.sound_cache import SoundCache, file_key
from audioclf.inference.sound_tasks import Answer

if TYPE_CHECKING:
    from audioclf.explain import Verdict
    from audioclf.inference.evidence import Explanation
    from audioclf.inference.neighbours import Neighbourhood
    from audioclf.inference.predictor import Classification, Predictor

MODELS_KEPT = 8
"""Runs whose models stay loaded in the process."""

EXPLANATIONS_KEPT = 16
"""Explanations that stay at hand, to be judged."""

NEIGHBOURHOODS_KEPT = 4

_ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1"}


def serve(more: Mapping[str, Answer]) -> None:
    """Answer requests on standard input until it closes, also those of further kinds."""
    # whatever a library prints must not get between the frames
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    server = _Server()
    known = {**sound_tasks.ANSWERS, **more}
    while True:
        try:
            request, given = read_frame(sys.stdin.buffer)
        except EOFError:
            return
        try:
            values, arrays = known.get(request["do"], server.answer)(request, given)
        except AudioclfError as error:
            values, arrays = {"error": str(error)}, {}
        except Exception as error:
            import traceback

            traceback.print_exc()
            values, arrays = {"fault": f"{type(error).__name__}: {error}"}, {}
        write_frame(answers, values, arrays)


class _Server:
    """The models that stay loaded, and what was asked about last."""

    def __init__(self) -> None:
        self._sounds = SoundCache()
        self._predictors: BoundedCache[tuple[str, int], Predictor] = BoundedCache(MODELS_KEPT)
        self._explanations: BoundedCache[Hashable, Explanation] = BoundedCache(EXPLANATIONS_KEPT)
        self._near: BoundedCache[Hashable, Neighbourhood] = BoundedCache(NEIGHBOURHOODS_KEPT)

    def answer(self, request: dict[str, Any], given: Arrays) -> Frame:
        """What is asked for: values and arrays."""
        what = request["do"]
        if what == "warm":
            import keras  # noqa: F401

            return {}, {}
        if what == "stats":
            return dict(self._sounds.made), {}
        if what == "rank":
            return _ranking(request["run"]), {}
        predictor = self._predictor(request["run"])
        clip = unpacked(Clip, request["clip"])
        if what == "classify":
            return packed(predictor.classify(clip, split=request["split"]))
        if what == "show":
            shown, y = predictor.show(clip)
            return packed({"shown": shown, "y": y, "sr": predictor.audio.sr})
        if what == "explain":
            return packed(self._explained(predictor, clip, request))
        if what == "judge":
            found = self._explained(predictor, clip, request)
            place = ("feature_index", "split", "start")
            about = {name: value for name, value in request["options"].items() if name in place}
            verdict = None if found.empty else predictor.judge(clip, found, **about)
            checks = predictor.checks(clip, found, **about) if request["checks"] else {}
            return packed({"verdict": verdict, **checks})
        if what == "neighbours":
            return {"neighbours": self._neighbours(predictor, request)}, {}
        if what == "alter":
            from audioclf.inference.questions import alter

            return packed(alter(predictor, clip, Alteration.from_dict(request["alteration"]), request["split"]))
        raise ValueError(f"unknown request {what!r}")

    def _neighbours(self, predictor: Predictor, request: Mapping[str, Any]) -> list[list[tuple[int, float]]]:
        from audioclf.inference.neighbours import Neighbourhood

        key = id(predictor), request["split"]
        near = self._near.get(key)
        if near is None or near.predictor is not predictor:
            near = Neighbourhood(predictor, request["split"])
            self._near.put(key, near)
        found = near.nearest(predictor.run.clips[request["number"]], request["classes"], request["k"])
        return [[(one.clip, one.distance) for one in of_class] for of_class in found]

    def _explained(self, predictor: Predictor, clip: Clip, request: Mapping[str, Any]) -> Explanation:
        """An explanation, made once however much is asked about it."""
        key = json.dumps([request["run"], request["clip"], request["options"]], sort_keys=True)
        stamp = (key, id(predictor), file_key(clip.path))
        found = self._explanations.get(stamp)
        if found is None:
            found = predictor.explain(clip, **request["options"])
            self._explanations.put(stamp, found)
        return found

    def _predictor(self, folder: str) -> Predictor:
        from audioclf.experiments.runs import open_run
        from audioclf.inference.predictor import Predictor

        run = open_run(folder)
        signature = run.folder / "model.json"
        key = (str(run.folder.resolve()), signature.stat().st_mtime_ns if signature.exists() else 0)
        found = self._predictors.get(key)
        if found is None:
            found = Predictor(run, self._sounds)
            self._predictors.put(key, found)
        return found


def _ranking(folder: str) -> dict[str, Any]:
    """The ranking of a run's test clips, see :func:`audioclf.training.ranking.ranking`."""
    from audioclf.experiments.runs import open_run
    from audioclf.training.ranking import ranking

    run = open_run(folder)
    predictions = run.predictions
    return ranking(
        [item.true for item in predictions], np.array([item.probabilities for item in predictions]), run.classes
    )


class ModelWorker:
    """The client: starts the process when it is needed, and again when it died.

    Requests of several threads are answered one after the other.

    Parameters
    ----------
    apart : bool
        Whether the process is one of several: in a session of its own, so that Ctrl-C leaves it the time to answer (it
        ends with this process all the same), and computing with one thread.
    """

    def __init__(self, *, apart: bool = False) -> None:
        self._apart = apart
        self._lock = threading.Lock()
        self._process: forkserver.Process | None = None

    def warm(self) -> None:
        """Start the process and let it import what it will need."""
        self.ask({"do": "warm"})

    def classify(self, run: Path, clip: Clip, *, split: str | None = None) -> Classification:
        """As :meth:`~audioclf.inference.predictor.Predictor.classify`; a clip's samples never go through the pipe."""
        from audioclf.inference.predictor import Classification

        return unpacked(Classification, *self._asked("classify", run, clip, split=split))

    def explain(self, run: Path, clip: Clip, **options: Any) -> Explanation:
        """As :meth:`~audioclf.inference.predictor.Predictor.explain`, with its options."""
        from audioclf.inference.evidence import Explanation

        return unpacked(Explanation, *self._asked("explain", run, clip, options=options))

    def judge(
        self, run: Path, clip: Clip, *, checks: bool = False, **options: Any
    ) -> tuple[Verdict | None, dict[str, Any]]:
        """What the explanation that :meth:`explain` gives for the same options is worth.

        Returns
        -------
        verdict : Verdict or None
            None where the map is empty.
        checks : dict
            Of :meth:`audioclf.inference.predictor.Predictor.checks`; empty where not asked for.
        """
        from audioclf.explain import Verdict

        values, _ = self._asked("judge", run, clip, options=options, checks=checks)
        stored = values.pop("verdict")
        return (None if stored is None else unpacked(Verdict, stored)), values

    def show(self, run: Path, clip: Clip) -> tuple[FeatureMap, npt.NDArray[np.float32], int]:
        """The run's first feature of a whole clip, its samples [shape=(n,)] and their rate."""
        values, arrays = self._asked("show", run, clip)
        return unpacked(FeatureMap, values["shown"], arrays), arrays[values["y"]], values["sr"]

    def stats(self) -> dict[str, int]:
        """How many sounds the process has decoded and feature maps computed since it began."""
        return self.ask({"do": "stats"})[0]

    def _asked(self, what: str, run: Path, clip: Clip, **about: Any) -> Frame:
        return self.ask({"do": what, "run": str(run), "clip": packed(clip)[0], **about})

    def ask(self, request: Mapping[str, Any], given: Arrays | None = None) -> Frame:
        """Send one request, with arrays where it needs them, and wait for its answer.

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
                write_frame(process.stdin, request, given or {})  # type: ignore[arg-type]
                values, arrays = read_frame(process.stdout)  # type: ignore[arg-type]
            except (EOFError, OSError, ValueError) as error:
                self._end()
                raise RunError("The process that runs the models ended while it worked; try again.") from error
        if "error" in values:
            raise RunError(values["error"])
        if "fault" in values:
            raise RuntimeError(values["fault"])
        return values, arrays

    def interrupt(self) -> None:
        """End the process although it works; whoever waits for its answer gets an error."""
        if self._process is not None:
            self._process.kill()

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _running(self) -> forkserver.Process:
        if self._process is None or self._process.poll() is not None:
            self._process = forkserver.start(
                "audioclf.jobs.worker",
                "--serve",
                env=_ONE_THREAD | os.environ if self._apart else None,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=self._apart,
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
