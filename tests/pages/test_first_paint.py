"""Every page shows its heading before anything heavy is imported, in a process that has just begun."""

from __future__ import annotations

import json
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

# runs one page until its heading is drawn, and says what is loaded then
SCRIPT = """
import json, os, sys
import streamlit as st
from streamlit.testing.v1 import AppTest

def tell(*args, **kwargs):
    print(json.dumps(sorted(name for name in sys.modules if "." not in name)), flush=True)
    os._exit(0)

st.title = tell

page = AppTest.from_file(sys.argv[1], default_timeout=600)
if sys.argv[2]:
    page.switch_page(f"pages/{sys.argv[2]}.py")
page.query_params["data"] = sys.argv[3]
page.run()
sys.exit("no heading was drawn")
"""


@pytest.mark.parametrize("name", NAMES)
def test_the_heading_comes_before_anything_heavy(name: str, class_folders: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(app_folder() / "app.py"), name, str(class_folders)],
        cwd=app_folder(),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    modules = json.loads(done.stdout.splitlines()[-1])
    assert "streamlit" in modules
    assert not HEAVY & set(modules)
