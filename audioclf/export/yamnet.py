"""YAMNet as Keras operations: its log mel spectrogram, and its embedding with the network and its weights inside."""

from __future__ import annotations

from typing import Any

from audioclf.embeddings import log_mel
from audioclf.export import transforms
from audioclf.features import STFT
from audioclf.features.embedding import YAMNetEmbedding
from audioclf.features.yamnet_mel import YAMNetMel
from audioclf.models.yamnet import YAMNetTransfer


def mel(y: Any) -> Any:
    """See :meth:`YAMNetMel.compute`; samples at 16 kHz [shape=(1, n)] -> [shape=(1, 64, n_frames)]."""
    from keras import ops

    n_frames = YAMNetMel().shape(y.shape[1], log_mel.SR)[1]
    # our STFT has the window in the middle of a frame, YAMNet's at its beginning
    before = (log_mel.N_FFT - log_mel.FRAME) // 2
    length = (n_frames - 1) * log_mel.HOP + log_mel.N_FFT
    y = ops.pad(y, ((0, 0), (before, max(0, length - before - y.shape[1]))))[:, :length]
    stft = STFT(n_fft=log_mel.N_FFT, hop_length=log_mel.HOP, win_length=log_mel.FRAME, center=False)
    magnitude = ops.sqrt(transforms.power_spectra(transforms.framed(y, stft), log_mel.N_FFT))
    return ops.transpose(ops.log(transforms.fixed(magnitude, log_mel.mel_weights()) + log_mel.OFFSET), (0, 2, 1))


def embedding(y: Any, feature: YAMNetEmbedding) -> Any:
    """See :meth:`EmbeddingFeature.compute`; samples at 16 kHz [shape=(1, n)] -> [shape=(1, ...)].

    Raises
    ------
    AudioclfError
        When the weights cannot be had.
    """
    import keras
    from keras import ops

    spectrogram = ops.expand_dims(mel(y), -1)
    transfer = YAMNetTransfer()
    network = transfer.build(spectrogram.shape[1:], 2)
    transfer.initialise(network)
    frozen = keras.Model(network.input, network.get_layer(transfer.frozen_until).output, name="yamnet")
    frozen.trainable = False
    windows = ops.reshape(frozen(spectrogram), (1, -1, feature.embedding_model.dimension))
    if feature.pooling == "none":
        return ops.transpose(windows, (0, 2, 1))
    return ops.concatenate([getattr(ops, name)(windows, axis=1) for name in feature.pooling.split("+")], axis=-1)
