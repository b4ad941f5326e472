"""What people write as TOML: a file of a whole value, and the text of a single one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from audioclf.core.documents import MAX_TOML_LENGTH, parse_toml, read_text
from audioclf.core.errors import ParameterError


class FromToml:
    """Base of the values that have a file of their own. A subclass says what it is and reads plain values.

    Class attributes
    ----------------
    what : str
        What the file holds, in the words of an error.
    """

    what: ClassVar[str]

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The value from plain ones."""
        raise NotImplementedError

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """The value from TOML, as ``to_toml`` writes it; a ParameterError where the text is something else."""
        try:
            values = parse_toml(text)
        except ValueError as error:
            raise ParameterError(f"The {cls.what} is not valid TOML: {error}; correct that line.") from None
        return cls.from_dict(values)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The value from a TOML file; a ParameterError where it cannot be read, or holds something else."""
        try:
            text = read_text(Path(path), 4 * MAX_TOML_LENGTH)
        except (OSError, ValueError) as error:
            raise ParameterError(
                f"The {cls.what} file {str(path)!r} cannot be read ({error}); check the path."
            ) from None
        return cls.from_toml(text)


def literal(value: Any) -> Any:
    """Text as the TOML value it spells, or as the text it is."""
    if not isinstance(value, str):
        return value
    try:
        return parse_toml(f"value = {value}")["value"]
    except ValueError:
        return value
