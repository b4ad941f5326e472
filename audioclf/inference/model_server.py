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
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from audioclf.core import forkserver
from audioclf.core.errors import AudioclfError, RunError
from audioclf.core.files import BoundedCache
from audioclf.datasets import Clip
from audioclf.features.base import FeatureMap
from audioclf.inference import sound_tasks
from audioclf.inference.messages import (
    Arrays,
    about_clip,
    clip_of,
    packed_map,
    read_frame,
    unpacked_map,
    write_frame,
)
from audioclf.inference.sound_cache import SoundCache, file_key

if TYPE_CHECKING:
    from audioclf.explain import Verdict
    from audioclf.inference.evidence import Explanation
    from audioclf.inference.predictor import Classification, Predictor

MODELS_KEPT = 8
"""Runs whose models stay loaded in the process."""

EXPLANATIONS_KEPT = 16
"""Explanations that stay at hand, to be judged."""

_ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1"}


Answer = Callable[[dict[str, Any]], tuple[dict[str, Any], Arrays]]


def serve(more: Mapping[str, Answer] | None = None) -> None:
    """Answer requests on standard input until it closes.

    Parameters
    ----------
    more : mapping, optional
        What answers requests of further kinds.
    """
    # whatever a library prints must not get between the frames
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    server = _Server()
    while True:
        try:
            request, given = read_frame(sys.stdin.buffer)
        except EOFError:
            return
        try:
            further = (more or {}).get(request["do"])
            values, arrays = server.answer(request, given) if further is None else further(request)
        except AudioclfError as error:
            values, arrays = {"error": str(error)}, {}
        except Exception as error:
            import traceback

            traceback.print_exc()
            values, arrays = {"fault": f"{type(error).__name__}: {error}"}, {}
        write_frame(answers, values, arrays)


class _Server:
    """The models that stay loaded, and the sounds that were asked about last."""

    def __init__(self) -> None:
        from audioclf.inference.questions import Questions

        self._sounds = SoundCache()
        self._questions = Questions()
        self._predictors: OrderedDict[tuple[str, int], Predictor] = OrderedDict()
        self._explanations: BoundedCache[Hashable, Explanation] = BoundedCache(EXPLANATIONS_KEPT)

    def answer(self, request: dict[str, Any], given: Arrays) -> tuple[dict[str, Any], Arrays]:
        """What is asked for: values and arrays."""
        if request["do"] in sound_tasks.ANSWERS:
            return sound_tasks.ANSWERS[request["do"]](request, given)
        if request["do"] == "warm":
            import keras  # noqa: F401

            return {}, {}
        if request["do"] == "stats":
            return dict(self._sounds.made), {}
        if request["do"] == "rank":
            from audioclf.inference.questions import rank

            return rank(Path(request["run"])), {}
        predictor = self._predictor(request["run"])
        clip = clip_of(request["clip"])
        if self._questions.knows(request["do"]):
            return self._questions.answer(predictor, clip, request)
        if request["do"] == "classify":
            answer = predictor.classify(clip, split=request["split"])
            return (
                {
                    "classes": list(answer.classes),
                    "starts": [window.start for window in answer.windows],
                    "remarks": [[remark.kind, remark.sentence] for remark in answer.remarks],
                    "novelty": answer.novelty,
                },
                {
                    "probabilities": answer.probabilities,
                    "windows": np.stack([window.probabilities for window in answer.windows]),
                },
            )
        if request["do"] == "show":
            shown, y = predictor.show(clip)
            values, arrays = packed_map(shown)
            return values | {"sr": predictor.audio.sr}, arrays | {"y": y}
        if request["do"] == "explain":
            return _packed(self._explained(predictor, clip, request))
        if request["do"] == "judge":
            found = self._explained(predictor, clip, request)
            about = _place_of(request["options"])
            verdict = None if found.empty else predictor.judge(clip, found, **about)
            checks = predictor.checks(clip, found, **about) if request["checks"] else {}
            return {"verdict": None if verdict is None else verdict.to_dict(), **checks}, {}
        raise ValueError(f"unknown request {request['do']!r}")

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
        if key not in self._predictors:
            self._predictors[key] = Predictor(run, self._sounds)
            while len(self._predictors) > MODELS_KEPT:
                self._predictors.popitem(last=False)
        self._predictors.move_to_end(key)
        return self._predictors[key]


def _place_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """What of the options of an explanation says where it is of."""
    return {name: options[name] for name in ("feature_index", "split", "start") if name in options}


def _packed(found: Explanation) -> tuple[dict[str, Any], Arrays]:
    """An explanation as plain values and arrays."""
    values, arrays = packed_map(found.feature_map)
    values |= {
        "class_index": found.class_index,
        "classes": list(found.classes),
        "sr": found.sr,
        "peak": found.peak,
        "method": found.method,
        "words": [found.words.sentence, found.words.kind],
        "seconds": found.seconds,
        "verdict": None if found.verdict is None else found.verdict.to_dict(),
    }
    return values, arrays | {"heat": found.heat, "probabilities": found.probabilities, "y": found.y}


def _unpacked(values: Mapping[str, Any], arrays: Arrays) -> Explanation:
    """What :func:`_packed` was given."""
    from audioclf.explain import Verdict, Words
    from audioclf.inference.evidence import Explanation

    verdict = values["verdict"]
    return Explanation(
        unpacked_map(values, arrays),
        arrays["heat"],
        values["class_index"],
        tuple(values["classes"]),
        arrays["probabilities"],
        arrays["y"],
        values["sr"],
        values["peak"],
        values["method"],
        Words(*values["words"]),
        values["seconds"],
        None if verdict is None else Verdict.from_dict(verdict),
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
        """What a run's models predict for one clip; its samples never go through the pipe.

        Parameters
        ----------
        run : Path
        clip : Clip
        split : str, optional
            Whose models to ask: the split in which a clip was tested.
        """
        from audioclf.inference.predictor import Classification, Window
        from audioclf.inference.remarks import Remark

        values, arrays = self.ask({"do": "classify", "run": str(run), "clip": about_clip(clip), "split": split})
        rows = zip(values["starts"], arrays["windows"], strict=True)
        windows = tuple(Window(start, row) for start, row in rows)
        found = tuple(Remark(*remark) for remark in values["remarks"])
        return Classification(tuple(values["classes"]), arrays["probabilities"], windows, found, values["novelty"])

    def explain(self, run: Path, clip: Clip, **options: Any) -> Explanation:
        """Probabilities, feature map and heat map of one window of a clip, in one answer.

        Parameters
        ----------
        run : Path
        clip : Clip
        **options
            As of :meth:`audioclf.inference.predictor.Predictor.explain`.
        """
        return _unpacked(*self.ask({"do": "explain", "run": str(run), "clip": about_clip(clip), "options": options}))

    def judge(
        self, run: Path, clip: Clip, *, checks: bool = False, **options: Any
    ) -> tuple[Verdict | None, dict[str, Any]]:
        """What the explanation that :meth:`explain` gives for the same options is worth.

        Parameters
        ----------
        run : Path
        clip : Clip
        checks : bool
            Whether also to randomise the weights and to ask the other methods.
        **options
            As of :meth:`explain`.

        Returns
        -------
        verdict : Verdict or None
            None where the map is empty.
        checks : dict
            As of :meth:`audioclf.inference.predictor.Predictor.checks`; empty where not asked for.
        """
        from audioclf.explain import Verdict

        request = {"do": "judge", "run": str(run), "clip": about_clip(clip), "options": options, "checks": checks}
        values, _ = self.ask(request)
        stored = values.pop("verdict")
        return (None if stored is None else Verdict.from_dict(stored)), values

    def show(self, run: Path, clip: Clip) -> tuple[FeatureMap, npt.NDArray[np.float32], int]:
        """The run's first feature of a whole clip, its samples [shape=(n,)] and their rate."""
        values, arrays = self.ask({"do": "show", "run": str(run), "clip": about_clip(clip)})
        return unpacked_map(values, arrays), arrays["y"], values["sr"]

    def stats(self) -> dict[str, int]:
        """How many sounds the process has decoded and feature maps computed since it began."""
        return self.ask({"do": "stats"})[0]

    def ask(self, request: Mapping[str, Any], given: Arrays | None = None) -> tuple[dict[str, Any], Arrays]:
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
