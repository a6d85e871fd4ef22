"""Settings by their own names: ``app.gunicorn.timeout``, ``app.uwsgi.buffer_size``, ``location.nginx.proxy_redirect``,
``location.family.buffer_size``."""

from __future__ import annotations

from cfgcheck.record import replace
from cfgcheck.rules import tables
from cfgcheck.rules.kinds import ANY, Kind, fields
from cfgcheck.rules.terms import ExpressionError, Term, suggestion

_OF_THE_VERB = frozenset({"read_timeout", "send_timeout", "connect_timeout"})
"""Fields of a location that only one that passes on has."""

_FAMILIES = ("proxy", "uwsgi", "fastcgi", "scgi", "grpc")


def expand(owner: Term, name: str) -> Term | None:
    """What stands for a field that is sugar; None for an ordinary one."""
    assert owner.kind.cls is not None
    cls = owner.kind.cls.__name__
    if cls == "Location" and name in _OF_THE_VERB:
        return Term(f"_family({owner.code}, {name!r})", fields(owner.kind.cls)[name])
    if cls == "Location" and name == "headers":
        return Term(f"_headers({owner.code})", fields(owner.kind.cls)[name])
    if cls == "Location" and name == "family":
        return Term(owner.code, Kind("settings", server="family"))
    if cls == "App" and name in tables.APP_SERVERS:
        return Term(owner.code, Kind("settings", server=name))
    if cls in ("Location", "Server", "Proxy") and name == "nginx":
        code = f"{owner.code}.scope" if cls == "Proxy" else owner.code
        return Term(code, Kind("settings", server="nginx"))
    return None


def method(owner: Term, name: str) -> str:
    """The source that calls a model's method: a header is unknown where a template or a missing include may set it."""
    if owner.kind.cls is not None and owner.kind.cls.__name__ == "Location" and name == "header":
        return f"_headers({owner.code}, True).header"
    return f"{owner.code}.{name}"


def setting(owner: Term, name: str) -> Term:
    """A setting of the server that ``owner`` stands for, as a located value."""
    server = owner.kind.server
    if server == "family":
        return Term(f"_family({owner.code}, {name!r})", _known("nginx", *(f"{family}_{name}" for family in _FAMILIES)))
    if server == "nginx":
        return Term(f"{owner.code}.setting({name!r})", _known("nginx", name))
    canonical = name.replace("_", "-") if server == "uwsgi" else name
    kind = _known(server, canonical)
    switch = ", True" if kind.base == "bool" else ""
    return Term(f"_setting({owner.code}, {server!r}, {canonical!r}{switch})", kind)


def _known(server: str, *names: str) -> Kind:
    """The kind of the first of the names that the server's table has; an error when it has none."""
    table = tables.settings(server)
    if table is None:
        return replace(ANY, located=True)
    for name in names:
        if name in table:
            return replace(table[name], located=True)
    canonical = tables.aliases(server).get(names[0])
    hint = f"it is an alias of `{canonical}`" if canonical else suggestion(names[0], table)
    raise ExpressionError(f"{server} has no setting `{names[0]}`", hint)
