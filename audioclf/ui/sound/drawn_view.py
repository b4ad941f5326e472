"""What a page draws, as far as a script needs it to draw the same."""

from __future__ import annotations

from dataclasses import dataclass

from audioclf.audio.io import AudioSettings
from audioclf.datasets import Clip
from audioclf.features import Feature
from audioclf.plots.screen import Limits


@dataclass(frozen=True)
class View:
    """What is drawn.

    Attributes
    ----------
    groups : tuple of tuples of Clip
        One column each: a clip alone, or clips whose mean is drawn.
    titles : tuple of str
        One per column.
    features : tuple of Feature
    audio : AudioSettings
    shared : bool
        Whether a colour means the same in a whole row.
    n_samples : int or None
        Length the sounds of a mean are brought to; None draws single clips.
    span : (float, float) or None
        Stretch zoomed to, in seconds; None draws all of every sound.
    steady : bool
        Whether a stretch is drawn in the colours of the whole sound.
    """

    groups: tuple[tuple[Clip, ...], ...]
    titles: tuple[str, ...]
    features: tuple[Feature, ...]
    audio: AudioSettings
    shared: bool = True
    n_samples: int | None = None
    span: Limits | None = None
    steady: bool = False
