"""The store gives back exactly what was kept, or a miss."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from audioclf.audio.io import AudioSettings
from audioclf.core import settings
from audioclf.features import CQT, FEATURES, Mel
from audioclf.features.cache import FeatureStore, store_key

KEY = "0123456789abcdef" * 2


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return FeatureStore(tmp_path, max_bytes=10**9)


def picture(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((168, 87)).astype(np.float32)


def only_file(store: FeatureStore) -> Path:
    (path,) = (path for path in store.folder.rglob("*") if path.is_file())
    return path


def test_what_is_kept_comes_back_and_the_file_is_plain_npy(store: FeatureStore) -> None:
    assert store.get(KEY) is None
    store.put(KEY, picture())
    np.testing.assert_array_equal(store.get(KEY), picture())
    np.testing.assert_array_equal(np.load(only_file(store), allow_pickle=False), picture())


def test_any_memory_order_and_one_dimension_are_kept(store: FeatureStore) -> None:
    store.put(KEY, np.asfortranarray(picture()))
    np.testing.assert_array_equal(store.get(KEY), picture())
    store.put(KEY, picture()[3])
    np.testing.assert_array_equal(store.get(KEY), picture()[3])


def test_what_comes_back_cannot_be_changed_by_accident(store: FeatureStore) -> None:
    store.put(KEY, picture())
    found = store.get(KEY)
    assert found is not None
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 0


@pytest.mark.parametrize("damage", ["cut", "empty", "zeroed", "one bit", "no header", "pickle"])
def test_a_damaged_file_is_a_miss_and_goes(store: FeatureStore, damage: str) -> None:
    store.put(KEY, picture())
    path = only_file(store)
    data = bytearray(path.read_bytes())
    if damage == "cut":
        del data[5000:]
    elif damage == "empty":
        data.clear()
    elif damage == "zeroed":
        data[4096:8192] = bytes(4096)
    elif damage == "one bit":
        data[-100] ^= 1
    elif damage == "no header":
        data[:6] = b"<html>"
    else:
        np.save(path, np.array([{}], dtype=object), allow_pickle=True)
        data = bytearray(path.read_bytes())
    path.write_bytes(data)
    assert store.get(KEY) is None
    assert not path.exists()
    store.put(KEY, picture(1))
    np.testing.assert_array_equal(store.get(KEY), picture(1))


def test_a_folder_that_cannot_be_written_keeps_nothing_and_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    store = FeatureStore(tmp_path / "file", max_bytes=1)
    store.put(KEY, picture())
    assert store.get(KEY) is None
    store.trim()


def test_the_key_is_the_same_everywhere_and_differs_with_anything_that_matters() -> None:
    audio = AudioSettings()
    key = store_key("a", audio, 22050, Mel())
    assert key == "7b3e3bd0b8e4b1a51d46594e28902203"
    others = {
        store_key("b", audio, 22050, Mel()),
        store_key("a", audio, 22051, Mel()),
        store_key("a", audio.replace(sr=16000), 22050, Mel()),
        store_key("a", audio.replace(mono="left"), 22050, Mel()),
        store_key("a", audio.replace(pad="repeat"), 22050, Mel()),
        store_key("a", audio, 22050, Mel(n_mels=64)),
        store_key("a", audio, 22050, CQT()),
    }
    assert len(others | {key}) == 8
    assert store_key("a", audio.replace(duration=1.0), 22050, Mel()) == key
    assert len({store_key("a", audio, 22050, feature()) for feature in FEATURES.values()}) == len(FEATURES)


def test_the_longest_unused_go_first_and_so_do_abandoned_writes(tmp_path: Path) -> None:
    size = picture().nbytes
    store = FeatureStore(tmp_path, max_bytes=int(5.5 * size))
    keys = [f"{number:032x}" for number in range(8)]
    for age, key in enumerate(keys):
        store.put(key, picture(age))
    for age, key in enumerate(reversed(keys)):
        os.utime(store._path(key), (time.time() - 100 - age,) * 2)
    assert store.get(keys[0]) is not None  # used now: the oldest no more
    abandoned, fresh = store.folder / "00" / "x.part", store.folder / "00" / "y.part"
    for path in (abandoned, fresh):
        path.write_bytes(b"half")
    os.utime(abandoned, (time.time() - 7200,) * 2)
    store.trim()
    left = [key for key in keys if store.get(key) is not None]
    assert left == [keys[0], *keys[-3:]]
    assert fresh.exists()
    assert not abandoned.exists()


def test_the_bound_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOCLF_FEATURE_STORE_GB", "0.5")
    store = FeatureStore()
    assert store.max_bytes == 500_000_000
    assert store.folder == settings.cache_folder() / "features"


def test_processes_that_write_and_read_the_same_names_never_see_half_a_file(tmp_path: Path) -> None:
    program = """
import sys, numpy as np
from pathlib import Path
from audioclf.features.cache import FeatureStore
store, me = FeatureStore(Path(sys.argv[1]), 10**9), int(sys.argv[2])
for turn in range(60):
    for key in ("a" * 32, "b" * 32):
        store.put(key, np.full((100, 100), me * 1000 + turn, np.float32))
        found = store.get(key)
        assert found is not None and found.shape == (100, 100) and (found == found[0, 0]).all()
"""
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path), str(number)], stderr=subprocess.PIPE, text=True)
        for number in range(3)
    ]
    for process in running:
        _, reported = process.communicate()
        assert process.returncode == 0, reported
    assert sorted(path.suffix for path in tmp_path.rglob("*.*")) == [".npy", ".npy"]
