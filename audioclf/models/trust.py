"""What the web app must not run: models that name files or code of the machine they run on."""

from __future__ import annotations

import os
from typing import Final

from audioclf.core import workspaces
from audioclf.core.errors import ParameterError
from audioclf.models.base import Model

MARK: Final = "AUDIOCLF_JOB"
"""Environment variable of the processes that work for the web app, and of those that they start."""


def is_job() -> bool:
    """Whether this process works for the web app."""
    return os.environ.get(MARK) == "1"


def require_allowed(model: Model) -> None:
    """Raise where the web app does not train this model, whatever form, text or folder it came from.

    Raises
    ------
    ParameterError
    """
    said = model.refused_by_app(shared=workspaces.shared())
    if said:
        raise ParameterError(said, "model")
