"""Every page shows its heading before anything heavy is imported: shown by a process that draws no more of any."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from audioclf.inference.assets import app_folder

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

# runs every page until its heading is drawn, and prints what is loaded then; home last, since it goes on behind it
SCRIPT = """
import json, os, sys
import streamlit as st
from streamlit.testing.v1 import AppTest

def tell(*args, **kwargs):
    print(json.dumps([name, sorted(name for name in sys.modules if "." not in name)]), flush=True)
    if not name:
        os._exit(0)
    st.stop()

st.title = tell

for name in [*sys.argv[3:], ""]:
    page = AppTest.from_file(sys.argv[1], default_timeout=600)
    if name:
        page.switch_page(f"pages/{name}.py")
    page.query_params["data"] = sys.argv[2]
    page.run()
sys.exit("home drew no heading")
"""


def test_the_heading_comes_before_anything_heavy(class_folders: Path) -> None:
    names = sorted(path.stem for path in (app_folder() / "pages").glob("*.py"))
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(app_folder() / "app.py"), str(class_folders), *names],
        cwd=app_folder(),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = dict(json.loads(line) for line in done.stdout.splitlines())
    assert list(loaded) == [*names, ""], "a page drew no heading"
    for name, modules in loaded.items():
        assert "streamlit" in modules
        assert not HEAVY & set(modules), name
