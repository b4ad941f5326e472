"""The house: imports run one way, and light things stay light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import audioclf

PACKAGE = Path(audioclf.__file__).parent
ROOT = PACKAGE.parent

# a package may import only from those before it
ORDER = (
    "core",
    "audio",
    "datasets",
    "embeddings",
    "features",
    "augment",
    "models",
    "training",
    "explain",
    "plots",
    "experiments",
    "tuning",
    "inference",
    "similarity",
    "jobs",
    "recipes",
    "export",
    "reproduce",
    "cli",
    "ui",
)
# inside the user interface: what pages share; a page imports these and never another page
SHARED_UI = ("shell", "forms", "sound", "jobs", "inference")

HEAVY = {
    "tensorflow",
    "keras",
    "librosa",
    "sklearn",
    "matplotlib",
    "scipy",
    "numba",
    "joblib",
    "optuna",
    "av",
    "h5py",
    "onnxruntime",
    "dask",
    "distributed",
    "skops",
}


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {dotted(path): path for path in PACKAGE.rglob("*.py")}


def imported(module: ast.Module, *, top_only: bool = False) -> Iterator[str]:
    nodes = module.body if top_only else ast.walk(module)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if name in MODULES else node.module or ""


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def own_imports(module: str) -> frozenset[str]:
    return frozenset(name for name in imported(tree(MODULES[module])) if name in MODULES)


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def test_every_package_has_its_place_in_the_order() -> None:
    rooms = [path for path in PACKAGE.iterdir() if path.name not in ("__init__.py", "__main__.py", "__pycache__")]
    assert {path.name for path in rooms} == set(ORDER)
    assert len(rooms) <= 20


def test_the_map_in_contributing_names_every_package_in_order() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    lines = text.split("## The house")[1].split("```")[1].strip().splitlines()
    drawn = [line.split("/")[0] for line in lines if not line.startswith(" ")]
    assert drawn == list(ORDER)


def test_imports_run_one_way() -> None:
    for module in sorted(MODULES):
        here = room(module)
        if here in ("", "__main__"):
            continue
        for name in own_imports(module):
            if room(name) and room(name) != here:
                assert ORDER.index(room(name)) < ORDER.index(here), f"{module} imports {name}"
        if here != "ui":
            names = {name.split(".")[0] for name in imported(tree(MODULES[module]))}
            assert "streamlit" not in names, f"{module} imports streamlit"


def test_no_module_imports_itself_through_others() -> None:
    graph = {module: own_imports(module) - {module} for module in MODULES}
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"imports run in a circle: {' <- '.join(error.args[1])}")


def test_pages_share_nothing_but_what_is_made_to_be_shared() -> None:
    for module in sorted(module for module in MODULES if module.startswith("audioclf.ui.")):
        here = module.split(".")[2]
        for name in own_imports(module):
            there = name.split(".")[2] if name.startswith("audioclf.ui.") else here
            if there == here:
                continue
            assert there in SHARED_UI, f"{module} imports {name}, of another page"
            if here in SHARED_UI:
                assert SHARED_UI.index(there) < SHARED_UI.index(here), f"{module} imports {name}"


def test_nothing_heavy_at_the_top_of_a_module() -> None:
    for path in (*sorted(MODULES.values()), ROOT / "app.py", *sorted((ROOT / "pages").glob("*.py"))):
        tops = {name.split(".")[0] for name in imported(tree(path), top_only=True)}
        assert not tops & HEAVY, f"{path.relative_to(ROOT)} imports {tops & HEAVY}"


def test_importing_the_package_loads_nothing() -> None:
    code = (
        "import sys; before = set(sys.modules); import audioclf;"
        "print(sorted(name for name in set(sys.modules) - before if name.split('.')[0] not in sys.stdlib_module_names))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "['audioclf']"


def test_every_public_name_can_be_had() -> None:
    assert set(audioclf.__all__) == set(audioclf.PUBLIC)
    for name in audioclf.PUBLIC:
        assert getattr(audioclf, name).__doc__, name
    with pytest.raises(AttributeError, match="nonsense"):
        _ = audioclf.nonsense
