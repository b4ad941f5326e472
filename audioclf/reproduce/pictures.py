"""The pictures that each reference shows: of its sounds, and of what its model learned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from audioclf.core.errors import AudioclfError
from audioclf.datasets import Clip, Dataset
from audioclf.experiments.runs import Run
from audioclf.export.report.document import Picture, confusion, curves
from audioclf.features import CQT, MFCC, STFT, Feature, FeatureMap, Mel, Spectrum, Waveform
from audioclf.features.extraction import load_clip
from audioclf.inference.evidence import Explanation
from audioclf.plots.canvas import Look
from audioclf.plots.confusion import confusion_figure
from audioclf.plots.curve_figures import counts_figure
from audioclf.plots.feature import overlay_figure
from audioclf.plots.grid import grid_figure
from audioclf.plots.screen import Limits

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PER_ROW = 5
"""Classes beside each other."""

MOST_CLASSES = 20

EXAMPLE_CLASSES = ("dog", "rain", "rooster")
EXAMPLE = ((5, 0, 1), (0, 6, 0), (2, 0, 4))
EXAMPLE_WORDS = (
    "How to read a confusion matrix: rows are the true classes, columns the predicted ones. Of six dogs, five were"
    " predicted correctly and one as a rooster; all six clips of rain were correct; of six roosters, two were predicted"
    " as dogs. Correct predictions lie on the diagonal; dog and rooster are confused in both directions."
)


def of_sounds(run: Run, letter: str) -> Iterator[Picture]:
    """What a reference shows of its sounds, drawn from the clips of one run."""
    if not run.clips:
        return
    by_class = partial(_by_class, run)
    if letter == "A":
        words = "Amplitude from -0.05 to 0.05, as published."
        yield from by_class("waveform", "A note of each instrument", words, Waveform(), limits=[(-0.05, 0.05)])
        cqt = CQT(hop_length=1024, n_bins=168, bins_per_octave=24)
        yield from by_class("cqt", "The same notes as constant-Q transform", "Level in dB.", cqt)
        yield from by_class("mfcc", "The same notes as MFCC", "20 coefficients.", MFCC())
    elif letter == "B":
        counts = Dataset("", run.clips).counts
        yield Picture(
            "counts", "Clips of each digit", "", lambda theme: counts_figure(counts, look=Look(theme, 760, 300))
        )
        yield from by_class("waveform", "A clip of each digit", "", Waveform())
        yield from by_class("spectrum", "The same clips as Fourier magnitude", "", Spectrum())
        words = "25 ms every 10 ms, 100 bands; 40 coefficients."
        mel, mfcc = Mel(n_fft=500, hop_length=200, n_mels=100), MFCC(n_fft=500, hop_length=200, n_mfcc=40)
        yield from by_class("mel", "The same clips as mel spectrogram and MFCC", words, mel, mfcc)
        clips = [group[0] for group in _firsts(run, 1)]
        yield Picture(
            "pair",
            "Mel beside MFCC",
            "Two clips as the networks get them, before scaling.",
            partial(_grid, run, [[clips[0]], [clips[len(clips) // 2]]], (Mel(n_mels=40), MFCC(n_mfcc=40)), ()),
        )
    elif letter == "E":
        yield from by_class("waveform", "A clip of each class", "Waveform and spectrogram.", Waveform(), STFT())
        words = "A column for each class, a row for each clip; colours from -700 to 300, as published."
        feature = run.experiment.features[0]
        yield from by_class("mfcc", "MFCC of three clips of each class", words, feature, limits=[(-700.0, 300.0)], n=3)
    else:
        yield from by_class("mel", "A clip of each class", "Waveform and mel spectrogram.", Waveform(), Mel())


def of_run(run: Run, letter: str) -> Iterator[Picture]:
    """What a reference shows of its model: curves, and the confusion matrix; the run is finished."""
    yield from curves(run, (760, 340), ("Curves of every fold", ""), "fold")
    if letter == "E":
        yield Picture(
            "example",
            "Reading a confusion matrix",
            EXAMPLE_WORDS,
            lambda theme: confusion_figure(EXAMPLE, EXAMPLE_CLASSES, look=Look(theme, 360, 320)),
        )
    yield confusion(run, title="Confusion matrix, clips")
    if letter == "E":
        yield confusion(run, "shares", "Confusion matrix, share of the true class", normalised=True)


def of_evidence(found: Explanation, name: str) -> Picture:
    """Grad-CAM over the feature map it explains, on the sound's own time line."""
    label = found.classes[found.class_index]
    share = float(found.probabilities[found.class_index])
    return Picture(
        "evidence",
        "Where in the sound the model found its answer (Grad-CAM)",
        f"{name}: evidence for {label} (probability {share:.2f}), laid on the true time line.",
        lambda theme: overlay_figure(found.feature_map, found.drawn, look=Look(theme, 900, 340)),
    )


def explained(run: Run) -> tuple[Explanation, str] | None:
    """Grad-CAM of the first test clip that was predicted correctly, by the model that was not trained on it.

    Loads the model, and with it Keras: for the command line, not for a web server.

    Returns
    -------
    (Explanation, str) or None
        With the clip's name; None where the model has no convolution or its sound is not there any more.
    """
    chosen = explainable(run)
    if chosen is None:
        return None
    from audioclf.inference.predictor import Predictor

    clip, split = chosen
    try:
        return Predictor(run).explain(clip, split=split, method="grad-cam"), clip.name
    except AudioclfError:
        return None


def explainable(run: Run) -> tuple[Clip, str] | None:
    """The clip whose Grad-CAM is shown, and its split; None without clips or where the model has no convolution."""
    if run.experiment.model.cam_layer is None or not run.clips:
        return None
    predictions = run.predictions
    item = next((one for one in predictions if one.true == one.predicted), predictions[0])
    return run.clips[item.clip], item.split


def _firsts(run: Run, n: int) -> list[list[Clip]]:
    """The first clips of every class, ``n`` at most."""
    dataset = Dataset("", run.clips)
    return [list(dataset.of(label)[:n]) for label in dataset.classes[:MOST_CLASSES]]


def _by_class(
    run: Run,
    key: str,
    title: str,
    caption: str,
    *features: Feature,
    limits: Sequence[Limits] = (),
    n: int = 1,
) -> Iterator[Picture]:
    """Classes beside each other, five on a picture, and below each other the features of ``n`` clips of each."""
    groups = _firsts(run, n)
    for start in range(0, len(groups), PER_ROW):
        some = groups[start : start + PER_ROW]
        last = start + PER_ROW >= len(groups)
        yield Picture(
            f"{key}-{start // PER_ROW}",
            "" if start else title,
            caption if last else "",
            partial(_grid, run, some, features, tuple(limits)),
        )


def _grid(
    run: Run, groups: Sequence[list[Clip]], features: Sequence[Feature], limits: Sequence[Limits], theme: str
) -> Figure:
    n = max(len(group) for group in groups)
    rows = [
        [_map(run, group[number], feature) if number < len(group) else None for group in groups]
        for number in range(n)
        for feature in features
    ]
    figure = grid_figure(
        rows,
        column_titles=[group[0].label for group in groups],
        limits=list(limits) * n,
        look=Look(theme, 210 * len(groups) + 180, 145 * len(rows) + 100),
    )
    _space_ticks(figure)
    return figure


def _space_ticks(figure: Figure) -> None:
    """Few enough numbers on the x axes of narrow cells that those of neighbours do not touch."""
    from matplotlib.ticker import MaxNLocator

    for axes in figure.axes:
        if axes.get_xlabel() == "Time (s)":
            axes.xaxis.set_major_locator(MaxNLocator(4, prune="upper"))
        elif len(axes.get_xticks()) > 6 and axes.get_xlabel():
            axes.set_xticks(axes.get_xticks()[::2], [text.get_text() for text in axes.get_xticklabels()][::2])


def _map(run: Run, clip: Clip, feature: Feature) -> FeatureMap:
    audio = run.experiment.audio
    return feature.compute(load_clip(clip, audio), audio.sr)
