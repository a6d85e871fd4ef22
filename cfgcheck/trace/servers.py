"""Which ``listen`` and which ``server`` of an nginx takes a request.

http://nginx.org/en/docs/http/request_processing.html, http://nginx.org/en/docs/http/server_names.html and
``ngx_http_add_server``, ``ngx_hash_add_key``, ``ngx_http_find_virtual_server`` of its sources.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from cfgcheck.load.match import Match, reaches
from cfgcheck.model.address import Address
from cfgcheck.model.nginx import Listen, Proxy, Server
from cfgcheck.record import record
from cfgcheck.source.file import Span
from cfgcheck.syntax.nginx_tree import Word
from cfgcheck.trace.octets import octets

Member = tuple[Listen, Server]


@record(frozen=True, eq=False)
class Group:
    """All servers on one address, in the order of the text. ``doubt``: why it may listen elsewhere, else ""."""

    address: Address
    members: tuple[Member, ...]
    doubt: str = ""

    @property
    def tls(self) -> bool:
        return any(listen.tls for listen, _ in self.members)

    @property
    def first(self) -> Member:
        """The default server."""
        return next((member for member in self.members if member[0].default), self.members[0])


def groups_on(proxy: Proxy, port: int) -> list[Group]:
    """The addresses with that port that an nginx listens on. Those whose port is not known (a placeholder) count only
    where no other does."""
    certain: dict[str, list[Member]] = {}
    vague: dict[str, list[Member]] = {}
    for server in proxy.servers:
        for listen in server.listens:
            if listen.quic or not listen.address.known or not listen.address.value.is_tcp:
                continue
            address = listen.address.value
            if address.port is None:
                vague.setdefault(str(address), []).append((listen, server))
            elif address.port <= port <= (listen.last_port or address.port):
                certain.setdefault(_bound(address), []).append((listen, server))
    if certain:
        return [_group(members) for members in certain.values()]
    return [_group(members, f"its port is not known: {name}") for name, members in vague.items()]


def group_on_socket(proxy: Proxy, address: Address) -> Group | None:
    """The servers on a unix socket."""
    found = [
        (listen, server)
        for server in proxy.servers
        for listen in server.listens
        if listen.address.known and listen.address.value.is_unix
        if reaches(address, listen.address.value) is not Match.NO
    ]
    return _group(found) if found else None


def _bound(address: Address) -> str:
    """What nginx binds: one address may be written in several ways."""
    if address.host in ("", "*", "0.0.0.0"):
        return "*"
    return "127.0.0.1" if address.is_localhost_name else address.host


def _group(members: Sequence[Member], doubt: str = "") -> Group:
    return Group(members[0][0].address.value, tuple(members), doubt)


def arriving(groups: Iterable[Group], target: Address | None) -> list[Group]:
    """Those of the addresses that a connection arrives at, the likeliest first.

    To a literal address: the listener on just that one, else the one on every interface. Of a name only that much is
    known that it is not loopback.
    """
    found = list(groups)
    if target is None:
        return sorted(found, key=lambda group: (_faces(group), ":" in group.address.host))
    exact = [group for group in found if _bound(group.address) == _bound(target)]
    if exact:
        return exact
    if target.is_ip or target.is_localhost_name:
        wide = (group for group in found if group.address.is_wildcard)
        return [group for group in wide if reaches(target, group.address) is not Match.NO]
    return sorted(found, key=_faces)


def _faces(group: Group) -> int:
    if group.address.is_wildcard:
        return 0
    return 2 if group.address.is_loopback else 1


@record(frozen=True, eq=False)
class Chosen:
    """The server that takes a request. ``rank``: how well its name fits: 0 for one of its names, 1 a wildcard, 2 a
    pattern, 3 for the default server. ``name``: what matched, "" for the default; ``pattern``: it is a regular
    expression, whose groups count."""

    listen: Listen
    server: Server
    rank: int
    name: str = ""
    span: Span | None = None
    pattern: str = ""


class Names:
    """The names of the servers on one address, as nginx's tables hold them: of two equal ones the first counts."""

    def __init__(self, group: Group) -> None:
        self.exact: dict[str, tuple[Member, Span]] = {}
        self.heads: dict[str, tuple[Member, Span]] = {}
        self.tails: dict[str, tuple[Member, Span]] = {}
        self.dotted: set[str] = set()
        self.patterns: list[tuple[str, Member, Span]] = []
        self.templated: list[tuple[Member, Span]] = []
        self._taken: set[str] = set()
        for member in group.members:
            self._read(member)

    def _read(self, member: Member) -> None:
        server = member[1]
        directives = server.scope.own.get("server_name", ())
        for directive in directives:
            for index, word in enumerate(directive.args):
                self._add(word, member, directive.word_span(index))
        if not directives:
            self._add_exact("", member, server.span)

    def _add(self, word: Word, member: Member, span: Span) -> None:
        name = octets(word.value)
        if word.templated:
            self.templated.append((member, span))
        elif name.startswith("~"):
            self.patterns.append((word.value[1:], member, span))
        else:
            self._add_name(name.lower(), member, span)

    def _add_name(self, name: str, member: Member, span: Span) -> None:
        if name.startswith("."):
            if name[1:] not in self._taken:
                self._taken.add(name[1:])
                if name[1:] not in self.heads:
                    self.heads[name[1:]] = (member, span)
                    self.dotted.add(name[1:])
        elif name.startswith("*."):
            self.heads.setdefault(name[2:], (member, span))
        elif name.endswith(".*"):
            self.tails.setdefault(name[:-2], (member, span))
        else:
            self._add_exact(name, member, span)

    def _add_exact(self, name: str, member: Member, span: Span) -> None:
        if name not in self._taken:
            self._taken.add(name)
            self.exact[name] = (member, span)

    def find(self, host: str) -> Chosen | None:
        """The server for a name in lower case, regular expressions aside."""
        if host in self.exact:
            return _chosen(self.exact[host], 0)
        if host in self.heads and host in self.dotted:
            return _chosen(self.heads[host], 1)
        labels = host.split(".")
        for start in range(1, len(labels)):
            if (suffix := ".".join(labels[start:])) in self.heads:
                return _chosen(self.heads[suffix], 1)
        for end in range(len(labels) - 1, 0, -1):
            if (prefix := ".".join(labels[:end])) in self.tails:
                return _chosen(self.tails[prefix], 1)
        return None


def _chosen(found: tuple[Member, Span], rank: int) -> Chosen:
    (listen, server), span = found
    return Chosen(listen, server, rank, span.text, span)


_HOST = re.compile(r"(\[[^\]/\x00-\x20\x7f-\xff]*\]|[A-Za-z0-9._~%!$&'()*+,;=-]+)(?::(\d{0,5}))?\Z")


def split_host(header: str) -> str | None:
    """The name in a Host header: in lower case, without port and without a dot at its end; None where nginx answers
    400. "" for no header at all."""
    if not header:
        return ""
    found = _HOST.match(octets(header))
    if found is None or ".." in found[1] or int(found[2] or 0) > 65535:
        return None
    return found[1].removesuffix(".").lower() or None
