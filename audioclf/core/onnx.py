"""Open ONNX files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from audioclf.core.errors import AudioclfError


def session(path: Path, remedy: str, threads: int = 1) -> Any:
    """An ``onnxruntime.InferenceSession`` on the processor, whose threads sleep while they wait for each other.

    Raises
    ------
    AudioclfError
        When the file cannot be read; it ends in the remedy.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has no base class of its errors
        raise AudioclfError(f"{path.name} cannot be read ({type(error).__name__}); {remedy}.") from error
