"""What a finding is known by from one run to the next: never a line number."""

from __future__ import annotations

from collections.abc import Iterable

from cfgcheck.findings import Finding
from cfgcheck.record import replace

_LENGTH = 16
"""Hexadecimal digits."""


def fingerprint(finding: Finding) -> str:
    """A digest of the rule, the file, the subject's symbolic path and the text at the primary place.

    Moved lines and changed blanks don't alter it.
    """
    from hashlib import sha256  # loads OpenSSL, which a run without findings need not wait for

    written = " ".join(finding.primary.span.text.split())
    parts = (finding.rule, finding.primary.span.file.path, finding.symbol, written)
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:_LENGTH]


def told_apart(findings: Iterable[Finding]) -> list[Finding]:
    """The findings with symbols that make every fingerprint of the run its own: the second of two gets ``#2``."""
    seen: dict[str, int] = {}
    result = []
    for finding in findings:
        print_of_it = fingerprint(finding)
        count = seen[print_of_it] = seen.get(print_of_it, 0) + 1
        result.append(finding if count == 1 else replace(finding, symbol=f"{finding.symbol}#{count}"))
    return result
