"""Every way to bring sounds, in a real browser, and a model trained on what came."""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

pytestmark = [pytest.mark.browser, pytest.mark.long]

QUICK = """
[audio]
sr = 8000
duration = 1.0

[[features]]
kind = "mel"
n_fft = 512
hop_length = 256
n_mels = 32
"""
TREE = '[model]\nkind = "tree"\n'
NETWORK = '[model]\nkind = "compact-cnn"\nfilters = [8, 8]\n[training]\nepochs = 1\nbatch_size = 2\n'
PITCHES = (220.0, 880.0, 1760.0)


@dataclass
class Bench:
    """What every way in needs."""

    new_page: Callable[..., Any]
    folder: Path
    tone: Callable[..., Any]
    write_tone: Callable[..., Path]
    record_beeps: Callable[[Any, int], None]

    def data_page(self, way: str = "") -> Any:
        """The Data page, with one way in open."""
        page = self.new_page("data")
        if way:
            page.get_by_role("radio", name=way).click()
        return page

    def write(self, path: Path, pitch: float, number: int) -> Path:
        """A short tone near a pitch, every number another."""
        return self.write_tone(path, frequency=pitch * (1 + 0.01 * number), seconds=0.3, sr=8000)

    def digits(self, folder: Path) -> Path:
        """Named as in the Free Spoken Digit Dataset: three digits, two speakers, eight takes."""
        for digit, pitch in enumerate(PITCHES):
            for number in range(16):
                speaker, take = ("jackson", "theo")[number % 2], number // 2
                self.write(folder / "recordings" / f"{digit}_{speaker}_{take}.wav", pitch, number)
        return folder

    def scenes(self, folder: Path) -> Path:
        """Named as in ESC-10: three classes in five folds."""
        for place, (name, pitch) in enumerate(zip(("Dog bark", "Rain", "Sea waves"), PITCHES, strict=True), start=1):
            for number in range(10):
                sound = f"{number % 5 + 1}-{100 * place + number}-A.ogg"
                self.write(folder / f"{place:03d} - {name}" / sound, pitch, number)
        return folder


def upload(page: Any, what: Path, *, folder: bool = False) -> None:
    page.locator("input[type=file]" + ("[webkitdirectory]" if folder else "")).first.set_input_files(what)
    page.get_by_role("button", name="Load them").click()


def digits_of_the_catalogue(bench: Bench) -> Any:
    page = bench.data_page()
    page.get_by_label("Data set", exact=True).click()
    page.get_by_role("option", name="Free Spoken Digit Dataset").click()
    path = page.get_by_label("path", exact=True)
    path.fill(str(bench.digits(bench.folder / "fsdd")))
    path.press("Enter")
    page.get_by_role("button", name="Load Free Spoken Digit Dataset").click()
    return page


def scenes_in_a_folder(bench: Bench) -> Any:
    page = bench.data_page()
    page.get_by_label("Path of the folder").fill(str(bench.scenes(bench.folder / "scenes")))
    page.get_by_role("button", name="Load the folder").click()
    return page


def scenes_in_a_zip(bench: Bench) -> Any:
    packed, top = bench.folder / "ESC-10-master.zip", bench.scenes(bench.folder / "packed")
    with zipfile.ZipFile(packed, "w") as archive:
        for sound in sorted(top.rglob("*.ogg")):
            archive.write(sound, f"ESC-10-master/{sound.relative_to(top)}")
    page = bench.data_page("Upload")
    upload(page, packed)
    return page


def a_pair_of_tables(bench: Bench) -> Any:
    """As reference B: clips in train.csv and in test.csv, the sounds in folders beside them; sent as a folder."""
    top = bench.folder / "digits"
    for part, numbers in (("train", range(10)), ("test", range(10, 15))):
        (top / part).mkdir(parents=True)
        with (top / f"{part}.csv").open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(("file_name", "label"))
            for digit, pitch in enumerate(PITCHES):
                for number in numbers:
                    sound = bench.write(top / part / f"{digit}_{number}.wav", pitch, number)
                    table.writerow((sound.name, digit))
    page = bench.data_page("Upload")
    upload(page, top, folder=True)
    return page


def one_long_recording(bench: Bench) -> Any:
    """As reference A: 50 notes of every program, one after the other, a note every 2 s."""
    notes = [bench.tone(pitch * (1 + 0.002 * note), 2.0, 8000) for pitch in PITCHES for note in range(50)]
    soundfile.write(bench.folder / "instruments.wav", np.concatenate(notes), 8000)
    page = bench.data_page("Upload")
    upload(page, bench.folder / "instruments.wav")
    page.get_by_label("How it is cut").click()
    page.get_by_role("option", name="Class after class").click()
    names = page.get_by_label("classes", exact=True)
    names.fill("Piano, Violin, Reed Organ")
    names.press("Enter")
    page.get_by_text("150 clips in 3 classes out of").wait_for()
    page.get_by_role("button", name="Load these sounds").click()
    return page


def the_microphone(bench: Bench) -> Any:
    page = bench.data_page("Microphone")
    bench.record_beeps(page, 4)
    return page


WAYS: tuple[tuple[Callable[[Bench], Any], str, str], ...] = (
    (digits_of_the_catalogue, "48 clips, 3 classes", TREE),
    (scenes_in_a_folder, "30 clips, 3 classes", TREE),
    (scenes_in_a_zip, "30 clips, 3 classes", TREE),
    (a_pair_of_tables, "45 clips, 3 classes", TREE),
    (one_long_recording, "150 clips, 3 classes", TREE),
    (the_microphone, "clips, 2 classes", NETWORK),
)
"""Each way, what stands in the sidebar when it is loaded, and the model that is trained."""


def begin(page: Any, loaded: str, model: str) -> None:
    """Wait for the sounds, follow the link to the Train page, give it a small experiment, and start it."""
    page.get_by_test_id("stSidebar").get_by_text(loaded).wait_for()
    page.get_by_test_id("stSidebar").get_by_role("link", name="Train").click()
    page.get_by_role("button", name="Start training").wait_for()
    page.get_by_text("The experiment as text (TOML)").click()
    box = page.get_by_label("Paste or write an experiment")
    box.fill(QUICK + model)
    box.press("Control+Enter")
    page.get_by_role("button", name="Use it").click()
    chosen = "It is a Decision tree" if model == TREE else re.compile(r"^1 epoch of \d+ steps?,")
    page.get_by_text(chosen).wait_for()
    page.get_by_role("button", name=re.compile("Start training|Train another")).click()
    page.wait_for_function("location.search.includes('run=')")


def test_every_way_in_leads_to_a_trained_model(
    new_page: Callable[..., Any],
    tmp_path: Path,
    tone: Callable[..., Any],
    write_tone: Callable[..., Path],
    record_beeps: Callable[[Any, int], None],
) -> None:
    bench = Bench(new_page, tmp_path, tone, write_tone, record_beeps)
    pages = []
    # The server trains one after the other; meanwhile the next sounds come in.
    for way, loaded, model in WAYS:
        page = way(bench)
        begin(page, loaded, model)
        pages.append(page)
    for page in pages:
        page.get_by_role("button", name="See the results").wait_for()
        progress = page.locator(".st-key-progress")
        progress.get_by_text("Done").wait_for()
        progress.get_by_text(re.compile(r"of [\d,]+ test clips? correct")).wait_for()
