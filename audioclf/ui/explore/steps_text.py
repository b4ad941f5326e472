"""A few sentences about every step from samples to MFCC, with the numbers of the parameters that are set."""

from __future__ import annotations

from dataclasses import dataclass

from audioclf.features import CQT, MFCC


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes
    ----------
    name : str
        What the script draws for it.
    title, sentence, question, answer : str
    """

    name: str
    title: str
    sentence: str
    question: str
    answer: str


def steps_of(feature: MFCC, cqt: CQT, sr: int) -> list[Step]:
    """The steps with their sentences.

    Parameters
    ----------
    feature : MFCC
    cqt : CQT
        What stands beside the STFT in the last picture.
    sr : int [Hz]
    """
    length, hop = 1000 * feature.n_fft / sr, 1000 * feature.hop_length / sr
    spacing = sr / feature.n_fft
    what = "power" if feature.power == 2 else "magnitude"
    windows = cqt.window_seconds()
    return [
        Step(
            "sound",
            "Frame",
            f"A stretch of {feature.n_fft:,} samples ({length:.1f} ms) is taken out of the sound; the next one begins"
            f" {feature.hop_length:,} samples ({hop:.1f} ms) later. Drag the slider, or the mark in the picture.",
            "Why not transform the whole sound at once?",
            "One transform of everything tells which frequencies occur, but not when. A short stretch can be taken as"
            " steady, and stretches side by side show how the sound changes.",
        ),
        Step(
            "window",
            "Window",
            f"The stretch (pale) is multiplied by the window '{feature.window}' (dashed).",
            "What happens without a window?",
            "The transform treats the stretch as if it repeated for ever. Its end does not fit its beginning, and that"
            " jump spreads over all frequencies. Faded to zero at both ends there is no jump. (The window boxcar"
            " leaves the stretch as it is: try it.)",
        ),
        Step(
            "fft",
            "FFT",
            f"The Fourier transform gives the {what} at {feature.n_fft // 2 + 1:,} frequencies, {spacing:.3g} Hz apart,"
            f" up to {sr / 2:,.0f} Hz, half the sample rate.",
            "How could two close tones be told apart?",
            f"Their distance must be more than about {spacing:.3g} Hz, the sample rate over n_fft. A longer stretch"
            " (larger n_fft) separates closer tones, but says less about when they sound.",
        ),
        Step(
            "mel",
            "Mel filter bank",
            f"{feature.n_mels} triangles add the bins up to bands: narrow ones for low frequencies, wide ones for high."
            f" {'Not all triangles are drawn.' if feature.n_mels > 24 else ''}".strip(),
            "Why do the triangles grow wider?",
            "The ear separates 200 Hz from 300 Hz easily and 8,000 Hz from 8,100 Hz hardly. Bands of equal width in mel"
            " are about equally wide for the ear, and far fewer numbers are left.",
        ),
        Step(
            "log",
            "Logarithm",
            "The bands in decibels. The dashed curve is what is left of them after the next step: what the"
            f" {feature.n_mfcc} coefficients describe.",
            "Why decibels?",
            "Ears rate ratios: ten times the power sounds like one step louder, wherever one starts. Before the"
            " logarithm one or two bands hide all others; after it the quiet ones are seen, too.",
        ),
        Step(
            "dct",
            "DCT",
            f"Each coefficient says how well the bands match a cosine wave: none, half a wave, a whole one, ... The"
            f" first {feature.n_mfcc} of {feature.n_mels} are kept. This is the column of the MFCC at this moment.",
            "What is lost by leaving out the others?",
            "Fast changes from band to band: the single harmonics, and so the pitch. The slow ones are kept: the broad"
            " shape that makes a vowel or an instrument. Raise n_mfcc and the dashed curve follows the bars closer.",
        ),
        Step(
            "beside",
            "The same moment as STFT, mel and CQT",
            f"The STFT is equally fine everywhere. Mel gathers its bins. The constant-Q transform takes a window of its"
            f" own for every note: {windows[0]:.2f} s for the lowest, {1000 * windows[-1]:.0f} ms for the highest.",
            "Where does the STFT see more than the CQT, and where less?",
            "On this axis the values of the STFT stand far apart at the left, so that low notes fall into one bin, and"
            " crowd at the right. The CQT has equally many per octave, and pays with long windows for low notes: it"
            " tells later than the others when a low note began.",
        ),
    ]
