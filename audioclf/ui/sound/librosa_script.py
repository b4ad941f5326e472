"""The script that draws the same picture with librosa and matplotlib alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from audioclf.audio.io import AudioSettings
from audioclf.datasets import Clip
from audioclf.features import CQT, MFCC, STFT, Feature, Mel, Spectrum
from audioclf.features.zoom import closer, is_framed, reach
from audioclf.plots.screen import Limits
from audioclf.ui.sound.drawn_view import View

_LIBROSA: Final[Mapping[str, Any]] = {
    "win_length": None,
    "window": "hann",
    "center": True,
    "pad_mode": "constant",
    "fmin": 0.0,
    "fmax": None,
    "power": 2.0,
    "htk": False,
    "norm": "slaney",
    "tuning": 0.0,
    "filter_scale": 1.0,
    "sparsity": 0.01,
    "dct_type": 2,
    "lifter": 0.0,
}
"""Defaults of librosa, which a script need not name."""

_AXES: Final = {"stft": "log", "mel": "mel", "cqt": "cqt_hz"}


def script(view: View, path: Callable[[Clip], str]) -> str:
    """The script.

    Parameters
    ----------
    view : View
    path : callable
        Where a clip's file is.
    """
    mean = view.n_samples is not None
    lines = ["import librosa", "import matplotlib.pyplot as plt", "import numpy as np"]
    lines += ["import scipy.signal"] if any(isinstance(one, Spectrum) for one in view.features) else []
    lines += ["", f"sr = {view.audio.sr}"]
    if view.span is not None:
        start, end = view.span
        lines = ["import math", "", *lines]
        lines += [f"start, end = math.floor({start} * sr), math.ceil({end} * sr)  # the stretch, in samples"]
    lines += _loading(view.audio, view.n_samples)
    lines += _ZOOM if view.span is not None and any(map(is_framed, view.features)) else []
    for feature in view.features:
        lines += _function(feature, view.audio.sr, view.span)
    files = [[(path(clip), clip.start, clip.duration) for clip in group] for group in view.groups]
    functions = ", ".join(f"{one.title!r}: {one.kind}" for one in view.features)
    lines += ["", f"features = {{{functions}}}"]
    if mean:
        lines += [
            f"sounds = [[load(*file) for file in group] for group in {files}]",
            "maps = [[np.mean([f(y) for y in group], axis=0) for group in sounds] for f in features.values()]",
            "maps = [[one, other, one - other] for one, other in maps]",
        ]
    else:
        lines += [
            f"sounds = [load(*file) for file in {[group[0] for group in files]}]",
            "maps = [[f(y) for y in sounds] for f in features.values()]",
        ]
    return "\n".join([*lines, *_drawing(view)]) + "\n"


def _loading(audio: AudioSettings, n_samples: int | None) -> list[str]:
    if n_samples is None and audio.duration is not None:
        n_samples = round(audio.duration * audio.sr)
    lines = ["", "def load(path, offset, duration):"]
    if audio.mono == "mean":
        lines += ["    y, _ = librosa.load(path, sr=sr, offset=offset, duration=duration)"]
    else:
        side = 0 if audio.mono == "left" else 1
        lines += [
            "    y, _ = librosa.load(path, sr=sr, mono=False, offset=offset, duration=duration)",
            f"    y = np.atleast_2d(y)[min({side}, y.ndim - 1)]",
        ]
    if n_samples is None:
        return [*lines, "    return y"]
    last = {
        "end": f"librosa.util.fix_length(y, size={n_samples})",
        "center": f"librosa.util.pad_center(y[:{n_samples}], size={n_samples})",
        "repeat": f"np.resize(y, {n_samples})",
    }[audio.pad]
    return [*lines, f"    return {last}"]


def _given(feature: Feature, *names: str, **renamed: str) -> str:
    """Arguments of librosa: sizes always, others where they are not its defaults."""
    found = []
    for name, ours in {**{name: name for name in names}, **renamed}.items():
        value = getattr(feature, ours)
        if value == "none":
            value = None
        if name in ("n_fft", "hop_length", "n_mels", "n_mfcc", "n_bins") or value != _LIBROSA.get(name):
            found.append(f"{name}={value!r}")
    return ", ".join(found)


def _function(feature: Any, sr: int, span: Limits | None) -> list[str]:
    """The function that computes a feature of ``y``; where it is zoomed, with one for its frames."""
    head, made = f"def {feature.kind}(y):", _made(feature)
    if span is None or not is_framed(feature):
        cut = [] if span is None else ["    y = y[start:end]"]
        return ["", head, *cut, *_shown(feature, "power", made)]
    fine: Any = closer(feature, span[1] - span[0], sr)
    offset = "" if getattr(feature, "center", True) else f", offset={feature.n_fft // 2}"
    given = f"hop_length={feature.hop_length}, finer={fine.hop_length}, reach={reach(fine, sr)}{offset}"
    return [
        "",
        f"def {feature.kind}_frames(y, hop_length):",
        f"    return {made.replace(f'hop_length={feature.hop_length}', 'hop_length=hop_length')}",
        "",
        head,
        *_shown(feature, "power, peak", f"zoom({feature.kind}_frames, y, {given})"),
    ]


def _made(feature: Feature) -> str:
    """What a feature is made of: the power that its decibels are of, or its values where it has none."""
    framed = ("n_fft", "hop_length", "win_length", "window", "center", "pad_mode")
    bands = (*framed, "n_mels", "fmin", "fmax", "power", "htk")
    scale = getattr(feature, "scale", "")
    if isinstance(feature, MFCC):
        return f"librosa.feature.melspectrogram(y=y, sr=sr, {_given(feature, *bands, norm='mel_norm')})"
    if isinstance(feature, Mel):
        made = f"librosa.feature.melspectrogram(y=y, sr=sr, {_given(feature, *bands, 'norm')})"
        return f"np.square({made})" if scale == "db" and feature.power == 1 else made
    if isinstance(feature, STFT):
        made = f"np.abs(librosa.stft(y, {_given(feature, *framed)}))"
    elif isinstance(feature, CQT):
        given = _given(feature, "hop_length", "n_bins", "tuning", "filter_scale", "sparsity", "window", "pad_mode")
        fmin = f"fmin={float((feature.replace(tuning=0.0)).frequencies()[0])!r}, " if feature.fmin else ""
        per = f"bins_per_octave={feature.bins_per_octave}, " if feature.bins_per_octave != 12 else ""
        made = f"np.abs(librosa.cqt(y, sr=sr, {fmin}{per}{given}))"
    elif isinstance(feature, Spectrum):
        part = "y" if feature.n_fft is None else f"y[:{feature.n_fft}]"
        fade = f"scipy.signal.get_window({feature.window!r}, len({part}))"
        n = "" if feature.n_fft is None else f", n={feature.n_fft}"
        made = f"np.abs(np.fft.rfft({part} * {fade}{n}))"
    else:
        return "y"
    return made if scale == "magnitude" else f"np.square({made})"


def _shown(feature: Any, names: str, made: str) -> list[str]:
    """What is drawn; decibels of a stretch count from the ``peak`` of the whole sound."""
    zoomed = names != "power"
    if not isinstance(feature, MFCC) and getattr(feature, "scale", "") != "db":
        return [f"    return {made}{'[0]' if zoomed else ''}"]
    levels = f"levels({names}" if zoomed else "librosa.power_to_db(power"
    if isinstance(feature, MFCC):
        kept = _given(feature, "n_mfcc", "dct_type", "lifter")
        norm = "" if feature.norm == "ortho" else ", norm=None"
        mean = ".mean(axis=1)" if feature.summary == "mean" else ""
        drawn = [
            f"    mel = {levels}{', ref=1.0, top_db=80' if zoomed else ''})",
            f"    return librosa.feature.mfcc(S=mel, {kept}{norm}){mean}",
        ]
    else:
        ref = "1.0" if feature.ref == "one" else "peak" if zoomed else "np.max"
        drawn = [f"    return {levels}, ref={ref}, top_db={feature.top_db:g})"]
    return [f"    {names} = {made}", *drawn]


_ZOOM: Final = """
def zoom(frames, y, hop_length, finer, reach, offset=0):
    # frames of the stretch alone, but as they are within the whole sound, and the peak of the whole
    first = max(start - reach, 0) // finer * finer
    near = frames(y[first : end + reach], finer)
    centres = first + offset + finer * np.arange(near.shape[1])
    chosen = (centres >= start - finer / 2) & (centres <= end + finer / 2)
    return near[:, chosen], frames(y, hop_length).max()

def levels(power, peak, ref, top_db):
    floor = librosa.power_to_db(peak, ref=ref) - top_db
    return np.maximum(librosa.power_to_db(power, ref=ref, top_db=None), floor)
""".splitlines()
"""How a script draws a stretch of a sound as it is within the whole."""


def _drawing(view: View) -> list[str]:
    columns, rows = len(view.titles), len(view.features)
    axes = []
    for feature in view.features:
        made: Any = closer(feature, view.span[1] - view.span[0], view.audio.sr) if view.span else feature
        shown = {"sr": view.audio.sr, "x_axis": "time", "hop_length": getattr(made, "hop_length", 512)}
        shown |= {"y_axis": _AXES[feature.kind]} if feature.kind in _AXES else {}
        if isinstance(feature, CQT):
            shown |= {"fmin": float(feature.frequencies()[0]), "bins_per_octave": feature.bins_per_octave}
        if isinstance(feature, Mel):
            shown |= {"fmin": feature.fmin, "fmax": feature.fmax or view.audio.sr / 2, "htk": feature.htk}
        axes.append(shown)
    alike = "row" if view.shared else "[values]"
    if view.n_samples is not None:
        alike = f"row[:2] if number < 2 and {view.shared} else [values]"
    size = f"({3 * columns + 2}, {2 * rows + 1})"
    zoomed = view.span is not None
    times = "            shown['x_coords'] = (start + shown['hop_length'] * np.arange(values.shape[1])) / sr"
    begin = " + (start / sr if name == 'Waveform' else 0)" if zoomed else ""
    return [
        f"axes_of = {axes!r}",
        f"figure, axes = plt.subplots({rows}, {columns}, figsize={size}, squeeze=False, layout='constrained')",
        "for row, places, name, shown in zip(maps, axes, features, axes_of):",
        "    for number, (values, ax) in enumerate(zip(row, places)):",
        f"        alike = {alike}",
        "        limits = {'vmin': min(x.min() for x in alike), 'vmax': max(x.max() for x in alike)}",
        "        if values.ndim == 2:",
        *([times] if zoomed else []),
        "            librosa.display.specshow(values, cmap='magma', ax=ax, **shown, **limits)",
        "        else:",
        "            length = {'Waveform': len(values) / sr, 'FFT spectrum': sr / 2}.get(name, len(values) - 1)",
        f"            ax.plot(np.linspace(0, length, len(values)){begin}, values, linewidth=0.8)",
        "    places[0].set_ylabel(name)",
        f"for ax, title in zip(axes[0], {list(view.titles)!r}):",
        "    ax.set_title(title, parse_math=False)",
        "figure.savefig('comparison.png')",
    ]
