"""The script that draws the same picture with librosa and matplotlib alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from audioclf.audio.io import AudioSettings
from audioclf.datasets import Clip
from audioclf.features import CQT, MFCC, STFT, Feature, Mel, Spectrum
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
    lines += ["", f"sr = {view.audio.sr}", *_loading(view.audio, view.n_samples), ""]
    for feature in view.features:
        lines += [f"def {feature.kind}(y):", *(f"    {line}" for line in _computing(feature)), ""]
    files = [[(path(clip), clip.start, clip.duration) for clip in group] for group in view.groups]
    functions = ", ".join(f"{one.title!r}: {one.kind}" for one in view.features)
    lines += [f"features = {{{functions}}}"]
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
        return [*lines, "    return y", ""]
    last = {
        "end": f"librosa.util.fix_length(y, size={n_samples})",
        "center": f"librosa.util.pad_center(y[:{n_samples}], size={n_samples})",
        "repeat": f"np.resize(y, {n_samples})",
    }[audio.pad]
    return [*lines, f"    return {last}", ""]


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


def _in_db(feature: STFT | CQT | Mel | Spectrum, power: str) -> str:
    ref = "np.max" if feature.ref == "max" else "1.0"
    return f"return librosa.power_to_db({power}, ref={ref}, top_db={feature.top_db:g})"


def _computing(feature: Feature) -> list[str]:
    framed = ("n_fft", "hop_length", "win_length", "window", "center", "pad_mode")
    bands = (*framed, "n_mels", "fmin", "fmax", "power", "htk")
    if isinstance(feature, MFCC):
        kept = _given(feature, "n_mfcc", "dct_type", "lifter")
        norm = "" if feature.norm == "ortho" else ", norm=None"
        mel = f"librosa.feature.melspectrogram(y=y, sr=sr, {_given(feature, *bands, norm='mel_norm')})"
        mean = ".mean(axis=1)" if feature.summary == "mean" else ""
        return [f"mel = librosa.power_to_db({mel})", f"return librosa.feature.mfcc(S=mel, {kept}{norm}){mean}"]
    if isinstance(feature, Mel):
        made = f"mel = librosa.feature.melspectrogram(y=y, sr=sr, {_given(feature, *bands, 'norm')})"
        if feature.scale == "power":
            return [made, "return mel"]
        return [made, _in_db(feature, "mel" if feature.power == 2 else "np.square(mel)")]
    if isinstance(feature, STFT):
        made = f"magnitude = np.abs(librosa.stft(y, {_given(feature, *framed)}))"
        if feature.scale == "db":
            return [made, _in_db(feature, "np.square(magnitude)")]
        return [made, "return magnitude" if feature.scale == "magnitude" else "return np.square(magnitude)"]
    if isinstance(feature, CQT):
        given = _given(feature, "hop_length", "n_bins", "tuning", "filter_scale", "sparsity", "window", "pad_mode")
        fmin = f"fmin={float((feature.replace(tuning=0.0)).frequencies()[0])!r}, " if feature.fmin else ""
        per = f"bins_per_octave={feature.bins_per_octave}, " if feature.bins_per_octave != 12 else ""
        made = f"magnitude = np.abs(librosa.cqt(y, sr=sr, {fmin}{per}{given}))"
        return [made, "return magnitude" if feature.scale == "magnitude" else _in_db(feature, "np.square(magnitude)")]
    if isinstance(feature, Spectrum):
        n = "len(y)" if feature.n_fft is None else str(feature.n_fft)
        fade = f"scipy.signal.get_window({feature.window!r}, len(y))"
        return [
            f"y = y[:{n}]",
            f"magnitude = np.abs(np.fft.rfft(y * {fade}, n={n}))",
            "return magnitude" if feature.scale == "magnitude" else _in_db(feature, "np.square(magnitude)"),
        ]
    return ["return y"]


def _drawing(view: View) -> list[str]:
    columns, rows = len(view.titles), len(view.features)
    axes = []
    for feature in view.features:
        shown = {"sr": view.audio.sr, "x_axis": "time", "hop_length": getattr(feature, "hop_length", 512)}
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
    return [
        f"axes_of = {axes!r}",
        f"figure, axes = plt.subplots({rows}, {columns}, figsize={size}, squeeze=False, layout='constrained')",
        "for row, places, name, shown in zip(maps, axes, features, axes_of):",
        "    for number, (values, ax) in enumerate(zip(row, places)):",
        f"        alike = {alike}",
        "        limits = {'vmin': min(x.min() for x in alike), 'vmax': max(x.max() for x in alike)}",
        "        if values.ndim == 2:",
        "            librosa.display.specshow(values, cmap='magma', ax=ax, **shown, **limits)",
        "        else:",
        "            end = {'Waveform': len(values) / sr, 'FFT spectrum': sr / 2}.get(name, len(values) - 1)",
        "            ax.plot(np.linspace(0, end, len(values)), values, linewidth=0.8)",
        "    places[0].set_ylabel(name)",
        f"for ax, title in zip(axes[0], {list(view.titles)!r}):",
        "    ax.set_title(title, parse_math=False)",
        "figure.savefig('comparison.png')",
    ]
