"""The networks: the references' parameter counts, summaries that agree with Keras, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audioclf.core.errors import ParameterError
from audioclf.models import MODELS, Network, build
from audioclf.models.network import MAX_PARAMETERS

REFERENCES: dict[str, tuple[str, tuple[int, ...], dict[str, Any], int, int]] = {
    "A: MLP": ("mlp", (168, 87), {}, 7_649_418, 7_649_418),
    "A: MLP, flattened": ("mlp", (168 * 87,), {}, 7_649_418, 7_649_418),
    "A: CNN": ("cnn", (168, 87, 1), {}, 62_197_898, 62_197_898),
    "B: ResNet": ("resnet", (40, 40, 1), {}, 84_522, 83_562),
    "E: MLP": (
        "mlp",
        (13, 501),
        {"units": (500, 500, 500), "activation": ("sigmoid", "leaky_relu", "relu")},
        3_763_010,
        3_763_010,
    ),
}

# Conv 64 same, pool, Conv 32 valid, pool, Dropout, Dense 128, Dropout, on pictures of 250 x 420 x 3 and 11 classes:
# 3*3*3*64 + 64 + 3*3*64*32 + 32 + (61*104*32)*128 + 128 + 128*11 + 11
REFERENCE_C = {
    "filters": (64, 32),
    "padding": ("same", "valid"),
    "pool_padding": "valid",
    "conv_dropout": (0.0, 0.25),
    "units": (128,),
    "dropout": (0.5,),
}


def own(input_shape: tuple[int, ...], n_classes: int) -> Any:
    """A network of one's own."""
    import keras

    start = keras.Input(input_shape)
    flat = keras.layers.Flatten()(start)
    return keras.Model(start, keras.layers.Dense(n_classes, activation="softmax")(flat))


SMALL: dict[str, dict[str, Any]] = {
    "compact-cnn": {},
    "mlp": {"units": (16, 8)},
    "cnn": {"filters": (4, 6), "units": (8,)},
    "resnet": {"stem": 4, "filters": (6, 6), "pools": (0, 1)},
    "crnn": {"filters": (4, 6), "pool_frames": (1, 3), "recurrent_units": (5, 3)},
    "vgg16": {"weights": "none", "units": (4,)},
    "yamnet": {"weights": "none", "units": (4,)},
    "custom": {"builder": own},
}
SHAPES: dict[str, tuple[int, ...]] = {"vgg16": (32, 40, 3), "yamnet": (64, 150)}
NETWORKS = [kind for kind, model in MODELS.items() if issubclass(model, Network)]


def network(kind: str, **params: Any) -> Network:
    model = MODELS[kind].from_dict(params)
    assert isinstance(model, Network)
    return model


@pytest.mark.parametrize("reference", REFERENCES)
def test_reference_counts_without_keras(reference: str) -> None:
    kind, shape, params, total, trainable = REFERENCES[reference]
    assert network(kind, **params).count_parameters(shape, 10) == (total, trainable)


@pytest.mark.parametrize("reference", REFERENCES)
def test_reference_counts_of_the_keras_model(reference: str) -> None:
    kind, shape, params, total, trainable = REFERENCES[reference]
    model = build(kind, shape, 10, **params)
    assert model.count_params() == total
    assert sum(int(np.prod(weight.shape)) for weight in model.trainable_weights) == trainable


def test_reference_e_has_its_activations_in_order() -> None:
    import keras

    kind, shape, params, _, _ = REFERENCES["E: MLP"]
    model = build(kind, shape, 10, **params)
    first, second, third = (model.get_layer(f"dense_{number}_activation") for number in (1, 2, 3))
    assert (first.activation, third.activation) == (keras.activations.sigmoid, keras.activations.relu)
    assert isinstance(second, keras.layers.LeakyReLU)
    assert second.negative_slope == pytest.approx(0.3)


def test_reference_c_comes_out_of_the_cnn() -> None:
    expected = 3 * 3 * 3 * 64 + 64 + 3 * 3 * 64 * 32 + 32 + (61 * 104 * 32) * 128 + 128 + 128 * 11 + 11
    assert network("cnn", **REFERENCE_C).count_parameters((250, 420, 3), 11) == (expected, expected)
    layers = [row.name for row in network("cnn", **REFERENCE_C).summary((250, 420, 3), 11)]
    assert layers == [
        "conv_1", "conv_1_activation", "pool_1",
        "conv_2", "conv_2_activation", "pool_2", "conv_2_dropout",
        "flatten", "dense_1", "dense_1_activation", "dense_1_dropout", "probabilities",
    ]  # fmt: skip


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_recurrent_networks_summary_agrees_with_keras(cell: str, bidirectional: bool) -> None:
    model = network("crnn", cell=cell, bidirectional=bidirectional, **SMALL["crnn"])
    built = model.build((24, 18), 5)
    assert built.count_params() == model.count_parameters((24, 18), 5)[0]
    for row in model.summary((24, 18), 5):
        assert built.get_layer(row.name).output.shape[1:] == row.output_shape


def test_a_recurrent_network_reads_frames_in_their_order() -> None:
    model = build("crnn", (6, 8), 3, filters=(4,), pool_size=(1,), pool_frames=(1,), batch_normalization=False)
    x = np.random.default_rng(0).normal(size=(6, 8, 1)).astype(np.float32)
    before = np.asarray(model.get_layer("conv_1_activation").output.shape[1:])
    assert before.tolist() == [6, 8, 4]
    import keras

    maps, frames = keras.Model(model.input, [model.get_layer(n).output for n in ("conv_1_activation", "frames")])(
        x[None]
    )
    np.testing.assert_array_equal(frames[0, 5], np.asarray(maps)[0, :, 5].reshape(-1))


@pytest.mark.parametrize("kind", NETWORKS)
def test_summary_agrees_with_keras(kind: str) -> None:
    model = network(kind, **SMALL[kind])
    shape = SHAPES.get(kind, (24, 18, 2))
    rows, built = model.summary(shape, 5), model.build(shape, 5)
    assert built.count_params() == sum(row.trainable + row.frozen for row in rows)
    for row in rows:
        assert built.get_layer(row.name).output.shape[1:] == row.output_shape


@settings(max_examples=15, deadline=None)
@given(
    filters=st.lists(st.integers(1, 9), min_size=1, max_size=3),
    kernel_size=st.integers(1, 4),
    padding=st.sampled_from(["same", "valid"]),
    pool_padding=st.sampled_from(["same", "valid"]),
    pool_size=st.integers(1, 3),
    batch_normalization=st.booleans(),
    global_pooling=st.sampled_from(["none", "average", "max", "average+max"]),
    units=st.lists(st.integers(1, 5), max_size=2),
    shape=st.tuples(st.integers(1, 20), st.integers(1, 20)),
)
def test_any_cnn_is_refused_or_agrees_with_its_summary(
    filters: list[int], kernel_size: int, units: list[int], shape: tuple[int, int], **rest: Any
) -> None:
    model = network(
        "cnn", filters=filters, kernel_size=[kernel_size], units=units, padding=[rest.pop("padding")], **rest
    )
    try:
        total, _ = model.count_parameters(shape, 3)
    except ParameterError as error:
        assert error.field in ("pool_size", "kernel_size")
        return
    assert model.build(shape, 3).count_params() == total


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_seed_alone_decides_the_first_weights(kind: str) -> None:
    first, again, other = (
        build(kind, SHAPES.get(kind, (16, 16)), 3, random_state=seed, **SMALL[kind]).get_weights() for seed in (7, 7, 8)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_no_two_layers_start_alike() -> None:
    model = build("mlp", (8,), 8, units=(8, 8))
    kernels = [layer.kernel.numpy() for layer in model.layers if hasattr(layer, "kernel")]
    assert not np.array_equal(kernels[0], kernels[1])


@pytest.mark.parametrize("kind", [kind for kind in NETWORKS if MODELS[kind]().cam_layer])
def test_cam_layer_is_a_map_of_the_default_network(kind: str) -> None:
    model = network(kind, **SMALL[kind])
    assert len(model.build(SHAPES.get(kind, (16, 16)), 3).get_layer(model.cam_layer).output.shape) == 4


def test_a_picture_smaller_than_the_pooling_is_explained() -> None:
    with pytest.raises(ParameterError, match=r"pool_2.*2 x 2.*1 x 44.*fewer layers") as caught:
        build("compact-cnn", (2, 87), 3)
    assert caught.value.field == "pool_size"


def test_a_picture_smaller_than_the_kernel_is_explained() -> None:
    with pytest.raises(ParameterError, match="kernel of conv_1"):
        build("cnn", (2, 2), 3, padding=("valid",))


def test_a_network_of_pictures_does_not_take_a_curve() -> None:
    with pytest.raises(ParameterError, match="curve of 6513 values"):
        build("compact-cnn", (6513,), 10)


def test_an_absurd_size_is_refused_before_anything_is_allocated() -> None:
    with pytest.raises(ParameterError, match=rf"at most {MAX_PARAMETERS:,} fit") as caught:
        build("mlp", (2_000_000,), 10, units=(4096,))
    assert caught.value.field == "units"


@pytest.mark.parametrize(
    ("kind", "params", "field"),
    [
        ("mlp", {"units": (8, 8), "activation": ("relu",) * 3}, "activation"),
        ("mlp", {"units": (0,)}, "units"),
        ("mlp", {"activation": ("rleu",)}, "activation"),
        ("cnn", {"filters": ()}, "filters"),
        ("cnn", {"filters": (4, 4), "kernel_size": (3, 3, 3)}, "kernel_size"),
        ("cnn", {"units": (8, 8), "dropout": (0.1, 0.2, 0.3)}, "dropout"),
        ("resnet", {"dropout": float("nan")}, "dropout"),
        ("compact-cnn", {"pool_size": (2, 2, 2)}, "pool_size"),
        ("compact-cnn", {"filtres": (8,)}, "filtres"),
    ],
)
def test_a_wrong_parameter_is_stopped_beside_its_field(kind: str, params: dict[str, Any], field: str) -> None:
    with pytest.raises(ParameterError) as caught:
        network(kind, **params)
    assert caught.value.field == field


def test_an_unknown_model_names_the_nearest() -> None:
    with pytest.raises(ParameterError, match="did you mean 'resnet'"):
        build("resnte", (40, 40), 10)


def test_a_summary_imports_nothing_heavy() -> None:
    code = (
        "import sys; from audioclf.models import MODELS; MODELS['cnn']().summary((168, 87), 10);"
        "print([name for name in ('keras', 'tensorflow', 'sklearn', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
