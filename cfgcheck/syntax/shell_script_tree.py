"""The statements of a shell script: how its commands hang together. Words stay as they are written.

All places are offsets into the script's text.
"""

from __future__ import annotations

from typing import NamedTuple

from cfgcheck.record import record


class Raw(NamedTuple):
    """A word as it is written, quotes and all."""

    start: int
    end: int


@record(frozen=True)
class Simple:
    """A command and its arguments, with assignments in front. ``redirected``: whether its input or output is."""

    words: tuple[Raw, ...]
    start: int
    end: int
    redirected: bool = False


@record(frozen=True)
class Group:
    """``{ …; }`` or ``( … )``: the latter is a shell of its own."""

    body: tuple[AndOr, ...]
    subshell: bool
    start: int
    end: int


@record(frozen=True)
class If:
    """``branches``: condition and body of ``if`` and each ``elif``."""

    branches: tuple[tuple[tuple[AndOr, ...], tuple[AndOr, ...]], ...]
    otherwise: tuple[AndOr, ...] | None
    start: int
    end: int


@record(frozen=True)
class While:
    """``until``: the body runs as long as the condition fails."""

    condition: tuple[AndOr, ...]
    body: tuple[AndOr, ...]
    until: bool
    start: int
    end: int


@record(frozen=True)
class For:
    """``words``: None: the script's arguments, or what is counted in C's form is not seen (``counted``)."""

    name: str
    words: tuple[Raw, ...] | None
    body: tuple[AndOr, ...]
    start: int
    end: int
    counted: bool = False


class Arm(NamedTuple):
    """``a|b) … ;;``. ``end``: ``;;``, ``;&`` (goes on with the next arm's body) or ``;;&`` (with its test)."""

    patterns: tuple[Raw, ...]
    body: tuple[AndOr, ...]
    end: str


@record(frozen=True)
class Case:
    subject: Raw
    arms: tuple[Arm, ...]
    start: int
    end: int


@record(frozen=True)
class Function:
    name: str
    body: Statement
    start: int
    end: int


Statement = Simple | Group | If | While | For | Case | Function


class Pipeline(NamedTuple):
    """Statements joined by ``|``. ``operator``: what stands behind it (``&&``, ``||``, ``;``, ``&`` or "")."""

    stages: tuple[Statement, ...]
    negated: bool
    operator: str


class AndOr(NamedTuple):
    """Pipelines joined by ``&&`` and ``||``; ``background``: nobody waits for them."""

    pipelines: tuple[Pipeline, ...]
    background: bool


class Mistake(NamedTuple):
    """Why a shell refuses the script. ``certain``: every shell does."""

    message: str
    offset: int
    certain: bool


@record(frozen=True)
class ShellScript:
    """``cut``: why the rest of the script was not read, else ""."""

    text: str
    body: tuple[AndOr, ...]
    mistake: Mistake | None
    cut: str = ""
