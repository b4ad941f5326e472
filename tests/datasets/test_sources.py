"""What every data set known by name, and every reader, keeps to."""

from __future__ import annotations

import subprocess
import sys

import pytest

from audioclf.core.errors import DatasetError, ParameterError
from audioclf.datasets import READERS, SOURCES, Reader, Source, available, load_dataset


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_describes_itself(name: str) -> None:
    source: type[Source] = SOURCES[name]
    assert source.kind == name
    assert name == name.lower()
    for text in (source.title, source.description, source.licence, source.citation):
        assert text.strip()
    for _, described in source.describe().values():
        assert described.help.endswith(".")
    assert source().to_dict()["kind"] == name
    assert source.from_dict(source().to_dict()) == source()


@pytest.mark.parametrize("name", SOURCES)
def test_an_unknown_option_names_the_nearest(name: str) -> None:
    with pytest.raises(ParameterError):
        load_dataset(name, no_such_option=1)


@pytest.mark.parametrize("kind", READERS)
def test_every_reader_describes_itself(kind: str) -> None:
    reader: type[Reader] = READERS[kind]
    assert reader.title.strip()
    assert reader.description.endswith(".")
    for _, described in reader.describe().values():
        assert described.help.endswith(".")


def test_available_lists_every_source_and_instruments_among_them() -> None:
    assert [source.kind for source in available()] == list(SOURCES)
    assert "instruments" in SOURCES


def test_the_nearest_name_is_offered() -> None:
    with pytest.raises(DatasetError, match="did you mean 'instruments'"):
        load_dataset("instrumnets")


def test_importing_data_sets_imports_nothing_heavy() -> None:
    heavy = "{'librosa', 'scipy', 'sklearn', 'pandas', 'soundfile', 'pooch', 'symusic', 'av', 'matplotlib', 'numba'}"
    code = (
        "import sys; from audioclf.datasets import READERS, available; available(); list(READERS);"
        f"found = {heavy} & set(sys.modules); assert not found, found"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
