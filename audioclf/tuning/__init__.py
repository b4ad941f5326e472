"""Search: try values of any parameter of any stage, and let the validation clips choose.

A search is a folder like a run:

===================  ======================================================================
file                 what it holds
===================  ======================================================================
search.toml          the experiment that all points share, and ``[search]`` with its grid
run.json             name, note and time of making, for people
status.json          state, stage, progress over all points
points/<id>.<NN>/    one point: a whole run, which every tool for runs can open
stop                 there when someone asked the search to stop
log.txt              what the search's process printed
===================  ======================================================================
"""

from __future__ import annotations

from audioclf.tuning.config import METHODS, METRICS, MOST_POINTS, Point, Search
from audioclf.tuning.folder import SearchRun, Standing, create_search, list_jobs, list_searches, open_search
from audioclf.tuning.runner import execute_search, run_search
from audioclf.tuning.space import Variable, short, variables
from audioclf.tuning.values import Range, read_values, spelled

__all__ = [
    "METHODS",
    "METRICS",
    "MOST_POINTS",
    "Point",
    "Range",
    "Search",
    "SearchRun",
    "Standing",
    "Variable",
    "create_search",
    "execute_search",
    "list_jobs",
    "list_searches",
    "open_search",
    "read_values",
    "run_search",
    "short",
    "spelled",
    "variables",
]
