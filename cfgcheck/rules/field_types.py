"""What the fields of a rule file are made of. Imports pydantic."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, StringConstraints


def listed(value: Any) -> Any:
    """One thing stands for a list of one."""
    return value if isinstance(value, list) or value is None else [value]


def named(key: str) -> BeforeValidator:
    """A plain text stands for a mapping with only that key."""
    return BeforeValidator(lambda value: {key: value} if isinstance(value, str) else value)


def shown(value: Any) -> Any:
    """YAML reads ``true`` and ``5`` as such; where an expression is wanted they are texts again."""
    return str(value) if isinstance(value, (bool, int, float)) else value


Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
Expression = Annotated[Text, BeforeValidator(shown)]
Function = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
