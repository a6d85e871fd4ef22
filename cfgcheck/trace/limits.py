"""The rungs of a ladder: one limit each, and which one a request meets first."""

from __future__ import annotations

from enum import Enum

from cfgcheck.model.located import Located
from cfgcheck.record import record

SECONDS, BYTES = "s", "B"


class Side(Enum):
    """Whose limit it is."""

    EDGE = "edge"
    NGINX = "nginx"
    APP = "app"
    MANAGER = "manager"


class Kind(Enum):
    """What a limit limits. Those of one kind can be compared."""

    IDLE = "idle"
    HEADER_TIME = "header-time"
    REQUEST_LINE = "request-line"
    HEADER_LINE = "header-line"
    HEADERS = "headers"
    HEADER_COUNT = "header-count"
    BODY = "body"
    BODY_TIME = "body-time"
    CONNECT = "connect"
    SEND = "send"
    RESPONSE = "response"
    """Time until (or between parts of) a response."""

    REQUEST = "request"
    """Time of a whole request, ended by what works on it."""

    RETRIES = "retries"
    RESPONSE_HEADERS = "response-headers"
    CONCURRENCY = "concurrency"
    QUEUE = "queue"
    STOP = "stop"


@record(frozen=True, eq=False)
class Outcome:
    """What the client gets when a limit is hit. ``status``: None where it gets none, or which is not known.

    ``text``: in a few words, the status among them. ``short``: in one, where that is not the status.
    """

    status: int | None
    text: str = ""
    short: str = ""

    @property
    def word(self) -> str:
        """``504``, ``closed``, ``400/414``."""
        return self.short or (str(self.status) if self.status is not None else "")

    @property
    def said(self) -> str:
        return self.text or self.word


@record(frozen=True, eq=False)
class Rung:
    """One limit on the way.

    ``owner``: who keeps it (``nginx``, ``gunicorn web``). ``name``: as its configuration calls it. ``what``: what it
    limits. ``value``: in ``unit`` (``s``, ``B``, "" for a number); a known None is "no limit". ``reach``: at what
    elapsed time or at which size the client meets it, where that is not the value itself (several tries; a line end
    that one side counts and the other does not). ``note``: what else is to be known. ``unsure``: why a default may not
    hold: outer levels of the configuration are not here.
    """

    side: Side
    owner: str
    name: str
    kind: Kind
    what: str
    value: Located[float | None]
    unit: str
    outcome: Outcome
    note: str = ""
    reach: float | None = None
    unsure: str = ""

    @property
    def known(self) -> float | None:
        """The value; None where there is no limit or none is known."""
        return self.value.value if self.value.known else None

    @property
    def limit(self) -> float | None:
        """What it is compared by; None where there is no limit or none is known."""
        return self.reach if self.reach is not None else self.known


class Question(Enum):
    """What a person asks of a ladder."""

    SLOW = "slow-response"
    URL = "long-url"
    HEADER = "big-header"
    BODY = "big-body"
    IDLE = "idle-connection"
    STOP = "stop"


@record(frozen=True, eq=False)
class Binding:
    """The answer to one question: the limit that is met first, and what follows from it.

    ``rung``: None where nothing known limits. ``doubts``: limits that are not known and so may be met before it.
    ``gives``: the status that follows from it, where it is not what the limit itself gives.
    """

    question: Question
    rung: Rung | None
    text: str
    doubts: tuple[Rung, ...] = ()
    gives: int | None = None

    @property
    def limit(self) -> float | None:
        return self.rung.limit if self.rung is not None else None

    @property
    def status(self) -> int | None:
        return self.gives or (self.rung.outcome.status if self.rung is not None else None)


@record(frozen=True, eq=False)
class Cut:
    """The request at hand ends at ``rung`` for certain: it has ``size`` bytes there."""

    rung: Rung
    size: int
    text: str


def shown(value: float | None, unit: str) -> str:
    """``20 s``, ``8 KiB``, ``4094 B``, ``no limit``."""
    if value is None:
        return "no limit"
    if unit == BYTES:
        return shown_size(int(value))
    return f"{_number(value)} {unit}".strip()


def shown_size(size: int) -> str:
    """Whole KiB, MiB and GiB as such, other numbers in bytes."""
    for power, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= power and size % power == 0:
            return f"{size // power} {name}"
    return f"{size} B"


def _number(value: float) -> str:
    return f"{value:g}" if abs(value) < 1_000_000 else str(int(value))
