"""Long work goes on in one thread per piece, tells its progress, and can be stopped."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable

import pytest

from audioclf.core.errors import AudioclfError, DatasetError, Stopped
from audioclf.ui.shell import tasks


@pytest.fixture
def key() -> str:
    return uuid.uuid4().hex


def test_everyone_who_asks_for_the_same_gets_the_same(key: str) -> None:
    gate = threading.Event()
    runs = []

    def work(progress: tasks.Progress, should_stop: Callable[[], bool]) -> str:
        runs.append(1)
        progress(1, 4)
        gate.wait(30)
        return "done"

    first = tasks.start(key, "Work", work)
    second = tasks.start(key, "Work", work)
    assert first is second is tasks.find(key)
    gate.set()
    assert first.wait(30)
    assert (first.result, first.at, runs) == ("done", (1, 4), [1])
    assert tasks.start(key, "Work", work) is first


def test_a_stop_ends_the_work_at_its_next_progress(key: str) -> None:
    begun = threading.Event()

    def work(progress: tasks.Progress, should_stop: Callable[[], bool]) -> None:
        begun.set()
        while True:
            progress(0, 10)

    task = tasks.start(key, "Endless work", work)
    assert begun.wait(30)
    task.stop()
    assert task.wait(30)
    assert isinstance(task.error, Stopped)


def test_a_failed_task_is_tried_again(key: str) -> None:
    tries = []

    def work(progress: tasks.Progress, should_stop: Callable[[], bool]) -> int:
        tries.append(1)
        if len(tries) == 1:
            raise DatasetError("The folder is not there; check the path.")
        return 7

    first = tasks.start(key, "Work", work)
    assert first.wait(30)
    assert isinstance(first.error, DatasetError)
    second = tasks.start(key, "Work", work)
    assert second is not first
    assert second.wait(30)
    assert second.result == 7


def test_forgetting_makes_the_next_start_do_it_anew(key: str) -> None:
    task = tasks.start(key, "Work", lambda progress, should_stop: 1)
    assert task.wait(30)
    tasks.forget(key)
    assert tasks.find(key) is None


def test_a_bug_is_logged_under_the_number_its_sentence_gives(key: str, caplog: pytest.LogCaptureFixture) -> None:
    def work(progress: tasks.Progress, should_stop: Callable[[], bool]) -> None:
        raise ZeroDivisionError("secret detail")

    with caplog.at_level(logging.ERROR):
        task = tasks.start(key, "Work", work)
        assert task.wait(30)
    assert type(task.error) is AudioclfError
    sentence = str(task.error)
    assert "secret" not in sentence
    number = sentence.split("number ")[1][:6]
    assert any(number in record.getMessage() and record.exc_info for record in caplog.records)
