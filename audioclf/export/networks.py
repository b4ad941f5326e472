"""Write the networks of a run for its scans: ``python -m audioclf.export.networks RUN``.

See :mod:`audioclf.inference.networks`, which starts this.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np

from audioclf.core import settings
from audioclf.core.errors import AudioclfError
from audioclf.core.files import write_atomic
from audioclf.core.limits import be_modest, cap_memory
from audioclf.experiments.runs import open_run
from audioclf.export.check import TOLERANCE, made
from audioclf.export.convert import quiet, signature
from audioclf.inference.loaded_run import LoadedRun, stacked
from audioclf.inference.networks import REFUSED, onnx_path
from audioclf.training.forward import before_last, keras_forward, onnx_forward

KEPT: Final = 64
"""Files that stay in the cache, the newest."""

EMBEDDED: Final = 1e-3
"""How far what the last layer is given may be off, as a share of its largest value: the distance to the known."""


def write(loaded: LoadedRun, fit: dict[str, Any], path: Path) -> None:
    """Write one network from a batch of inputs to probabilities and, where it is known, what its last layer is given.

    Raises
    ------
    RunError
        When a layer has no such form.
    AudioclfError
        When it gives other answers.
    """
    import keras

    fitted = loaded.fitted(fit)
    network = fitted.estimator
    whole = keras.Model(network.input, [network.output, *before_last(network)])
    with quiet("ONNX", network):
        whole.export(str(path), format="onnx", input_signature=signature(whole), verbose=False)
    windows = [loaded.maps(y) for y in made(loaded.n_samples, loaded.audio.sr)]
    x = loaded.transform(fit)(stacked(windows))
    ours = keras_forward(network, *before_last(network))
    theirs = onnx_forward(path)
    numbers = range(len(ours.output_shapes))
    both = zip(ours.outputs(x, numbers), theirs.outputs(x, numbers), strict=True)
    for (known, found), allowed in zip(both, (TOLERANCE, EMBEDDED), strict=False):
        if not np.allclose(found, known, rtol=0, atol=allowed * max(1.0, np.abs(known).max())):
            raise AudioclfError("The ONNX file gives other answers than the network.")


def main(arguments: list[str]) -> int:
    """Write every fit's, or why it cannot be."""
    be_modest()
    cap_memory(settings.number("job_memory_gb", low=4))
    (folder,) = arguments
    loaded = LoadedRun(open_run(folder))
    fits = loaded.fits(None)
    for fit in fits:
        target = onnx_path(loaded.run, fit)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="audioclf-network-") as space:
            written = Path(space) / "network.onnx"
            try:
                write(loaded, fit, written)
            except AudioclfError as error:
                write_atomic(target.with_suffix(REFUSED), str(error))
            else:
                write_atomic(target, written.read_bytes())
    for path in sorted(target.parent.iterdir(), key=lambda path: -path.stat().st_mtime)[max(KEPT, len(fits)) :]:
        path.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
