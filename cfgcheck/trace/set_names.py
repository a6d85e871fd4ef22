"""Which variables an nginx gives values to by ``set`` or by named groups: where that was not run they are empty."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from cfgcheck.model.nginx import Proxy
from cfgcheck.syntax.nginx_tree import Directive

_GROUP = re.compile(r"\(\?(?:P?<|')([A-Za-z_]\w*)[>']")
_WITH_PATTERNS = frozenset({"server_name", "location", "rewrite", "if"})


@lru_cache(maxsize=4)
def set_names(proxy: Proxy) -> frozenset[str]:
    """Names in lower case."""
    found: set[str] = set()
    for directive in _directives(proxy):
        if directive.key == "set" and directive.args:
            found.add(directive.args[0].value.lstrip("$").lower())
        elif directive.key in _WITH_PATTERNS:
            for word in directive.args:
                _groups(word.value, found)
    for table in proxy.maps.values():
        for key, _ in table.entries:
            _groups(key, found)
    return frozenset(found)


def _groups(pattern: str, found: set[str]) -> None:
    if "(?" in pattern:
        found.update(name.lower() for name in _GROUP.findall(pattern))


def _directives(proxy: Proxy) -> Iterator[Directive]:
    for server in proxy.servers:
        yield from server.scope.children
        for location in server.locations:
            yield location.directive
            yield from location.scope.children
        for scope in (server.scope, *(location.scope for location in server.locations)):
            for child in scope.own.get("if", ()):
                yield from child.block or ()
