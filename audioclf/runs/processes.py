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
    """Whether the very process that was noted is still there."""
    return pid > 0 and abs(process_created(pid) - created) < 1.0
