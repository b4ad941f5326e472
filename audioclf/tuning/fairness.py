"""When work gives way: on a shared server nobody waits for all points of somebody else's search."""

from __future__ import annotations

from pathlib import Path

from audioclf.core import workspaces
from audioclf.tuning.folder import list_jobs


def others_wait(folder: Path, *, own: bool = False) -> bool:
    """Whether a run or a search of another workspace than that of ``folder`` is queued, or with ``own`` of any.

    What lies in no workspace waits for nobody.
    """
    owner = workspaces.owner(folder)
    if owner is None:
        return False
    return any(
        job.status.state == "queued"
        for other in workspaces.folders()
        if own or other.name != owner
        for job in list_jobs(other / workspaces.RUNS)
    )
