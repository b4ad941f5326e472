"""One training step of a network, compiled by TensorFlow."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


class Step:
    """Forward pass, gradient and update for one batch.

    Parameters
    ----------
    network : keras.Model
        Ends in softmax probabilities.
    optimizer : keras.optimizers.Optimizer
    label_smoothing : float
    class_weights : np.ndarray [shape=(n_classes,)]
    """

    def __init__(self, network: Any, optimizer: Any, label_smoothing: float, class_weights: Array) -> None:
        import keras
        import tensorflow as tf

        n_classes = len(class_weights)
        weights = tf.constant(class_weights)

        def step(x: Any, y: Any, rate: Any) -> Any:
            optimizer.learning_rate.assign(rate)
            with tf.GradientTape() as tape:
                probabilities = network(x, training=True)
                targets = y * (1 - label_smoothing) + label_smoothing / n_classes
                # In a graph Keras finds the logits before the softmax, so this stays exact at small probabilities.
                losses = keras.ops.categorical_crossentropy(targets, probabilities)
                losses *= tf.linalg.matvec(y, weights)
                loss = tf.reduce_mean(losses)
                if network.losses:
                    loss += tf.add_n(network.losses)
            variables = network.trainable_variables
            optimizer.apply(tape.gradient(loss, variables), variables)
            right = tf.equal(tf.argmax(probabilities, -1), tf.argmax(y, -1))
            size = tf.cast(tf.shape(y)[0], tf.float32)
            return tf.stack([loss * size, tf.reduce_sum(tf.cast(right, tf.float32))])

        self._step = tf.function(
            step,
            input_signature=[
                tf.TensorSpec((None, *network.input_shape[1:]), tf.float32),
                tf.TensorSpec((None, n_classes), tf.float32),
                tf.TensorSpec((), tf.float32),
            ],
            # nothing here branches on a tensor, and translated code leaves a file in /tmp where a job is killed
            autograph=False,
        )

    def __call__(self, x: Array, y: Array, rate: float) -> npt.NDArray[np.float32]:
        """Take one step; returns the sum of the losses and the number of right answers."""
        result: npt.NDArray[np.float32] = self._step(x, y, np.float32(rate)).numpy()
        return result
