"""Files of weights: what is read, and what is refused in one sentence."""

from __future__ import annotations

import io
import os
import pickle
import shutil
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from audioclf.core.errors import AudioclfError
from audioclf.core.npz import write_arrays
from audioclf.embeddings import convert, mobilenet, weights

LAYOUT = {"a/kernel": (3, 4), "a/bias": (4,)}


def small() -> dict[str, np.ndarray]:
    return {name: np.ones(shape, np.float32) for name, shape in LAYOUT.items()}


def test_arrays_come_back_as_written(tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    given = {name: np.random.default_rng(0).random(shape, np.float32) for name, shape in LAYOUT.items()}
    write_arrays(path, given)
    found = weights.read(path, LAYOUT, "Test")
    assert list(found) == list(LAYOUT)
    for name in LAYOUT:
        np.testing.assert_array_equal(found[name], given[name])


def npy(array: np.ndarray, shape: str | None = None) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    data = file.getvalue()
    return data if shape is None else data.replace(repr(array.shape).encode(), shape.encode(), 1)


def npz(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {"a/kernel": npy(small()["a/kernel"]), "a/bias": npy(small()["a/bias"]), **members}.items():
            archive.writestr(f"{name}.npy", data)
    return path


def test_an_archive_made_elsewhere_is_read(tmp_path: Path) -> None:
    assert set(weights.read(npz(tmp_path / "w.npz"), LAYOUT, "Test")) == set(LAYOUT)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"b": npy(np.ones(3, np.float32))}, "other arrays"),
        ({"a/bias": npy(np.ones(5000, np.float32))}, "another size"),
        ({"a/bias": npy(np.ones(4, np.float32), "(99,)")}, "shape (99,)"),
        ({"a/bias": npy(np.ones(4, np.float32), "(9999999999999999,)")}, "shape (9999999999999999,)"),
        ({"a/bias": npy(np.ones(4, np.int32))}, "int32"),
        ({"a/bias": npy(np.full(4, np.nan, np.float32))}, "no trained network"),
        ({"a/bias": b"\x93NUMPY\x02\x00" + bytes(100)}, "no array"),
        ({"a/bias": bytes(100)}, "magic"),
        ({"a/bias": pickle.dumps({"a": 1}) + bytes(100)}, "magic"),
    ],
)
def test_what_is_no_such_archive_is_refused(tmp_path: Path, members: dict[str, bytes], reason: str) -> None:
    path = npz(tmp_path / "w.npz", **members)
    with pytest.raises(AudioclfError, match="expected to hold the weights of Test") as caught:
        weights.read(path, LAYOUT, "Test")
    assert reason in str(caught.value)


def test_an_archive_that_unpacks_to_gigabytes_is_not_unpacked(tmp_path: Path) -> None:
    path = npz(tmp_path / "w.npz", **{"a/bias": bytes(10**7)})
    assert path.stat().st_size < 20_000
    with pytest.raises(AudioclfError, match=r"larger|another size"):
        weights.read(path, LAYOUT, "Test")


@pytest.mark.parametrize("kept", [0, 10, 200, 300])
def test_a_file_that_breaks_off_is_refused(tmp_path: Path, kept: int) -> None:
    path = npz(tmp_path / "w.npz")
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(AudioclfError, match="cannot be used"):
        weights.read(path, LAYOUT, "Test")


def test_no_byte_of_a_file_makes_anything_but_a_refusal(tmp_path: Path) -> None:
    path = npz(tmp_path / "w.npz")
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(300):
        data = bytearray(whole)
        for place in rng.integers(len(data), size=3):
            data[place] = rng.integers(256)
        path.write_bytes(data)
        try:
            found = weights.read(path, LAYOUT, "Test")
        except AudioclfError:
            continue
        assert {name: array.shape for name, array in found.items()} == LAYOUT


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioclfError, match=r"nothing\.npz .*it is not there"):
        weights.read(tmp_path / "nothing.npz", LAYOUT, "Test")


def keras_h5(path: Path) -> Path:
    """A file as Keras 2 saves weights, with random ones."""
    rng = np.random.default_rng(0)
    layers: dict[str, list[str]] = {"input_1": []}
    for name in mobilenet.layout():
        layers.setdefault(name.rpartition("/")[0], []).append(name)
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.encode() for layer in layers]
        for layer, names in layers.items():
            group = file.create_group(layer)
            group.attrs["weight_names"] = [f"{name}:0".encode() for name in names]
            for name in names:
                group.create_dataset(f"{name}:0", data=rng.random(mobilenet.layout()[name], np.float32))
    return path


@pytest.fixture(scope="module")
def h5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return keras_h5(tmp_path_factory.mktemp("h5") / "yamnet.h5")


@pytest.fixture
def copied(h5: Path, tmp_path: Path) -> Path:
    return shutil.copy(h5, tmp_path / "other.h5")


def test_the_publishers_kind_of_file_is_read(h5: Path, tmp_path: Path) -> None:
    convert.convert(h5, tmp_path / "made" / "w.npz")
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["w.npz"]
    found = weights.read(tmp_path / "made" / "w.npz", mobilenet.layout(), "YAMNet")
    with h5py.File(h5) as file:
        for name, array in found.items():
            np.testing.assert_array_equal(array, file[name.rpartition("/")[0]][f"{name}:0"][()])


LAYER = "layer3/pointwise_conv"
INSIDE = f"{LAYER}/{LAYER}/kernel:0"


def refused(source: Path, reason: str) -> None:
    target = source.parent / "refused.npz"
    with pytest.raises(AudioclfError, match="expected to hold the weights of YAMNet") as caught:
        convert.convert(source, target)
    assert reason in str(caught.value)
    assert not target.exists()


def test_links_to_other_files_are_not_followed(copied: Path, h5: Path) -> None:
    with h5py.File(copied, "r+") as file:
        del file[INSIDE]
        file[INSIDE] = h5py.ExternalLink(str(h5), INSIDE)
    refused(copied, "is not in it")


def test_arrays_that_lie_in_other_files_are_not_read(copied: Path, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.write_bytes(bytes(4 * 64 * 128))
    with h5py.File(copied, "r+") as file:
        del file[INSIDE]
        file.create_dataset(INSIDE, (1, 1, 64, 128), "f4", external=[(str(raw), 0, h5py.h5f.UNLIMITED)])
    refused(copied, "no plain array")


def test_virtual_arrays_are_not_read(copied: Path, h5: Path) -> None:
    with h5py.File(copied, "r+") as file:
        del file[INSIDE]
        virtual = h5py.VirtualLayout((1, 1, 64, 128), "f4")
        virtual[:] = h5py.VirtualSource(str(h5), INSIDE, (1, 1, 64, 128))
        file.create_virtual_dataset(INSIDE, virtual)
    refused(copied, "no plain array")


def test_arrays_of_other_sizes_are_not_read(copied: Path) -> None:
    with h5py.File(copied, "r+") as file:
        del file[INSIDE]
        file.create_dataset(INSIDE, (10**6, 10**6), "f4")  # 4 TB, none of which is written
    refused(copied, "(1000000, 1000000)")


def test_other_numbers_are_not_read(copied: Path) -> None:
    with h5py.File(copied, "r+") as file:
        del file[INSIDE]
        file.create_dataset(INSIDE, data=np.zeros((1, 1, 64, 128), np.int32))
    refused(copied, "int32")


def test_a_file_of_another_network_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file.create_dataset("dense/kernel", data=np.zeros(3))
    refused(tmp_path / "other.h5", "no file of weights of Keras 2")


@pytest.mark.parametrize("kept", [0, 100, 5000, 10**6])
def test_an_h5_that_breaks_off_is_refused(copied: Path, kept: int) -> None:
    os.truncate(copied, kept)
    refused(copied, "(")


def test_neither_file_nor_checkpoint_is_refused(tmp_path: Path) -> None:
    refused(tmp_path, "no variables.index")
    refused(tmp_path / "missing.h5", "No such file")


@pytest.fixture
def checkpoint(yamnet: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    for path in yamnet.glob("variables.*"):
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.mark.parametrize("name", ["variables.index", "variables.data-00000-of-00001"])
def test_a_damaged_checkpoint_is_refused(checkpoint: Path, name: str) -> None:
    whole = (checkpoint / name).read_bytes()
    (checkpoint / name).write_bytes(whole[: len(whole) // 2])
    refused(checkpoint, "(")
    (checkpoint / name).unlink()
    refused(checkpoint, "(")


def test_modules_in_the_current_folder_are_not_imported(
    h5: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "h5py.py").write_text("raise SystemExit(0)")
    monkeypatch.chdir(tmp_path)
    convert.convert(h5, tmp_path / "w.npz")
    assert (tmp_path / "w.npz").is_file()
