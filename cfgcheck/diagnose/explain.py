"""What the configuration says to the lines: findings that explain them, or that it agrees."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from cfgcheck.diagnose.block_size import decoded
from cfgcheck.diagnose.diagnosis import Explanation, Group, Tops, gravest_first
from cfgcheck.diagnose.kinds import Kind, Source
from cfgcheck.diagnose.lines import NUMBER
from cfgcheck.diagnose.related import relates
from cfgcheck.diagnose.routes import Concern, Fitting, fitting
from cfgcheck.diagnose.tally import Tally, Top
from cfgcheck.findings import Confidence, Finding, Unchecked
from cfgcheck.model.stack import Link, Route, Stack
from cfgcheck.record import record
from cfgcheck.rules.catalogue import Catalogue, Rule

_NGINX_LINE = re.compile(r"upstream|connect\\\(\\\)|while |\\\[emerg\\\]|client intended|no resolver")
_STATUS = re.compile(r"(\d{3}) [A-Z]")
_MOST_UNCHECKED = 3


@record(frozen=True, eq=False)
class Evidence:
    """The configuration as it was judged. ``given``: there is one."""

    catalogue: Catalogue
    stacks: tuple[Stack, ...] = ()
    findings: tuple[Finding, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()

    @property
    def given(self) -> bool:
        return any(stack.proxies or stack.apps for stack in self.stacks)

    @property
    def routes(self) -> list[Route]:
        return [route for stack in self.stacks for route in stack.routes]


def explained(tallies: Iterable[Tally], evidence: Evidence) -> list[Group]:
    """The tallies as groups; those of one kind with the same explanation are one group."""
    groups: dict[tuple[object, ...], list[Tally]] = {}
    said: dict[tuple[object, ...], _Said] = {}
    explainer = _Explainer(evidence)
    for tally in tallies:
        one = explainer.explain(tally)
        key = (tally.kind.name, one.title, *(id(each.finding) for each in one.explanations), one.verdict)
        groups.setdefault(key, []).append(tally)
        said.setdefault(key, one)
    return gravest_first(_group(group, said[key]) for key, group in groups.items())


@record(frozen=True, eq=False)
class _Said:
    title: str
    explanations: tuple[Explanation, ...]
    verdict: str
    unchecked: tuple[Unchecked, ...]
    meaning: tuple[str, ...] = ()


class _Explainer:
    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.routes = evidence.routes
        self.patterns = _Patterns(evidence.catalogue)

    def explain(self, tally: Tally) -> _Said:
        kind = tally.kind
        concern = _concern(tally)
        fit = fitting(self.routes, concern) if kind.source is Source.NGINX else Fitting(tuple(self.routes))
        meaning, mismatch = _meaning(tally)
        text = _text(tally.text)
        explanations = tuple(self._explanations(kind, text, fit, mismatch))
        unchecked = tuple(self._unchecked(kind, text, fit))[:_MOST_UNCHECKED]
        title = _title(kind, mismatch)
        verdict = "" if explanations else self._verdict(kind, concern, fit, unchecked, mismatch)
        return _Said(title, explanations, verdict, unchecked, meaning)

    def _explanations(self, kind: Kind, text: str, fit: Fitting, mismatch: bool | None) -> Iterable[Explanation]:
        found = []
        for finding in self.evidence.findings:
            rule = self.evidence.catalogue.get(finding.rule)
            if not self._explains(finding, kind, text, mismatch):
                continue
            if kind.source is Source.NGINX and not relates(finding, rule, fit.routes):
                continue
            found.append(Explanation(finding, self._doubt(kind, finding, fit)))
        found.sort(key=lambda one: (-one.finding.severity, one.likely != "", one.finding.primary.span.key))
        return found

    def _doubt(self, kind: Kind, finding: Finding, fit: Fitting) -> str:
        if kind.source is Source.NGINX and fit.likely:
            return fit.likely
        if finding.confidence is Confidence.LIKELY:
            return "it depends on things outside these files"
        apps = sum(len(stack.apps) for stack in self.evidence.stacks)
        if kind.source is not Source.NGINX and apps > 1:
            return "the line does not tell which app it is from"
        return ""

    def _explains(self, finding: Finding, kind: Kind, text: str, mismatch: bool | None) -> bool:
        if mismatch is not None:
            return (finding.rule == "protocol-mismatch") == mismatch and finding.rule in kind.rules
        log = finding.symptom.log if finding.symptom else ""
        if log and self.patterns.found(log, text):
            return True
        if finding.rule not in kind.rules:
            return False
        if log and (_NGINX_LINE.search(log) is not None) == (kind.source is Source.NGINX):
            return False  # it tells which line of this very log to expect, and that is another one
        status = _STATUS.match(kind.seen)
        said = finding.symptom.status if finding.symptom else None
        return not (status and said and kind.source is Source.NGINX and int(status[1]) != said)

    def _unchecked(self, kind: Kind, text: str, fit: Fitting) -> Iterable[Unchecked]:
        for one in self.evidence.unchecked:
            rule = self.evidence.catalogue.get(one.rule)
            if rule is None or not (one.rule in kind.rules or self.patterns.any(rule, text)):
                continue
            if kind.source is not Source.NGINX or relates(one, rule, fit.routes):
                yield one

    def _verdict(
        self, kind: Kind, concern: Concern, fit: Fitting, unchecked: Sequence[Unchecked], mismatch: bool | None
    ) -> str:
        advice = _advice(kind, mismatch)
        if not self.evidence.given or not (kind.rules or concern.upstream):
            return advice
        if concern.upstream and not fit.routes:
            return f"No route of the configuration leads to {concern.upstream}: it is not the one that ran, or a part of it is missing. {advice}"
        so_far = ", as far as it could be checked" if unchecked else ""
        if kind.source is Source.NGINX and concern.upstream:
            return f"{_agreement(fit, so_far)}: {advice}"
        return f"No finding explains these lines{so_far}: {advice}"


def _agreement(fit: Fitting, so_far: str) -> str:
    route = fit.routes[0]
    more = f" (and {len(fit.routes) - 1} more)" if len(fit.routes) > 1 else ""
    if route.link is Link.MATCHED and route.listener is not None:
        address = route.listener.address
        place = f" ({address.span})" if address.span else ""
        return f"The configuration agrees{so_far}: {route.label}{more} is where {address.value} is listened on{place}"
    if route.link is Link.UNKNOWN and route.because:
        return f"What {route.label}{more} leads to could not be told ({route.because})"
    if route.link is Link.EXTERNAL:
        return f"What listens behind {route.label}{more} is not in these files"
    return f"No finding explains these lines of {route.label}{more}"


def _advice(kind: Kind, mismatch: bool | None) -> str:
    if mismatch is None:
        return kind.agrees
    if mismatch:
        return (
            "something speaks another protocol to uWSGI's `socket`. Use uwsgi_pass towards it, or http-socket for "
            "proxy_pass; look for health checks and balancers that connect to that port as well"
        )
    return "cookies or URLs grew: set buffer-size = 32768 in uWSGI's configuration"


def _title(kind: Kind, mismatch: bool | None) -> str:
    if mismatch is None:
        return kind.title
    return "another protocol is spoken to a uwsgi socket" if mismatch else "requests above uWSGI's buffer-size"


def _concern(tally: Tally) -> Concern:
    paths = tuple(_text(path.replace(NUMBER, b"000")) for path, _ in tally.paths.ordered()[:20])
    return Concern(_text(tally.upstream), _text(tally.server), paths)


_LIMIT = re.compile(rb"max (\d{1,9})\)")


def _meaning(tally: Tally) -> tuple[tuple[str, ...], bool | None]:
    """What the sizes of a packet tell, and whether another protocol was spoken; None for other kinds."""
    if tally.kind.name != "invalid-block-size":
        return (), None
    found = _LIMIT.search(tally.text)
    limit = int(found[1]) if found else 4096
    sizes = [(decoded(int(size), limit), count) for size, count in tally.details.ordered() if size.isdigit()]
    texts = tuple(dict.fromkeys(one.text for one, _ in sizes))[:3]
    return texts, bool(sizes) and sizes[0][0].mismatch


class _Patterns:
    """The log patterns of rules, compiled when first asked for."""

    def __init__(self, catalogue: Mapping[str, Rule]) -> None:
        self.compiled: dict[str, re.Pattern[str] | None] = {}
        self.by_rule = {
            rule.id: [symptom["log"] for symptom in rule.data.get("symptom") or () if symptom.get("log")]
            for rule in catalogue.values()
        }

    def found(self, pattern: str, text: str) -> bool:
        if pattern not in self.compiled:
            try:
                self.compiled[pattern] = re.compile(pattern)
            except re.error:
                self.compiled[pattern] = None
        compiled = self.compiled[pattern]
        return compiled is not None and compiled.search(text) is not None

    def any(self, rule: Rule, text: str) -> bool:
        return any(self.found(pattern, text) for pattern in self.by_rule.get(rule.id, ()))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _group(tallies: Sequence[Tally], said: _Said) -> Group:
    most = max(tallies, key=lambda one: one.count)
    span = Tally(most.kind)
    servers, upstreams, sources, paths, hosts, details = (Top() for _ in range(6))
    for one in tallies:
        span.at(one.first)
        span.at(one.last)
        for top, value in ((servers, one.server), (upstreams, one.upstream), (sources, one.source)):
            if value:
                top.add(value, one.count)
        paths.update(one.paths)
        hosts.update(one.hosts)
        details.update(one.details)
    return Group(
        most.kind,
        said.title,
        sum(one.count for one in tallies),
        _text(span.first),
        _text(span.last),
        tops(servers),
        tops(upstreams),
        tops(paths),
        tops(hosts),
        tops(sources),
        tops(details),
        _text(most.sample),
        _text(most.text),
        said.meaning,
        said.explanations,
        said.verdict,
        said.unchecked,
    )


def tops(top: Top) -> Tops:
    """The counts as text."""
    return Tops(tuple((_text(value), count) for value, count in top.ordered()), top.others)
