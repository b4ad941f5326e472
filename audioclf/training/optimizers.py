"""Optimizers: Keras's, with Adam's step for a weight as one operation."""

from __future__ import annotations

import functools
from typing import Any

from audioclf.training.settings import Training


def make_optimizer(training: Training, network: Any) -> Any:
    """Keras optimizer with its state allocated for the network's weights."""
    import keras

    rate, decay = training.learning_rate, training.weight_decay or None
    if training.optimizer == "sgd":
        optimizer = keras.optimizers.SGD(rate, momentum=training.momentum, weight_decay=decay)
    elif training.optimizer == "rmsprop":
        optimizer = keras.optimizers.RMSprop(rate, momentum=training.momentum, weight_decay=decay)
    elif training.optimizer == "adamw":
        optimizer = one_operation(keras.optimizers.AdamW)(rate, weight_decay=training.weight_decay)
    else:
        optimizer = one_operation(keras.optimizers.Adam)(rate, weight_decay=decay)
    if training.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    optimizer.build(network.trainable_variables)
    return optimizer


@functools.cache
def one_operation(base: Any) -> Any:
    """Keras's Adam or AdamW, whose dozen small operations for every weight are TensorFlow's single one.

    A small network has as many weights as a large one, and most of its step would be such operations.
    """
    import tensorflow as tf

    class OneOperation(base):  # type: ignore[misc]
        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            number = self._get_variable_index(variable)
            done = tf.cast(self.iterations + 1, tf.float32)
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=self._momentums[number].value.handle,
                v=self._velocities[number].value.handle,
                beta1_power=tf.pow(self.beta_1, done),
                beta2_power=tf.pow(self.beta_2, done),
                lr=learning_rate,
                beta1=self.beta_1,
                beta2=self.beta_2,
                epsilon=self.epsilon,
                grad=gradient,
            )

    OneOperation.__name__ = base.__name__
    return OneOperation
