"""Opening a page of the app in a session of its own, without a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from audioclf.resources import app_folder
from audioclf.ui import tasks, warmup

OpenPage = Callable[..., AppTest]


@pytest.fixture
def open_page() -> OpenPage:
    """``open_page("explore", data=folder)``: the page with that address, run once, features warm."""
    return _open


def _open(name: str = "", /, **query: str | Path) -> AppTest:
    # features and the data set are ready, so that one run shows the whole page
    assert warmup.wait(120)
    page = AppTest.from_file(str(app_folder() / "app.py"), default_timeout=120)
    if name:
        page.switch_page(f"pages/{name}.py")
    for key, value in query.items():
        page.query_params[key] = str(value)
    page.run()
    for task in list(tasks.all_tasks()):
        if not task.finished:
            assert task.wait(120)
            page.run()
    assert not page.exception
    return page
