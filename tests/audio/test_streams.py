"""Streams with other bytes around them, what FFmpeg reads, and stretches of it."""

from __future__ import annotations

import io
import struct

import numpy as np
import numpy.typing as npt
import pytest
import soundfile as sf
from hypothesis import given
from hypothesis import strategies as st

from audioclf.audio import mpeg
from audioclf.audio.io import load_audio, read_info
from audioclf.core.errors import AudioError

Samples = npt.NDArray[np.float32]


def chirp(seconds: float, sr: int) -> Samples:
    t = np.arange(round(seconds * sr)) / sr
    y = 0.4 * np.sin(2 * np.pi * (200 * t + 20 * t * t)) * (0.6 + 0.4 * np.sin(2 * np.pi * 3.3 * t))
    return y.astype(np.float32)


def mp3(seconds: float = 2.0, sr: int = 44100, *, tagged: bool = True) -> bytes:
    buffer = io.BytesIO()
    sf.write(buffer, chirp(seconds, sr), sr, format="MP3")
    data = buffer.getvalue()
    return data if tagged else data.replace(b"Xing", bytes(4)).replace(b"Info", bytes(4))


def by_av(y: Samples, sr: int, container: str, codec: str, bit_rate: int | None = None) -> bytes:
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as output:
        stream = output.add_stream(codec, rate=sr, layout="mono")
        if bit_rate:
            stream.bit_rate = bit_rate
        frame = av.AudioFrame.from_ndarray(y[np.newaxis], format="flt", layout="mono")
        frame.sample_rate = sr
        resampler = av.AudioResampler(stream.format, "mono", sr, frame_size=stream.codec_context.frame_size or 1024)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            output.mux(stream.encode(part))
        output.mux(stream.encode(None))
    return buffer.getvalue()


def id3(size: int, content: bytes) -> bytes:
    """An ID3v2 tag that states ``size`` bytes."""
    return b"ID3\x03\0\0" + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)) + content


def ape(content: bytes, *, header: bool) -> bytes:
    flags = 0x80000000 if header else 0
    block = struct.pack("<8sIIII8x", b"APETAGEX", 2000, len(content) + 32, 1, flags)
    return (struct.pack("<8sIIII8x", b"APETAGEX", 2000, len(content) + 32, 1, 0xA0000000) if header else b"") + (
        content + block
    )


# pictures are full of bytes that look like the beginning of a frame
PICTURE = b"APIC\0\0\xea\x60\0\0\0image/jpeg\0\3\0\xff\xd8\xff\xe0" + 9000 * b"\xff\xfb\x90\x64"


def noise(n: int) -> bytes:
    return np.random.default_rng(n).bytes(n)


# ---------------------------------------------------------------- what stands around a stream


@pytest.mark.parametrize("tagged", [True, False])
@pytest.mark.parametrize(
    "before",
    [
        *(noise(n) for n in (1, 19, 417, 5000, 100_000)),
        b"HTTP/1.1 200 OK\r\n\r\n",
        bytes(3000),
        bytes(10_000),
        id3(59510, PICTURE + noise(24_000)),
        id3(100, PICTURE),
        id3(2**27, PICTURE),
        id3(len(PICTURE) + 700, PICTURE),
        id3(20, bytes(20)) + id3(9, PICTURE),
        id3(20, bytes(20)) + noise(300),
    ],
    ids=lambda before: f"{bytes(before[:4]).hex()}-{len(before)}",
)
def test_before_the_first_frame(before: bytes, tagged: bool) -> None:
    plain = mp3(tagged=tagged)
    info = read_info(before + plain)
    assert (info.frames, info.sr) == (read_info(plain).frames, 44100)
    assert f"at byte {len(before)};" in info.remark
    np.testing.assert_array_equal(load_audio(before + plain)[0], load_audio(plain)[0])


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        (b"", b"TAG" + bytes(125)),
        (b"", ape(bytes(500), header=True)),
        (b"", ape(bytes(500), header=False)),
        (b"", ape(bytes(500), header=True) + b"TAG" + bytes(125)),
        (b"", b"TAG" + bytes(125) + ape(bytes(77), header=True)),
        (id3(len(PICTURE), PICTURE), ape(bytes(500), header=True)),
        (id3(30, bytes(30)) + id3(len(PICTURE), PICTURE), b""),
        (ape(bytes(90), header=True), b""),
    ],
)
def test_true_tags_need_no_remark(before: bytes, behind: bytes) -> None:
    plain = mp3()
    if before[:4] == b"APET":  # in front it has its header first, and a footer behind
        before = before[:32] + before[32:]
    assert read_info(before + plain + behind) == read_info(plain)
    np.testing.assert_array_equal(load_audio(before + plain + behind)[0], load_audio(plain)[0])


def test_aac_behind_other_bytes() -> None:
    plain = by_av(chirp(1, 44100), 44100, "adts", "aac")
    for before in (noise(500), id3(5, PICTURE)):
        assert read_info(before + plain).frames == read_info(plain).frames
        np.testing.assert_array_equal(load_audio(before + plain)[0], load_audio(plain)[0])


@pytest.mark.parametrize("form", ["WAV", "AIFF", "FLAC", "OGG", "RF64"])
@pytest.mark.parametrize("before", [id3(10, bytes(10)), id3(4, bytes(100)), b"HTTP/1.1 200 OK\r\n\r\n", noise(99)])
def test_other_sounds_behind_other_bytes(form: str, before: bytes) -> None:
    buffer = io.BytesIO()
    sf.write(buffer, chirp(1, 16000), 16000, format=form)
    plain = buffer.getvalue()
    assert read_info(before + plain).frames == 16000
    np.testing.assert_array_equal(load_audio(before + plain)[0], load_audio(plain)[0])


@pytest.mark.parametrize("before", [b"PK\x03\x04", b"%PDF-1.4", b"\x89PNG\r\n\x1a\n", b"\0\0\1\xba", b"FLV\1"])
def test_a_stream_inside_something_else_is_not_dug_out(before: bytes) -> None:
    with pytest.raises(AudioError, match="looks like a"):
        read_info(before + bytes(100) + mp3())


@given(st.binary(max_size=3000))
def test_noise_is_no_stream(data: bytes) -> None:
    with pytest.raises(AudioError):
        read_info(b"\x01" + data)


def test_a_first_frame_needs_others_behind_it() -> None:
    data = mp3(tagged=False)
    second = mpeg.frame(data)
    assert second is not None
    assert mpeg.find(io.BytesIO(data[1:]), 0, len(data) - 1) is None
    found = mpeg.find(io.BytesIO(data[1:]), 0, len(data) - 1, searched=5000)
    assert found is not None
    assert found.start == second.length - 1


@pytest.mark.parametrize("cut", [0xFFFFFF, 0x2404B0 + 0x500, 0x999000])
def test_a_tag_that_takes_away_everything(cut: int) -> None:
    data = mp3(0.02, 22050)
    at = data.find(b"LAME") + 21
    lying = data[:at] + cut.to_bytes(3, "big") + data[at + 3 :]
    for read in (read_info, load_audio):
        with pytest.raises(AudioError, match="takes away"):
            read(lying)


def test_a_tag_without_frames_is_counted() -> None:
    data = mp3()
    at = max(data.find(b"Xing"), data.find(b"Info")) + 8
    assert read_info(data[:at] + bytes(4) + data[at + 4 :]).seconds == pytest.approx(2, abs=0.08)


# ---------------------------------------------------------------- what libsndfile does not read


@pytest.mark.parametrize(
    ("container", "codec", "sr", "bit_rate", "name"),
    [
        ("asf", "wmav2", 44100, 128_000, "ASF"),
        ("asf", "wmav1", 22050, 64_000, "ASF"),
        ("amr", "libopencore_amrnb", 8000, 12_200, "AMR"),
        ("3gp", "libopencore_amrnb", 8000, 12_200, "MP4"),
        ("3gp", "aac", 22050, None, "MP4"),
        ("mov", "pcm_s16le", 44100, None, "MP4"),
        ("mpegts", "mp2", 44100, None, "TS"),
        ("mpegts", "aac", 48000, None, "TS"),
        ("mpegts", "ac3", 48000, None, "TS"),
        ("caf", "pcm_s24be", 44100, None, "CAF"),
        ("caf", "adpcm_ima_qt", 44100, None, "CAF"),
        ("wav", "adpcm_swf", 22050, None, "WAV"),
        ("wav", "adpcm_yamaha", 22050, None, "WAV"),
        ("wav", "g722", 16000, None, "WAV"),
        ("wav", "g726", 8000, None, "WAV"),
        ("wav", "pcm_mulaw", 8000, None, "WAV"),
        ("wav", "ac3", 48000, None, "WAV"),
        ("wav", "libmp3lame", 44100, 64_000, "MP3"),
        ("wav", "mp2", 44100, None, "MP3"),
        ("w64", "adpcm_ms", 22050, None, "W64"),
        ("matroska", "aac", 44100, None, "WEBM"),
        ("matroska", "libmp3lame", 44100, None, "WEBM"),
        ("matroska", "pcm_s16le", 44100, None, "WEBM"),
        ("webm", "libopus", 48000, None, "WEBM"),
        ("ipod", "aac", 44100, None, "MP4"),
        ("mp4", "alac", 44100, None, "MP4"),
    ],
)
def test_formats(container: str, codec: str, sr: int, bit_rate: int | None, name: str) -> None:
    """The length is right, the sound is, and every stretch is a part of the whole to the sample."""
    y = chirp(12, sr)
    data = by_av(y, sr, container, codec, bit_rate)
    info = read_info(data)
    assert (info.format, info.sr, info.channels) == (name, sr, 1)
    whole, _ = load_audio(data, sr=None)
    assert info.seconds == pytest.approx(12, abs=0.08)
    assert len(whole) / sr == pytest.approx(12, abs=0.08)
    assert info.frames == pytest.approx(len(whole), abs=0.06 * sr)
    middle = whole[6 * sr : 8 * sr]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(
        np.sqrt(np.mean(y[6 * sr : 8 * sr] ** 2)), rel=0.3 if "amr" in codec else 0.1
    )
    for start in (int(0.3 * sr), int(5.0123 * sr), int(7.77 * sr), 10 * sr + 5):
        part, _ = load_audio(data, sr=None, offset=start / sr, duration=0.2)
        # a decoder of speech needs a while to forget where it began
        np.testing.assert_allclose(part, whole[start:][: len(part)], rtol=0, atol=0.01 if "amr" in codec else 1e-5)


def edited(data: bytes, *edits: tuple[float, int]) -> bytes:
    """An m4a or 3gp with another edit list: seconds of the result, and the sample they begin at (-1 is nothing)."""
    at = data.rindex(b"moov") - 4
    head, index = data[:at], bytearray(data[at:])
    scale = struct.unpack(">I", index[index.index(b"mvhd") + 16 :][:4])[0]
    old = index.index(b"elst") - 4
    size = struct.unpack(">I", index[old : old + 4])[0]
    rows = b"".join(struct.pack(">IiI", round(seconds * scale), first, 65536) for seconds, first in edits)
    new = struct.pack(">I4sII", 16 + len(rows), b"elst", 0, len(edits)) + rows
    index[old : old + size] = new
    for name in (b"moov", b"trak", b"edts"):
        place = index.index(name) - 4
        length = struct.unpack(">I", index[place : place + 4])[0] + len(new) - size
        index[place : place + 4] = struct.pack(">I", length)
    return head + bytes(index)


@pytest.mark.parametrize(
    ("container", "codec", "sr"), [("ipod", "aac", 44100), ("mp4", "alac", 44100), ("3gp", "libopencore_amrnb", 8000)]
)
def test_edit_lists(container: str, codec: str, sr: int) -> None:
    data = by_av(chirp(12, sr), sr, container, codec)
    plain, _ = load_audio(data, sr=None)
    lead = 1024 if codec == "aac" else 0
    for edits, seconds, begin in (
        ([(5, lead + 2 * sr)], 5, 2 * sr),
        ([(1, -1), (9, lead)], 9, 0),
        ([(3, lead + sr), (3, lead + 6 * sr)], 6, sr),
    ):
        cut = edited(data, *edits)
        whole, _ = load_audio(cut, sr=None)
        assert read_info(cut).seconds == pytest.approx(seconds, abs=0.01)
        assert len(whole) / sr == pytest.approx(seconds, abs=0.06)
        if codec == "alac":
            np.testing.assert_allclose(whole[:sr], plain[begin : begin + sr], rtol=0, atol=1e-5)
        for start in (int(0.3 * sr), int(2.5 * sr), int(4.1 * sr)):
            part, _ = load_audio(cut, sr=None, offset=start / sr, duration=0.2)
            np.testing.assert_allclose(part, whole[start:][: len(part)], rtol=0, atol=0.01 if "amr" in codec else 1e-5)


def ogg_flac(y: npt.NDArray[np.int16], sr: int) -> bytes:
    """A FLAC stream in Ogg pages, one packet each."""
    buffer = io.BytesIO()
    sf.write(buffer, y, sr, format="FLAC")
    flac = buffer.getvalue()
    info, at, last = flac[4:42], 42, flac[4] & 0x80
    while not last:
        last, length = flac[at] & 0x80, int.from_bytes(flac[at + 1 : at + 4], "big")
        at += 4 + length
    comment = b"\x84\0\0\x08" + bytes(8)
    packets = [b"\x7fFLAC\x01\0\0\x01fLaC" + bytes((info[0] & 0x7F,)) + info[1:], comment]
    granules = [0, 0]
    # every frame begins with the same 15 bits, and is of 4,096 samples here
    starts = [at]
    while (following := flac.find(flac[at : at + 4], starts[-1] + 6)) > 0:
        starts.append(following)
    for number, start in enumerate(starts):
        packets.append(flac[start : starts[number + 1] if number + 1 < len(starts) else len(flac)])
        granules.append(min(len(y), 4096 * (number + 1)))
    pages = b""
    for number, (packet, granule) in enumerate(zip(packets, granules, strict=True)):
        lacing = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
        flags = 2 if number == 0 else 4 if number == len(packets) - 1 else 0
        page = struct.pack("<4sBBqIIIB", b"OggS", 0, flags, granule, 7, number, 0, len(lacing)) + lacing + packet
        pages += page[:22] + checksum(page) + page[26:]
    return pages


def checksum(page: bytes) -> bytes:
    crc = 0
    for byte in page:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7 if crc & 0x80000000 else crc << 1) & 0xFFFFFFFF
    return struct.pack("<I", crc)


def test_flac_in_ogg() -> None:
    y = np.random.default_rng(0).integers(-3000, 3000, 8 * 4096).astype(np.int16)
    data = ogg_flac(y, 16000)
    info = read_info(data)
    assert (info.format, info.subtype, info.frames) == ("OGG", "FLAC", len(y))
    np.testing.assert_array_equal(load_audio(data, sr=None)[0], y / np.float32(32768))
    part, _ = load_audio(data, sr=None, offset=1, duration=0.1)
    np.testing.assert_array_equal(part, y[16000:17600] / np.float32(32768))


def test_streams_that_break_off_are_refused() -> None:
    for container, codec, sr, bit_rate in (
        ("asf", "wmav2", 44100, 128_000),
        ("amr", "libopencore_amrnb", 8000, 12_200),
    ):
        data = by_av(chirp(4, sr), sr, container, codec, bit_rate)
        with pytest.raises(AudioError, match="breaks off"):
            load_audio(data[: len(data) // 2 + 7])


def test_damage_is_read_or_refused_in_a_sentence() -> None:
    for container, codec, sr in (("asf", "wmav2", 44100), ("amr", "libopencore_amrnb", 8000), ("mpegts", "mp2", 44100),
                                 ("caf", "adpcm_ima_qt", 44100), ("wav", "adpcm_swf", 22050)):  # fmt: skip
        data = by_av(chirp(0.5, sr), sr, container, codec, 64_000 if codec == "wmav2" else None)
        rng = np.random.default_rng(0)
        for _ in range(150):
            broken = bytearray(data)
            for at in rng.integers(0, len(data), 6):
                broken[at] = rng.integers(256)
            del broken[int(rng.integers(len(data) // 2, len(data))) :]
            try:
                y, _ = load_audio(bytes(broken))
                assert np.isfinite(y).all()
            except AudioError as error:
                assert str(error).endswith(".")
