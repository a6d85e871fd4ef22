"""What the configuration says to the lines: findings that explain them, or that it agrees."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from cfgcheck.diagnose import block_size
from cfgcheck.diagnose.diagnosis import Explanation, Group, Tops, gravest_first
from cfgcheck.diagnose.kinds import Kind, Source
from cfgcheck.diagnose.related import relates
from cfgcheck.diagnose.routes import Concern, Fitting, Routes
from cfgcheck.diagnose.tally import Tally, Top
from cfgcheck.findings import Confidence, Finding, Unchecked
from cfgcheck.model.stack import Link, Route, Stack
from cfgcheck.record import record
from cfgcheck.rules.catalogue import Catalogue, Rule

_NGINX_LINE = re.compile(r"upstream|connect\\\(\\\)|while |\\\[emerg\\\]|client intended|no resolver")
_STATUS = re.compile(r"\b[2-5]\d\d\b")
_MOST_UNCHECKED = 3
_NOWHERE = "No route of this configuration leads "
_MIXED = "These lines name too many servers and upstreams to hold each against the configuration"


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
        key = (tally.kind.name, *(id(each.finding) for each in one.explanations), one.verdict)
        groups.setdefault(key, []).append(tally)
        said.setdefault(key, one)
    return gravest_first(_group(group, said[key]) for key, group in groups.items())


@record(frozen=True, eq=False)
class _Said:
    explanations: tuple[Explanation, ...]
    verdict: str
    unchecked: tuple[Unchecked, ...]
    meaning: tuple[str, ...] = ()


class _Explainer:
    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.routes = Routes(evidence.routes)
        self.patterns = _Patterns(evidence.catalogue)

    def explain(self, tally: Tally) -> _Said:
        kind = tally.kind
        if tally.mixed:
            return _Said((), f"{_MIXED}: {kind.agrees}" if self.evidence.given else kind.agrees, ())
        concern = _concern(tally)
        fit = self.routes.fitting(concern) if kind.source is Source.NGINX else Fitting(self.routes.all)
        sizes = _sizes(tally)
        text = _text(tally.text)
        explanations: tuple[Explanation, ...] = ()
        if fit.routes or not concern.upstream:
            explanations = tuple(self._explanations(kind, text, fit, sizes))
        unchecked: tuple[Unchecked, ...] = ()
        if all(one.likely for one in explanations):
            unchecked = tuple(self._unchecked(kind, text, fit))[:_MOST_UNCHECKED]
        verdict = self._verdict(kind, concern, fit, unchecked)
        if explanations:
            verdict = f"if it is not that: {kind.agrees}" if all(one.likely for one in explanations) else ""
        return _Said(explanations, verdict, unchecked, _meaning(tally, sizes))

    def _explanations(
        self, kind: Kind, text: str, fit: Fitting, sizes: Sequence[int]
    ) -> Iterable[Explanation]:
        found = []
        for finding in self.evidence.findings:
            rule = self.evidence.catalogue.get(finding.rule)
            if not self._explains(finding, kind, text):
                continue
            if kind.source is Source.NGINX and not relates(finding, rule, fit.routes):
                continue
            if sizes and kind.name == "foreign-protocol" and not self._speaks(finding, block_size.spoken(sizes[0])):
                continue
            found.append(Explanation(finding, self._doubt(kind, finding, fit)))
        found.sort(key=lambda one: (-one.finding.severity, one.likely != "", one.finding.primary.span.key))
        return found

    def _speaks(self, finding: Finding, protocol: str) -> bool:
        """Whether the finding's route is one on which nginx speaks that protocol."""
        named = {finding.subject, *finding.also}
        return any(
            route.passes.tls if protocol == "tls" else not route.passes.tls and route.passes.protocol.value == protocol
            for route in self.routes.all
            if route.label in named
        )

    def _doubt(self, kind: Kind, finding: Finding, fit: Fitting) -> str:
        if kind.source is Source.NGINX and fit.likely:
            return fit.likely
        if finding.confidence is Confidence.LIKELY:
            return "it depends on things outside these files"
        apps = sum(len(stack.apps) for stack in self.evidence.stacks)
        if kind.source is not Source.NGINX and apps > 1:
            return "the line does not tell which app it is from"
        return ""

    def _explains(self, finding: Finding, kind: Kind, text: str) -> bool:
        log = finding.symptom.log if finding.symptom else ""
        if log and self.patterns.found(log, text):
            return True
        if finding.rule not in kind.rules:
            return False
        if log and (_NGINX_LINE.search(log) is not None) == (kind.source is Source.NGINX):
            return False  # it tells which line of this very log to expect, and that is another one
        statuses = _STATUS.findall(kind.seen)
        said = finding.symptom.status if finding.symptom else None
        return not statuses or not said or str(said) in statuses

    def _unchecked(self, kind: Kind, text: str, fit: Fitting) -> Iterable[Unchecked]:
        for one in self.evidence.unchecked:
            rule = self.evidence.catalogue.get(one.rule)
            if rule is None or not (one.rule in kind.rules or self.patterns.any(rule, text)):
                continue
            if kind.source is not Source.NGINX or relates(one, rule, fit.routes):
                yield one

    def _verdict(
        self, kind: Kind, concern: Concern, fit: Fitting, unchecked: Sequence[Unchecked]
    ) -> str:
        advice = kind.agrees
        if not self.evidence.given or not (kind.rules or concern.upstream):
            return advice
        if concern.upstream and not fit.routes:
            return f"{_NOWHERE}there: it is not the one that ran, or a part of it is missing. {_sentence(advice)}"
        so_far = ", as far as it could be checked" if unchecked else ""
        if kind.source is Source.NGINX and concern.upstream:
            return f"{_agreement(kind, fit, so_far)}: {advice}"
        return f"No finding explains these lines{so_far}: {advice}"


def _agreement(kind: Kind, fit: Fitting, so_far: str) -> str:
    """How far the configuration can be believed. Nothing in it but the read timeout depends on the location."""
    route = fit.routes[0]
    peer = route.peer.address.value if route.peer is not None and route.peer.address.known else route.passes.host_text
    others = len({each.peer.address.value for each in fit.routes if each.peer and each.peer.address.known}) - 1
    more = f" (and {others} more)" if others > 0 else ""
    way = f"{route.server.label} passes to {peer}{more}"
    if route.link is Link.MATCHED and route.listener is not None and route.app is not None:
        address = route.listener.address
        place = f" ({address.span})" if address.span else ""
        listens = f"{route.app.label} listens{place}{_patience(kind, route)}"
        return f"The configuration agrees{so_far}: {way}, where {listens}"
    if route.link is Link.UNKNOWN and route.because:
        return f"{way}; what listens there could not be told ({route.because})"
    if route.link is Link.EXTERNAL:
        return f"{way}; what listens there is not in these files"
    return f"{way}; no finding explains these lines{so_far}"


def _patience(kind: Kind, route: Route) -> str:
    """How long nginx waits on that route, where that is the question."""
    timeout = route.location.read_timeout
    if kind.name != "read-timeout" or not timeout.known:
        return ""
    place = f" ({timeout.span})" if timeout.span else ", its default"
    return f"; for {route.location.label} nginx waits {timeout.value:g} s{place}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _concern(tally: Tally) -> Concern:
    paths = tuple(_text(path) for path, _ in tally.paths.ordered()[:20])
    return Concern(_text(tally.upstream), _text(tally.server), paths)


_LIMIT = re.compile(rb"max (\d{1,9})\)")


def _sizes(tally: Tally) -> list[int]:
    """The sizes that uWSGI complained of, the most frequent first."""
    if tally.kind.name not in ("foreign-protocol", "too-large-uwsgi-packet"):
        return []
    return [int(size) for size, _ in tally.details.ordered() if size.isdigit()]


def _meaning(tally: Tally, sizes: Sequence[int]) -> tuple[str, ...]:
    found = _LIMIT.search(tally.text)
    limit = int(found[1]) if found else 4096
    if tally.kind.name == "foreign-protocol":
        return tuple(block_size.explained(size, limit) for size in sizes[:3])
    return (block_size.explained(max(sizes), limit),) if sizes else ()


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
    verdict = said.verdict
    if len(upstreams.counts) == 1:
        verdict = verdict.replace(f"{_NOWHERE}there", f"{_NOWHERE}to {_text(next(iter(upstreams.counts)))}", 1)
    return Group(
        most.kind,
        most.kind.title,
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
        verdict,
        said.unchecked,
    )


def tops(top: Top) -> Tops:
    """The counts as text."""
    return Tops(tuple((_text(value), count) for value, count in top.ordered()), top.others)
