"""What the rules' findings add to a ladder: files that nginx refuses, the status of a protocol that does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cfgcheck.findings import Confidence, Finding, Severity
from cfgcheck.model.stack import Link
from cfgcheck.record import replace
from cfgcheck.trace.hop import Way
from cfgcheck.trace.ladder import Ladder

_REFUSED = frozenset({"unparsable-file", "misplaced-directive", "invalid-buffer-sizes"})
"""Rules of which every error means that nginx does not start; others say it by the line of the log."""
_STARTS = r"\[emerg\]"
_MISMATCH = "protocol-mismatch"


def judged(ladder: Ladder, findings: Iterable[Finding]) -> Ladder:
    """The ladder with what the findings say of its end."""
    found = list(findings)
    refused = list(_refusals(ladder.way, found))
    if refused:
        first, more = refused[0], len(refused) - 1
        others = f" and {more} more" if more else ""
        ends = (
            f"nginx does not start with these files (one that runs goes on with its old ones): {first.rule} at "
            f"{first.primary.span}{others}"
        )
        return replace(ladder, ends=ends, status=None, fails=True)
    route = ladder.route
    if ladder.status is None and not ladder.cuts and route is not None and route.link is Link.WRONG_PROTOCOL:
        of_route = (one for one in found if one.rule == _MISMATCH and route.label in (one.subject, *one.also))
        symptoms = {one.symptom.status for one in of_route if one.symptom is not None}
        return replace(ladder, status=next(iter(symptoms))) if len(symptoms) == 1 else ladder
    return ladder


def _refusals(way: Way, findings: Iterable[Finding]) -> Iterator[Finding]:
    """What makes an nginx on the way refuse its files."""
    files = {file.path for hop in way.hops for file in hop.proxy.files}
    for one in findings:
        log = one.symptom.log if one.symptom is not None else ""
        says = one.rule in _REFUSED or log.startswith(_STARTS)
        certain = one.severity is Severity.ERROR and one.confidence is Confidence.CERTAIN
        if says and certain and one.primary.span.file.path in files:
            yield one
