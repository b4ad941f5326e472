"""Model files are data: what does not fit, or could run code, is refused before it is read."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audioclf.core.errors import RunError
from audioclf.core.npz import headers, read_arrays, write_arrays
from audioclf.models import MODELS
from audioclf.training import Training, load

QUICK = Training(epochs=1, batch_size=16)
SHAPE = (12, 10)


def npy(array: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def archive(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def test_arrays_come_back_as_they_were(tmp_path: Path) -> None:
    arrays = {"layer/kernel": np.arange(6, dtype=np.float32).reshape(2, 3), "epoch": np.array(4)}
    write_arrays(tmp_path / "a.npz", arrays)
    expected = {"layer/kernel": ((2, 3), "<f4"), "epoch": ((), "<i8")}
    assert headers(tmp_path / "a.npz") == expected
    read = read_arrays(tmp_path / "a.npz", expected)
    assert all(np.array_equal(read[name], arrays[name]) for name in arrays)
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def test_a_writer_that_dies_leaves_the_old_file(tmp_path: Path) -> None:
    write_arrays(tmp_path / "a.npz", {"a": np.zeros(3)})
    before = (tmp_path / "a.npz").read_bytes()

    class Dying:
        def __array__(self, *_: Any, **__: Any) -> Any:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_arrays(tmp_path / "a.npz", {"a": np.ones(3), "b": Dying()})  # type: ignore[dict-item]
    assert (tmp_path / "a.npz").read_bytes() == before


def test_objects_compressed_members_and_false_sizes_are_refused(tmp_path: Path) -> None:
    pickled = npy(np.array([{}], dtype=object), allow_pickle=True)
    huge = npy(np.zeros(1, np.float32)).replace(b"(1,), }", b"(10000000000,), }"[:7])
    lying = npy(np.zeros((1, 1, 1), np.float32)).replace(b"(1, 1, 1)", b"(9, 9, 9)")
    for number, (members, compression) in enumerate(
        [
            ({"a.npy": pickled}, zipfile.ZIP_STORED),
            ({"a.npy": npy(np.zeros(9))}, zipfile.ZIP_DEFLATED),
            ({"a.txt": b"hello"}, zipfile.ZIP_STORED),
            ({"a.npy": b"no array"}, zipfile.ZIP_STORED),
            ({"a.npy": lying}, zipfile.ZIP_STORED),
            ({"a.npy": huge[:-2]}, zipfile.ZIP_STORED),
        ]
    ):
        path = archive(tmp_path / f"{number}.npz", members, compression)
        with pytest.raises(RunError, match="damaged or of another program"):
            headers(path)


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_text("<html>")
    with pytest.raises(RunError, match="damaged or of another program"):
        headers(tmp_path / "a.npz")


def test_weights_of_another_recipe_do_not_load(train: Any, small_cnn: Any, tmp_path: Path) -> None:
    train(small_cnn, tmp_path, QUICK)
    with pytest.raises(RunError, match=r"conv_1/kernel was expected as \(3, 3, 1, 7\)"):
        load(small_cnn.replace(filters=(7, 8)), tmp_path, SHAPE, 3)
    with pytest.raises(RunError, match="probabilities/kernel"):
        load(small_cnn, tmp_path, SHAPE, 4)


def test_a_missing_model_is_explained(small_cnn: Any, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"weights\.npz is missing; run the experiment"):
        load(small_cnn, tmp_path, SHAPE, 3)


def test_a_classical_file_of_another_kind_or_size_does_not_load(train: Any, tmp_path: Path) -> None:
    train(MODELS["logreg"](), tmp_path, QUICK)
    with pytest.raises(RunError, match="holds a LogisticRegression"):
        load(MODELS["svm"](), tmp_path, SHAPE, 3)
    with pytest.raises(RunError, match="asks for a LogisticRegression on 100 values"):
        load(MODELS["logreg"](), tmp_path, (10, 10), 3)


def test_a_classical_file_with_a_foreign_type_is_not_opened(tmp_path: Path) -> None:
    import skops.io
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    foreign = make_pipeline(FunctionTransformer(npy), LogisticRegression())
    skops.io.dump(foreign, tmp_path / "model.skops")
    with pytest.raises(RunError, match="not opened, because it may run foreign code"):
        load(MODELS["logreg"](), tmp_path, SHAPE, 3)


@pytest.mark.parametrize("content", [b"", b"<html>", b"PK\x05\x06" + bytes(18)])
def test_a_damaged_classical_file_is_explained(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.skops").write_bytes(content)
    with pytest.raises(RunError, match="damaged"):
        load(MODELS["logreg"](), tmp_path, SHAPE, 3)


def test_a_foreign_tree_in_a_linear_model_is_not_opened(train: Any, tmp_path: Path) -> None:
    train(MODELS["tree"](), tmp_path, QUICK)
    with pytest.raises(RunError, match=r"sklearn\.tree\._tree\.Tree"):
        load(MODELS["logreg"](), tmp_path, SHAPE, 3)
