"""Search: try values of any parameter of any stage, and let the validation clips choose.

A search is a folder like a run:

===================  ======================================================================
file                 what it holds
===================  ======================================================================
search.toml          the experiment that all points share, and ``[search]`` with its grid
run.json             name, note and time of making, for people
status.json          state, stage, progress over all points
journal.jsonl        Optuna's trials: what was proposed, each epoch's loss, the results
points/<id>.<NN>/    one point: a whole run, which every tool for runs can open
importance.json      how much each parameter explains of the results (fANOVA)
locks/               who works on which point
stop                 there when someone asked the search to stop
log.txt              what the search's process printed
===================  ======================================================================
"""

from __future__ import annotations

from audioclf.tuning.config import METRICS, MOST_POINTS, PRUNERS, SAMPLERS, Point, Search
from audioclf.tuning.folder import SearchRun, Standing, create_search, list_jobs, list_searches, open_search
from audioclf.tuning.runner import execute_search, run_search
from audioclf.tuning.space import Variable, short, variables
from audioclf.tuning.values import Range, read_values, spelled

__all__ = [
    "METRICS",
    "MOST_POINTS",
    "PRUNERS",
    "SAMPLERS",
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
