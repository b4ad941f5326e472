"""Classify sound files, or the microphone, with the model in this folder: python classify.py FILE... | --microphone

Needs numpy, soundfile and onnxruntime (model.onnx) or ai-edge-litert (model.tflite); the microphone also sounddevice.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

HERE = Path(__file__).resolve().parent
ABOUT = json.loads((HERE / "model.json").read_text(encoding="utf-8"))
SR, N_SAMPLES, CLASSES = ABOUT["sample_rate"], ABOUT["n_samples"], ABOUT["classes"]


def opened(path: Path) -> Callable[[Any], Any]:
    """The model as a function of samples [shape=(1, N_SAMPLES)], which gives a probability for every class."""
    if path.suffix == ".onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        return lambda y: session.run(["probabilities"], {"samples": y})[0][0]
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    given, found = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]

    def invoke(y: Any) -> Any:
        interpreter.set_tensor(given, y)
        interpreter.invoke()
        return interpreter.get_tensor(found)[0]

    return invoke


def read(path: str) -> Any:
    """Samples of a file, mono, at the model's sample rate."""
    y, sr = soundfile.read(path, dtype="float32", always_2d=True)
    channel = {"left": 0, "right": min(1, y.shape[1] - 1)}.get(ABOUT["mono"])
    return resampled(y.mean(axis=1) if channel is None else y[:, channel], sr)


def resampled(y: Any, sr: int) -> Any:
    """Samples at the model's rate: the spectrum is cut off, or continued with zeros, with a soft edge."""
    if sr == SR or not len(y):
        return y
    edge = sr // 10  # silence around, because a spectrum takes the end to go on at the beginning
    padded = np.pad(y, edge)
    spectrum = np.fft.rfft(padded)
    nyquist = min(SR, sr) / 2
    frequency = np.arange(len(spectrum)) * sr / len(padded)
    spectrum *= 0.5 + 0.5 * np.cos(np.pi * np.clip((frequency / nyquist - 0.913) / 0.087, 0, 1))  # as soxr's HQ
    n = round(len(padded) * SR / sr)
    kept = np.zeros(n // 2 + 1, complex)
    kept[: min(len(kept), len(spectrum))] = spectrum[: len(kept)]
    first = round(edge * SR / sr)
    found = np.fft.irfft(kept, n) * (n / len(padded))
    return found[first : first + -(-len(y) * SR // sr)].astype(np.float32)


def windows(y: Any) -> Any:
    """Stretches of the model's length; a rest shorter than half of one is left out, a short sound is padded."""
    for start in range(0, max(len(y) - N_SAMPLES // 2, 1), N_SAMPLES):
        stretch = y[start : start + N_SAMPLES]
        missing = N_SAMPLES - len(stretch)
        if ABOUT["pad"] == "repeat" and len(stretch):
            yield np.resize(stretch, N_SAMPLES)
        else:
            before = missing // 2 if ABOUT["pad"] == "center" else 0
            yield np.pad(stretch, (before, missing - before))


def main(arguments: list[str]) -> None:
    predict = opened(HERE / ABOUT["model"])
    if arguments == ["--microphone"]:
        import sounddevice  # type: ignore[import-not-found, unused-ignore]

        while True:  # until Ctrl-C
            y = sounddevice.rec(N_SAMPLES, samplerate=SR, channels=1, dtype="float32", blocking=True)[:, 0]
            show("microphone", predict(y[np.newaxis]))
    for path in arguments:
        rows = [predict(np.asarray(window, np.float32)[np.newaxis]) for window in windows(read(path))]
        show(path, np.mean(rows, axis=0))


def show(name: str, probabilities: Any) -> None:
    best = sorted(zip(CLASSES, map(float, probabilities), strict=True), key=lambda pair: -pair[1])
    print(json.dumps({"file": name, "label": best[0][0], "probabilities": dict(best)}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:]) if sys.argv[1:] else print(__doc__)
