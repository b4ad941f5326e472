"""Damaged sound files through ``load_audio``: no crash, no hang, bounded memory, only sentences.

A tenth of the 12,000 files is always read, all of them with ``-m fuzz``. The files are made from a seed, so a failure
names the number of the file and ``damaged(number)`` makes it again. The work is done in a child process with a memory
limit and a watchdog, so that a fault in a native decoder fails this test and does not take the whole test run with it.
"""

from __future__ import annotations

import collections
import contextlib
import faulthandler
import functools
import io
import json
import os
import signal
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audioclf.audio.io import load_audio
from audioclf.core.errors import AudioclfError

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="limits on memory are set through the module 'resource'"
)

N_FILES = 10_000
N_MORE = 2_000
SEED = 20_240
SECONDS_PER_FILE = 60
MEMORY = 3 * 2**30

ISSUE_FORMATS = (
    "wav",
    "wav-float",
    "wav-24",
    "wav-adpcm",
    "flac",
    "flac-stereo",
    "ogg",
    "ogg-stereo",
    "mp3",
    "mp3-vbr",
)
BY_FFMPEG = {
    "m4a": ("ipod", "aac", 16000),
    "aac": ("adts", "aac", 16000),
    "webm": ("webm", "libopus", 48000),
    "wma": ("asf", "wmav2", 44100),
    "amr": ("amr", "libopencore_amrnb", 8000),
    "3gp": ("3gp", "libopencore_amrnb", 8000),
    "ts": ("mpegts", "mp2", 16000),
    "wav-yamaha": ("wav", "adpcm_yamaha", 16000),
}
MORE_FORMATS = ("aiff", "au", "opus", "wav-mp3", "mp3-untagged", "mp3-id3", "caf", "w64", "sphere", *BY_FFMPEG)


@functools.cache
def whole(kind: str) -> bytes:
    """An undamaged file of a few hundred milliseconds."""
    import soundfile as sf

    sr = BY_FFMPEG[kind][2] if kind in BY_FFMPEG else 48000 if kind == "opus" else 16000
    t = np.arange(round(0.3 * sr)) / sr
    noise = np.random.default_rng(1).normal(size=len(t))
    y = (0.4 * np.sin(2 * np.pi * 440 * t) * np.exp(-5 * t) + 0.05 * noise).astype(np.float32)
    stereo = np.stack([y, y[::-1]], axis=1)
    if kind in BY_FFMPEG:
        return _by_av(y, sr, *BY_FFMPEG[kind][:2])
    samples, form, subtype = {
        "wav": (y, "WAV", "PCM_16"),
        "wav-float": (stereo, "WAV", "FLOAT"),
        "wav-24": (stereo, "WAV", "PCM_24"),
        "wav-adpcm": (y, "WAV", "IMA_ADPCM"),
        "wav-mp3": (y, "MP3", "MPEG_LAYER_III"),
        "flac": (y, "FLAC", "PCM_16"),
        "flac-stereo": (stereo, "FLAC", "PCM_24"),
        "ogg": (y, "OGG", "VORBIS"),
        "ogg-stereo": (stereo, "OGG", "VORBIS"),
        "opus": (y, "OGG", "OPUS"),
        "mp3": (y, "MP3", "MPEG_LAYER_III"),
        "mp3-vbr": (stereo, "MP3", "MPEG_LAYER_III"),
        "mp3-untagged": (stereo, "MP3", "MPEG_LAYER_III"),
        "mp3-id3": (y, "MP3", "MPEG_LAYER_III"),
        "aiff": (stereo, "AIFF", "PCM_16"),
        "au": (y, "AU", "PCM_16"),
        "caf": (y, "CAF", "PCM_16"),
        "w64": (stereo, "W64", "PCM_16"),
        "sphere": (y, "NIST", "PCM_16"),
    }[kind]
    buffer = io.BytesIO()
    extra = {"bitrate_mode": "VARIABLE" if kind != "mp3" else "CONSTANT"} if form == "MP3" else {}
    sf.write(buffer, samples, sr, format=form, subtype=subtype, **extra)
    data = buffer.getvalue()
    if kind == "mp3-untagged":
        data = data.replace(b"Xing", bytes(4)).replace(b"Info", bytes(4))
    if kind == "wav-mp3":
        layout = struct.pack("<HHIIHHHHIHHH", 0x55, 1, sr, 8000, 1, 0, 12, 1, 2, 576, 1, 1393)
        chunks = b"WAVEfmt " + struct.pack("<I", len(layout)) + layout
        chunks += b"fact" + struct.pack("<II", 4, len(y)) + b"data" + struct.pack("<I", len(data)) + data
        data = b"RIFF" + struct.pack("<I", len(chunks)) + chunks
    if kind == "mp3-id3":
        data = (
            b"ID3\x03\0\0\0\0\0\x46"
            + b"TIT2\0\0\0\x06\0\0\0title"
            + b"COMM\0\0\0\x0a\0\0\0engabc\0de"
            + bytes(34)
            + data
        )
    return data


def _by_av(y: np.ndarray, sr: int, container: str, codec: str) -> bytes:
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as output:
        stream = output.add_stream(codec, rate=sr, layout="mono")
        stream.bit_rate = 12_200 if "amr" in codec else 64_000
        frame = av.AudioFrame.from_ndarray(y[np.newaxis], format="fltp", layout="mono")
        frame.sample_rate = sr
        resampler = av.AudioResampler(stream.format, "mono", sr, frame_size=stream.codec_context.frame_size or 960)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            output.mux(stream.encode(part))
        output.mux(stream.encode(None))
    return buffer.getvalue()


_VALUES = (0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def damaged(number: int) -> tuple[str, bytes]:
    """File number ``number``: its format and its bytes after one to four changes to header, middle or tail."""
    rng = np.random.default_rng([SEED, number])
    kinds = ISSUE_FORMATS if number < N_FILES else MORE_FORMATS
    kind = kinds[number % len(kinds)]
    data = bytearray(whole(kind))
    for _ in range(rng.integers(1, 5)):
        n = len(data)
        if n < 16:
            break
        place = rng.choice(["header", "header", "middle", "tail"])
        low, high = {"header": (0, min(200, n)), "middle": (n // 5, n - n // 5), "tail": (max(0, n - 200), n)}[place]
        at = int(rng.integers(low, high))
        change = rng.choice(["bit", "byte", "bytes", "value", "cut", "delete", "insert", "copy", "zero", "splice"])
        if change == "bit":
            data[at] ^= 1 << int(rng.integers(8))
        elif change == "byte":
            data[at] = int(rng.integers(256))
        elif change == "bytes":
            length = min(int(rng.integers(1, 40)), n - at)
            data[at : at + length] = rng.bytes(length)
        elif change == "value":
            width = int(rng.choice([2, 4, 8]))
            value = (int(rng.choice(_VALUES)) + int(rng.integers(-1, 2))) % 256**width
            data[at : at + width] = value.to_bytes(width, str(rng.choice(["little", "big"])))  # type: ignore[arg-type]
        elif change == "cut":
            if rng.random() < 0.4:
                del data[max(at, 12) :]
        elif change == "delete":
            del data[at : at + int(rng.integers(1, 64))]
        elif change == "insert":
            data[at:at] = rng.bytes(int(rng.integers(1, 64)))
        elif change == "copy":
            start = int(rng.integers(n))
            data[at:at] = data[start : start + int(rng.integers(1, 600))]
        elif change == "zero":
            data[at : at + int(rng.integers(1, 100))] = bytes(int(rng.integers(1, 100)))
        else:
            other = whole(str(rng.choice(kinds)))
            start = int(rng.integers(len(other)))
            data[at:] = other[start:]
    # Two Ogg files of three get true page checksums again, or the decoder would only ever see pages it drops.
    if data[:4] == b"OggS" and number % 3:
        _mend_checksums(data)
    return kind, bytes(data)


@functools.cache
def _crc_table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = ((value << 1) ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
        table.append(value)
    return table


def _mend_checksums(data: bytearray) -> None:
    table = _crc_table()
    at = data.find(b"OggS")
    while at >= 0 and at + 27 <= len(data):
        segments = data[at + 26]
        length = 27 + segments + sum(data[at + 27 : at + 27 + segments])
        page = data[at : at + length]
        page[22:26] = bytes(4)
        crc = 0
        for byte in page:
            crc = ((crc << 8) & 0xFFFFFFFF) ^ table[(crc >> 24) ^ byte]
        if at + 26 <= len(data):
            data[at + 22 : at + 26] = crc.to_bytes(4, "little")
        at = data.find(b"OggS", at + length)


def child(first: int, last: int, progress: Path) -> None:
    """Load the files ``first`` to ``last`` - 1; what happened is printed, the number under way is in ``progress``."""
    import resource

    for kind in ISSUE_FORMATS + MORE_FORMATS:
        load_audio(whole(kind))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with contextlib.suppress(ValueError):  # macOS does not limit address space; the growth is looked at all the same
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    fault = os.environ.get("AUDIOCLF_TEST_FAULT", "")
    counts: collections.Counter[str] = collections.Counter()
    wrong: list[str] = []
    with progress.open("r+b", buffering=0) as note:
        for number in range(first, last):
            os.pwrite(note.fileno(), b"%-10d" % number, 0)
            kind, data = damaged(number)
            stretch = ({}, {}, {"sr": None, "offset": 0.1}, {"duration": 0.15, "mono": "right"})[number % 4]
            faulthandler.dump_traceback_later(0.5 if fault == f"hang {number}" else SECONDS_PER_FILE, exit=True)
            try:
                if fault == f"crash {number}":
                    os.kill(os.getpid(), signal.SIGSEGV)
                while fault == f"hang {number}":
                    pass
                y, _ = load_audio(data, **stretch)  # type: ignore[arg-type]
                if y.dtype != np.float32 or y.ndim != 1 or not len(y) or not np.isfinite(y).all():
                    wrong.append(f"{number} ({kind}): {y.dtype} {y.shape}")
                counts["read"] += 1
            except AudioclfError as error:
                text = str(error)
                if "\n" in text or len(text) > 400 or not text.endswith("."):
                    wrong.append(f"{number} ({kind}): no sentence: {text!r}")
                counts["refused"] += 1
            except BaseException as error:
                wrong.append(f"{number} ({kind}): {error!r}")
            finally:
                faulthandler.cancel_dump_traceback_later()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) / (2**20 if sys.platform == "darwin" else 2**10)
    print(json.dumps({"counts": counts, "wrong": wrong[:20], "n_wrong": len(wrong), "grown_mb": grown}))


def run(first: int, last: int, folder: Path) -> dict[str, Any]:
    """Files ``first`` to ``last`` - 1 in a process of their own; a crash or a hang fails, and names the file."""
    progress = folder / f"at-{first}"
    progress.write_bytes(b"-")
    done = subprocess.run(
        [sys.executable, "-W", "error", __file__, str(first), str(last), str(progress)],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        number = progress.read_text().strip()
        cause = f"signal {-done.returncode}" if done.returncode < 0 else "a hang or an error"
        pytest.fail(f"damaged({number}) ended the process by {cause}: {done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.mark.parametrize(
    ("first", "last"),
    [
        pytest.param(0, N_FILES // 10, id="wav-flac-ogg-mp3"),
        pytest.param(N_FILES, N_FILES + N_MORE // 10, id="other-formats"),
        pytest.param(0, N_FILES, id="all-wav-flac-ogg-mp3", marks=pytest.mark.fuzz),
        pytest.param(N_FILES, N_FILES + N_MORE, id="all-other-formats", marks=pytest.mark.fuzz),
    ],
)
def test_damaged_files_are_read_or_refused(first: int, last: int, tmp_path: Path) -> None:
    result = run(first, last, tmp_path)
    assert result["wrong"] == []
    counts = result["counts"]
    assert counts["read"] + counts["refused"] == last - first
    # Damage that is always refused, or never, would try nothing behind the header, or nothing at all.
    assert min(counts.values()) > 0.1 * (last - first)
    assert result["grown_mb"] < 200


def test_undamaged_files_are_read() -> None:
    for kind in ISSUE_FORMATS + MORE_FORMATS:
        y, _ = load_audio(whole(kind))
        # the first packet of Windows Media gives no samples
        assert len(y) >= round((0.25 if kind == "wma" else 0.3) * 22050), kind


@pytest.mark.parametrize("how", ["crash", "hang"])
def test_the_watchdog_watches(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOCLF_TEST_FAULT", f"{how} 3")
    with pytest.raises(pytest.fail.Exception, match=r"damaged\(3\) ended the process"):
        run(0, 5, tmp_path)


if __name__ == "__main__":
    child(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
