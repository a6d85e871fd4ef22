"""Headers and parameters that a level of an nginx configuration sets: ``proxy_set_header``, ``uwsgi_param`` …"""

from __future__ import annotations

from collections.abc import Iterable

from cfgcheck.record import record
from cfgcheck.source.file import Span
from cfgcheck.syntax.nginx_tree import Directive


@record(frozen=True)
class Header:
    """One effective ``proxy_set_header`` / ``uwsgi_param`` …: a name as written and the value's text.

    An empty value clears a proxied header (it is not sent). ``conditional``: ``if_not_empty``. ``templated``: a
    placeholder stands in it. ``optional``: it stands in a template branch, so it may be absent.
    """

    name: str
    value: str
    span: Span
    directive: Directive
    templated: bool = False
    conditional: bool = False
    optional: bool = False

    @property
    def key(self) -> str:
        """What names are compared by: header names have no case."""
        return self.name.lower()

    @property
    def cleared(self) -> bool:
        """Set to the empty string: not sent at all."""
        return not self.value and not self.templated


def header_of(directive: Directive, optional: bool = False) -> Header | None:
    """The header that a directive sets; None when it has no name."""
    if not directive.args:
        return None
    words = directive.values
    return Header(
        words[0],
        words[1] if len(words) > 1 else "",
        directive.span,
        directive,
        directive.templated,
        "if_not_empty" in words[2:],
        optional,
    )


def lost(outer: Iterable[Header], kept: Iterable[Header]) -> tuple[Header, ...]:
    """Those of ``outer`` whose names ``kept`` does not repeat."""
    names = {header.key for header in kept}
    return tuple(header for header in outer if header.key not in names)
