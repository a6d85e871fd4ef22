"""Whether fixes did good: what rules say before and after."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from cfgcheck.findings import Finding, Severity
from cfgcheck.fix.view import View

_COUNTED = re.compile(r"#\d+\Z")
_NO_HARM = "unused-suppression"
"""A comment that silences nothing any more is no harm: it has a safe fix of its own."""

Key = tuple[str, str]


def wrong(before: View, after: View, mended: Sequence[Finding]) -> str:
    """What is wrong with what fixes gave, as a clause; "" where all is well. ``mended``: what they were for."""
    newly = after.joined - before.joined
    new = [one for one in _new(before, after, mended) if not _revealed(one, newly)]
    if new:
        worst = max(new, key=lambda one: one.severity)
        return f"it would bring `{worst.rule}` at {worst.primary.span}: {worst.message}"
    return "" if _helped(before, after, mended) else "it would not help"


def _revealed(finding: Finding, newly: Iterable[tuple[str, str]]) -> bool:
    """Whether it was there all along, behind a location and an app that only now find each other."""
    paths = {label.span.file.path for label in (finding.primary, *finding.related)}
    symbols = [symbol for symbol, path in newly if path in paths]
    inside = any(finding.symbol == symbol or finding.symbol.startswith(f"{symbol}/") for symbol in symbols)
    return inside and finding.category != "file"


def _key(finding: Finding) -> Key:
    """By which a finding is known again when lines and texts have changed."""
    return finding.rule, _COUNTED.sub("", finding.symbol)


def _new(before: View, after: View, mended: Sequence[Finding]) -> list[Finding]:
    """Errors and warnings that were not there. One that has only moved (its subject is called by an address that
    changed) is not new: it takes the place of one of the same rule that is gone, and that no fix was for."""
    left, came = Counter(_key(one) for one in _grave(before.heard)), []
    for finding in _grave(after.heard):
        if left[_key(finding)] > 0:
            left[_key(finding)] -= 1
        else:
            came.append(finding)
    left -= Counter(_key(one) for one in mended)
    moved = Counter({rule: 0 for rule, _ in left})
    for (rule, _), count in left.items():
        moved[rule] += count
    new = []
    for finding in came:
        if moved[finding.rule] > 0:
            moved[finding.rule] -= 1
        else:
            new.append(finding)
    return new


def _grave(findings: Iterable[Finding]) -> Iterable[Finding]:
    return (one for one in findings if one.severity >= Severity.WARNING and one.rule != _NO_HARM)


def _helped(before: View, after: View, mended: Sequence[Finding]) -> bool:
    """Whether there is one finding less for each fix, or at least a graver one less."""
    wanted = Counter((*_key(one), one.severity) for one in mended)
    was = Counter((*_key(one), one.severity) for one in before.findings)
    now = Counter((*_key(one), one.severity) for one in after.findings)
    return all(now[key] <= was[key] - count for key, count in wanted.items())
