"""Scans: long recordings window by window, many files, stops, bad files, and what other programs are given."""

from __future__ import annotations

import csv
import io
import json
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from audioclf.audio.io import load_audio
from audioclf.audio.stream import stream_audio
from audioclf.cli import cli
from audioclf.core.errors import AudioError, DatasetError, ParameterError, RunError, Stopped
from audioclf.datasets import Dataset, load_dataset
from audioclf.datasets.readers import versions
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.runner import run_experiment
from audioclf.experiments.runs import Run
from audioclf.features import Mel
from audioclf.inference import scan_files
from audioclf.inference.events import Event, EventSettings
from audioclf.inference.predictor import Predictor
from audioclf.inference.review import as_dataset, read_review, review, with_review
from audioclf.inference.scan import Scan, create_scan, list_scans, scans_folder
from audioclf.inference.scanner import scan_sounds
from audioclf.inference.thresholds import validation_predictions
from audioclf.models import MODELS

SR = 22050
PLAN = (("low", 2.0), ("", 1.0), ("high", 1.5), ("", 1.0), ("low", 1.0), ("", 1.0), ("high", 2.5), ("", 1.5))
PITCH = {"low": 240.0, "high": 1900.0}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, write_tone: Callable[..., Path]) -> Run:
    folder = tmp_path_factory.mktemp("scan")
    for label, base in (("low", 220.0), ("high", 1760.0)):
        for number in range(8):
            write_tone(folder / "sounds" / label / f"{number}.wav", frequency=base * (1 + 0.02 * number), seconds=0.3)
    experiment = Experiment(
        dataset=DatasetChoice(str(folder / "sounds")),
        features=(Mel(n_mels=32),),
        model=MODELS["logreg"](),
    )
    return run_experiment(experiment, folder / "run")


def known_recording(path: Path, times: int = 1, sr: int = SR) -> list[tuple[str, float, float]]:
    """A recording made of known sounds; returns where they are."""
    at, truth, pieces = 0.0, [], []
    for label, seconds in PLAN * times:
        n = np.arange(round(seconds * sr))
        pieces.append(0.4 * np.sin(2 * np.pi * PITCH[label] * n / sr) if label else np.zeros(len(n)))
        if label:
            truth.append((label, at, at + seconds))
        at += seconds
    soundfile.write(path, np.concatenate(pieces), sr, subtype="PCM_16")
    return truth


@pytest.fixture(scope="module")
def scanned(run: Run, tmp_path_factory: pytest.TempPathFactory) -> tuple[Scan, list[tuple[str, float, float]]]:
    folder = tmp_path_factory.mktemp("scanned")
    truth = known_recording(folder / "known.flac", times=3)
    return scan_sounds(run, [folder / "known.flac"], folder / "scan", hop=0.1), truth


def test_events_are_where_the_sounds_are(scanned: tuple[Scan, list[tuple[str, float, float]]]) -> None:
    scan, truth = scanned
    found = scan.events(EventSettings(threshold=0.6, min_length=0.3, max_gap=0.2))

    def same(event: Event, label: str, start: float, end: float) -> bool:
        shared = min(event.end, end) - max(event.start, start)
        union = max(event.end, end) - min(event.start, start)
        return scan.classes[event.label] == label and shared > 0.7 * union

    hits = [event for event in found if any(same(event, *one) for one in truth)]
    heard = [one for one in truth if any(same(event, *one) for event in found)]
    assert len(hits) / len(found) == 1.0, "precision"
    assert len(heard) / len(truth) == 1.0, "recall"
    for event in found:
        start, end = next((start, end) for label, start, end in truth if same(event, label, start, end))
        assert abs(event.start - start) < 0.3
        assert abs(event.end - end) < 0.3


def test_a_window_is_given_what_classify_gives_it(run: Run, tmp_path: Path) -> None:
    known_recording(tmp_path / "a.wav", sr=44100)
    scan = scan_sounds(run, [tmp_path / "a.wav"], tmp_path / "scan")
    whole = Predictor(run).classify(tmp_path / "a.wav")
    expected = np.stack([window.probabilities for window in whole.windows])
    windows = scan.windows()
    even = np.flatnonzero(windows.even)[::2]  # half a window's hop: every second one stands beside the one before
    np.testing.assert_allclose(windows.probabilities[even], expected, atol=1e-3)
    np.testing.assert_allclose(windows.start[even], [window.start for window in whole.windows], atol=1e-5)
    (answer,) = scan.answers()
    assert answer.probabilities is not None
    np.testing.assert_allclose(answer.probabilities, whole.probabilities, atol=1e-3)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
def test_a_stream_is_what_is_loaded_whole(name: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    soundfile.write(tmp_path / name, rng.normal(0, 0.1, (44100 * 30, 2)).clip(-1, 1), 44100)
    for sr in (44100, 16000):
        whole, _ = load_audio(tmp_path / name, sr=sr)
        blocks = list(stream_audio(tmp_path / name, sr=sr))
        assert len(blocks) > 1
        assert sum(map(len, blocks)) == len(whole)
        np.testing.assert_allclose(np.concatenate(blocks), whole, atol=1e-4)
        later = np.concatenate(list(stream_audio(tmp_path / name, sr=sr, offset=20.0)))
        np.testing.assert_allclose(later[sr:], whole[20 * sr :][sr:][: len(later)], atol=2e-3)
    assert not list(stream_audio(tmp_path / name, sr=16000, offset=40.0))


def test_what_was_stopped_goes_on_to_the_same_rows(run: Run, tmp_path: Path) -> None:
    for number in range(3):
        known_recording(tmp_path / f"{number}.wav", times=2)
    sounds = [tmp_path / f"{number}.wav" for number in range(3)]
    whole = scan_sounds(run, sounds, tmp_path / "whole", hop=0.1)
    asked = 0

    def should_stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    with pytest.raises(Stopped):
        scan_sounds(run, sounds, tmp_path / "parts", hop=0.1, should_stop=should_stop)
    part = Scan(tmp_path / "parts")
    assert part.status.state == "stopped"
    assert 0 < part.n_rows < whole.n_rows
    assert part.events()  # what is done can be looked at
    with (part.folder / "windows.f32").open("ab") as file:
        file.write(b"half a row")  # as a power cut leaves it
    with (part.folder / "files.jsonl").open("ab") as file:
        file.write(b'{"number": 9')
    again = scan_sounds(run, sounds, tmp_path / "parts", hop=0.1)
    assert again.status.state == "done"
    assert again.results == whole.results
    for name in ("probabilities", "novelty", "level", "start", "even", "parts"):
        np.testing.assert_allclose(getattr(again.windows(), name), getattr(whole.windows(), name), atol=1e-3)
    with pytest.raises(RunError, match="other files, another run or another hop"):
        scan_sounds(run, sounds[:1], tmp_path / "parts")


def test_a_refused_upload_is_named_as_its_owner_named_it(run: Run, tmp_path: Path) -> None:
    from audioclf.inference.scanner import execute_scan

    (tmp_path / "000001.wav").write_bytes(b"<html>")
    scan = create_scan(run, [("birds/<b>dawn.wav", tmp_path / "000001.wav")], tmp_path / "scan")
    execute_scan(scan)
    (answer,) = scan.answers()
    assert answer.error.startswith("'birds/<b>dawn.wav' ")
    assert "000001" not in answer.error


def test_a_file_that_is_no_sound_is_a_row_and_the_rest_goes_on(run: Run, tmp_path: Path) -> None:
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    known_recording(sounds / "1.wav")
    (sounds / "2.wav").write_bytes(b"<html>")
    whole = (sounds / "1.wav").read_bytes()
    (sounds / "3.wav").write_bytes(whole[: len(whole) // 2])
    known_recording(sounds / "4.wav")
    soundfile.write(sounds / "5.wav", np.zeros(SR), SR)
    (sounds / "notes.txt").write_text("no sound")
    scan = scan_sounds(run, [sounds], tmp_path / "scan")
    answers = scan.answers()
    assert [answer.name for answer in answers] == ["1.wav", "2.wav", "3.wav", "4.wav", "5.wav"]
    assert [bool(answer.error) for answer in answers] == [False, True, True, False, False]
    assert "breaks off" in answers[2].error
    assert "silent" in answers[4].remarks
    assert not [event for event in scan.events(EventSettings(threshold=0)) if event.file == 4]


def test_damage_in_the_middle_keeps_what_is_before(run: Run, tmp_path: Path) -> None:
    known_recording(tmp_path / "a.flac", times=40)
    data = bytearray((tmp_path / "a.flac").read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4000] = bytes(4000)
    (tmp_path / "a.flac").write_bytes(data)
    scan = scan_sounds(run, [tmp_path / "a.flac"], tmp_path / "scan")
    (answer,) = scan.answers()
    if answer.error:  # libsndfile may also conceal the gap
        assert answer.probabilities is not None
        assert 0 < answer.seconds < 460


def test_a_full_disk_keeps_what_was_done(run: Run, tmp_path: Path) -> None:
    known_recording(tmp_path / "a.wav", times=4)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    try:
        with pytest.raises(RunError, match="free some space"):
            scan_sounds(run, [tmp_path / "a.wav"], tmp_path / "scan", hop=0.1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    scan = Scan(tmp_path / "scan")
    assert scan.status.state == "failed"
    before = scan.n_rows
    assert before > 0
    again = scan_sounds(run, [tmp_path / "a.wav"], tmp_path / "scan", hop=0.1)
    assert again.status.state == "done"
    assert again.n_rows > before


def test_memory_stays_the_same_however_long_a_recording_is(run: Run, tmp_path: Path) -> None:
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from audioclf.inference.scanner import scan_sounds\n"
        "for name in ('short', 'long'):\n"
        "    scan_sounds(sys.argv[1], [Path(sys.argv[2]) / f'{name}.wav'], Path(sys.argv[2]) / name, hop=0.3)\n"
        "    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    y = np.tile(np.sin(np.arange(8000 * 60) / 3) * 0.3, 1).astype(np.float32)
    for name, minutes in (("short", 2), ("long", 15)):
        with soundfile.SoundFile(tmp_path / f"{name}.wav", "w", 8000, 1, "PCM_16") as file:
            for _ in range(minutes):
                file.write(y)
    command = [sys.executable, "-c", code, str(run.folder), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=True)
    short, long = (int(line) for line in done.stdout.split())
    decoded = 15 * 60 * SR * 4 / 1024
    assert long - short < decoded / 4
    assert Scan(tmp_path / "long").results[0].seconds == pytest.approx(900)


def test_a_review_is_kept_and_outlives_other_settings(run: Run, tmp_path: Path) -> None:
    known_recording(tmp_path / "a.wav")
    scan = scan_sounds(run, [tmp_path / "a.wav"], tmp_path / "scan", hop=0.1)
    events = with_review(scan, scan.events(EventSettings(min_length=0.3)))
    assert len(events) == 4
    review(scan, events[0], verdict="confirmed", note="=1+1\nsecond line")
    review(scan, events[1], verdict="rejected")
    changed = review(scan, events[2], label=" new class ", verdict="confirmed")
    assert changed.final == "new class"
    again = Scan(tmp_path / "scan")
    kept = with_review(again, again.events(EventSettings(threshold=0.9, min_length=0.5)))
    assert [one.verdict for one in kept] == ["confirmed", "rejected", "confirmed", ""]
    assert kept[:3] == [replace(events[0], verdict="confirmed", note="=1+1\nsecond line"), *read_review(again)[1:]]
    review(again, kept[1], verdict="")
    assert len(read_review(scan)) == 2
    with pytest.raises(ParameterError, match="verdict is"):
        review(scan, events[0], verdict="maybe")
    (scan.folder / "review.json").write_text('{"events": [{"file": 7}]}')
    with pytest.raises(RunError, match="is damaged"):
        read_review(scan)


def test_confirmed_events_are_clips_of_a_new_version(run: Run, tmp_path: Path) -> None:
    known_recording(tmp_path / "a.wav")
    scan = scan_sounds(run, [tmp_path / "a.wav"], tmp_path / "scan", hop=0.1)
    events = with_review(scan, scan.events(EventSettings(min_length=0.3)))
    with pytest.raises(DatasetError, match="No event is confirmed"):
        as_dataset(scan, events)
    review(scan, events[0], verdict="confirmed")
    review(scan, events[1], verdict="confirmed", label="third")
    events = with_review(scan, scan.events(EventSettings(min_length=0.3)))
    parent = load_dataset(run.experiment.dataset.name)
    made = as_dataset(scan, events, parent)
    assert made.parent == parent.fingerprint
    loaded = load_dataset(versions.save(made, tmp_path / "versions").source)
    assert isinstance(loaded, Dataset)
    assert len(loaded) == len(parent) + 2
    assert [clip.label for clip in loaded.clips[-2:]] == ["low", "third"]
    assert loaded.clips[-1].start == pytest.approx(events[1].start)
    assert len({clip.group for clip in loaded.clips[-2:]}) == 1
    with pytest.raises(DatasetError, match="already"):
        as_dataset(scan, events, made)


def parse_audacity(text: str) -> list[tuple[float, float, str]]:
    """Audacity's manual: a line per label, start, end and text separated by tabs."""
    lines = [line.split("\t") for line in text.split("\n")[:-1]]
    return [(float(start), float(end), label) for start, end, label in lines]


def parse_raven(text: str) -> list[dict[str, str]]:
    """Raven's manual: tab-delimited text, a heading in the first row, then a row per selection."""
    head, *rows = (line.split("\t") for line in text.rstrip("\n").split("\n"))
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_other_programs_read_the_events(run: Run, tmp_path: Path) -> None:
    name = "=cmd|' <b>\ttab\nline.wav"
    known_recording(tmp_path / "plain.wav")
    from audioclf.inference.scanner import execute_scan

    scan = create_scan(run, [(name, tmp_path / "plain.wav")], tmp_path / "scan", hop=0.1)
    execute_scan(scan)
    events = with_review(scan, scan.events(EventSettings(min_length=0.3)))
    events[0] = review(scan, events[0], label="=<new>\tclass\nx", note="-1+1\nn", verdict="confirmed")
    events[1] = review(scan, events[1], verdict="rejected")
    ((track_name, track),) = scan_files.label_tracks(scan, events).items()
    assert track_name.isascii()
    assert "/" not in track_name
    labels = parse_audacity(track)
    assert [label for _, _, label in labels] == ["=<new> class x", events[2].final, events[3].final]
    assert labels[0][0] == pytest.approx(events[0].start, abs=1e-6)
    (table,) = scan_files.selection_tables(scan, events).values()
    selections = parse_raven(table)
    standard = ["Selection", "View", "Channel", "Begin Time (s)", "End Time (s)", "Low Freq (Hz)", "High Freq (Hz)"]
    assert list(selections[0])[:7] == standard
    assert [one["Selection"] for one in selections] == ["1", "2", "3", "4"]
    assert [float(one["End Time (s)"]) for one in selections] == pytest.approx([one.end for one in events], abs=1e-6)
    assert all(0 <= float(one["Low Freq (Hz)"]) < float(one["High Freq (Hz)"]) <= SR / 2 for one in selections)
    assert selections[0]["Class"] == "=<new> class x"
    for text in (
        scan_files.events_csv(scan, events),
        scan_files.files_csv(scan),
        scan_files.windows_csv(scan),
    ):
        assert text[0] == "\ufeff"
        head, *rows = csv.reader(io.StringIO(text[1:], newline=""))
        assert rows
        assert all(len(row) == len(head) for row in rows)
        assert all(row[0] == f"'{name}" for row in rows)
    record = json.loads(scan_files.events_json(scan, events))
    assert record["events"][0]["class"] == events[0].label
    assert record["events"][0]["file"] == name


def test_a_scan_of_a_stranger_is_refused_in_a_sentence(tmp_path: Path) -> None:
    folder = scans_folder() / tmp_path.name
    folder.mkdir(parents=True)
    (folder / "scan.json").write_text('{"format": "audioclf scan", "version": 1}')
    with pytest.raises(RunError, match="cannot be read"):
        _ = Scan(folder).about
    assert folder not in [scan.folder for scan in list_scans()]


def test_a_hop_longer_than_the_window_is_refused(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="hop must be"):
        create_scan(run, [("a", tmp_path / "a.wav")], tmp_path / "scan", hop=5.0)
    with pytest.raises(AudioError):
        list(stream_audio(tmp_path / "a.wav", sr=16000))


def test_the_command_writes_every_table_and_names_what_failed(run: Run, tmp_path: Path) -> None:
    known_recording(tmp_path / "a.wav")
    (tmp_path / "b.wav").write_bytes(b"<html>")
    command = ["scan", str(run.folder), str(tmp_path / "a.wav")]
    options = ["--out", str(tmp_path / "out"), "--hop", "0.1", "--min-length", "0.3", "--json"]
    bad = [str(tmp_path / "b.wav")]
    done = CliRunner().invoke(cli, [*command, *bad, *options])
    assert done.exit_code == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "HTML page" in done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert [one["predicted"] for one in answer["events"]] == ["low", "high", "low", "high"]
    assert (answer["files"], answer["failed"]) == (2, 1)
    written = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.*")}
    tables = {"files.csv", "windows.csv", "events.csv", "events.json"}
    assert tables | {"audacity/00001_a.txt", "raven/00001_a.selections.txt"} <= written


def test_thresholds_come_from_the_clips_a_run_held_back(run: Run, tmp_path: Path) -> None:
    probabilities, labels = validation_predictions(run)
    assert len(labels) == run.metrics["n_validation"] > 0
    assert probabilities.shape == (len(labels), 2)
    assert np.mean(probabilities.argmax(axis=1) == labels) > 0.5
    known_recording(tmp_path / "a.wav")
    scan = scan_sounds(run, [tmp_path / "a.wav"], tmp_path / "scan", hop=0.1)
    settings = EventSettings(min_length=0.3)
    assert {scan.classes[event.label] for event in scan.events(settings, {"low": 1.0})} == {"high"}
    scan.set_events(settings, {"low": 1.0})
    assert Scan(tmp_path / "scan").settings == (settings, {"low": 1.0})
    (scan.folder / "settings.json").write_text('{"events": {"threshold": 7}, "thresholds": {"low": "x", "gone": 1}}')
    assert scan.settings == (EventSettings(), {})
