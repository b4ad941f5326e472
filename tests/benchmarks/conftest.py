"""What benchmarks share: a server of the app as the browser tests start it, and a place for their figures."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All that is in this folder is a benchmark, and nothing that asserts a time is anywhere else."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker("benchmark")


@pytest.fixture(scope="module")
def browsing() -> ModuleType:
    """The browser tests' way to start a server."""
    path = Path(__file__).parents[1] / "browser" / "conftest.py"
    spec = importlib.util.spec_from_file_location("browsing", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["browsing"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def measured(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """``measured("ours 3 s, theirs 9 s")``: a line that stands with all others at the end of the test run."""
    return lambda line: record_property("measured", line)
