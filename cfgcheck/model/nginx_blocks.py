"""Which block of an nginx configuration a level belongs to, as seen from a location."""

from __future__ import annotations

from cfgcheck.model.nginx import Header, Location, Proxy, Server
from cfgcheck.model.nginx_settings import Scope
from cfgcheck.syntax.nginx_tree import Directive

_STOCK = "<nginx>/"

Block = Location | Server | Proxy


def block_of(location: Location, scope: Scope) -> Block | None:
    """The location, one around it, its server or ``http{}`` that has this level; None for another one."""
    inner: Location | None = location
    while inner is not None:
        if inner.scope is scope:
            return inner
        inner = inner.parent
    if location.server.scope is scope:
        return location.server
    proxy = location.server.proxy
    return proxy if scope.kind in ("http", "main") and scope in list(location.server.scope.levels()) else None


def block_with(location: Location, directive: str) -> Block | None:
    """The nearest block that has directives of that name (``proxy_set_header``): one more beside them drops nothing.
    The location itself where no level has any; None where it stands in a block that is not seen."""
    for scope in location.scope.levels():
        if directive in scope.own:
            return block_of(location, scope)
    return location if not location.scope.headers_doubt(directive) else None


def as_statement(header: Header, scope: Scope) -> str:
    """What to write, without the ``;``, to have a header once more at that level: its words as they stand there; for
    one of nginx's stock files, the ``include`` by which it came."""
    directive = header.directive
    include = stock_include(directive, scope)
    words = [include.name, *include.args] if include is not None else [directive.name, *directive.args]
    text = (include or directive).file.text
    if include is None and directive.file.path.startswith(_STOCK):
        return f"include {directive.file.path.removeprefix(_STOCK)}"
    return " ".join(text[word.start : word.end] for word in words)


def stock_include(directive: Directive, scope: Scope) -> Directive | None:
    """The ``include`` at this level or an outer one that brings a directive of a stock file (``uwsgi_params``)."""
    _, stock, name = directive.file.path.partition(_STOCK)
    for level in scope.levels() if stock else ():
        for child in level.directive.block or ():
            if child.key == "include" and child.values[-1:] and child.values[-1].endswith(name):
                return child
    return None
