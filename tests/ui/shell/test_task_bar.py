"""The bar of a task and the words beside it agree at every state."""

from __future__ import annotations

import re
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from audioclf.datasets import ByteCount


def _script() -> None:
    import streamlit as st

    from audioclf.ui.shell import task_bar
    from audioclf.ui.shell.tasks import Task
    from audioclf.ui.shell.text import progress

    task = Task("key", "Storing the upload", lambda progress, should_stop: None)
    task.at = st.session_state["at"]
    task_bar.follow(task, lambda done, total: progress(done, total) or "…", "stop")


@pytest.mark.parametrize(
    "at",
    [
        (0, 0),
        (0, 3),
        (1, 3),
        (3, 3),
        (1_999, 2_000),
        (ByteCount(0), ByteCount(0)),
        (ByteCount(900), ByteCount(0)),
        (ByteCount(300), ByteCount(1_500)),
        (ByteCount(1_500), ByteCount(1_500)),
        (ByteCount(15_990_000), ByteCount(16_000_000)),
        (ByteCount(16_000_000), ByteCount(16_000_000)),
    ],
)
def test_bar_and_words_agree(at: tuple[int, int]) -> None:
    page = AppTest.from_function(_script)
    page.session_state["at"] = at
    page.run()
    assert not page.exception
    (bar,) = page.get("progress")
    shown: Any = bar.proto
    words = shown.text.replace("\\", "")
    assert words.startswith("Storing the upload: ")
    found = re.search(r"([\d,.]+) of ([\d,.]+)", words)
    if not at[1]:
        assert (found, shown.value) == (None, 0)
        return
    assert found is not None
    done, total = (float(number.replace(",", "")) for number in found.groups())
    assert done / total == pytest.approx(shown.value / 100, abs=0.04)
    assert (done == total) == (shown.value == 100) == (at[0] == at[1])
