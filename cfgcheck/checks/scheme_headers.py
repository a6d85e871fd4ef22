"""Two headers about the scheme that can disagree: Gunicorn answers 400."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from cfgcheck.findings import Unchecked
from cfgcheck.model.forwarded import scheme_policy, trusted
from cfgcheck.model.nginx import Header, Location, Server
from cfgcheck.model.stack import Route
from cfgcheck.rules.changes import Change, Remove, Replace
from cfgcheck.rules.contract import Case, Hit
from cfgcheck.source.file import Span


class Answer(NamedTuple):
    """What a header says of requests of one scheme: the value that is sent, and whether it means HTTPS."""

    header: Header
    value: str
    secure: bool


def check(case: Case, params: Mapping[str, Any]) -> Iterator[Hit | Unchecked]:
    route: Route = case.subject
    assert route.app is not None and route.listener is not None
    if route.passes.family != "proxy" or len(route.location.headers) < 2:
        return
    policy = scheme_policy(route.app, route.listener)
    if policy is None or not policy.refuses:
        return
    headers = [header for header in route.location.header_set.value if header.key in policy.secure]
    if sum(not header.cleared for header in headers) < 2:
        return
    for scheme in schemes(route.server):
        answers = _answers(route.location, headers, policy.secure, scheme)
        yes = next((answer for answer in answers if answer.secure), None)
        no = next((answer for answer in answers if not answer.secure), None)
        if yes is not None and no is not None:
            if trusted(route, case.stack):
                yield _hit(route, scheme, yes, no, policy.secure)
            return
    doubtful = next((header for header in headers if sent_value(route.location, header.value, "https") is None), None)
    if doubtful is not None and trusted(route, case.stack):
        yield case.unchecked(f"what {doubtful.name} is set to is computed: {doubtful.value}", doubtful)


def schemes(server: Server) -> list[str]:
    """What ``$scheme`` can be there; both where nobody knows."""
    found = {"https" if listen.tls else "http" for listen in server.listens}
    return sorted(found or {"http", "https"}, reverse=True)


def _answers(location: Location, headers: list[Header], secure: Mapping[str, str], scheme: str) -> list[Answer]:
    found = []
    for header in headers:
        value = sent_value(location, header.value, scheme)
        if value:
            found.append(Answer(header, value, value == secure[header.key]))
    return found


def sent_value(location: Location, written: str, scheme: str) -> str | None:
    """What is sent for a request of that scheme, "" for nothing; None where that can't be told."""
    for _ in range(4):
        if "$" not in written:
            return written
        name = written.removeprefix("$").strip("{}")
        if name in ("scheme", "https"):
            return scheme if name == "scheme" else ("on" if scheme == "https" else "")
        table = location.server.proxy.maps.get(name)
        if table is None:
            return None
        source = sent_value(location, table.source, scheme) if table.source in ("$scheme", "$https") else None
        result = None if source is None else table.result_for(source)
        if result is None:
            return None
        written = result
    return None


def _hit(route: Route, scheme: str, yes: Answer, no: Answer, secure: Mapping[str, str]) -> Hit:
    assert route.app is not None
    first, other = (yes, no) if no.header.key == "x-forwarded-proto" and yes.header.key != no.header.key else (no, yes)
    return Hit(
        at=first.header,
        label=f'"{first.value}" means {_word(first)} to {route.app.label}',
        related=[
            (other.header, f'"{other.value}" means {_word(other)}'),
            (route.app.settings["secure_scheme_headers"], "what counts as https"),
        ],
        values={
            "scheme": scheme,
            "one": first.header.name,
            "other": other.header.name,
            "twice": first.header.key == other.header.key,
            "expected": secure[first.header.key],
        },
        changes=[_silenced(first.header, twice=first.header.key == other.header.key)],
    )


def _silenced(header: Header, *, twice: bool) -> Change:
    """The header cleared: then a client's own does not come through in its place. Of two of one name one can go."""
    words = header.directive.args
    if twice or len(words) < 2:
        return Remove(header.span)
    return Replace(Span(header.directive.file, words[1].start, words[-1].end), '""')


def _word(answer: Answer) -> str:
    return "https" if answer.secure else "plain http"
