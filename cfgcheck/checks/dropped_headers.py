"""``proxy_set_header`` and its like at an inner level that drop what an outer level sets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cfgcheck.findings import Severity, Unchecked
from cfgcheck.model.nginx import Header, Location, Scope
from cfgcheck.model.nginx_blocks import as_statement, block_of, stock_include
from cfgcheck.model.nginx_table import HEADER_DIRECTIVES
from cfgcheck.model.uwsgi_scheme import open_parameters
from cfgcheck.rules.changes import Change, Statement
from cfgcheck.rules.contract import Case, Hit
from cfgcheck.syntax.nginx_tree import Directive

RESPONSES = ("add_header", "add_trailer")

GRAVE = frozenset(
    {"host", "x-forwarded-proto", ":authority", "http_host", "http_x_forwarded_proto", "request_method", "path_info"}
)
"""Names, in lower case, without which requests fail or redirects lead astray."""

_SHOWN = 4


def check(case: Case, params: Mapping[str, Any]) -> Iterator[Hit | Unchecked]:
    location: Location = case.subject
    levels = list(location.scope.levels())
    for directive in _directives(case, location):
        if sum(directive in level.own for level in levels) < 2:
            continue  # nothing is dropped where only one level has any
        scope = _defining(location.scope, directive)
        if scope is None:
            continue
        lost = scope.shadowed_headers(directive, all_levels=True)
        if not lost:
            continue
        doubt = location.scope.headers_doubt(directive)
        if doubt or any(header.optional for header in lost):
            because = doubt or f"a template branch decides whether {lost[0].name} is set"
            yield case.unchecked(because, scope.own[directive][0])
        else:
            yield _hit(location, directive, scope, lost, _opened(case, location, directive, lost))


def _directives(case: Case, location: Location) -> Iterator[str]:
    """What is judged here: response headers, and request headers on the way to an app; nothing on the way to others."""
    found = any(route.matched for route in case.routes_of(location))
    if location.passes is None or found:
        yield from RESPONSES
    if location.passes is not None and found:
        yield HEADER_DIRECTIVES[location.passes.family]


def _defining(scope: Scope, directive: str) -> Scope | None:
    return next((level for level in scope.levels() if directive in level.own), None)


def _opened(case: Case, location: Location, directive: str, lost: tuple[Header, ...]) -> list[str]:
    """Parameters that have to be cleared as well: where no request came through before, nobody relies on them."""
    if directive != "uwsgi_param" or all(header.key != "request_method" for header in lost):
        return []
    return [f'uwsgi_param {name} ""' for name in open_parameters(location, case.routes_of(location), lost)]


def _hit(location: Location, directive: str, scope: Scope, lost: tuple[Header, ...], opened: list[str]) -> Hit:
    names = list(dict.fromkeys(header.name for header in lost))
    lines = dict.fromkeys(as_statement(header, scope) for header in lost)
    grave = directive not in RESPONSES and any(header.key in GRAVE and not header.cleared for header in lost)
    return Hit(
        at=(_written(scope, scope.own[directive][0]), scope.directive),
        label=f"with one {directive} of its own this level inherits no other",
        related=[(_written(scope, header.directive), "dropped") for header in lost[:_SHOWN]],
        values={
            "directive": directive,
            "names": _some(names),
            "lines": " ".join(f"{line};" for line in list(lines)[:_SHOWN]),
            "more": len(lines) > _SHOWN,
            "response": directive in RESPONSES,
            "cleared": bool(opened),
        },
        severity=Severity.ERROR if grave else None,
        changes=list(_repeated(location, scope, [*lines, *opened])),
    )


def _repeated(location: Location, scope: Scope, lines: Iterable[str]) -> Iterator[Change]:
    """The outer lines once more, at the level that drops them."""
    block = block_of(location, scope)
    if block is not None:
        yield from (Statement(block, line, beside=True) for line in lines)


def _written(scope: Scope, directive: Directive) -> Directive:
    """The directive itself, or the ``include`` of the stock file that it comes from."""
    return stock_include(directive, scope) or directive


def _some(names: list[str]) -> str:
    shown, rest = names[:_SHOWN], len(names) - _SHOWN
    if rest > 0:
        return f"{', '.join(shown)} and {rest} more"
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
