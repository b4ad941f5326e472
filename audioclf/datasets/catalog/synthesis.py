"""Plays one note of a SoundFont into an array.

Every layer is a wavetable oscillator, a resonant low-pass filter and a volume envelope, moved by a modulation
envelope and two low-frequency oscillators: the synthesis model of the SoundFont Technical Specification 2.04,
section 9, without its reverb, chorus and panning.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from audioclf.datasets.catalog import soundfont as sf
from audioclf.datasets.catalog.soundfont import SoundFont, Voice

VERSION = 2
"""Raise it when a note comes out differently: notes rendered before are then made anew."""

GAIN = 0.35
"""Leaves nearly every note of TimGM6mb below full scale; a louder one is brought down to it."""

Signal = npt.NDArray[Any]

_CONTROL = 64
"""Samples between two values of the control signals."""


def note(
    font: SoundFont,
    program: int,
    key: int,
    *,
    velocity: int = 100,
    seconds: float = 2.0,
    held: float | None = None,
    sr: int = 44100,
    percussion: bool = False,
) -> npt.NDArray[np.float32]:
    """One note, alone and dry.

    Parameters
    ----------
    font : SoundFont
    program, key, velocity : int
        MIDI numbers, 0 to 127; ``program`` counts from 0.
    seconds : float
        Length of the result.
    held : float or None
        How long the key is held, in seconds; None holds it for four fifths of the length.
    sr : int
        Sample rate in Hz.
    percussion : bool
        Whether ``key`` chooses a percussion sound (of the drum kit ``program``) instead of a pitch.

    Returns
    -------
    ndarray, shape (round(seconds * sr),), float32
        Between -1 and 1; silence where the SoundFont has nothing for the program.
    """
    n = round(seconds * sr)
    release = seconds * 0.8 if held is None else held
    y = np.zeros(n)
    for voice in font.voices(program, key, velocity, bank=128 if percussion else 0):
        heard = _voice(font, voice, key, velocity, n, release, sr)
        y[: len(heard)] += heard
    y *= GAIN
    return (y / max(1.0, float(np.abs(y).max()))).astype(np.float32)


def _voice(font: SoundFont, voice: Voice, key: int, velocity: int, n: int, release: float, sr: int) -> Signal:
    """One layer, as far as it is heard."""
    t = np.arange(0, n + _CONTROL, _CONTROL) / sr
    lfo = _lfo(voice, t, sf.MOD_LFO_DELAY, sf.MOD_LFO_RATE)
    # Centibels. Sound cards, which SoundFonts were tuned by ear on, apply 0.4 of the attenuation that is written.
    loss = 0.4 * voice.amount(sf.ATTENUATION) - voice.amount(sf.MOD_LFO_TO_VOLUME) * lfo
    # Default modulator 8.4.1, concave: 40 dB per tenfold velocity.
    gain = _volume_envelope(voice, key, t, release) * 10 ** (-loss / 200) * (velocity / 127) ** 2
    heard = np.flatnonzero(gain)[-1:] + 2
    if not heard.size:
        return np.zeros(0)
    t, lfo, gain = (control[: int(heard[0])] for control in (t, lfo, gain))
    n = min(n, (len(t) - 1) * _CONTROL)

    envelope = _modulation_envelope(voice, key, t, release)
    cents = (
        voice.amount(sf.MOD_ENV_TO_PITCH) * envelope
        + voice.amount(sf.MOD_LFO_TO_PITCH) * lfo
        + voice.amount(sf.VIB_LFO_TO_PITCH) * _lfo(voice, t, sf.VIB_LFO_DELAY, sf.VIB_LFO_RATE)
    )
    y = _oscillator(font, voice, _phase(voice, key, cents, n, sr), round(release * sr))

    # Default modulator 8.4.2: a soft note is up to two octaves darker.
    cutoff = (
        voice.amount(sf.FILTER_CUTOFF)
        + voice.amount(sf.MOD_ENV_TO_CUTOFF) * envelope
        + voice.amount(sf.MOD_LFO_TO_CUTOFF) * lfo
        - 2400 * (127 - velocity) / 127
    )
    return _low_pass(y, cutoff, voice.amount(sf.FILTER_Q) / 10, sr) * _stretched(gain, n)


def _phase(voice: Voice, key: int, cents: Signal, n: int, sr: int) -> Signal:
    """Position in the sample at every output sample, in sample points from its start."""
    sample = voice.sample
    root = voice.amount(sf.ROOT_KEY)
    fixed = (
        voice.amount(sf.SCALE_TUNING) * (key - (sample.root if root < 0 else root))
        + 100 * voice.amount(sf.COARSE_TUNE)
        + voice.amount(sf.FINE_TUNE)
        + sample.correction
    )
    step = sample.sr / sr * 2 ** (fixed / 1200)
    if not cents.any():
        return step * np.arange(n)
    steps = step * _stretched(2 ** (cents / 1200), n)
    return np.concatenate(([0.0], np.cumsum(steps)[:-1]))


def _oscillator(font: SoundFont, voice: Voice, phase: Signal, release: int) -> Signal:
    """The sample read at the given positions, looped as it asks for, by four-point cubic interpolation."""
    sample = voice.sample
    start = sample.start + voice.amount(sf.START) + 32768 * voice.amount(sf.START_COARSE)
    end = sample.end + voice.amount(sf.END) + 32768 * voice.amount(sf.END_COARSE)
    first = sample.loop_start + voice.amount(sf.LOOP_START) + 32768 * voice.amount(sf.LOOP_START_COARSE) - start
    last = sample.loop_end + voice.amount(sf.LOOP_END) + 32768 * voice.amount(sf.LOOP_END_COARSE) - start
    points = font.points[start:end].astype(np.float64) / 32768
    if len(points) < 4:
        return np.zeros(len(phase))
    mode = voice.amount(sf.LOOP_MODE)
    if mode in (1, 3) and 0 <= first < last <= len(points):
        looped = np.where(phase < last, phase, first + (phase - first) % (last - first))
        if mode == 3 and release < len(phase):
            looped[release:] = looped[release] + (phase[release:] - phase[release])
        phase = looped
    # Past the end there is silence; a fraction above 1 would let the spline run away.
    phase = np.minimum(phase, len(points))
    here = phase.astype(np.int64)
    fraction = phase - here
    # One point before and three behind, so that the first and last points have neighbours.
    padded = np.concatenate((points[:1], points, np.zeros(3)))
    before, at, after, beyond = (padded[np.minimum(here + shift, len(padded) - 1)] for shift in range(4))
    # Catmull-Rom spline.
    slope, next_slope = (after - before) / 2, (beyond - at) / 2
    rise = at - after
    y: Signal = at + fraction * (
        slope + fraction * (-3 * rise - 2 * slope - next_slope + fraction * (2 * rise + slope + next_slope))
    )
    return y


def _seconds(timecents: float) -> float:
    return 0.0 if timecents <= -12000 else float(2 ** (timecents / 1200))


def _stages(voice: Voice, first: int, hold: int, decay: int, key: int) -> tuple[float, float, float, float, float]:
    """Seconds of delay, attack, hold, decay and release; hold and decay shrink for high keys where so set."""
    delay, attack, held, decayed, _, released = (voice.amount(first + step) for step in range(6))
    held += voice.amount(hold) * (60 - key)
    decayed += voice.amount(decay) * (60 - key)
    # A millisecond at least, as the specification's own note on clicks asks for.
    return _seconds(delay), *(max(_seconds(time), 1e-3) for time in (attack, held, decayed, released))  # type: ignore[return-value]


def _volume_envelope(voice: Voice, key: int, t: Signal, release: float) -> Signal:
    """Gain over time: linear attack, then straight lines in decibels, 100 dB per decay or release time."""
    delay, attack, hold, decay, fall = _stages(voice, sf.VOLUME_ENV, sf.VOLUME_KEY_TO_HOLD, sf.VOLUME_KEY_TO_DECAY, key)
    sustain = min(max(voice.amount(sf.VOLUME_ENV + 4), 0), 1000) / 10

    def held(at: Signal) -> tuple[Signal, Signal]:
        rise = np.clip((at - delay) / attack, 0.0, 1.0)
        return rise, np.clip((at - delay - attack - hold) * 100 / decay, 0.0, sustain)

    rise, loss = held(np.minimum(t, release))
    loss = loss + np.maximum(t - release, 0.0) * 100 / fall
    return np.where(loss >= 96, 0.0, rise * 10 ** (-loss / 20))


def _modulation_envelope(voice: Voice, key: int, t: Signal, release: float) -> Signal:
    """From 0 to 1: convex attack (section 8.1.2: linear in Hz, not in cents), then straight lines."""
    delay, attack, hold, decay, fall = _stages(voice, sf.MOD_ENV, sf.MOD_KEY_TO_HOLD, sf.MOD_KEY_TO_DECAY, key)
    sustain = 1 - min(max(voice.amount(sf.MOD_ENV + 4), 0), 1000) / 1000
    at = np.minimum(t, release)
    linear = np.clip((at - delay) / attack, 1e-9, 1.0)
    rise = np.maximum(1 + 400 / 960 * np.log10(linear), 0.0)
    level = rise * np.maximum(1 - np.maximum(at - delay - attack - hold, 0.0) / decay, sustain)
    return np.maximum(level - np.maximum(t - release, 0.0) / fall, 0.0)


def _lfo(voice: Voice, t: Signal, delay: int, rate: int) -> Signal:
    """Triangle between -1 and 1 that starts upwards from 0 after its delay."""
    frequency = 8.176 * 2 ** (voice.amount(rate) / 1200)
    cycles = np.maximum(t - _seconds(voice.amount(delay)), 0.0) * frequency
    return 1 - np.abs((cycles + 0.75) % 1 * 4 - 2)


def _low_pass(y: Signal, cents: Signal, resonance: float, sr: int) -> Signal:
    """Two-pole resonant low-pass whose cutoff moves, in steps of half a semitone.

    The bilinear-transform low-pass of R. Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter
    coefficients". ``resonance`` is the peak in dB above the gain at 0 Hz.
    """
    from scipy.signal import lfilter

    steps = np.rint(np.minimum(cents, 13500.0) / 50).astype(np.int64)
    if (steps >= 270).all() and resonance <= 0:
        return y
    edges = np.flatnonzero(np.diff(steps)) + 1
    out = np.empty_like(y)
    state = np.zeros(2)
    q = 10 ** (max(resonance, 0.0) / 20) / np.sqrt(2)
    for begin, end in zip((0, *edges), (*edges, len(steps)), strict=True):
        part = slice(begin * _CONTROL, min(end * _CONTROL, len(y)))
        if part.start >= len(y):
            break
        frequency = min(max(8.176 * 2 ** (50 * steps[begin] / 1200), 20.0), 0.45 * sr)
        w = 2 * np.pi * frequency / sr
        alpha = np.sin(w) / (2 * q)
        b = np.array([0.5, 1.0, 0.5]) * (1 - np.cos(w))
        a = np.array([1 + alpha, -2 * np.cos(w), 1 - alpha])
        out[part], state = lfilter(b, a, y[part], zi=state)
    return out


def _stretched(control: Signal, n: int) -> Signal:
    """Control values at every sample, straight lines between them."""
    return np.interp(np.arange(n), np.arange(len(control)) * _CONTROL, control)
