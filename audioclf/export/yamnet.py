"""YAMNet as Keras operations: its log mel spectrogram, and its embedding with the network and its weights inside."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from audioclf.embeddings import log_mel
from audioclf.export.fourier import fixed, framed, power_spectra
from audioclf.features import STFT
from audioclf.features.embedding import SILENCE, YAMNetEmbedding
from audioclf.features.yamnet_mel import YAMNetMel
from audioclf.models.yamnet import YAMNetTransfer

_HOP: Final = log_mel.PATCH_HOP * log_mel.HOP


def mel(y: Any) -> Any:
    """See :meth:`YAMNetMel.compute`; samples at 16 kHz [shape=(1, n)] -> [shape=(1, 64, n_frames)]."""
    from keras import ops

    n_frames = YAMNetMel().shape(y.shape[1], log_mel.SR)[1]
    # our STFT has the window in the middle of a frame, YAMNet's at its beginning
    before = (log_mel.N_FFT - log_mel.FRAME) // 2
    length = (n_frames - 1) * log_mel.HOP + log_mel.N_FFT
    y = ops.pad(y, ((0, 0), (before, max(0, length - before - y.shape[1]))))[:, :length]
    stft = STFT(n_fft=log_mel.N_FFT, hop_length=log_mel.HOP, win_length=log_mel.FRAME, center=False)
    magnitude = ops.sqrt(power_spectra(framed(y, stft), log_mel.N_FFT))
    return ops.transpose(ops.log(fixed(magnitude, log_mel.mel_weights()) + log_mel.OFFSET), (0, 2, 1))


def embedding(y: Any, feature: YAMNetEmbedding) -> Any:
    """See :meth:`EmbeddingFeature.compute`; samples at 16 kHz [shape=(1, n)] -> [shape=(1, ...)].

    Raises
    ------
    AudioclfError
        When the weights cannot be had.
    """
    from keras import ops

    leads = feature.leads(log_mel.SR)
    counts = [log_mel.n_patches(y.shape[1] + lead) for lead in leads]
    # all as long as the longest, so that one network serves all
    samples = [ops.pad(y, ((0, 0), (lead, leads[-1] - lead))) for lead in leads]
    spectrograms = [ops.expand_dims(mel(one), -1) for one in samples]
    network = _network(spectrograms[0].shape[1:])
    windows = [
        ops.reshape(network(one), (1, -1, feature.embedding_model.dimension))[:, :n]
        for one, n in zip(spectrograms, counts, strict=True)
    ]
    times = [np.arange(n) * _HOP - lead for lead, n in zip(leads, counts, strict=True)]
    order = np.argsort(np.concatenate(times), kind="stable").astype(np.int32)
    values = ops.take(ops.concatenate(windows, axis=1), order, axis=1)
    if feature.pooling == "none":
        return ops.transpose(values, (0, 2, 1))
    energy = ops.concatenate([_energy(one, n) for one, n in zip(samples, counts, strict=True)], axis=1)
    energy = ops.take(energy, order, axis=1) if feature.skip_silence else ops.ones_like(energy)
    limit = ops.max(energy, axis=1, keepdims=True) * np.float32(10 ** (-SILENCE / 10))
    kept = ops.expand_dims(ops.cast(energy >= limit, "float32"), -1)
    return ops.concatenate([_statistic(values, kept, name) for name in feature.pooling.split("+")], axis=-1)


def _network(shape: tuple[int, ...]) -> Any:
    """From a log mel spectrogram to the embedding of its windows [shape=(n, 1, 1024)]."""
    import keras

    transfer = YAMNetTransfer()
    network = transfer.build(shape, 2)
    transfer.initialise(network)
    frozen = keras.Model(network.input, network.get_layer(transfer.frozen_until).output, name="yamnet")
    frozen.trainable = False
    return frozen


def _energy(samples: Any, n: int) -> Any:
    """Energy of every window [shape=(1, n)]; a window is two hops long."""
    from keras import ops

    samples = ops.pad(samples, ((0, 0), (0, max(0, (n + 1) * _HOP - samples.shape[1]))))[:, : (n + 1) * _HOP]
    halves = ops.sum(ops.square(ops.reshape(samples, (1, n + 1, _HOP))), axis=-1)
    return halves[:, :-1] + halves[:, 1:]


def _statistic(values: Any, kept: Any, name: str) -> Any:
    """Mean, max or std over the windows that are kept."""
    from keras import ops

    if name == "max":
        return ops.max(ops.where(kept > 0, values, np.float32(-np.inf)), axis=1)
    mean = ops.sum(values * kept, axis=1, keepdims=True) / ops.sum(kept, axis=1, keepdims=True)
    return ops.sqrt(_statistic(ops.square(values - mean), kept, "mean")) if name == "std" else mean[:, 0]
