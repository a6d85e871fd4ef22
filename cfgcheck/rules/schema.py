"""The fields of a rule file. Imports pydantic: only for compiling rules and for the project's own further rules."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from cfgcheck.rules.field_types import Expression, Function, Id, Text, listed, named, shown
from cfgcheck.rules.proof import Proof, Unproven
from cfgcheck.rules.steps import Step
from cfgcheck.rules.subjects import SUBJECTS

SeverityWord = Literal["error", "warning", "info"]
LinkWord = Literal["matched", "no-listener", "wrong-protocol", "external", "unknown", "any"]
SubjectWord = Literal[
    "stack", "proxy", "server", "location", "upstream", "peer", "route", "app", "listener", "unit", "file"
]
assert set(SUBJECTS) == set(get_args(SubjectWord))


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Escalation(_Strict):
    """``{to: error, when: …}``."""

    to: SeverityWord
    when: Expression


class Condition(_Strict):
    """An entry of ``when``: an expression, or ``{name: …, is: …}``."""

    name: str = ""
    is_: Expression = Field(alias="is")


class Place(_Strict):
    """A mark (or several, of which the first with a place counts) and what to say of it."""

    mark: Annotated[list[Expression], BeforeValidator(listed), Field(min_length=1)]
    label: str = ""
    when: Expression | None = None


Marked = Annotated[Place, named("mark")]
Alternatives = Annotated[list[Marked], BeforeValidator(listed), Field(min_length=1)]


class SymptomCase(_Strict):
    """What clients and logs show; ``none`` says why they show nothing."""

    if_: Expression | None = Field(None, alias="if")
    status: Annotated[int, Field(ge=100, le=599)] | None = None
    when: Text | None = None
    log: Text | None = None
    none: Text | None = None

    @model_validator(mode="after")
    def _says_something(self) -> SymptomCase:
        told = (self.status, self.when, self.log)
        if self.none is not None and any(part is not None for part in told):
            raise ValueError("`none` stands alone")
        if self.none is None and self.when is None:
            raise ValueError("say `when`, or `none` with the reason")
        return self


class Fix(_Strict):
    """How to mend it, in words, and as changes that the program can make."""

    title: Text
    text: str = ""
    applicability: Literal["safe", "unsafe"]
    edits: Annotated[list[Step], BeforeValidator(listed)] = []


class PythonCheck(_Strict):
    """A function in ``cfgcheck/checks/``."""

    python: Function
    params: dict[str, Any] = {}
    values: list[str] = []


class Superseded(_Strict):
    """A rule that is silent where this one speaks (and ``when`` is true)."""

    rule: Id
    when: Expression | None = None


class Expected(_Strict):
    """Where a finding must be: ``path:line`` or ``path: text on that line``."""

    at: Text
    severity: SeverityWord | None = None
    message: str = ""
    related: Annotated[list[Text], BeforeValidator(listed)] = []


class _Example(_Strict):
    name: str = ""
    files: Annotated[dict[str, str], Field(min_length=1)]
    settings: str = ""
    also: list[Id] = []


class Bad(_Example):
    expect: Annotated[list[Annotated[Expected, named("at")]], BeforeValidator(listed), Field(min_length=1)]
    fixed: str | None = None
    unfixed: Text | None = None
    reveals: list[Id] = []
    """Rules that speak once the fix has joined a location and an app: their problem was there all along."""

    @model_validator(mode="after")
    def _mended_or_not(self) -> Bad:
        if self.fixed is not None and self.unfixed is not None:
            raise ValueError("an example has one of `fixed` and `unfixed`")
        return self


class Good(_Example):
    unchecked: bool = False


class Examples(_Strict):
    bad: list[Bad]
    good: Annotated[list[Good], Field(min_length=1)]


class RuleFile(_Strict):
    """One file of ``rules/``: ``docs/rule-language.md`` describes every field."""

    id: Id
    category: Id
    severity: SeverityWord
    escalate: Annotated[list[Escalation], BeforeValidator(listed)] = []
    confidence: Literal["certain", "likely"] = "certain"
    subject: SubjectWord
    links: Annotated[list[LinkWord], BeforeValidator(listed)] | None = None
    ingress: bool = False
    each: Annotated[dict[str, Expression], Field(min_length=1, max_length=1)] | None = None
    when: Annotated[list[Annotated[Condition, BeforeValidator(shown), named("is")]], BeforeValidator(listed)] = []
    check: PythonCheck | None = None
    reported: Literal["reader", "engine"] | None = None
    at: Alternatives | None = None
    related: list[Alternatives] = []
    message: Text
    symptom: Annotated[list[SymptomCase], BeforeValidator(listed), Field(min_length=1)]
    why: Text
    fix: Fix
    versions: dict[Text, Annotated[list[Text], BeforeValidator(listed), Field(min_length=1)]] = {}
    supersedes: list[Annotated[Superseded, named("rule")]] = []
    sources: Annotated[list[Text], Field(min_length=1)]
    proof: Annotated[list[Proof], BeforeValidator(listed)] = []
    unproven: Annotated[list[Unproven], BeforeValidator(listed)] = []
    examples: Examples

    @model_validator(mode="after")
    def _one_way_to_judge(self) -> RuleFile:
        if self.reported and (self.when or self.check or self.at or self.each or self.versions):
            raise ValueError("a rule that is `reported` has no when, check, at, each or versions")
        if self.reported and self.fix.edits:
            raise ValueError("a rule that is `reported` has no `edits`: what reports it says what to change")
        if not self.examples.bad and self.reported != "engine":
            raise ValueError("`examples` needs at least one `bad`")
        if not (self.reported or self.when or self.check):
            raise ValueError("one of `when`, `check` and `reported` is missing")
        if self.links is not None and self.subject != "route":
            raise ValueError("`links` is for the subject `route`")
        return self

    @model_validator(mode="after")
    def _last_symptom_is_for_all(self) -> RuleFile:
        if any(case.if_ is None for case in self.symptom[:-1]) or self.symptom[-1].if_ is not None:
            raise ValueError("of several symptoms each but the last has an `if`")
        return self
