"""A sound of any length in blocks: memory stays the same however long it is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from audioclf.audio.io import MAX_SR, MEND, MIN_SR, Array, Source, checked_decoder, to_mono
from audioclf.audio.sources import opened
from audioclf.core.errors import AudioError, ParameterError


def stream_audio(source: Source, *, sr: int, mono: str = "mean", offset: float = 0.0) -> Iterator[Array]:
    """Decode a sound to mono float32 samples, block by block, without a limit on its length.

    The blocks one after the other are what :func:`~audioclf.audio.io.load_audio` gives within 1e-4 (the resampler
    works through the same filter in pieces), and as many.

    Parameters
    ----------
    source : path, bytes or seekable binary file
    sr : int
        Sample rate of the blocks in Hz, from 1000 to 768000; resampled with soxr's "HQ".
    mono : {"mean", "left", "right"}
        How several channels become one.
    offset : float
        Where to begin, in seconds from the start of the file; the end of the file or later gives no block.

    Yields
    ------
    ndarray, shape (n,), float32
        About 2**20 samples of the file, over all channels.

    Raises
    ------
    AudioError
        As of :func:`~audioclf.audio.io.load_audio`. Of a file that is damaged or breaks off further on, all sound
        before the damage has been given by then.
    ParameterError
    """
    import soxr

    if not MIN_SR <= sr <= MAX_SR:
        raise ParameterError(f"sr must be a whole number from {MIN_SR} to {MAX_SR} Hz, got {sr:g}.", "sr")
    if not 0 <= offset < float("inf"):
        raise ParameterError(f"offset must be a finite number of seconds from 0 on, got {offset:g}.", "offset")
    with opened(source) as (file, name), checked_decoder(file, name) as (sound, _):
        start = round(offset * sound.sr)
        wanted = sound.frames - start
        if wanted <= 0:
            return
        resampler = None if sound.sr == sr else soxr.ResampleStream(sound.sr, sr, 1, quality="HQ")
        decoded = given = 0
        for block in sound.blocks(start, wanted):
            y = to_mono(block, mono)
            if not np.isfinite(y).all():
                raise AudioError(
                    f"{name} holds samples that are NaN or infinite at {(start + decoded) / sound.sr:.0f} s, finite"
                    " numbers were expected; export it again as 16-bit WAV."
                )
            decoded += len(y)
            if resampler is not None:
                y = resampler.resample_chunk(y)
            given += len(y)
            if len(y):
                yield y
        if resampler is not None:
            left = -(-decoded * sr // sound.sr) - given
            rest = resampler.resample_chunk(np.zeros(0, np.float32), last=True)[: max(left, 0)]
            if len(rest):
                yield rest
        if decoded < wanted - (0 if sound.exact else round(0.1 * sound.sr)):
            raise AudioError(
                f"{name} is damaged or breaks off: {(start + decoded) / sound.sr:.3f} s of"
                f" {sound.frames / sound.sr:.3f} s could be decoded; {MEND}."
            )
