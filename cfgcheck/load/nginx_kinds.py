"""What part of a configuration a file is, told by the directives in it."""

from __future__ import annotations

from enum import Enum
from typing import Final

from cfgcheck.record import record
from cfgcheck.syntax.nginx_directives import forms, known
from cfgcheck.syntax.nginx_tree import Directive, NginxTree


class Kind(Enum):
    """What the outermost statements of a file are for."""

    MAIN = "main"
    """A whole configuration, with ``http{}``, ``events{}`` or ``stream{}``."""
    HTTP = "http"
    """For the inside of ``http{}``: ``server{}``, ``upstream{}``, ``map{}``."""
    SERVER = "server"
    LOCATION = "location"
    UPSTREAM = "upstream"
    STREAM = "stream"
    """For the inside of ``stream{}`` or ``mail{}``."""
    EMPTY = "empty"
    """Nothing but comments."""
    OTHER = "other"
    """No nginx configuration."""


@record(frozen=True)
class Classified:
    """``contexts``: every context in which all the known outermost directives may stand, by the names of
    ``nginx_directives.Form``; several for ``gzip on;``."""

    kind: Kind
    contexts: frozenset[str]


_KINDS: Final = (
    ("main", Kind.MAIN),
    ("location", Kind.LOCATION),
    ("limit_except", Kind.LOCATION),
    ("location/if", Kind.LOCATION),
    ("server", Kind.SERVER),
    ("server/if", Kind.SERVER),
    ("http", Kind.HTTP),
    ("upstream", Kind.UPSTREAM),
    ("stream", Kind.STREAM),
    ("stream/server", Kind.STREAM),
    ("stream/upstream", Kind.STREAM),
    ("mail", Kind.STREAM),
    ("mail/server", Kind.STREAM),
    ("events", Kind.MAIN),
)
"""Contexts from the most telling to the least: what may stand in a location and elsewhere is a location's."""

_MAIN_BLOCKS: Final = frozenset({"http", "events", "stream", "mail"})


def classify(tree: NginxTree) -> Classified:
    """What the file is for. A template's placeholders and what nobody knows tell nothing."""
    directives = [directive for directive in tree.directives if not directive.name.templated]
    if not directives:
        return Classified(Kind.EMPTY, frozenset())
    if any(directive.key in _MAIN_BLOCKS and directive.block is not None for directive in directives):
        return Classified(Kind.MAIN, frozenset({"main"}))
    telling = [directive for directive in directives if known(directive.key)]
    if not telling or len(telling) * 2 < len(directives):
        return Classified(Kind.OTHER, frozenset())
    votes = _votes(telling)
    best = max(votes.values())
    contexts = frozenset(context for context, count in votes.items() if count == best)
    return Classified(next(kind for context, kind in _KINDS if context in contexts), contexts)


def _votes(directives: list[Directive]) -> dict[str, int]:
    """How many of the directives may stand in each context."""
    votes: dict[str, int] = {}
    for directive in directives:
        for context in _contexts(directive):
            votes[context] = votes.get(context, 0) + 1
    return votes


def _contexts(directive: Directive) -> set[str]:
    block = directive.block is not None
    if directive.key == "server" and block:
        return {_server_context(directive)}
    return {context for form in forms(directive.key) if form.block == block for context in form.contexts} or {
        context for form in forms(directive.key) for context in form.contexts
    }


def _server_context(server: Directive) -> str:
    """Whether a ``server{}`` is of ``http{}``, or passes connections on in ``stream{}``."""
    names = {child.key for child in server.block or ()}
    is_http = names & {"location", "server_name", "root", "return", "rewrite", "include", "index", "try_files"}
    return "http" if is_http or "proxy_pass" not in names else "stream"
