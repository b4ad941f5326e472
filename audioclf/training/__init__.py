"""Training: fit one model, report progress through plain callbacks, honour a stop request."""

from __future__ import annotations

from audioclf.training.checkpoint import completed_epochs
from audioclf.training.diagnosis import diagnose
from audioclf.training.fitted import Fitted, load
from audioclf.training.frozen import read_remarks
from audioclf.training.history import Epoch, epochs_of
from audioclf.training.loop import fit
from audioclf.training.novelty import Novelty
from audioclf.training.settings import Training
from audioclf.training.temperature import Temperature

__all__ = [
    "Epoch",
    "Fitted",
    "Novelty",
    "Temperature",
    "Training",
    "completed_epochs",
    "diagnose",
    "epochs_of",
    "fit",
    "load",
    "read_remarks",
]
