"""One Keras model from samples to probabilities: feature, colour picture, scaling, every fit, their weighted mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from audioclf.experiments.config import Experiment
from audioclf.experiments.transform import Transform
from audioclf.export import transforms
from audioclf.export.fourier import fixed
from audioclf.features.colormap import Picture, colours_of, resized
from audioclf.features.scaling import Scaler
from audioclf.inference.predictor import Predictor
from audioclf.models.classical import Classical
from audioclf.models.linear import LinearSVM, LogisticRegression
from audioclf.training.temperature import SMALLEST, Temperature

INPUT, OUTPUT = "samples", "probabilities"


def refusal(experiment: Experiment) -> str:
    """Sentence why the models of an experiment cannot be exported as a network; empty where they can."""
    for feature in experiment.features:
        if sentence := transforms.refusal(feature, experiment.audio.sr):
            return sentence
    model = experiment.model
    if isinstance(model, Classical) and not isinstance(model, LogisticRegression | LinearSVM):
        return (
            f"{model.title} is no network and has no exported form; train a network, logistic regression or a linear"
            " SVM, let others ask the run over HTTP (audioclf serve), or hand it over in the format run."
        )
    return ""


def build(predictor: Predictor, split: str | None = None) -> Any:
    """The models of a run that :func:`refusal` does not refuse, as one Keras model with standard layers only.

    Parameters
    ----------
    predictor : Predictor
    split : str, optional
        Only the models of this split; all are averaged otherwise, as when a sound is classified.

    Returns
    -------
    keras.Model
        From ``samples`` [shape=(1, n_samples)] to ``probabilities`` [shape=(1, n_classes)], float32.
    """
    import keras

    experiment = predictor.experiment
    y = keras.Input(batch_shape=(1, predictor.n_samples), name=INPUT, dtype="float32")
    maps = {
        feature: transforms.feature_map(y, feature, experiment.audio.sr)
        for feature in dict.fromkeys(experiment.features)
    }
    fits = [(fit["member"], predictor.transform(fit), predictor.fitted(fit)) for fit in predictor.fits(split)]
    weights = experiment.weights or (1.0,) * len(experiment.members)
    total = sum(weights[member] for member, _, _ in fits)
    drawn = {feature: _drawn(values, experiment.picture) for feature, values in maps.items()}
    mean: Any = None
    for number, (member, transform, fitted) in enumerate(fits):
        x = _joined([drawn[feature] for feature in experiment.members[member]], transform)
        classify = _classifier(fitted, f"fit_{number}")
        rolled = _rolled(x, experiment.training.test_rolls)
        answers = [classify(turned) for turned in rolled]
        found = _calibrated(sum(answers[1:], start=answers[0]) / np.float32(len(rolled)), fitted.temperature)
        found = found * np.float32(weights[member] / total)
        mean = found if mean is None else mean + found
    return keras.Model(y, keras.layers.Identity(name=OUTPUT)(mean), name="audioclf")


def _calibrated(probabilities: Any, temperature: Temperature | None) -> Any:
    """Probabilities at their temperature; see :class:`audioclf.training.temperature.Temperature`."""
    if temperature is None or temperature.value == 1:
        return probabilities
    from keras import ops

    positive = ops.where(probabilities > 0, probabilities, np.float32(SMALLEST))
    logits = ops.log(ops.maximum(probabilities, ops.min(positive, axis=-1, keepdims=True)))
    return ops.softmax(logits / np.float32(temperature.value), axis=-1)


def _drawn(values: Any, picture: Picture) -> Any:
    """Colour picture of a map; the map itself where none is drawn. See :meth:`Picture.draw`."""
    if not picture.on:
        return values
    from keras import ops

    low = ops.min(values, axis=(1, 2), keepdims=True) if picture.vmin is None else np.float32(picture.vmin)
    high = ops.max(values, axis=(1, 2), keepdims=True) if picture.vmax is None else np.float32(picture.vmax)
    span = high - low
    if picture.vmin is None or picture.vmax is None:
        span = ops.where(span == 0, np.float32(1), span)
    levels = ops.clip((values - low) / span, 0.0, 1.0)
    # Pillow's filter is linear, first along the frames and then along the rows: a matrix for each
    _, rows, frames = levels.shape
    across = resized(np.eye(frames, dtype=np.float32), frames, picture.width)
    down = resized(np.eye(rows, dtype=np.float32), picture.height, rows)
    levels = fixed(levels, across)
    levels = ops.transpose(fixed(ops.transpose(levels, (0, 2, 1)), down.T), (0, 2, 1))
    steps = ops.cast(ops.minimum(levels * np.float32(256), np.float32(255)), "int32")
    return ops.take(colours_of(picture.colormap), steps, axis=0)


def _scaled(x: Any, scaler: Scaler) -> Any:
    """See :meth:`Scaler.apply`."""
    from keras import ops

    if scaler.mode == "none":
        return x
    axes = tuple(range(1, len(x.shape)))
    if scaler.mode == "clip-minmax":
        offset = ops.min(x, axis=axes, keepdims=True)
        scale = ops.max(x, axis=axes, keepdims=True) - offset
    elif scaler.mode == "clip-standard":
        offset, scale = ops.mean(x, axis=axes, keepdims=True), ops.std(x, axis=axes, keepdims=True)
    else:
        sizes = np.broadcast_shapes((1,) * len(x.shape), scaler.offset.shape)
        scale = np.where(scaler.scale < 1e-8, np.float32(1), scaler.scale)
        return (x - scaler.offset.reshape(sizes)) * (1 / scale).astype(np.float32).reshape(sizes)
    return (x - offset) / ops.where(scale < 1e-8, np.float32(1), scale)


def _joined(drawn: Sequence[Any], transform: Transform) -> Any:
    """See :meth:`Transform.__call__`."""
    from keras import ops

    scaled = [_scaled(x, scaler) for x, scaler in zip(drawn, transform.scalers, strict=True)]
    if len(scaled) == 1:
        return scaled[0]
    if transform.experiment.combine == "concatenate":
        return ops.concatenate([ops.reshape(x, (1, -1)) for x in scaled], axis=1)
    return ops.stack(scaled, axis=-1) if len(scaled[0].shape) == 3 else ops.concatenate(scaled, axis=-1)


def _rolled(x: Any, rolls: int) -> list[Any]:
    """See :meth:`Fitted.predict_rolled`: the same example, rolled along time in equal steps."""
    from keras import ops

    axis = 1 if len(x.shape) == 2 else 2
    n = x.shape[axis]
    steps = [roll * n // rolls for roll in range(rolls)]
    return [x if not step else ops.take(x, np.roll(np.arange(n, dtype=np.int32), step), axis=axis) for step in steps]


def _classifier(fitted: Any, name: str) -> Any:
    """A trained model as something to be called with its input."""
    from keras import ops

    if isinstance(fitted.model, Classical):
        estimator = fitted.estimator
        return lambda x: _linear(ops.reshape(x, (1, -1)), estimator, fitted.n_classes)
    network = _standard(fitted.estimator, name)
    return lambda x: network(ops.reshape(x, (1, *network.input_shape[1:])))


def _standard(network: Any, name: str) -> Any:
    """The same network with Keras's own batch normalisation in place of ours, which only trains faster."""
    import keras

    def same(layer: Any) -> Any:
        if isinstance(layer, keras.layers.BatchNormalization):
            return keras.layers.BatchNormalization.from_config(layer.get_config())
        return layer.__class__.from_config(layer.get_config())

    copy = keras.models.clone_model(network, clone_function=same)
    copy.set_weights(network.get_weights())
    copy.trainable = False
    copy.name = name
    return copy


def _linear(x: Any, estimator: Any, n_classes: int) -> Any:
    """Probabilities of a linear model; see :func:`audioclf.models.classical.class_probabilities`."""
    from keras import ops

    coefficients, intercept = np.asarray(estimator.coef_), np.asarray(estimator.intercept_)
    if len(coefficients) == 1:  # of two classes the second alone has weights
        coefficients, intercept = np.concatenate([-coefficients, coefficients]) / 2, np.array([-1, 1]) * intercept / 2
    scores = fixed(x, coefficients.T) + intercept.astype(np.float32)[np.newaxis]
    known = ops.softmax(scores, axis=-1)
    classes = np.asarray(estimator.classes_, int)
    if len(classes) == n_classes:
        return known
    spread = np.zeros((len(classes), n_classes), np.float32)
    spread[np.arange(len(classes)), classes] = 1
    return fixed(known, spread)
