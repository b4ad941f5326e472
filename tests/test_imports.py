"""The house: imports run one way, and light things stay light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import audioclf

PACKAGE = Path(audioclf.__file__).parent
ROOT = PACKAGE.parent

# a line may import only from lines above it; names on one line may import one another's modules
ORDER = (
    ("errors",),
    ("params",),
    ("toml",),
    ("registry",),
    ("settings",),
    ("limits",),
    ("workspaces",),
    ("sources",),
    ("containers",),
    ("decoders",),
    ("audio",),
    ("datasets",),
    ("embeddings",),
    ("features",),
    ("splits",),
    ("preparation",),
    ("picture",),
    ("models",),
    ("training",),
    ("evaluation",),
    ("explain",),
    ("augment",),
    ("experiment",),
    ("runs",),
    ("exports",),
    ("renewal",),
    ("inputs",),
    ("parts",),
    ("crew",),
    ("execution",),
    ("checks",),
    ("estimate",),
    ("experience",),
    ("diagnosis",),
    ("search",),
    ("inference",),
    ("model_worker",),
    ("worker",),
    ("jobs",),
    ("plots",),
    ("recipes",),
    ("reproduce",),
    ("resources",),
    ("cli",),
    ("reference",),
    ("ui",),
)
LEVEL = {name: level for level, names in enumerate(ORDER) for name in names}

HEAVY = {
    "tensorflow",
    "keras",
    "librosa",
    "sklearn",
    "matplotlib",
    "scipy",
    "numba",
    "joblib",
    "symusic",
    "av",
    "skops",
    "h5py",
    "onnxruntime",
}


def modules() -> Iterator[Path]:
    return PACKAGE.rglob("*.py")


def part(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imported(tree: ast.AST, *, top_only: bool = False) -> Iterator[str]:
    nodes = tree.body if top_only and isinstance(tree, ast.Module) else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_every_part_of_the_package_has_its_place_in_the_order() -> None:
    parts = {part(path) for path in modules()} - {"__init__", "__main__"}
    assert parts <= set(LEVEL), f"not in ORDER: {parts - set(LEVEL)}"
    assert set(LEVEL) <= parts, f"in ORDER and gone: {set(LEVEL) - parts}"


def test_the_map_in_contributing_names_every_part_in_order() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    lines = text.split("## The house")[1].split("```")[1].strip().splitlines()
    drawn = [name.rstrip("/") for line in lines for name in line.split("  ")[0].split(", ")]
    assert drawn == [name for names in ORDER for name in names]


@pytest.mark.parametrize("path", sorted(modules()), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path: Path) -> None:
    here = part(path)
    if here in ("__init__", "__main__"):
        return
    for name in imported(ast.parse(path.read_text(encoding="utf-8"))):
        pieces = name.split(".")
        if pieces[0] == "audioclf" and len(pieces) > 1 and pieces[1] in LEVEL and pieces[1] != here:
            # the worker is started by name, and serves what stands above it
            assert LEVEL[pieces[1]] < LEVEL[here], f"{here} imports {name} from below"
        if pieces[0] == "streamlit":
            assert here == "ui", f"{path.name} imports streamlit outside of ui"


@pytest.mark.parametrize(
    "path", [*sorted(modules()), ROOT / "app.py", *sorted((ROOT / "pages").glob("*.py"))], ids=lambda path: path.name
)
def test_nothing_heavy_at_the_top_of_a_module(path: Path) -> None:
    tops = {name.split(".")[0] for name in imported(ast.parse(path.read_text(encoding="utf-8")), top_only=True)}
    assert not tops & HEAVY


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
