"""What a user can do wrong, as exceptions.

Everything that the user can correct is an :class:`AudioclfError`; its text is one
sentence that says what was expected, what arrived and what to do. Any other exception
that leaves the package is a bug.
"""

from __future__ import annotations


class AudioclfError(Exception):
    """A mistake the user can correct; ``str(error)`` is the sentence to show."""


class AudioError(AudioclfError):
    """A sound that cannot be read, or cannot be used as it is."""


class DatasetError(AudioclfError):
    """A data set that cannot be found, read, or split as asked."""


class ParameterError(AudioclfError):
    """A parameter outside its range, or a combination that cannot work.

    Attributes
    ----------
    field : str
        Dotted name of the parameter, so that a form can show the sentence beside it.
    """

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class RunError(AudioclfError):
    """A run that cannot be opened, continued or used."""


class WorkspaceError(AudioclfError):
    """An address without a workspace, or a workspace or disk that is full."""


class Stopped(AudioclfError):
    """Work that ended early because someone asked it to."""
