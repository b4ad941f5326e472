"""Checkpoint: the whole state of a training after an epoch, so that it can go on after a crash."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import RunError
from audioclf.core.npz import headers, read_arrays, write_arrays
from audioclf.models.base import Model, Shape
from audioclf.training.history import FIELDS, Epoch
from audioclf.training.settings import Training

CHECKPOINT = "checkpoint.npz"


def completed_epochs(folder: Path) -> int:
    """Number of epochs the folder's checkpoint stands after; 0 when training would begin anew.

    What has been logged beyond this epoch is made again by the next :func:`fit` and is to be cut off.
    """
    return len(read_history(folder))


def read_history(folder: Path) -> tuple[Epoch, ...]:
    """Rows of the epochs in the checkpoint; empty when there is none or it cannot be read."""
    path = folder / CHECKPOINT
    try:
        found = headers(path).get("history")
        if found is None or len(found[0]) != 2 or found[0][1] != len(FIELDS) or found[1] != "<f8":
            return ()
        rows = read_arrays(path, {"history": found})["history"]
    except RunError:
        return ()
    return tuple(Epoch(int(row[0]), *map(float, row[1:])) for row in rows)


def fingerprint(
    model: Model, training: Training, input_shape: Shape, y: npt.NDArray[np.int64]
) -> npt.NDArray[np.uint8]:
    """Hash of what a checkpoint belongs to: recipe, shape and training labels in their order."""
    settings = {name: value for name, value in training.to_dict().items() if name != "calibrate"}  # done afterwards
    what: list[Any] = [model.to_dict(), settings, list(input_shape)]
    if model.version > 1:
        what.append(model.version)
    recipe = json.dumps(what, sort_keys=True)
    digest = hashlib.blake2b(recipe.encode(), digest_size=16)
    digest.update(np.ascontiguousarray(y).tobytes())
    return np.frombuffer(digest.digest(), dtype=np.uint8)


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """The checkpoint of one training in one folder.

    Attributes
    ----------
    folder : Path
    mark : np.ndarray [shape=(16,)], uint8
        From :func:`fingerprint`.
    """

    folder: Path
    mark: npt.NDArray[np.uint8]

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / CHECKPOINT

    def save(self, history: Sequence[Epoch], variables: Sequence[Any]) -> None:
        """Write the state after the last epoch of ``history``: all variables of network and optimizer."""
        arrays = {f"variable_{number}": np.asarray(variable) for number, variable in enumerate(variables)}
        write_arrays(self.path, {**self._head(history, finished=False), **arrays})

    def finish(self, history: Sequence[Epoch]) -> None:
        """Mark the training as done; the history stays, the state is no longer needed."""
        write_arrays(self.path, self._head(history, finished=True))

    def restore(self, variables: Sequence[Any]) -> tuple[tuple[Epoch, ...], bool]:
        """Bring the variables to the state after the last completed epoch.

        Returns
        -------
        history : tuple of Epoch
            Empty when there is nothing to go on from.
        finished : bool
            Whether the training was done; the variables are left alone then.

        Raises
        ------
        RunError
            When the checkpoint is of another recipe or of other data.
        """
        history = read_history(self.folder)
        if not history:
            return (), False
        head = read_arrays(self.path, {"fingerprint": ((16,), "|u1"), "finished": ((), "|b1")})
        if not np.array_equal(head["fingerprint"], self.mark):
            raise RunError(
                "The folder holds the checkpoint of another experiment; run this one in a new folder, or remove"
                f" {CHECKPOINT} to begin anew."
            )
        if head["finished"]:
            return history, True
        expected = {
            f"variable_{number}": (tuple(variable.shape), np.dtype(variable.dtype).str)
            for number, variable in enumerate(variables)
        }
        arrays = read_arrays(self.path, expected)
        for number, variable in enumerate(variables):
            variable.assign(arrays[f"variable_{number}"])
        return history, False

    def _head(self, history: Sequence[Epoch], finished: bool) -> dict[str, npt.NDArray[Any]]:
        rows = np.array([dataclasses.astuple(row) for row in history], dtype="<f8").reshape(-1, len(FIELDS))
        return {"history": rows, "fingerprint": self.mark, "finished": np.array(finished)}
