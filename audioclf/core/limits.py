"""What a process that trains may take of the machine: processors, memory, threads."""

from __future__ import annotations

import contextlib
import os

from audioclf.core import settings


def cores() -> int:
    """Processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def fit_processes() -> int:
    """How many models of one run are trained at a time: the setting, or what the jobs leave to each other."""
    asked = int(settings.number("fit_processes"))
    return asked or max(1, cores() // int(settings.number("max_jobs", low=1)))


def cap_memory(gigabytes: float) -> None:
    """Bound the memory of this process, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    size = int(gigabytes * 2**30)
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard != resource.RLIM_INFINITY:
        size = min(size, hard)
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
