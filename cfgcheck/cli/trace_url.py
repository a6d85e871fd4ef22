"""The request that somebody asks about, from what is typed: a URL, or less of one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import click

from cfgcheck.model.nginx import Server
from cfgcheck.model.stack import Stack
from cfgcheck.record import record, replace
from cfgcheck.trace.follow_request import follow_request
from cfgcheck.trace.hop import End, Way
from cfgcheck.trace.request import Request

_PORTS = {"http": 80, "https": 443}
_URL = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?:[^/?#]*@)?(?P<host>\[[^\]/?#]*\]|[^:/?#\[\]]*)(?::(?P<port>[^/?#]*))?"
    r"(?P<target>[/?][^#]*)?(?:#.*)?\Z",
    re.DOTALL,
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MANY = 20
"""Names shown where none is the one that was asked for."""

_PLAIN = re.compile(r"[\x21-\x7e]")


@record(frozen=True)
class Asked:
    """A URL as far as it was given. ``host`` is "" and ``scheme`` and ``port`` are None where they were not."""

    scheme: str | None
    host: str
    port: int | None
    target: str
    method: str
    headers: Mapping[str, str]
    body: int

    @classmethod
    def of(cls, url: str, method: str, headers: Sequence[str], body: int) -> Asked:
        """A usage error for what is no URL, no port, no header."""
        found = _URL.match(url.strip())
        if found is None or (not found["scheme"] and _SCHEME.match(url.strip())):
            raise click.BadParameter(f"{url!r} is no URL", param_hint="URL")
        scheme = found["scheme"].lower() if found["scheme"] else None
        if scheme is not None and scheme not in _PORTS:
            raise click.BadParameter(f"{scheme}:// is not what nginx serves: http and https are", param_hint="URL")
        host, port = _host(found["host"]), _port(found["port"])
        if (scheme or port) and not host:
            raise click.BadParameter(f"{url!r} names no host", param_hint="URL")
        sent = _headers(headers)
        body = _length(sent.pop("content-length", None), body)
        return cls(scheme, _host(sent.pop("host", host)), port, _target(found["target"]), method, sent, body)


def _host(text: str) -> str:
    """In lower case, without a port; a name that is not ASCII as DNS has it."""
    name = text.strip().lower()
    if name.startswith("["):
        return name.partition("]")[0] + "]"
    name = name.partition(":")[0].rstrip(".")
    if not name.isascii():
        try:
            name = name.encode("idna").decode()
        except UnicodeError:
            raise click.BadParameter(f"{text!r} is no name of a host", param_hint="URL") from None
    if any(not _PLAIN.match(character) for character in name):
        raise click.BadParameter(f"{text!r} is no name of a host", param_hint="URL")
    return name


def _port(text: str | None) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536):
        raise click.BadParameter(f"{text!r} is no port", param_hint="URL")
    return int(text)


def _target(text: str | None) -> str:
    """Path and query as they go over the wire: what is no plain ASCII is escaped, as every client does."""
    target = text or "/"
    if target.startswith("?"):
        target = "/" + target
    if target.isascii() and target.isprintable() and " " not in target:
        return target
    return "".join(
        one if _PLAIN.match(one) else "".join(f"%{byte:02X}" for byte in one.encode("utf-8", "surrogateescape"))
        for one in target
    )


def _headers(written: Sequence[str]) -> dict[str, str]:
    """By name in lower case; one given twice is joined, as proxies do."""
    found: dict[str, str] = {}
    for line in written:
        name, colon, value = line.partition(":")
        key = name.strip().lower()
        if not colon or not key or any(character in key for character in " \t\r\n"):
            raise click.BadParameter(f'{line!r} is no header: "Name: value" is', param_hint="--header")
        clean = " ".join(value.split("\n")).replace("\r", " ").strip()
        found[key] = f"{found[key]}{'; ' if key == 'cookie' else ', '}{clean}" if key in found else clean
    return found


def _length(told: str | None, body: int) -> int:
    """What nginx goes by is what a client says of its body. ``body``: what was asked for without it."""
    if told is None:
        return body
    if not (told.isascii() and told.isdigit() and len(told) <= 18) or (body and int(told) != body):
        raise click.BadParameter(f"Content-Length: {told} is not the size of the body", param_hint="--header")
    return int(told)


def stack_for(stacks: Sequence[Stack], asked: Asked) -> Stack | None:
    """The stack that has a server of that name; else the first one with an nginx."""
    having = [stack for stack in stacks if any(proxy.servers for proxy in stack.proxies)]
    for stack in having:
        if any(_is_called(server, asked.host) for server in _servers(stack)):
            return stack
    return having[0] if having else None


def request_to(stack: Stack, asked: Asked) -> Request:
    """The request, with what was left out filled in: the host by the server that takes what nobody names, the port
    and the scheme by where the server listens, where nothing listens on 80."""
    servers = [server for server in _servers(stack) if asked.host and _is_called(server, asked.host)]
    chosen = servers or _defaults(stack)
    host = asked.host or _name(chosen)
    scheme, port = _entry(stack, chosen, asked)
    return Request(scheme, host, port, asked.target, asked.method, asked.headers, asked.body)


def followed(stack: Stack, asked: Asked) -> tuple[Request, Way]:
    """The request and its way. A redirect to HTTPS is followed where nobody said http."""
    request = request_to(stack, asked)
    way = follow_request(stack, request)
    if asked.scheme is None and asked.port is None and _to_https(way):
        secure = request_to(stack, replace(asked, scheme="https"))
        further = follow_request(stack, secure)
        if further.hops and further.hops[-1].end is not End.NOBODY:
            return secure, further
    return request, way


def _to_https(way: Way) -> bool:
    last = way.hops[-1] if way.hops else None
    answered = last is not None and last.end is End.ANSWERS and last.status in _REDIRECTS
    return answered and last is not None and any("→ https://" in step.text for step in last.steps)


def notes_on(stack: Stack, asked: Asked, request: Request) -> list[str]:
    """What a person should know of how the request was made up."""
    notes = []
    if asked.scheme is None and request.scheme == "https" and request_to(stack, asked).scheme == "http":
        notes.append("http:// is redirected to https://, which was followed: say http:// to see the redirect.")
    names = hosts_of(stack, request.host) if asked.host else []
    if names:
        more = f" and {len(names) - _MANY} more" if len(names) > _MANY else ""
        notes.append(f"No server is called {request.host}. There are: {', '.join(names[:_MANY])}{more}.")
    return notes


def _servers(stack: Stack) -> Iterator[Server]:
    for proxy in stack.proxies:
        yield from proxy.servers


def _is_called(server: Server, host: str) -> bool:
    return any(_matches(name.lower(), host) for name in server.names)


def _matches(name: str, host: str) -> bool:
    """Whether a plain or wildcard ``server_name`` is that host; regular expressions are left to nginx's own choice."""
    if name.startswith("*.") or (name.startswith(".") and host == name[1:]):
        return host.endswith(name.lstrip("*")) or host == name[1:]
    if name.startswith("."):
        return host.endswith(name)
    if name.endswith(".*"):
        return host.startswith(name[:-1])
    return bool(name) and name == host


def _defaults(stack: Stack) -> list[Server]:
    """The server for a request that names no host: one that passes on, if there is any."""
    all_ = list(_servers(stack))
    passing = {id(route.server) for route in stack.routes}
    ranked = sorted(all_, key=lambda one: (id(one) not in passing, not any(listen.default for listen in one.listens)))
    return ranked[:1]


def _name(servers: Sequence[Server]) -> str:
    for server in servers:
        for name in server.names:
            if name not in ("", "_") and re.fullmatch(r"[A-Za-z0-9.-]+", name) and not name.startswith("."):
                return name.lower()
    return "localhost"


def _entry(stack: Stack, servers: Sequence[Server], asked: Asked) -> tuple[str, int]:
    """Scheme and port: as given; else HTTP on 80 where anything listens there, HTTPS on 443 where the servers do, and
    else what the first of them listens on."""
    if asked.scheme is not None:
        return asked.scheme, asked.port or _PORTS[asked.scheme]
    own = list(_listens(servers))
    if asked.port is not None:
        there = {tls for port, tls in own if port == asked.port}
        return ("https" if there == {True} else "http"), asked.port
    if not own or (80, False) in own:
        return "http", 80
    if (443, True) in own:
        return "https", 443
    if any(port == 80 for port, _ in _listens(_servers(stack))):
        return "http", 80
    port, tls = own[0]
    return ("https" if tls else "http"), port


def _listens(servers: Iterable[Server]) -> Iterator[tuple[int, bool]]:
    """Ports, and whether TLS is spoken there."""
    for server in servers:
        for listen in server.listens:
            if listen.address.known and listen.address.value.port:
                yield listen.address.value.port, listen.tls


def hosts_of(stack: Stack, host: str) -> list[str]:
    """The names of the stack's servers, where none is ``host``; nothing where one is, or may be (a regular
    expression, a template's placeholder, or no name at all)."""
    names: dict[str, None] = {}
    for server in _servers(stack):
        if _is_called(server, host) or any(name.startswith("~") or "{" in name or "$" in name for name in server.names):
            return []
        names |= dict.fromkeys(name for name in server.names if name not in ("", "_"))
    return list(names)
