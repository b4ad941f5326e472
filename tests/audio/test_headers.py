"""Headers that state wrong lengths: the samples decide, a remark says so, and what breaks off is still refused."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile as sf

import audioclf
from audioclf.audio.io import load_audio, read_info
from audioclf.core.errors import AudioError

CASES = Path(audioclf.__file__).parents[1].parent / "shared" / "cases"
SR = 22050
N = 6000

# how many bytes a writer was wrong by: the length of its own header, or of what follows the outer size
HEADERS = (36, 44, 46, 58, 68)


def samples() -> npt.NDArray[np.int16]:
    return np.random.default_rng(0).integers(-9000, 9000, N).astype(np.int16)


def encoded(form: str = "WAV", subtype: str = "PCM_16", endian: str | None = None, channels: int = 1) -> bytes:
    buffer = io.BytesIO()
    y = np.stack([samples()] * channels, axis=1)
    sf.write(buffer, y, SR, format=form, subtype=subtype, endian=endian)
    return buffer.getvalue()


def patched(data: bytes, position: int, values: bytes) -> bytes:
    return data[:position] + values + data[position + len(values) :]


def wav(declared: int, *, fmt: int = 16, extra: bytes = b"", riff: int | None = None, order: str = "<") -> bytes:
    """A 16-bit WAV that states ``declared`` bytes of samples, with a ``fmt`` chunk of so many bytes."""
    body = samples().astype(f"{order}i2").tobytes()
    layout = struct.pack(order + "HHIIHH", 1, 1, SR, 2 * SR, 2, 16).ljust(fmt, b"\0")
    head = b"WAVEfmt " + struct.pack(order + "I", fmt) + layout + extra + b"data"
    size = len(head) + 4 + declared if riff is None else riff
    magic = b"RIFF" if order == "<" else b"RIFX"
    return magic + struct.pack(order + "I", size % 2**32) + head + struct.pack(order + "I", declared % 2**32) + body


def check_whole(data: bytes, *, remark: str | None = "header") -> None:
    """Every sample comes out, of the whole and of a stretch; with a remark, or with none where that is None."""
    expected = samples() / np.float32(32768)
    info = read_info(data)
    assert (info.frames, info.sr) == (N, SR)
    assert remark in info.remark if remark else info.remark == ""
    np.testing.assert_array_equal(load_audio(data, sr=None)[0], expected)
    part, _ = load_audio(data, sr=None, offset=0.1, duration=0.05)
    np.testing.assert_array_equal(part, expected[2205:][: len(part)])


# ---------------------------------------------------------------- WAV and its relatives


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("off", [*HEADERS, *(-off for off in HEADERS)])
def test_a_header_counted_along(off: int, order: str) -> None:
    check_whole(wav(2 * N + off, order=order))


@pytest.mark.parametrize("fmt", [16, 18, 40])
@pytest.mark.parametrize(
    "extra", [b"", b"fact" + struct.pack("<II", 4, N), b"LIST" + struct.pack("<I", 26) + bytes(26)]
)
def test_a_header_of_any_length_counted_along(fmt: int, extra: bytes) -> None:
    header = len(wav(2 * N, fmt=fmt, extra=extra)) - 2 * N
    check_whole(wav(2 * N, fmt=fmt, extra=extra), remark=None)
    check_whole(wav(2 * N + header, fmt=fmt, extra=extra))
    check_whole(wav(2 * N + header - 8, fmt=fmt, extra=extra))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("declared", [0, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000])
@pytest.mark.parametrize("riff", [0, 36, 0xFFFFFFFF])
def test_a_length_that_was_never_written(declared: int, riff: int, order: str) -> None:
    check_whole(wav(declared, riff=riff, order=order), remark="does not state a length")


def test_the_outer_length_agrees_with_the_file() -> None:
    """A data size of any other error: the file is as long as its first length says, so nothing is missing."""
    whole = len(wav(2 * N)) - 8
    for declared in (2 * N + 2, 3 * N, 2**30):
        check_whole(wav(declared, riff=whole))


def test_chunks_behind_the_samples_are_no_samples() -> None:
    tail = b"LIST" + struct.pack("<I", 28) + b"INFOISFT" + struct.pack("<I", 16) + b"a sound editor\0\0"
    assert len(tail) == 36
    check_whole(wav(2 * N) + tail, remark=None)
    empty = wav(0)[: -2 * N] + tail
    with pytest.raises(AudioError, match="no samples"):
        read_info(empty)


def test_a_wav_that_breaks_off_is_refused() -> None:
    for data in (wav(2 * N), wav(2 * N, order=">"), wav(2 * N, fmt=40), encoded("RF64"), encoded("WAVEX")):
        for lost in (1000, 3000, 2 * N - 100):
            with pytest.raises(AudioError, match=f"breaks off: {lost} bytes"):
                read_info(data[:-lost])


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "FLOAT", "ULAW", "ALAW", "IMA_ADPCM", "MS_ADPCM", "GSM610"])
@pytest.mark.parametrize("declared", [0, 0xFFFFFFFF])
def test_other_codecs_without_a_length(subtype: str, declared: int) -> None:
    data = encoded(subtype=subtype)
    streamed = patched(data, data.find(b"data") + 4, struct.pack("<I", declared))
    assert read_info(streamed).frames == read_info(data).frames
    np.testing.assert_array_equal(load_audio(streamed)[0], load_audio(data)[0])


def test_stereo_is_not_shifted() -> None:
    data = encoded(channels=2)
    streamed = patched(data, data.find(b"data") + 4, bytes(4))
    assert read_info(streamed).frames == N
    np.testing.assert_array_equal(load_audio(streamed, mono="right")[0], load_audio(data, mono="right")[0])


def test_rf64_and_bw64() -> None:
    data = encoded("RF64")
    check_whole(data, remark=None)
    at = data.find(b"ds64") + 16
    check_whole(patched(data, at, bytes(8)))
    check_whole(patched(data, at, struct.pack("<Q", 2 * N + 104)))
    check_whole(b"BW64" + data[4:], remark=None)


def test_a_length_is_mended_in_a_file_that_is_read_bit_by_bit(tmp_path: Path) -> None:
    """From 8 MB on nothing is had in one go."""
    path = tmp_path / "long.wav"
    y = np.arange(5_000_000, dtype=np.int16)
    sf.write(path, y, 48000)
    with path.open("r+b") as file:
        file.seek(40)
        file.write(bytes(4))
    assert read_info(path).frames == len(y)
    np.testing.assert_array_equal(load_audio(path, sr=None)[0], y / np.float32(32768))


# ---------------------------------------------------------------- AIFF, AU, W64, CAF, SPHERE


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("off", [None, 0xFFFFFFFF, 54, 46, 44])
def test_aiff(subtype: str, off: int | None) -> None:
    data = encoded("AIFF", subtype)
    at = data.find(b"SSND") + 4
    stated = struct.unpack(">I", data[at : at + 4])[0]
    wrong = patched(data, at, struct.pack(">I", 0 if off is None else off if off > stated else stated + off))
    assert read_info(wrong).frames == N
    assert "header" in read_info(wrong).remark
    np.testing.assert_array_equal(load_audio(wrong)[0], load_audio(data)[0])


@pytest.mark.parametrize("endian", ["BIG", "LITTLE"])
@pytest.mark.parametrize("off", [None, 0, 24])
def test_au(endian: str, off: int | None) -> None:
    data = encoded("AU", endian=endian)
    order = ">" if endian == "BIG" else "<"
    check_whole(data, remark=None)
    check_whole(patched(data, 8, struct.pack(order + "I", 0xFFFFFFFF if off is None else 2 * N + off if off else 0)))


@pytest.mark.parametrize("stated", [0, 24, 24 + 2 * N + 104, 2 * N, 2**63 - 1])
def test_wave64(stated: int) -> None:
    data = encoded("W64")
    assert data[80:84] == b"data"
    check_whole(data, remark=None)
    check_whole(patched(data, 96, struct.pack("<Q", stated)))


@pytest.mark.parametrize("stated", [-1, 0, 4])
def test_core_audio(stated: int) -> None:
    data = encoded("CAF")
    check_whole(data, remark=None)
    check_whole(patched(data, data.find(b"data") + 4, struct.pack(">q", stated)))


@pytest.mark.parametrize("stated", ["00000", "06512"])
def test_sphere(stated: str) -> None:
    data = encoded("NIST")
    check_whole(data, remark=None)
    wrong = data.replace(b"sample_count -i 6000", f"sample_count -i {stated}".encode())
    check_whole(wrong + b"" if len(wrong) == len(data) else wrong[:1000] + wrong[1000 + len(wrong) - len(data) :])


def test_sphere_that_is_compressed() -> None:
    data = encoded("NIST").replace(b"sample_coding -s3 pcm\n", b"sample_coding -s26 pcm,embedded-shorten-v2.00\n")
    with pytest.raises(AudioError, match="compressed with shorten; convert it to WAV"):
        read_info(data)


def test_sphere_that_is_followed_by_other_bytes() -> None:
    check_whole(encoded("NIST") + bytes(5000), remark=None)


@pytest.mark.parametrize("form", ["W64", "CAF", "NIST", "AIFF", "AU"])
def test_what_breaks_off_is_refused(form: str) -> None:
    data = encoded(form)
    for lost in (1500, 5000):
        with pytest.raises(AudioError, match="breaks off"):
            read_info(data[:-lost])
        with pytest.raises(AudioError, match="breaks off"):
            load_audio(data[:-lost])


@pytest.mark.parametrize("form", ["WAV", "RF64", "AIFF", "AU", "W64", "CAF", "NIST"])
def test_a_header_without_samples_is_refused(form: str) -> None:
    data = encoded(form)
    for end in (*range(1, 130), len(data) - 2 * N):
        with pytest.raises(AudioError):
            load_audio(data[:end])


@pytest.mark.parametrize("form", ["WAV", "W64", "AIFF"])
def test_stretches_of_codecs_that_cannot_seek(form: str) -> None:
    data = encoded(form, "GSM610")
    whole, _ = load_audio(data, sr=None)
    for start in (1, 159, 160, 3000, N - 1):
        part, _ = load_audio(data, sr=None, offset=start / SR, duration=0.02)
        np.testing.assert_array_equal(part, whole[start:][: len(part)])


@pytest.mark.parametrize("subtype", ["G721_32", "NMS_ADPCM_16", "NMS_ADPCM_32", "IMA_ADPCM", "MS_ADPCM"])
def test_stretches_of_other_codecs(subtype: str) -> None:
    data = encoded(subtype=subtype)
    whole, _ = load_audio(data, sr=None)
    for start in (1, 505, 3000, N - 100):
        part, _ = load_audio(data, sr=None, offset=start / SR, duration=0.02)
        np.testing.assert_array_equal(part, whole[start:][: len(part)])


# ---------------------------------------------------------------- the files of shared/cases

READ: dict[str, tuple[float, float]] = {
    "data_plus44.wav": (2.0, 0),
    "data_zero.wav": (2.0, 0),
    "id3head.wav": (2.0, 0),
    "mp3_junk.mp3": (2.0, 0.03),
    "mp3_id3badsize.mp3": (2.0, 0.03),
    "mp3_in_wav_20s.wav": (20.04, 0.01),
    "gsm.wav": (2.0, 0),
    "seek_1ms.webm": (20.0, 0.01),
    "flac.ogg": (2.0, 0),
    "w64.w64": (2.0, 0),
    "caf.caf": (2.0, 0),
    "timit.wav": (2.0, 0),
    "wma.wma": (2.0, 0.01),
    "amr.amr": (2.0, 0),
    "phone.3gp": (2.0, 0),
    "phone/cough/old.spx": (2.0, 0),
    "phone/cough/x.ts": (2.0, 0.012),
}


@pytest.fixture(scope="module")
def case() -> Callable[[str], Path]:
    if not CASES.is_dir():
        pytest.skip(f"the cases are not on this machine (looked for {CASES})")
    return lambda name: CASES / name


@pytest.mark.parametrize("name", READ)
def test_case_is_read(name: str, case: Callable[[str], Path]) -> None:
    seconds, tolerance = READ[name]
    y, sr = load_audio(case(name), sr=None)
    assert len(y) / sr == pytest.approx(seconds, abs=tolerance)
    assert read_info(case(name)).seconds == pytest.approx(seconds, abs=tolerance)
    assert np.abs(y).max() > 0.1
    part, _ = load_audio(case(name), sr=None, offset=0.5, duration=0.25)
    start = round(0.5 * sr)
    np.testing.assert_allclose(part, y[start : start + len(part)], rtol=0, atol=1e-5)


def test_case_has_a_remark(case: Callable[[str], Path]) -> None:
    for name in ("data_plus44.wav", "data_zero.wav", "mp3_junk.mp3", "mp3_id3badsize.mp3"):
        assert read_info(case(name)).remark.endswith(".")
    assert read_info(case("caf.caf")).remark == ""


def test_case_of_a_stretch_in_milliseconds(case: Callable[[str], Path]) -> None:
    whole, _ = load_audio(case("seek_1ms.webm"), sr=None)
    part, _ = load_audio(case("seek_1ms.webm"), sr=None, offset=7.77, duration=0.5)
    np.testing.assert_allclose(part, whole[372_960 : 372_960 + 24_000], rtol=0, atol=1e-3)


def test_case_of_more_padding_than_frames(case: Callable[[str], Path]) -> None:
    for read in (read_info, load_audio):
        with pytest.raises(AudioError, match="takes away 1776 samples, and its 3 frames hold 1728"):
            read(case("xing_pad_a.mp3"))
