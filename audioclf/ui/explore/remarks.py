"""What deserves a word on the explored sound before it is seen: silence, a constant, lost frequencies."""

from __future__ import annotations

import numpy as np

from audioclf.audio.io import AudioSettings
from audioclf.datasets import Clip
from audioclf.ui.shell.text import seconds
from audioclf.ui.sound import cache

_FAR = 2.5
"""How many times the sample rate a file's may be until it is remarked on; 44,100 Hz read at 22,050 is usual."""


def remark(clip: Clip, audio: AudioSettings, wanted: AudioSettings) -> str:
    """One sentence, or none.

    Parameters
    ----------
    clip : Clip
    audio, wanted : AudioSettings
        How the clip is read, and how the user asked for.
    """
    if audio.sr < wanted.sr:
        return f"A recording of {seconds(clip.seconds)} is read at {audio.sr:,} Hz here, so that it can be drawn."
    low, high = _extremes(clip, audio)
    n_samples = len(cache.samples(clip, audio))
    if n_samples > 1 and low == high:
        if low == 0:
            return "This sound is silent: all of its samples are 0."
        return (
            f"All samples of this sound are {low:.3g}: a constant, which is heard as silence. What is seen at both ends"
            " comes from the padding."
        )
    if clip.info.sr > _FAR * audio.sr:
        return (
            f"The file has {clip.info.sr:,} Hz and is read at {audio.sr:,} Hz, so that nothing above"
            f" {audio.sr // 2:,} Hz is seen or heard; raise sr below to keep it."
        )
    return ""


@cache.kept(128, 128)
def _extremes(clip: Clip, audio: AudioSettings) -> tuple[float, float]:
    y = cache.samples(clip, audio)
    return float(np.min(y)), float(np.max(y))
