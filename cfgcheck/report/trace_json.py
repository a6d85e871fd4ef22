"""A traced request for programs: ``cfgcheck.trace/1``, described by ``docs/schemas/trace-1.json``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from cfgcheck import __version__
from cfgcheck.findings import Finding
from cfgcheck.model.stack import Route
from cfgcheck.report.places import clean, start_of
from cfgcheck.report.values import plain_value, setting
from cfgcheck.trace.hop import Hop, SentHeader, Step
from cfgcheck.trace.ladder import Ladder
from cfgcheck.trace.limits import Binding, Cut, Outcome, Rung
from cfgcheck.trace.request import Request

FORMAT = "cfgcheck.trace/1"


def render(ladder: Ladder, findings: Sequence[Finding]) -> str:
    return json.dumps(document(ladder, findings), indent=2, ensure_ascii=False) + "\n"


def document(ladder: Ladder, findings: Sequence[Finding]) -> dict[str, Any]:
    """``bindings`` and ``cuts`` name their rung by its index in ``rungs``; times in seconds, sizes in bytes."""
    numbers = {id(rung): number for number, rung in enumerate(ladder.rungs)}
    hops = ladder.way.hops
    return {
        "format": FORMAT,
        "version": __version__,
        "request": _request(ladder.request) if ladder.request is not None else None,
        "hops": [_hop(hop) for hop in hops],
        "others": [_hop(hop) for hop in ladder.way.others],
        "route": _route(ladder.route) if ladder.route is not None else None,
        "other_routes": [_route(route) for route in ladder.other_routes],
        "rungs": [_rung(rung) for rung in ladder.rungs],
        "bindings": [_binding(binding, numbers) for binding in ladder.bindings],
        "cuts": [_cut(cut, numbers) for cut in ladder.cuts],
        "end": {"text": clean(ladder.ends), "status": ladder.status, "cut_off": ladder.fails},
        "findings": sorted({one.rule for one in findings}),
    }


def _request(request: Request) -> dict[str, Any]:
    return {
        "method": clean(request.method),
        "scheme": request.scheme,
        "host": clean(request.host),
        "port": request.port,
        "target": clean(request.target),
        "headers": {clean(name): clean(value) for name, value in request.headers.items()},
        "body": request.body,
    }


def _hop(hop: Hop) -> dict[str, Any]:
    return {
        "proxy": clean(hop.proxy.label),
        "request": _request(hop.request),
        "end": hop.end.value,
        "status": hop.status,
        "because": clean(hop.because) or None,
        "listen": setting(hop.listen.address) if hop.listen is not None else None,
        "server": {"label": clean(hop.server.label), "at": start_of(hop.server.span)} if hop.server else None,
        "location": {"label": clean(hop.location.label), "at": start_of(hop.location.span)} if hop.location else None,
        "steps": [_step(step) for step in hop.steps],
        "uri": setting(hop.uri),
        "headers": [_header(header) for header in hop.headers],
    }


def _step(step: Step) -> dict[str, Any]:
    return {"text": clean(step.text), "at": start_of(step.span) if step.span is not None else None}


def _header(header: SentHeader) -> dict[str, Any]:
    return {"name": clean(header.name), "setting": setting(header.value)}


def _route(route: Route) -> dict[str, Any]:
    return {
        "subject": clean(route.label),
        "peer": setting(route.peer.address) if route.peer is not None else None,
        "link": route.link.value,
        "because": clean(route.because) or None,
        "app": clean(route.app.label) if route.app is not None else None,
        "at": start_of(route.span),
    }


def _rung(rung: Rung) -> dict[str, Any]:
    return {
        "side": rung.side.value,
        "owner": clean(rung.owner),
        "name": clean(rung.name),
        "kind": rung.kind.value,
        "what": clean(rung.what),
        "setting": setting(rung.value),
        "unit": rung.unit or None,
        "limit": plain_value(rung.limit),
        "outcome": _outcome(rung.outcome),
        "note": clean(rung.note) or None,
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {"status": outcome.status, "text": clean(outcome.said)}


def _binding(binding: Binding, numbers: dict[int, int]) -> dict[str, Any]:
    return {
        "question": binding.question.value,
        "rung": numbers.get(id(binding.rung)) if binding.rung is not None else None,
        "limit": plain_value(binding.limit),
        "status": binding.status,
        "text": clean(binding.text),
        "unknown": [numbers[id(rung)] for rung in binding.doubts if id(rung) in numbers],
    }


def _cut(cut: Cut, numbers: dict[int, int]) -> dict[str, Any]:
    return {
        "rung": numbers.get(id(cut.rung)),
        "size": cut.size,
        "status": cut.rung.outcome.status,
        "text": clean(cut.text),
    }
