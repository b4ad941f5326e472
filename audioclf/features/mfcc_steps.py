"""How MFCC come about, step by step: every number between the samples and the coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError
from audioclf.features.base import Array
from audioclf.features.mel import mel_edges
from audioclf.features.mfcc import MFCC, TOP_DB
from audioclf.features.spectral import decibels, frames, padded_window


@dataclass(frozen=True, eq=False)
class MFCCSteps:
    """What stands between samples and MFCC; the values of all frames, frame by frame.

    Attributes
    ----------
    samples : np.ndarray [shape=(n,)]
        The sound, with what was padded around it.
    window : np.ndarray [shape=(n_fft,)]
    spectra : np.ndarray [shape=(n_frames, 1 + n_fft // 2)]
        Power (magnitude where ``power`` is 1) of every Fourier bin.
    edges : np.ndarray [shape=(n_mels + 2,)]
        Edges and centres of the mel bands in Hz.
    bands : np.ndarray [shape=(n_frames, n_mels)]
        Sum of the bins that a mel band gathers.
    levels : np.ndarray [shape=(n_frames, n_mels)]
        The same in dB, at most 80 dB below the loudest of the whole sound.
    cosines : np.ndarray [shape=(n_mfcc, n_mels)]
        What the levels are multiplied with and added up.
    coefficients : np.ndarray [shape=(n_frames, n_mfcc)]
        The MFCC.
    times : np.ndarray [shape=(n_frames,)]
        Centre of every frame, in seconds.
    """

    samples: Array
    window: Array
    spectra: Array
    edges: npt.NDArray[np.float64]
    bands: Array
    levels: Array
    cosines: Array
    coefficients: Array
    times: npt.NDArray[np.float64]

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return len(self.coefficients)


def mfcc_steps(y: npt.ArrayLike, sr: float, feature: MFCC) -> MFCCSteps:
    """Every step of :meth:`MFCC.compute`, kept.

    Raises
    ------
    ParameterError
        As for :meth:`MFCC.compute`, and for ``summary="mean"``: a mean over time has no frames.
    """
    if feature.summary != "none":
        raise ParameterError(
            f"summary must be 'none' to follow a frame, got '{feature.summary}'; set summary of MFCC to none.",
            "summary",
        )
    made = feature.compute(y, sr)
    samples = feature.samples(y, sr)
    spectra = np.concatenate([found.T for _, found in feature.magnitudes(samples)])
    if feature.power == 2:
        np.square(spectra, out=spectra)
    bands = feature.bands(samples, sr, feature.mel_norm)
    padded = samples
    if feature.center:
        # the first frame of all begins where the padding does
        whole = frames(samples, feature.n_fft, 1, feature.pad_mode)
        padded = np.concatenate([whole[0], whole[1:, -1]])
    return MFCCSteps(
        samples=padded,
        window=padded_window(feature.window, feature.win_length or feature.n_fft, feature.n_fft),
        spectra=spectra,
        edges=mel_edges(feature.n_mels, feature.fmin, feature.fmax or sr / 2, feature.htk),
        bands=np.ascontiguousarray(bands.T),
        levels=np.ascontiguousarray(decibels(bands, "one", TOP_DB).T),
        cosines=(feature.transformed(np.eye(feature.n_mels)) * feature.lift).astype(np.float32),
        coefficients=np.ascontiguousarray(made.values.T),
        times=made.axes[-1].values,
    )
