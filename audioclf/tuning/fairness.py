"""When a search gives way: on a shared server nobody waits for all points of somebody else's search."""

from __future__ import annotations

from pathlib import Path

from audioclf.core import workspaces
from audioclf.tuning.folder import list_jobs


def others_wait(folder: Path) -> bool:
    """Whether a run or a search of another workspace is queued.

    Parameters
    ----------
    folder : Path
        Of a search; one that lies in no workspace waits for nobody.
    """
    own = workspaces.owner(folder)
    if own is None:
        return False
    return any(
        job.status.state == "queued"
        for other in workspaces.folders()
        if other.name != own
        for job in list_jobs(other / workspaces.RUNS)
    )
