"""What is not run unasked: models that name files or code of the machine they run on."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Final

from audioclf.core import workspaces
from audioclf.core.errors import ParameterError
from audioclf.models.base import Model

MARK: Final = "AUDIOCLF_JOB"
"""Environment variable of the processes that work for the web app, and of those that they start."""

# denied unless an entry point says otherwise, also in threads and processes that nobody thought of
_code_trusted: ContextVar[bool] = ContextVar("code_trusted", default=False)


def is_job() -> bool:
    """Whether this process works for the web app."""
    return os.environ.get(MARK) == "1"


def code_trusted() -> bool:
    """Whether code that a model names may be imported here."""
    return _code_trusted.get()


@contextlib.contextmanager
def trusting_code(trusted: bool) -> Iterator[None]:
    """Allow, or deny, the import of code that a model names, within a ``with`` statement.

    Running an experiment of one's own allows it; opening a run or a search, which may be a stranger's, does not. The
    web app never imports such code, whatever is allowed here.
    """
    token = _code_trusted.set(trusted)
    try:
        yield
    finally:
        _code_trusted.reset(token)


def require_trusted(model: Model) -> None:
    """Raise a ParameterError where building the model would import code that it names, and that is not allowed here."""
    if is_job():
        require_allowed(model)
    if model.names_code and not code_trusted():
        raise ParameterError(
            f"The model names code that builds it, {model.names_code!r}, which was not imported, because opening a run"
            " never runs code that the run names; if you trust that code, add --trust-code (in Python:"
            " trust_code=True).",
            "builder",
        )


def require_allowed(model: Model) -> None:
    """Raise a ParameterError where the web app does not train this model, wherever it came from."""
    refusal = model.refused_by_app(shared=workspaces.shared())
    if refusal:
        raise ParameterError(refusal, "model")
