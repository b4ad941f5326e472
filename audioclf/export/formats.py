"""What a run can leave as: the formats, what they need installed, and who cannot take them."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import Final

from audioclf.core.errors import AudioclfError, ParameterError
from audioclf.core.params import unknown


@dataclass(frozen=True)
class Format:
    """One way for a run to leave.

    Attributes
    ----------
    name, title, suffix : str
    explanation : str
        What it is for, in one or two sentences.
    packages : tuple of str
        Modules that are needed to write and check it, of the extra ``export``.
    bundled : bool
        Whether it is a model that other programs run, and so can come as a zip with all that belongs to it.
    """

    name: str
    title: str
    suffix: str
    explanation: str
    packages: tuple[str, ...] = ()
    bundled: bool = False


FORMATS: Final = {
    item.name: item
    for item in (
        Format(
            "onnx",
            "ONNX",
            ".onnx",
            "From samples to probabilities in one file, for onnxruntime in Python, C++, Java and the browser.",
            bundled=True,
        ),
        Format(
            "litert",
            "LiteRT (TensorFlow Lite)",
            ".tflite",
            "From samples to probabilities in one file, for phones and small boards.",
            ("ai_edge_litert",),
            True,
        ),
        Format(
            "keras",
            "Keras",
            ".keras",
            "From samples to probabilities with standard layers only: opens in Keras without audioclf, to train on.",
        ),
        Format(
            "run",
            "Run (for another audioclf)",
            ".zip",
            "Settings, figures, predictions and weights in one file; Results there shows what it shows here.",
        ),
        Format(
            "python",
            "Python script",
            ".py",
            "Trains this model again with audioclf, on the same clips, to the same figure.",
        ),
    )
}
"""By name, in the order of lists."""


def named(name: str) -> Format:
    """A format by its name.

    Raises
    ------
    ParameterError
    """
    if name not in FORMATS:
        raise ParameterError(unknown(name, FORMATS, "format"), "format")
    return FORMATS[name]


def require(what: str, modules: tuple[str, ...], extra: str) -> None:
    """Raise where modules of an optional extra are not installed.

    Raises
    ------
    AudioclfError
    """
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    if missing:
        raise AudioclfError(
            f"{what} needs {' and '.join(module.replace('_', '-') for module in missing)}, not installed here; install"
            f" it with: pip install 'audioclf[{extra}]'"
        )
