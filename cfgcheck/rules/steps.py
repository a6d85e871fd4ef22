"""The steps of a fix, as a rule file has them: ``docs/rule-language.md`` describes each. Imports pydantic."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from cfgcheck.rules.field_types import Expression, Function, Text, listed

Marks = Annotated[list[Expression], BeforeValidator(listed), Field(min_length=1)]
Statements = Annotated[list[Text], BeforeValidator(listed), Field(min_length=1)]

_SCALARS = (str, bool, int, float, type(None))
_WANTED = {
    "replace": {"replace", "with"},
    "remove": {"remove"},
    "in": {"in", "set", "add", "level"},
    "app": {"app", "set"},
    "unit": {"unit", "set"},
    "python": {"python"},
}
"""What decides the kind of a step, and all that such a step may have."""


class Step(BaseModel):
    """One of ``replace``, ``remove``, ``in``, ``app``, ``unit`` and ``python``, with what belongs to it."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    if_: Expression | None = Field(None, alias="if")
    each: Annotated[dict[str, Expression], Field(min_length=1, max_length=1)] | None = None
    replace: Marks | None = None
    with_: str | None = Field(None, alias="with")
    remove: Marks | None = None
    in_: Expression | None = Field(None, alias="in")
    app: Expression | None = None
    unit: Expression | None = None
    set_: Any = Field(None, alias="set")
    add: Statements | None = None
    level: Literal["main", "events", "http"] | None = None
    python: Function | None = None

    @property
    def kind(self) -> str:
        return next(name for name in _WANTED if name in self.given)

    @property
    def given(self) -> set[str]:
        """The fields that are there, by their names in the file."""
        return {name.rstrip("_") for name in self.model_fields_set} - {"if", "each"}

    @model_validator(mode="after")
    def _one_kind(self) -> Step:
        kinds = [name for name in _WANTED if name in self.given]
        if len(kinds) != 1:
            raise ValueError(f"a step has one of {', '.join(f'`{name}`' for name in _WANTED)}")
        strange = sorted(self.given - _WANTED[kinds[0]])
        if strange:
            raise ValueError(f"`{strange[0]}` does not go with `{kinds[0]}`")
        return self

    @model_validator(mode="after")
    def _whole(self) -> Step:
        given = self.given
        if "replace" in given and self.with_ is None:
            raise ValueError("`replace` needs `with`")
        if "in" in given and ("set" in given) == ("add" in given):
            raise ValueError("`in` needs one of `set` and `add`")
        if "in" in given and "set" in given and not _is_texts(self.set_):
            raise ValueError("`set` is an nginx statement here, without the `;`, or a list of such")
        if given & {"app", "unit"} and not _is_settings(self.set_):
            raise ValueError("`set` is a mapping of settings here")
        return self

    @property
    def statements(self) -> list[str]:
        """What ``set`` or ``add`` writes into a block."""
        return [text.strip() for text in listed(self.add if self.set_ is None else self.set_)]


def _is_texts(value: Any) -> bool:
    texts = listed(value)
    return bool(texts) and all(isinstance(text, str) and text.strip() for text in texts)


def _is_settings(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(_is_value(one) for one in value.values())


def _is_value(value: Any) -> bool:
    return isinstance(value, _SCALARS) or (isinstance(value, list) and all(isinstance(one, _SCALARS) for one in value))
