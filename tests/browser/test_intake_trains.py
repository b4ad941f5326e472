"""Every way to bring sounds, in a real browser, and an epoch of training on what came."""

from __future__ import annotations

import csv
import itertools
import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from audioclf.datasets import load_dataset

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LONG = 300_000
"""Milliseconds; a training on a busy machine."""

QUICK = """
[audio]
sr = 8000
duration = 1.0

[model]
kind = "compact-cnn"
filters = [8, 8]

[training]
epochs = 1
batch_size = {batch_size}

[[features]]
kind = "mel"
n_fft = 512
hop_length = 256
n_mels = 32
"""


@dataclass
class Bench:
    """What every way in needs."""

    new_page: Callable[..., Any]
    folder: Path
    fsdd: Path
    esc10: Path
    record_beeps: Callable[[Any, int], None]

    def data_page(self, way: str = "") -> Any:
        """The Data page, with one way in open."""
        page = self.new_page("data")
        page.set_default_timeout(LONG)
        if way:
            page.get_by_role("radio", name=way).click()
        return page


def upload(page: Any, what: Path, *, folder: bool = False) -> None:
    page.locator("input[type=file]" + ("[webkitdirectory]" if folder else "")).first.set_input_files(what)
    page.get_by_role("button", name="Load them").click()


def digits_of_the_catalogue(bench: Bench) -> Any:
    page = bench.data_page()
    page.get_by_label("Data set", exact=True).click()
    page.get_by_role("option", name="Free Spoken Digit Dataset").click()
    path = page.get_by_label("path", exact=True)
    path.fill(str(bench.fsdd))
    path.press("Enter")
    page.get_by_role("button", name="Load Free Spoken Digit Dataset").click()
    return page


def scenes_in_a_folder(bench: Bench) -> Any:
    page = bench.data_page()
    page.get_by_label("Path of the folder").fill(str(bench.esc10))
    page.get_by_role("button", name="Load the folder").click()
    return page


def scenes_in_a_zip(bench: Bench) -> Any:
    packed = bench.folder / "ESC-10-master.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for sound in sorted(bench.esc10.rglob("*.ogg")):
            archive.write(sound, f"ESC-10-master/{sound.relative_to(bench.esc10)}")
    page = bench.data_page("Upload")
    upload(page, packed)
    return page


def a_pair_of_tables(bench: Bench) -> Any:
    """As reference B: 400 clips in train.csv, 200 in test.csv, the sounds in folders beside them; sent as a folder."""
    top = bench.folder / "digits"
    for part, first, wanted in (("train", 5, 40), ("test", 0, 20)):
        (top / part).mkdir(parents=True)
        with (top / f"{part}.csv").open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(("file_name", "label"))
            for digit in range(10):
                takes = (sound for n in range(first, 50) for sound in bench.fsdd.glob(f"recordings/{digit}_*_{n}.wav"))
                for sound in itertools.islice(takes, wanted):
                    shutil.copy(sound, top / part / sound.name)
                    table.writerow((sound.name, digit))
    page = bench.data_page("Upload")
    upload(page, top, folder=True)
    return page


def one_long_recording(bench: Bench) -> Any:
    """As reference A: 50 notes of every program, one after the other, a note every 2 s."""
    notes = load_dataset("instruments", sr=8000)
    y = [soundfile.read(clip.path, dtype="int16")[0] for clip in notes.clips]
    soundfile.write(bench.folder / "instruments.wav", np.concatenate(y), 8000)
    page = bench.data_page("Upload")
    upload(page, bench.folder / "instruments.wav")
    page.get_by_label("How it is cut").click()
    page.get_by_role("option", name="Class after class").click()
    names = page.get_by_label("classes", exact=True)
    names.fill(", ".join(notes.classes))
    names.press("Enter")
    page.get_by_text("500 clips in 10 classes out of").wait_for()
    page.get_by_role("button", name="Load these sounds").click()
    return page


def the_microphone(bench: Bench) -> Any:
    page = bench.data_page("Microphone")
    bench.record_beeps(page, 4)
    return page


WAYS: tuple[tuple[Callable[[Bench], Any], str, int], ...] = (
    (digits_of_the_catalogue, "3,000 clips, 10 classes", 256),
    (scenes_in_a_folder, "400 clips, 10 classes", 64),
    (scenes_in_a_zip, "400 clips, 10 classes", 64),
    (a_pair_of_tables, "600 clips, 10 classes", 64),
    (one_long_recording, "500 clips, 10 classes", 64),
    (the_microphone, "clips, 2 classes", 2),
)
"""Each way, what stands in the sidebar when it is loaded, and a batch size that suits."""


def begin(page: Any, loaded: str, batch_size: int) -> None:
    """Wait for the sounds, follow the link to the Train page, give it an experiment of one epoch, and start it."""
    page.get_by_test_id("stSidebar").get_by_text(loaded).wait_for()
    page.get_by_test_id("stSidebar").get_by_role("link", name="Train").click()
    page.get_by_role("button", name="Start training").wait_for()
    page.get_by_text("The experiment as a text (TOML)").click()
    box = page.get_by_label("Paste or write an experiment")
    box.fill(QUICK.format(batch_size=batch_size))
    box.press("Control+Enter")
    page.get_by_role("button", name="Use it").click()
    page.get_by_text(re.compile(r"^1 epoch of \d+ steps?,")).wait_for()
    page.get_by_role("button", name=re.compile("Start training|Train another")).click()
    page.wait_for_function("location.search.includes('run=')")


def test_every_way_in_leads_to_a_trained_model(
    new_page: Callable[..., Any],
    tmp_path: Path,
    fsdd: Path,
    esc10: Path,
    record_beeps: Callable[[Any, int], None],
) -> None:
    bench = Bench(new_page, tmp_path, fsdd, esc10, record_beeps)
    pages = []
    # The server trains one after the other; meanwhile the next sounds come in.
    for way, loaded, batch_size in WAYS:
        page = way(bench)
        begin(page, loaded, batch_size)
        pages.append(page)
    for page in pages:
        page.get_by_role("button", name="See the results").wait_for()
        progress = page.locator(".st-key-progress")
        progress.get_by_text("Done").wait_for()
        progress.get_by_text(re.compile(r"of [\d,]+ test clips? right")).wait_for()
