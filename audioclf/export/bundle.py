"""A zip around an exported model: what it takes, what it answers, what to know of it, and programs that ask it."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np

from audioclf.core.errors import AudioclfError
from audioclf.export.card import card
from audioclf.export.check import Samples
from audioclf.features.base import Array
from audioclf.inference.predictor import Predictor

ORT: Final = "onnxruntime-web@1.30.0"
ORT_FILES: Final = ("ort.wasm.min.js", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
_SECONDS: Final = 120.0

_README: Final = """# {title}

- `{model}`: the model. One input `samples` [1, {n_samples}] (float32, mono, {sr} Hz, full scale at -1 and 1), one
  output `probabilities` [1, {n_classes}]. The feature, the scaling and all fits of the run are inside.
- `labels.txt`: the classes in the order of the probabilities, one a line (a line break within a name is written \\n).
- `model.json`: the same and everything else a program needs.
- `example.wav`, `example.json`: a sound and the answer that is expected for it.
- `MODEL_CARD.md`: data, licence, protocol, figures, limits, versions.
- `classify.py`: classifies files or the microphone.

      pip install numpy soundfile {package}
      python classify.py example.wav
      python classify.py --microphone    # also needs: pip install sounddevice

Sounds at another sample rate are resampled by `classify.py` itself; probabilities then differ a little (some
thousandths) from those of audioclf, which resamples with soxr.
{page}
{checked}
"""

_PAGE: Final = """
## In a browser

`index.html` classifies a file or the microphone within the browser. It needs onnxruntime-web in the folder `ort/`
beside it{there}:

    npm pack {ort}
    tar xzf onnxruntime-web-*.tgz && mkdir -p ort
    cp package/dist/ort.wasm.min.js package/dist/ort-wasm-simd-threaded.* ort/

Then serve this folder, for a browser loads no model from a file, and open http://localhost:8000 :

    python -m http.server

A browser gives the microphone to pages of localhost and of https addresses only.
"""


def write(
    predictor: Predictor,
    model: Path,
    path: Path,
    samples: Samples,
    answers: Array,
    checked: str,
    *,
    web_runtime: bool = False,
) -> None:
    """Write the zip.

    Parameters
    ----------
    predictor : Predictor
    model : Path
        ``model.onnx`` or ``model.tflite``.
    path : Path
    samples : Samples
        What it was checked on; the first is the example.
    answers : np.ndarray [shape=(n, n_classes)]
        Of the exported model.
    checked : str
        What the check found.
    web_runtime : bool
        Put onnxruntime-web in, fetched with npm.

    Raises
    ------
    AudioclfError
    """
    run, audio = predictor.run, predictor.audio
    about = {
        "name": run.name,
        "model": model.name,
        "sample_rate": audio.sr,
        "n_samples": predictor.n_samples,
        "mono": audio.mono,
        "pad": audio.pad,
        "classes": list(predictor.classes),
    }
    example = {
        "file": "example.wav",
        "label": predictor.classes[int(answers[0].argmax())],
        "true": None if samples.made else predictor.classes[samples.true[0]],
        "made": samples.made,
        "probabilities": dict(zip(predictor.classes, map(float, answers[0]), strict=True)),
    }
    is_onnx = model.suffix == ".onnx"
    runtime = _web_runtime() if web_runtime else {}
    page = (
        _PAGE.format(ort=ORT, there=", which is there already; it was fetched so" if runtime else "") if is_onnx else ""
    )
    kit = files("audioclf.export.kit")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(model, model.name)
        packed.writestr("labels.txt", labels(predictor.classes))
        packed.writestr("model.json", json.dumps(about, indent=1, ensure_ascii=False))
        packed.writestr("example.wav", _wav(samples.windows[0], audio.sr))
        packed.writestr("example.json", json.dumps(example, indent=1, ensure_ascii=False))
        packed.writestr("MODEL_CARD.md", card(run, checked))
        packed.writestr("classify.py", (kit / "classify.py").read_bytes())
        packed.writestr(
            "README.md",
            _README.format(
                title="A sound classifier",
                model=model.name,
                n_samples=predictor.n_samples,
                sr=audio.sr,
                n_classes=len(predictor.classes),
                package="onnxruntime" if is_onnx else "ai-edge-litert",
                page=page,
                checked=checked,
            ),
        )
        if is_onnx:
            html = (kit / "index.html").read_text(encoding="utf-8")
            packed.writestr("index.html", html.replace("{{ about }}", _in_script(about)))
        for name, data in runtime.items():
            packed.writestr(f"ort/{name}", data)


def labels(classes: Sequence[str]) -> str:
    """Names, one a line, whatever is in them."""
    lines = (name.replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n") for name in classes)
    return "".join(f"{line}\n" for line in lines)


def _in_script(value: Any) -> str:
    """JSON within a ``script`` element, which nothing in it can end."""
    text = json.dumps(value, ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _wav(y: Array, sr: int) -> bytes:
    """32-bit float WAV: the very samples the answer is of."""
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, np.asarray(y, np.float32), sr, format="WAV", subtype="FLOAT")
    return buffer.getvalue()


def _web_runtime() -> dict[str, bytes]:
    """Files of onnxruntime-web, fetched with npm.

    Raises
    ------
    AudioclfError
        When npm is not there, or cannot fetch it.
    """
    npm = shutil.which("npm")
    remedy = "leave it out, and put it beside the page later as the zip's README explains."
    if npm is None:
        raise AudioclfError(f"onnxruntime-web is fetched with npm, which is not installed here; {remedy}")
    with tempfile.TemporaryDirectory(prefix="audioclf-npm-") as folder:
        command = [npm, "pack", ORT, "--silent", "--pack-destination", folder]
        try:
            done = subprocess.run(
                command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False
            )
            found = sorted(Path(folder).glob("*.tgz"))
            if done.returncode or not found:
                raise AudioclfError(f"npm could not fetch {ORT}; connect to the internet, or {remedy}")
            with tarfile.open(found[0]) as packed:
                return {name: _member(packed, f"package/dist/{name}") for name in ORT_FILES}
        except (subprocess.TimeoutExpired, OSError, KeyError, tarfile.TarError) as error:
            raise AudioclfError(f"npm could not fetch {ORT}; connect to the internet, or {remedy}") from error


def _member(packed: tarfile.TarFile, name: str) -> bytes:
    file = packed.extractfile(name)
    if file is None:
        raise KeyError(name)
    return file.read()
