"""Sounds in: every format, every way of handing them over, and everything that may be wrong with them."""

from __future__ import annotations

import hashlib
import io
import os
import re
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import librosa
import numpy as np
import numpy.typing as npt
import pytest
import soundfile as sf
from hypothesis import given
from hypothesis import strategies as st

from audioclf.audio.io import MAX_SAMPLES, content_hash, display_name, fix_length, load_audio, read_info, wav_bytes
from audioclf.core.errors import AudioclfError, AudioError, ParameterError

# libsndfile and soxr are the very ones that librosa calls; only the order of two additions may differ.
LIBROSA_TOLERANCE = 1e-6

Samples = npt.NDArray[np.float32]

# librosa.load loads audioread, which loads what Python 3.13 dropped
pytestmark = pytest.mark.filterwarnings("ignore:'(aifc|audioop|sunau)' is deprecated:DeprecationWarning")


def encoded(y: npt.ArrayLike, sr: int = 22050, form: str = "WAV", subtype: str | None = None) -> bytes:
    buffer = io.BytesIO()
    sf.write(buffer, np.asarray(y), sr, format=form, subtype=subtype)
    return buffer.getvalue()


def by_av(y: Samples, sr: int, container: str, codec: str, layout: str = "mono", *, pipe: bool = False) -> bytes:
    """``y`` (channels, n) through FFmpeg; ``pipe`` writes as to a pipe, so that no length can be filled in later."""
    import av

    class Pipe:
        def __init__(self) -> None:
            self.write, self.getvalue = buffer.write, buffer.getvalue

    buffer = io.BytesIO()
    target = Pipe() if pipe else buffer
    with av.open(target, "w", format=container) as output:
        stream = output.add_stream(codec, rate=sr, layout=layout)
        frame = av.AudioFrame(format="flt", layout=layout, samples=y.shape[1])
        frame.sample_rate = sr
        frame.planes[0].update(np.ascontiguousarray(y.T))
        resampler = av.AudioResampler(stream.format, layout, sr, frame_size=stream.codec_context.frame_size or 1024)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            output.mux(stream.encode(part))
        output.mux(stream.encode(None))
    return target.getvalue()


def patched(data: bytes, position: int, values: bytes) -> bytes:
    return data[:position] + values + data[position + len(values) :]


def refusal(source: object, **how: object) -> str:
    """The sentence that a source is refused with, held to the form of a sentence."""
    with pytest.raises(AudioclfError) as caught:
        load_audio(source, **how)  # type: ignore[arg-type]
    text = str(caught.value)
    assert "\n" not in text
    assert text.endswith(".")
    assert len(text) < 400
    return text


def refused_by_header(source: object) -> str:
    """The same, for what :func:`read_info` must refuse too, in the same words."""
    text = refusal(source)
    with pytest.raises(AudioError, match=re.escape(text)):
        read_info(source)  # type: ignore[arg-type]
    return text


# ---------------------------------------------------------------- equal to librosa

FORMATS = ["wav", "flac", "ogg", "opus", "mp3", "aiff"]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("sr", [22050, 8000, 44100, None])
@pytest.mark.parametrize("suffix", FORMATS)
def test_equal_to_librosa(
    suffix: str, sr: int | None, channels: int, write_tone: Callable[..., Path], tmp_path: Path
) -> None:
    path = write_tone(tmp_path / f"tone.{suffix}", sr=48000, channels=channels)
    y, got = load_audio(path, sr=sr)
    expected, expected_sr = librosa.load(path, sr=sr)
    assert y.dtype == np.float32
    assert y.shape == expected.shape
    assert got == expected_sr
    np.testing.assert_allclose(y, expected, rtol=0, atol=LIBROSA_TOLERANCE)


# without ogg and mp3: there librosa's own stretches are beside the whole, or begin with silence (see the next tests)
@pytest.mark.parametrize("suffix", ["wav", "flac", "opus", "aiff"])
def test_stretch_is_equal_to_librosa(suffix: str, write_tone: Callable[..., Path], tmp_path: Path) -> None:
    path = write_tone(tmp_path / f"tone.{suffix}", sr=48000, seconds=1.0)
    for offset, duration in ((0.25, 0.5), (0.5, None), (0.0, 0.125), (0.75, 9.0)):
        y, _ = load_audio(path, offset=offset, duration=duration)
        expected, _ = librosa.load(path, offset=offset, duration=duration)
        assert y.shape == expected.shape
        np.testing.assert_allclose(y, expected, rtol=0, atol=LIBROSA_TOLERANCE)


@pytest.mark.parametrize(
    ("suffix", "channels"), [("ogg", 1), ("mp3", 1), *((suffix, 2) for suffix in FORMATS)], ids=str
)
def test_stretch_is_part_of_the_whole(suffix: str, channels: int, tmp_path: Path) -> None:
    """libsndfile alone is up to a block beside in the last page of Ogg Vorbis."""
    path = tmp_path / f"long.{suffix}"
    y = np.random.default_rng(0).normal(0, 0.1, (12 * 48000, channels)).astype(np.float32)
    y[48000 * 6 :] *= 0.01
    with sf.SoundFile(
        path,
        "w",
        48000,
        channels,
        format="OGG" if suffix == "opus" else None,
        subtype="OPUS" if suffix == "opus" else None,
    ) as file:
        for start in range(0, len(y), 9999):
            file.write(y[start : start + 9999])
    whole, _ = load_audio(path, sr=None)
    for start in (1, 4001, 240_000, 400_000, 550_000, 574_000):
        part, _ = load_audio(path, sr=None, offset=start / 48000, duration=0.02)
        np.testing.assert_allclose(part, whole[start : start + 960], rtol=0, atol=1e-6)


def test_stretch_of_an_mp3_does_not_begin_with_silence(tone: Callable[..., Samples]) -> None:
    """Frames of a simple sound lie far ahead of their headers; libsndfile alone is silent until it has met them."""
    data = encoded(np.tile(tone(sr=44100, seconds=1), 4), 44100, form="MP3")
    whole, _ = load_audio(data, sr=None)
    for start in (4000, 50_000, 100_000, 150_000):
        part, _ = load_audio(data, sr=None, offset=start / 44100, duration=0.05)
        np.testing.assert_allclose(part, whole[start:][: len(part)], rtol=0, atol=1e-6)


@pytest.mark.parametrize("form", ["MP3", "OGG"])
def test_a_sound_of_many_blocks_has_no_joints(form: str) -> None:
    t = np.arange(3 * 2**20) / 44100
    buffer = io.BytesIO()
    with sf.SoundFile(buffer, "w", 44100, 1, format=form) as file:
        for start in range(0, len(t), 9999):  # libsndfile's Vorbis encoder dies of a large block
            file.write(0.5 * np.sin(2 * np.pi * 440 * t[start : start + 9999]))
    y, _ = load_audio(buffer.getvalue(), sr=None)
    np.testing.assert_array_equal(y, sf.read(io.BytesIO(buffer.getvalue()), dtype="float32")[0])


def test_real_recordings_equal_librosa(esc10: Path, fsdd: Path) -> None:
    files = sorted(esc10.glob("*/*.ogg"))[::40] + sorted(fsdd.glob("recordings/*.wav"))[::300]
    assert len(files) > 15
    for path in files:
        y, _ = load_audio(path)
        expected, _ = librosa.load(path)
        np.testing.assert_allclose(y, expected, rtol=0, atol=LIBROSA_TOLERANCE)
        assert read_info(path).seconds == pytest.approx(len(y) / 22050, abs=1e-3)


# ---------------------------------------------------------------- formats


@pytest.mark.parametrize(
    ("form", "subtype", "step"),
    [
        ("WAV", "PCM_U8", 2**-7),
        ("WAV", "PCM_16", 2**-15),
        ("WAV", "PCM_24", 2**-23),
        ("WAV", "PCM_32", 2**-24),
        ("WAV", "FLOAT", 2**-24),
        ("WAV", "DOUBLE", 2**-24),
        ("WAV", "ULAW", 2**-5),
        ("WAVEX", "PCM_24", 2**-23),
        ("RF64", "PCM_16", 2**-15),
        ("AIFF", "PCM_S8", 2**-7),
        ("AU", "PCM_16", 2**-15),
        ("FLAC", "PCM_24", 2**-23),
    ],
)
def test_samples_survive_the_format(form: str, subtype: str, step: float, tone: Callable[..., Samples]) -> None:
    y = tone(seconds=0.4)
    data = encoded(y, form=form, subtype=subtype)
    info = read_info(data)
    assert (info.sr, info.channels, info.format, info.subtype) == (22050, 1, form, subtype)
    got, _ = load_audio(data)
    assert info.frames == len(got)
    np.testing.assert_allclose(got, y, rtol=0, atol=step)


def test_adpcm(tone: Callable[..., Samples]) -> None:
    y = tone(seconds=0.3)
    got, _ = load_audio(encoded(y, subtype="IMA_ADPCM"))
    # It is padded to whole blocks, and its steps need some samples to grow.
    np.testing.assert_allclose(got[64 : len(y)], y[64:], rtol=0, atol=0.02)


@pytest.mark.parametrize(
    ("container", "codec", "name", "error"),
    [
        ("ipod", "aac", "MP4", 0.05),
        ("adts", "aac", "AAC", 0.05),
        ("webm", "libopus", "WEBM", 0.1),
        ("mp4", "alac", "MP4", 2e-7),
    ],
)
def test_what_libsndfile_cannot_read(
    container: str, codec: str, name: str, error: float, tone: Callable[..., Samples]
) -> None:
    y = tone(seconds=2.0, sr=48000)
    data = by_av(y[np.newaxis], 48000, container, codec)
    info = read_info(data)
    assert (info.sr, info.channels, info.format) == (48000, 1, name)
    got, sr = load_audio(data, sr=None)
    assert sr == 48000
    assert len(got) == pytest.approx(len(y), abs=2 * 1024)
    assert info.frames == pytest.approx(len(got), abs=1024)
    # The encoder may lead with one packet of 1,024 samples that no edit list takes away.
    lead = int(np.argmax(np.correlate(got[:8000], y[:4000], "valid")))
    assert lead in range(-2, 3) or lead in range(1022, 1027)
    n = len(y) - 2048
    assert np.abs(got[lead : lead + n] - y[:n]).max() < error
    for offset in (0.1, 1.5):
        start = round(offset * sr)
        part, _ = load_audio(data, sr=None, offset=offset, duration=0.2)
        np.testing.assert_allclose(part, got[start : start + 9600], rtol=0, atol=0.02)


def test_browser_recording_without_a_length(tone: Callable[..., Samples]) -> None:
    y = tone(seconds=1.5, sr=48000)
    data = by_av(y[np.newaxis], 48000, "webm", "libopus", pipe=True)
    assert read_info(data).seconds == pytest.approx(1.5, abs=0.03)
    got, _ = load_audio(data, sr=None)
    assert len(got) == pytest.approx(len(y), abs=1000)
    assert np.abs(got[: len(y) - 2000] - y[: len(got)][: len(y) - 2000]).max() < 0.1


def test_flac_written_to_a_pipe_is_read_to_its_end(tone: Callable[..., Samples]) -> None:
    y = tone(channels=2)
    data = encoded(y, form="FLAC")
    streamed = patched(patched(data, 21, bytes([data[21] & 0xF0])), 22, bytes(4))
    assert read_info(streamed).frames == len(y)
    np.testing.assert_allclose(load_audio(streamed)[0], load_audio(data)[0], rtol=0, atol=1e-7)


def test_variable_rate_mp3_without_its_tag_keeps_its_length(tone: Callable[..., Samples]) -> None:
    y = np.concatenate([tone(seconds=2.0), np.zeros(44100, np.float32), tone(seconds=2.0)])
    tagged = encoded(y, form="MP3")
    bare = tagged.replace(b"Xing", bytes(4)).replace(b"Info", bytes(4))
    assert bare != tagged
    guessed = sf.info(io.BytesIO(bare)).frames
    assert guessed < 0.7 * len(y), "libsndfile can tell the length by now: FFmpeg is not needed for this any more"
    assert read_info(bare).frames == pytest.approx(len(y), abs=3 * 1152)
    assert len(load_audio(bare)[0]) == pytest.approx(len(y), abs=3 * 1152)


@pytest.mark.parametrize("padding", [0, 700])
def test_mp3_behind_tags(padding: int, tone_mp3: Path, capfd: pytest.CaptureFixture[str]) -> None:
    comment = b"COMM" + struct.pack(">IH", 5, 0) + b"\x00eng\x00"
    tag = b"ID3\x03\x00\x00" + bytes([0, 0, 0, len(comment) + 40]) + comment + bytes(40)
    plain = tone_mp3.read_bytes()
    tagged = tag + bytes(padding) + plain + b"TAG" + b"title".ljust(125, b"\0")
    np.testing.assert_array_equal(load_audio(tagged)[0], load_audio(plain)[0])
    assert read_info(tagged) == read_info(plain)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFF024, 0x80000000])
def test_wav_written_to_a_pipe_is_read_to_its_end(size: int, tone_wav: Path) -> None:
    data = tone_wav.read_bytes()
    streamed = patched(data, data.find(b"data") + 4, struct.pack("<I", size))
    np.testing.assert_array_equal(load_audio(streamed)[0], load_audio(data)[0])


def test_suffix_does_not_matter(tone_ogg: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "tone.wav"
    wrong.write_bytes(tone_ogg.read_bytes())
    assert read_info(wrong).format == "OGG"
    np.testing.assert_array_equal(load_audio(wrong)[0], load_audio(tone_ogg)[0])


# ---------------------------------------------------------------- channels, levels, sources


def test_channels_become_one() -> None:
    rng = np.random.default_rng(0)
    for channels in (2, 3, 6, 64):
        y = rng.uniform(-1, 1, (500, channels)).astype(np.float32)
        data = encoded(y, subtype="FLOAT")
        np.testing.assert_allclose(load_audio(data)[0], y.mean(axis=1), rtol=0, atol=1e-6)
        np.testing.assert_array_equal(load_audio(data, mono="left")[0], y[:, 0])
        np.testing.assert_array_equal(load_audio(data, mono="right")[0], y[:, 1])
    single = encoded(y[:, 0], subtype="FLOAT")
    np.testing.assert_array_equal(load_audio(single, mono="right")[0], y[:, 0])


@pytest.mark.parametrize(("layout", "channels"), [("stereo", 2), ("5.1", 6), ("7.1", 8)])
def test_channels_of_what_ffmpeg_reads(layout: str, channels: int, tone: Callable[..., Samples]) -> None:
    y = np.stack([tone(frequency=300 * (c + 1), seconds=1, sr=48000, level=0.5 / (c + 1)) for c in range(channels)])
    data = by_av(y, 48000, "ipod", "aac", layout)
    assert read_info(data).channels == channels
    left, _ = load_audio(data, sr=None, mono="left")
    right, _ = load_audio(data, sr=None, mono="right")
    for got, c in ((left, 0), (right, 1)):
        frequency = np.argmax(np.abs(np.fft.rfft(got[:48000])))
        # AAC keeps centre first inside, FFmpeg hands out left, right, centre ...; the encoder took them in that order.
        assert frequency == pytest.approx(300 * (c + 1), abs=3)


def test_levels_are_kept() -> None:
    y = np.array([0.0, 4.0, -7.5, 0.25], np.float32)
    np.testing.assert_array_equal(load_audio(encoded(y, subtype="FLOAT"))[0], y)


def test_many_blocks_are_one_sound() -> None:
    y = np.random.default_rng(0).uniform(-1, 1, (60_000, 40)).astype(np.float32)
    np.testing.assert_allclose(load_audio(encoded(y, subtype="FLOAT"))[0], y.mean(axis=1), rtol=0, atol=1e-6)


def test_any_source(tone_flac: Path) -> None:
    expected, _ = load_audio(tone_flac)
    data = tone_flac.read_bytes()
    for source in (str(tone_flac), data, bytearray(data), io.BytesIO(data)):
        np.testing.assert_array_equal(load_audio(source)[0], expected)
    with tone_flac.open("rb") as file:
        file.seek(17)
        np.testing.assert_array_equal(load_audio(file)[0], expected)
        assert read_info(file, content=True) == read_info(data, content=True)
        assert file.tell() == 17


def test_large_file_objects_are_not_copied(tmp_path: Path) -> None:
    y = np.arange(5_000_000, dtype=np.int16)
    path = tmp_path / "large.wav"
    sf.write(path, y, 48000)
    for source in (path, io.BytesIO(path.read_bytes())):
        np.testing.assert_array_equal(load_audio(source, sr=None)[0], y / np.float32(32768))
        part, _ = load_audio(source, sr=None, offset=90, duration=1)
        np.testing.assert_array_equal(part, y[90 * 48000 :][:48000] / np.float32(32768))


def test_names_that_are_hard_to_spell(tone_wav: Path, tmp_path: Path) -> None:
    for name in ("кот 🐈.wav", "-rf.wav", "a" * 200 + ".wav", "line\nbreak.wav", '<img src=x onerror="alert(1)">.wav'):
        path = tmp_path / name
        path.write_bytes(tone_wav.read_bytes())
        assert len(load_audio(path)[0]) == 11025
    if sys.platform == "linux":
        undecodable = os.fsencode(tmp_path) + b"/\xff\xfe.wav"
        Path(os.fsdecode(undecodable)).write_bytes(tone_wav.read_bytes())
        assert len(load_audio(os.fsdecode(undecodable))[0]) == 11025


def test_threads_do_not_meet(tone_wav: Path, tone_flac: Path, tone_ogg: Path, tone_mp3: Path) -> None:
    files = [tone_wav, tone_flac, tone_ogg, tone_mp3] * 25
    expected = {path: load_audio(path)[0] for path in files[:4]}
    with ThreadPoolExecutor(8) as pool:
        for path, (y, _) in zip(files, pool.map(load_audio, files), strict=True):
            np.testing.assert_array_equal(y, expected[path])


# ---------------------------------------------------------------- bad input: headers


@pytest.mark.parametrize("sr", [1, 999, 768_001, 2_000_000_000])
def test_impossible_sample_rates(sr: int, tone_wav: Path) -> None:
    text = refused_by_header(patched(tone_wav.read_bytes(), 24, struct.pack("<I", sr)))
    assert str(sr) in text
    assert "1000 to 768000 Hz" in text


@pytest.mark.parametrize("sr", [0, 4_000_000_000])
def test_sample_rates_that_are_no_number_at_all(sr: int, tone_wav: Path) -> None:
    assert "sample rate" in refused_by_header(patched(tone_wav.read_bytes(), 24, struct.pack("<I", sr)))


def test_too_many_channels() -> None:
    assert "1024 channels" in refused_by_header(encoded(np.zeros((10, 1024))))
    assert "65 channels" in refused_by_header(encoded(np.zeros((10, 65))))


@pytest.mark.parametrize("form", ["WAV", "OGG", "AIFF"])
def test_zero_length(form: str) -> None:
    assert "no samples" in refused_by_header(encoded(np.zeros(0), form=form))


def test_empty(tmp_path: Path) -> None:
    path = tmp_path / "nothing.wav"
    path.touch()
    assert "'nothing.wav' is empty" in refused_by_header(path)
    assert "is empty" in refused_by_header(b"")


LOOKS = {
    "an HTML page": b"\n<!DOCTYPE html>\n<html><head><title>404</title></head></html>",
    "a playlist": b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/a.ts\n",
    "a text file": b"file_name,label\na.wav,dog\n",
    "an XML text": b"<?xml version='1.0'?><smil/>",
    "a zip archive": b"PK\x03\x04" + bytes(100),
    "a gzip archive": b"\x1f\x8b\x08\x00" + bytes(100),
    "a PNG picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "a MIDI file": b"MThd\x00\x00\x00\x06\x00\x01",
    "a Git LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n",
    "nothing but zero bytes": bytes(5000),
    "a macOS resource fork": b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X",
    "no format that is known": bytes(range(255, 150, -3)),
    "an ID3 tag with no MP3": b"ID3\x03\x00\x00\x00\x00\x00\x05" + bytes(500),
}


@pytest.mark.parametrize("looks", LOOKS)
def test_no_sound_is_named_for_what_it_is(looks: str, tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(LOOKS[looks])
    text = refused_by_header(path)
    assert text.startswith(f"'song.mp3' looks like {looks}")
    assert "mp3" in text.removeprefix("'song.mp3'")


def test_text_in_utf_16_is_text() -> None:
    assert "a text file" in refused_by_header("Schülerliste; Klasse 7b\r\n".encode("utf-16"))


def test_playlists_touch_no_network(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/a.mp3"
        server.setblocking(False)
        lists = {
            "hls": f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\n{address}\n#EXT-X-ENDLIST\n",
            "pls": f"[playlist]\nFile1={address}\n",
            "concat": f"ffconcat version 1.0\nfile {address}\n",
            "dash": f"<MPD xmlns='urn:mpeg:dash:schema:mpd:2011'><BaseURL>{address}</BaseURL></MPD>",
            "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n",
        }
        for kind, text in lists.items():
            for suffix in ("mp3", "m4a", "aac", "webm", "wav"):
                path = tmp_path / f"{kind}.{suffix}"
                path.write_text(text)
                refused_by_header(path)
        with pytest.raises(BlockingIOError):
            server.accept()


# ---------------------------------------------------------------- bad input: lengths


@pytest.mark.parametrize("form", ["WAV", "WAVEX", "RF64", "AIFF", "AU", "OGG"])
def test_truncated_is_told_by_the_header(form: str, tone: Callable[..., Samples]) -> None:
    data = encoded(tone(seconds=3), form=form)
    load_audio(data)
    for part in (0.5, 0.9):
        assert "breaks off" in refused_by_header(data[: int(part * len(data))])


@pytest.mark.parametrize("form", ["FLAC", "MP3"])
def test_truncated_is_told_by_decoding(form: str, tone: Callable[..., Samples]) -> None:
    data = encoded(tone(seconds=3), form=form)
    load_audio(data)
    for part in (0.5, 0.9):
        assert "breaks off" in refusal(data[: int(part * len(data))])


@pytest.mark.parametrize(("container", "codec"), [("webm", "libopus"), ("matroska", "pcm_s16le")])
def test_truncated_ffmpeg_formats(container: str, codec: str, tone: Callable[..., Samples]) -> None:
    data = by_av(tone(seconds=3, sr=48000)[np.newaxis], 48000, container, codec)
    load_audio(data)
    assert "breaks off" in refusal(data[: len(data) // 2])


def test_truncated_m4a(tone: Callable[..., Samples]) -> None:
    # The index of an m4a file is at its end.
    data = by_av(tone(seconds=3, sr=48000)[np.newaxis], 48000, "ipod", "aac")
    refused_by_header(data[: len(data) // 2])


def test_only_a_header() -> None:
    data = encoded(np.ones(1000) / 2)
    assert "2000 bytes that its header promises are not there" in refused_by_header(data[:44])
    refused_by_header(data[:20])


def test_a_missing_pad_byte_is_no_damage() -> None:
    data = encoded(np.full(1001, 0.5), subtype="PCM_U8")
    assert len(data) % 2 == 0
    assert len(load_audio(data[:-1])[0]) == 1001


def flac_of_length(total: int) -> bytes:
    """A short FLAC whose STREAMINFO claims ``total`` samples."""
    data = encoded(np.zeros(44100), 44100, form="FLAC")
    return patched(data, 21, bytes([(data[21] & 0xF0) | total >> 32]) + struct.pack(">I", total & 0xFFFFFFFF))


def test_small_file_that_decodes_to_gigabytes_is_refused_by_its_header() -> None:
    # 2.6 GB of float32: 650 million samples, 4 hours.
    text = refusal(flac_of_length(650_000_000))
    assert "14739 s" in text
    assert "600 s" in text
    # An hour of eight channels fits into ten minutes of nothing: rate times channels is bounded as well.
    many = encoded(np.zeros((10, 8)), 655_350, form="FLAC")
    total = 599 * 655_350
    many = patched(many, 21, bytes([(many[21] & 0xF0) | total >> 32]) + struct.pack(">I", total & 0xFFFFFFFF))
    assert total * 8 > MAX_SAMPLES
    assert "at most 1.34e+08" in refusal(many)


def test_a_real_bomb_is_not_decoded(tmp_path: Path) -> None:
    path = tmp_path / "bomb.flac"
    with sf.SoundFile(path, "w", 8000, 8, format="FLAC") as file:
        for _ in range(50):
            file.write(np.zeros((100_000, 8), np.int16))
    assert path.stat().st_size < 1_000_000
    assert "600 s" in refusal(path)
    assert len(load_audio(path, sr=None, offset=300, duration=1)[0]) == 8000


@pytest.mark.parametrize("total", [44_101, 10_000_000])
def test_header_that_claims_more_than_there_is(total: int) -> None:
    assert read_info(flac_of_length(total)).frames == total
    assert "breaks off" in refusal(flac_of_length(total))


def test_header_that_claims_less_than_there_is() -> None:
    assert len(load_audio(flac_of_length(1000), sr=None)[0]) == 1000


def test_mp3_tag_that_lies(tone: Callable[..., Samples]) -> None:
    data = encoded(tone(seconds=2), form="MP3")
    tag = max(data.find(b"Xing"), data.find(b"Info"))
    frames = struct.unpack(">I", data[tag + 8 : tag + 12])[0]
    assert "breaks off" in refusal(patched(data, tag + 8, struct.pack(">I", 2 * frames)))
    assert "600 s" in refusal(patched(data, tag + 8, struct.pack(">I", 2**30)))


def test_three_hours(tmp_path: Path) -> None:
    path = tmp_path / "lesson.wav"
    frames = 3 * 3600 * 8000
    header = encoded(np.zeros(1), 8000)[:40] + struct.pack("<I", 2 * frames)
    with path.open("wb") as file:
        file.write(header)
        file.truncate(44 + 2 * frames)
        file.seek(44 + 2 * 8000 * 7200)
        file.write(np.full(8000, 16384, np.int16).tobytes())
    assert read_info(path).seconds == 10_800
    text = refusal(path)
    assert "10800 s" in text
    assert "cut it" in text
    y, _ = load_audio(path, sr=None, offset=7200, duration=1)
    np.testing.assert_array_equal(y, np.full(8000, 0.5, np.float32))
    assert "3600 s" in refusal(path, offset=7200)


def test_longest_clip_is_a_setting(tone_wav: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOCLF_MAX_CLIP_SECONDS", "0.4")
    assert "at most 0.4 s" in refusal(tone_wav)
    assert len(load_audio(tone_wav, duration=0.4)[0]) == 8820
    monkeypatch.setenv("AUDIOCLF_MAX_CLIP_SECONDS", "long")
    assert "AUDIOCLF_MAX_CLIP_SECONDS" in refusal(tone_wav)


def test_memory_of_resampling_is_bounded() -> None:
    assert "samples" in refusal(encoded(np.zeros(550_000), 1000), sr=768_000)


# ---------------------------------------------------------------- bad input: samples, stretches, arguments, sources


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("sr", [None, 22050, 16000])
def test_samples_that_are_no_numbers(value: float, sr: int | None) -> None:
    for position in (0, 5000, 9999):
        y = np.zeros((10_000, 2), np.float32)
        y[position, 1] = value
        assert "NaN or infinite" in refusal(encoded(y, subtype="FLOAT"), sr=sr)
        assert "NaN or infinite" in refusal(encoded(y[:, 1], subtype="FLOAT"), sr=sr)


def test_samples_too_large_for_float32() -> None:
    assert "NaN or infinite" in refusal(encoded([1e300, 0.0], subtype="DOUBLE"))
    huge = np.full((1000, 2), 3e38, np.float32)
    assert "NaN or infinite" in refusal(encoded(huge, subtype="FLOAT"))


def test_stretch_behind_the_end(tone_wav: Path) -> None:
    text = refusal(tone_wav, offset=2)
    assert "'tone.wav' is 0.5 s long" in text
    assert "2 s" in text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("sr", value) for value in (0, -1, 999, 22050.5, 1e9, float("nan"), float("inf"))),
        *(("offset", value) for value in (-1, float("nan"), float("inf"))),
        *(("duration", value) for value in (0, -1, float("nan"), float("inf"))),
        ("mono", "centre"),
    ],
)
def test_impossible_arguments(field: str, value: object, tone_wav: Path) -> None:
    with pytest.raises(ParameterError, match=rf"^{field} must be .*got") as caught:
        load_audio(tone_wav, **{field: value})  # type: ignore[arg-type]
    assert caught.value.field == field


def test_places_that_hold_no_file(tmp_path: Path) -> None:
    assert "is not there" in refused_by_header(tmp_path / "missing.wav")
    assert "is a folder" in refused_by_header(tmp_path)
    assert "cannot be opened" in refused_by_header("nul\0byte.wav")
    assert "cannot be opened" in refused_by_header(tmp_path / ("x" * 300))
    with pytest.raises(AudioError, match="is not there"):
        content_hash(tmp_path / "missing.wav")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.wav")
        assert "a device or a pipe" in refused_by_header(tmp_path / "pipe.wav")
        assert "a device or a pipe" in refused_by_header("/dev/zero")


def test_objects_that_are_no_files(tone_wav: Path) -> None:
    assert "opened as text" in refused_by_header(io.StringIO("text"))
    assert "must be a path, bytes or an open file" in refused_by_header(None)
    assert "must be a path, bytes or an open file" in refused_by_header(17)
    with tone_wav.open("rb") as closed:
        pass
    assert "must be a path, bytes or an open file" in refused_by_header(closed)
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as pipe:
        assert "that can seek" in refused_by_header(pipe)
    os.close(writing)


class Failing(io.BytesIO):
    """A file on a disk that stops answering."""

    def __init__(self, data: bytes, good: int) -> None:
        super().__init__(data)
        self.good = good

    def read(self, n: int | None = -1) -> bytes:
        if self.tell() + max(n or 0, 0) > self.good:
            raise OSError(5, "Input/output error")
        return super().read(n)


@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG", "MP3"])
def test_disk_that_fails(form: str, capfd: pytest.CaptureFixture[str]) -> None:
    class File:
        """Not a BytesIO, whose content is had in one go."""

        def __init__(self, data: bytes, good: int) -> None:
            inner = Failing(data, good)
            self.read, self.seek, self.tell = inner.read, inner.seek, inner.tell

    data = encoded(np.random.default_rng(0).uniform(-1, 1, 100_000), form=form)
    for good in (10, 1000, len(data) // 2):
        assert "Input/output error" in refusal(File(data, good))
    assert "callback" not in capfd.readouterr().err


@pytest.mark.parametrize("name", ["evil\x1b[31m\n.wav", "\u202egnp.wav", "a" * 500 + ".wav", "=cmd|'C calc'!A0.wav"])
def test_names_in_sentences_are_tame(name: str) -> None:
    file = io.BytesIO(b"no sound at all")
    file.name = name
    text = refused_by_header(file)
    assert text.isprintable()
    assert text.split(" looks like")[0] == display_name(name)
    assert len(display_name(name)) <= 82


@given(st.text())
def test_display_name_prints_and_is_short(name: str) -> None:
    shown = display_name(name)
    assert shown.isprintable()
    assert len(shown) <= 82


def test_damaged_vorbis_set_up_does_not_crash_a_seek() -> None:
    """libsndfile 1.2.2 dies of a null pointer when it seeks in such a file; in a process of its own, to be sure."""
    script = """
import io, sys
import numpy as np, soundfile as sf
sys.path.insert(0, sys.argv[1])
from test_fuzz import _mend_checksums
from audioclf.audio.io import load_audio
from audioclf.core.errors import AudioError
buffer = io.BytesIO()
sf.write(buffer, np.random.default_rng(0).uniform(-.5, .5, 8000), 16000, format="OGG", subtype="VORBIS")
refused = 0
for position in range(400, 3000, 100):
    data = bytearray(buffer.getvalue())
    data[position] ^= 0xFF
    _mend_checksums(data)
    try:
        load_audio(bytes(data), offset=0.25)
    except AudioError:
        refused += 1
print(refused)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(Path(__file__).parent)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 5


# ---------------------------------------------------------------- the small functions


def test_fix_length() -> None:
    y = np.arange(1, 6, dtype=np.float32)
    assert fix_length(y, 3).tolist() == [1, 2, 3]
    assert fix_length(y, 3, "center").tolist() == [1, 2, 3]
    assert fix_length(y, 8).tolist() == [1, 2, 3, 4, 5, 0, 0, 0]
    assert fix_length(y, 8, "center").tolist() == [0, 1, 2, 3, 4, 5, 0, 0]
    assert fix_length(y, 12, "repeat").tolist() == [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2]
    np.testing.assert_array_equal(fix_length(y, 8, "center"), librosa.util.pad_center(y, size=8))
    np.testing.assert_array_equal(fix_length(y, 8), librosa.util.fix_length(y, size=8))
    with pytest.raises(ParameterError, match="at least 1, got 0"):
        fix_length(y, 0)
    with pytest.raises(ParameterError, match="'end', 'center' or 'repeat'"):
        fix_length(y, 3, "start")


@given(st.integers(0, 50), st.integers(1, 120), st.sampled_from(["end", "center", "repeat"]))
def test_fix_length_always_gives_that_length(n: int, wanted: int, pad: str) -> None:
    y = np.linspace(-1, 1, n, dtype=np.float32)
    fixed = fix_length(y, wanted, pad)
    assert fixed.shape == (wanted,)
    assert fixed.dtype == np.float32


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=200))
def test_wav_bytes_of_16_bit_samples_are_bit_by_bit_the_same(samples: list[int]) -> None:
    stored = np.array(samples, np.int16)
    y, sr = load_audio(wav_bytes(stored / np.float32(32768), 16000), sr=None)
    assert sr == 16000
    np.testing.assert_array_equal(y * 32768, stored)


def test_wav_bytes_keeps_levels_and_clips() -> None:
    quiet = np.array([0.001, -0.002, 0.0], np.float32)
    np.testing.assert_allclose(load_audio(wav_bytes(quiet, 22050))[0], quiet, atol=2**-16)
    loud, _ = load_audio(wav_bytes([3.0, -3.0, 1.0], 22050))
    assert loud.tolist() == [32767 / 32768, -1.0, 32767 / 32768]
    stereo = wav_bytes(np.zeros((100, 2)), 8000)
    assert read_info(stereo) == read_info(encoded(np.zeros((100, 2)), 8000))


@pytest.mark.parametrize("y", [[], [[[0.0]]], [0.0, np.nan], [np.inf]])
def test_wav_bytes_of_nothing_sensible(y: list[float]) -> None:
    with pytest.raises(AudioError, match=r"needs .*, got "):
        wav_bytes(y, 22050)


def test_content_hash(tone_wav: Path) -> None:
    expected = hashlib.blake2b(tone_wav.read_bytes(), digest_size=16).hexdigest()
    assert content_hash(tone_wav) == expected
    assert read_info(tone_wav, content=True).content == expected
    assert read_info(tone_wav).content == ""


def test_import_is_light() -> None:
    script = (
        "import sys, audioclf.audio.io; print([m for m in ('soundfile', 'av', 'soxr', 'librosa') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "[]\n"
