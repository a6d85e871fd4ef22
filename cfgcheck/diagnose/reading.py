"""Reading logs: from paths to counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import IO

from cfgcheck.diagnose.diagnosis import StatusCount
from cfgcheck.diagnose.explain import tops
from cfgcheck.diagnose.logs import Log, LogError, chunks
from cfgcheck.diagnose.scan import Scanner
from cfgcheck.diagnose.tally import Collector, Tally
from cfgcheck.record import field, record
from cfgcheck.rules.catalogue import Catalogue


@record(eq=False)
class Reading:
    """``size``: bytes read, unpacked. ``logs``: those that could be opened. ``problems``: what could not be read."""

    tallies: list[Tally] = field(default_factory=list)
    statuses: tuple[StatusCount, ...] = ()
    logs: list[str] = field(default_factory=list)
    size: int = 0
    problems: list[str] = field(default_factory=list)


Pattern = tuple[str, str]
"""A rule's id and what it says the log says."""


def read(
    logs: Iterable[Log],
    standard_input: IO[bytes] | None = None,
    patterns: Iterable[Pattern] = (),
    seen: Callable[[int], None] = lambda _: None,
) -> Reading:
    """All lines that tell of trouble, counted. ``patterns``: of rules beside the program's own. ``seen`` is told of
    every piece of a file that was read, in bytes on disk."""
    patterns = [one for one in patterns if longest_literal(one[1])]
    collector = Collector(patterns)
    reading = Reading()
    needles = {longest_literal(pattern).encode() for _, pattern in patterns}
    for log in logs:
        scanner = Scanner(collector.take, needles)
        try:
            reading.logs.append(log.name)
            for chunk in chunks(log, standard_input, seen):
                reading.size += len(chunk)
                scanner.feed(chunk)
        except LogError as error:
            reading.problems.append(str(error))
            if not scanner.fed:
                reading.logs.pop()
        scanner.finish()
    reading.tallies = list(collector.tallies.values())
    found = sorted(collector.statuses.values(), key=lambda one: one.status)
    reading.statuses = tuple(StatusCount(one.status, one.count, tops(one.paths)) for one in found)
    return reading


def further_patterns(own: Catalogue, bundled: Catalogue) -> list[Pattern]:
    """What the project's own rules say that logs say."""
    return [
        (rule.id, symptom["log"])
        for rule in own.values()
        if rule.id not in bundled
        for symptom in rule.data.get("symptom") or ()
        if symptom.get("log")
    ]


_VARYING = re.compile(r"\\[A-Za-z0-9]|\[(?:\\.|[^\]\\])*\]|(?:\\.|[^\\()])(?:[*?]|\{[^}]*\})")
"""Classes of characters, and single characters that need not be there."""
_GROUP = re.compile(r"(?<!\\)\((?:\\.|[^()\\])*\)")
_PLAIN = re.compile(r"(?:\\[^\w\s]|[^\\.^$*+?{}\[\]|()])+")


def longest_literal(pattern: str) -> str:
    """The longest text that every line has which the pattern matches; "" where none is sure (a choice at the top)."""
    if _has_choice_outside(pattern) or "(?" in pattern:
        return ""
    bare = _VARYING.sub("\0", pattern)
    while (inner := _GROUP.sub("\0", bare)) != bare:
        bare = inner
    pieces = [re.sub(r"\\(.)", r"\1", found) for part in bare.split("\0") for found in _PLAIN.findall(part)]
    longest = max(pieces, key=len, default="")
    return longest if len(longest) >= 4 else ""


def _has_choice_outside(pattern: str) -> bool:
    depth, at = 0, 0
    while at < len(pattern):
        character = pattern[at]
        at += 2 if character == "\\" else 1
        depth += (character == "(") - (character == ")")
        if character == "|" and depth <= 0:
            return True
    return False
