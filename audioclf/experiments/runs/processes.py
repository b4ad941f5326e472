"""Whether a process that was noted is still the same one."""

from __future__ import annotations


def process_created(pid: int) -> float:
    """When a process began (Unix time); 0 where there is none."""
    import psutil

    try:
        process = psutil.Process(pid)
        return 0.0 if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.Error:
        return 0.0


def process_lives(pid: int, created: float) -> bool:
    """Whether the very process that was noted is still there.

    The time a process began is counted from a boot time in whole seconds, which differs by one or two between
    readers where the clock is being set right; a number is not given to another process that soon.
    """
    began = process_created(pid) if pid > 0 else 0.0
    return began > 0 and abs(began - created) < 5.0
