"""Every page shows its heading before anything heavy is imported, in a process that has just begun."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from audioclf.inference.assets import app_folder

NAMES = ["", *sorted(path.stem for path in (app_folder() / "pages").glob("*.py"))]
HEAVY = {
    "tensorflow",
    "keras",
    "librosa",
    "numba",
    "scipy",
    "sklearn",
    "joblib",
    "optuna",
    "matplotlib",
    "soundfile",
    "av",
    "altair",
}

# runs each page, in a copy of a process that has only imported Streamlit, until its heading is drawn, and tells what is
# loaded then
SCRIPT = """
import json, os, sys
import streamlit as st
from streamlit.testing.v1 import AppTest

app, data, *names = sys.argv[1:]
for name in names:
    if os.fork():
        os.wait()
        continue

    def tell(*args, **kwargs):
        print(json.dumps([name, sorted(module for module in sys.modules if "." not in module)]), flush=True)
        os._exit(0)

    st.title = tell
    page = AppTest.from_file(app, default_timeout=600)
    if name:
        page.switch_page(f"pages/{name}.py")
    page.query_params["data"] = data
    page.run()
    sys.exit("no heading was drawn")
"""


@pytest.fixture(scope="module")
def loaded(three_classes: Path) -> dict[str, set[str]]:
    """Modules that are loaded when the heading of a page is drawn."""
    if not hasattr(os, "fork"):
        pytest.skip("this system has no fork")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(app_folder() / "app.py"), str(three_classes), *NAMES],
        cwd=app_folder(),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {name: set(modules) for name, modules in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("name", NAMES)
def test_the_heading_comes_before_anything_heavy(name: str, loaded: dict[str, set[str]]) -> None:
    assert "streamlit" in loaded[name]
    assert not HEAVY & loaded[name]
