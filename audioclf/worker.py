"""The processes that do heavy work, so that the web server never imports a deep-learning library.

``python -m audioclf.worker FOLDER`` makes one run, or one search, and ends.
``python -m audioclf.worker --serve`` answers requests to classify and explain, see
:mod:`audioclf.model_worker` for the other end of its pipe.
``python -m audioclf.worker --parts`` trains parts of a run beside the process that makes it, see
:mod:`audioclf.crew`.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

from audioclf import settings
from audioclf.errors import AudioclfError, Stopped
from audioclf.limits import cap_memory
from audioclf.models.app import MARK


def main(arguments: list[str]) -> int:
    """Run as told; the exit code is 0 where the work came to its end, or was stopped, or refused in words."""
    if arguments == ["--parts"]:
        from audioclf import crew

        be_quiet()  # as modest as the process it helps, and as trusting
        crew.serve()
        return 0
    be_modest()
    os.environ[MARK] = "1"
    if arguments == ["--serve"]:
        from audioclf.model_worker import serve

        serve()
        return 0
    if len(arguments) != 1:
        print("usage: python -m audioclf.worker FOLDER | --serve | --parts", file=sys.stderr)
        return 2
    cap_memory(settings.number("job_memory_gb", low=4))
    try:
        _make(Path(arguments[0]))
    except Stopped:
        print("stopped", file=sys.stderr)
    except AudioclfError as error:
        print(error, file=sys.stderr)
    except Exception:
        traceback.print_exc()
        return 1
    return 0


def _make(folder: Path) -> None:
    """Make what a folder asks for."""
    from audioclf.execution import execute
    from audioclf.runs import open_run
    from audioclf.search import SearchRun, execute_search
    from audioclf.search.turns import others_wait

    if (folder / SearchRun.recipe).is_file():
        execute_search(SearchRun(folder), give_way=lambda: others_wait(folder))
    else:
        execute(open_run(folder))


def be_modest() -> None:
    """Lower priority than the web server, where the system has such a thing, and a quiet TensorFlow."""
    be_quiet()
    if hasattr(os, "nice"):
        os.nice(10)


def be_quiet() -> None:
    """A TensorFlow that says no more than it must and looks for no graphics card."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
