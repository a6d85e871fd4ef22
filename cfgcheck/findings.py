"""What cfgcheck tells: findings, and checks that could not be made."""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import Any

from cfgcheck.record import record
from cfgcheck.source.file import Span


class Severity(IntEnum):
    """Ordered, so that "at least a warning" reads ``>=``."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def word(self) -> str:
        return self.name.lower()

    @classmethod
    def of(cls, word: str) -> Severity:
        """The severity named ``error``, ``warning`` or ``info``; a KeyError for any other word."""
        return cls[word.upper()]


class Confidence(Enum):
    CERTAIN = "certain"
    LIKELY = "likely"


@record(frozen=True)
class Label:
    """A place and what to say of it."""

    span: Span
    text: str = ""


@record(frozen=True)
class Symptom:
    """What a client and the logs show.

    ``status`` is the HTTP status (None where the symptom is none), ``when`` the requests that get it,
    ``log`` a regular expression for the log line.
    """

    status: int | None = None
    when: str = ""
    log: str = ""


@record(frozen=True)
class Edit:
    """Other characters at a place; an empty span inserts, an empty text takes out."""

    span: Span
    text: str


@record(frozen=True)
class Fix:
    """How files are changed to mend a finding: all edits, or none.

    ``applicability``: ``safe`` (no behaviour that anyone can rely on changes) or ``unsafe``. The edits are sorted by
    file and place and don't overlap; of several that insert at one place, the order is that of the text.
    """

    applicability: str
    title: str
    edits: tuple[Edit, ...]


@record(frozen=True)
class Finding:
    """One problem. ``primary`` is the place to change first, ``related`` the other end."""

    rule: str
    category: str
    severity: Severity
    confidence: Confidence
    message: str
    subject: str
    primary: Label
    related: tuple[Label, ...] = ()
    symptom: Symptom | None = None
    remedy: str = ""
    help: str = ""
    symbol: str = ""
    """A symbolic path to the subject (``server shop.example.com/location /api/``) that survives moved lines."""

    also: tuple[str, ...] = ()
    """Other subjects with the very same places and message."""

    repairs: tuple[Any, ...] = ()
    """What the rule would change (``cfgcheck.rules.changes.Repair``), found out when it is asked."""

    fix: Fix | None = None
    """The same as edits of files, for reports; filled in after judging."""


@record(frozen=True)
class Unchecked:
    """A check that could not be made, and why."""

    rule: str
    subject: str
    because: str
    at: Span | None = None


@record(frozen=True)
class Problem:
    """What a reader could not read or resolve; a rule of the category *file* turns it into a finding.

    ``rule`` is the id of that rule (``unparsable-file``, ``missing-include`` …), ``message`` the whole sentence,
    ``hint`` how to mend it.
    """

    rule: str
    message: str
    span: Span
    hint: str = ""
    label: str = ""
    related: tuple[Label, ...] = ()
