"""What a process that trains may take of the machine: processors, memory, threads."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Iterator
from typing import Any, Final

from audioclf.core import settings

WORKER: Final = "AUDIOCLF_WORKER"
"""Environment variable of the processes that others give calls to."""


def cores() -> int:
    """Processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def fit_processes() -> int:
    """How many models of one run are trained at a time: the setting, or what the jobs leave to each other."""
    if in_worker():
        return 1
    asked = int(settings.number("fit_processes"))
    return asked or max(1, cores() // int(settings.number("max_jobs", low=1)))


def in_worker() -> bool:
    """Whether this process works for another one, beside others: it starts none of its own."""
    return os.environ.get(WORKER) == "1"


def be_modest() -> None:
    """Lower priority than the web server, where the system has such a thing, and a quiet TensorFlow."""
    be_quiet()
    if hasattr(os, "nice"):
        os.nice(10)


def be_quiet() -> None:
    """A TensorFlow that logs no more than it must and looks for no graphics card."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")


@contextlib.contextmanager
def capped(gigabytes: float | None) -> Iterator[None]:
    """Bound the memory of this process for a while; not at all for None."""
    before = memory_cap()
    if gigabytes is not None:
        cap_memory(gigabytes if before is None else min(gigabytes, before))
    try:
        yield
    finally:
        if gigabytes is not None:
            cap_memory(float("inf") if before is None else before)


def cap_memory(gigabytes: float) -> None:
    """Bound the memory of this process, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    size = resource.RLIM_INFINITY if gigabytes == float("inf") else int(gigabytes * 2**30)
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard != resource.RLIM_INFINITY:
        size = hard if size == resource.RLIM_INFINITY else min(size, hard)
    # RLIMIT_DATA counts private writable memory; the address space also counts mapped libraries and
    # reserved arenas, several GB with TensorFlow, and would hit innocent jobs
    resource.setrlimit(resource.RLIMIT_DATA, (size, hard))


def memory_cap() -> float | None:
    """The bound that :func:`cap_memory` set, in GB; None where there is none."""
    try:
        import resource
    except ImportError:
        return None
    size, _ = resource.getrlimit(resource.RLIMIT_DATA)
    return None if size == resource.RLIM_INFINITY else size / 2**30


def memory_used() -> float:
    """Memory of this process that counts against its bound, in GB."""
    import psutil

    found = psutil.Process().memory_info()
    return float(getattr(found, "data", found.rss)) / 2**30


def one_thread() -> None:
    """Let TensorFlow compute with one thread; where it has begun to compute already, it goes on as it is.

    Two processes of one thread each train two small networks in less time than one process of two
    threads trains them one after the other, and rounding does not depend on how work fell to threads.
    """
    import tensorflow as tf

    with contextlib.suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)


@functools.cache
def _matrix_threads() -> Any:
    import threadpoolctl

    return threadpoolctl.ThreadpoolController()


def one_matrix_thread() -> contextlib.AbstractContextManager[Any]:
    """Matrix products within are made by one thread, where numpy's library lets that be set.

    Those of small matrices gain little by a second one, and threads of OpenBLAS wait for each other by counting: beside
    other work on the same cores that took 0.4 s of processor time for a clip, where one thread takes 0.05.
    """
    found: contextlib.AbstractContextManager[Any] = _matrix_threads().limit(limits=1, user_api="blas")
    return found
