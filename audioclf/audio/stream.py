"""A sound of any length in blocks: memory stays the same however long it is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from audioclf.audio.io import MEND, Array, Source, check_arguments, checked_decoder, to_mono
from audioclf.audio.sources import opened
from audioclf.core.errors import AudioError


def stream_audio(source: Source, *, sr: int, mono: str = "mean", offset: float = 0.0) -> Iterator[Array]:
    """Decode a sound to mono float32 samples, block by block, without a limit on its length.

    The blocks one after the other are what :func:`~audioclf.audio.io.load_audio`, whose parameters these are, gives
    within 1e-4 (the resampler works through the same filter in pieces), and as many. An ``offset`` at the end of the
    file or later gives no block.

    Yields
    ------
    ndarray, shape (n,), float32
        About 2**20 samples of the file, over all channels.

    Raises
    ------
    AudioError, ParameterError
        As of :func:`~audioclf.audio.io.load_audio`. Of a file that is damaged or breaks off further on, all sound
        before the damage has been given by then.
    """
    import soxr

    check_arguments(sr, mono, offset, None)
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
