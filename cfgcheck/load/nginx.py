"""From the expanded tree of an nginx configuration to the model: servers, locations, upstreams, passes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cfgcheck.load.nginx_levels import Expand, holds_servers, level_of
from cfgcheck.load.nginx_listen import read_listens, server_names
from cfgcheck.load.nginx_targets import PASSES, Targets
from cfgcheck.load.nginx_text import key_of, masked
from cfgcheck.load.nginx_upstreams import build_upstream
from cfgcheck.load.nginx_variables import MAP_BLOCKS, Variables, read_map
from cfgcheck.model.located import Located
from cfgcheck.model.nginx import Location, Proxy, Scope, Server, Upstream, VariableMap
from cfgcheck.model.nginx_settings import Defaults
from cfgcheck.model.version import Version
from cfgcheck.record import replace
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.nginx_tree import Directive

LONE = "the http level that this stands in is not among the files"
DEEPEST = 200
"""Levels of nested locations; what stands deeper is no configuration, and looking up settings takes as many steps."""

_MODIFIERS = ("=", "^~", "~*", "~", "@")
_FRAGMENTS = ("server", "location")
_OWN_MODULES = frozenset(
    f"ngx_{name}_module"
    for name in (
        "http_geoip", "http_image_filter", "http_js", "http_perl", "http_xslt_filter",
        "mail", "stream", "stream_geoip", "stream_js",
    )
)  # fmt: skip


def build_proxy(
    name: str,
    kind: str,
    root: Directive,
    version: Located[Version],
    expand: Expand,
    files: Iterable[SourceFile] = (),
    defaults: Defaults | None = None,
) -> Proxy:
    """The nginx that statements make.

    ``root`` holds the statements of the outermost level, and ``kind`` tells which one it is: ``main`` (``http``,
    ``events``), ``http`` (a file for ``conf.d``: ``server``, ``upstream``), ``server`` or ``location``; of any other
    kind nothing is taken. ``expand`` replaces includes. ``defaults``: where they are not nginx's own (an Ingress).
    """
    return _Builder(kind, root, version, expand, defaults).build(name, list(files))


class _Builder:
    """One nginx being built."""

    def __init__(
        self, kind: str, root: Directive, version: Located[Version], expand: Expand, defaults: Defaults | None
    ) -> None:
        self.expand = expand
        self.gaps: list[Directive] = []
        self.complete = kind == "main"
        self.root = self.scope(kind, root, None, defaults or Defaults(version, "" if self.complete else LONE))
        self.deferred: list[tuple[Location, list[Directive]]] = []

    def scope(self, kind: str, directive: Directive, parent: Scope | None, defaults: Defaults | None = None) -> Scope:
        level = level_of(directive, self.expand)
        scope = Scope(kind, directive, parent, level.children, defaults)
        scope.optional = level.optional
        if level.gaps:
            scope.gaps = tuple(gap for gap in level.gaps if not holds_servers(kind, gap))
            if kind == "http":
                self.gaps += level.gaps
        return scope

    def build(self, name: str, files: list[SourceFile]) -> Proxy:
        for events in self.root.own.get("events", ()):
            self.root.take(level_of(events, self.expand).children)
        levels = [self.scope("http", http, self.root) for http in self.root.own.get("http", ())] or [self.root]
        proxy = self.proxy(name, files, levels)
        targets = self.targets(proxy, levels)
        for server in self.servers(proxy, levels):
            self.locations(server, targets)
            if server.locations or server.listens:
                proxy.servers.append(server)
        for location, directives in self.deferred:
            location.passes = targets.read(directives, location)
        proxy.default_servers = _default_servers(proxy.servers)
        return proxy

    def proxy(self, name: str, files: list[SourceFile], levels: list[Scope]) -> Proxy:
        """The proxy, still without servers."""
        return Proxy(
            name=name,
            version=self.root.defaults.version,
            scope=self.root,
            directive=self.root.directive,
            servers=[],
            upstreams=self.upstreams(levels),
            files=files,
            complete=self.complete,
            incomplete_because="" if self.complete else LONE,
            modules=self.modules(),
            maps={found.name: found for level in levels for found in self.maps(level)},
        )

    def targets(self, proxy: Proxy, levels: list[Scope]) -> Targets:
        named = [directive for level in levels for directive in level.own.get("upstream", ()) if directive.args]
        vague = any(directive.args[0].templated for directive in named)
        return Targets(proxy.upstreams, Variables(proxy.maps), vague, self.unread())

    def maps(self, level: Scope) -> Iterator[VariableMap]:
        for name in MAP_BLOCKS:
            for directive in level.own.get(name, ()):
                found = read_map(directive, level_of(directive, self.expand).children)
                if found is not None:
                    yield found

    def upstreams(self, levels: list[Scope]) -> dict[str, Upstream]:
        """By name; of several with one name (nginx refuses them, but a template may choose) all peers count."""
        found: dict[str, Upstream] = {}
        for level in levels:
            for directive in level.own.get("upstream", ()):
                if not directive.args or directive.block is None:
                    continue
                upstream = build_upstream(self.scope("upstream", directive, None, level.defaults))
                key = key_of(masked(directive.args[0]))
                if key not in found:
                    found[key] = upstream
                elif level.conditional(directive):
                    found[key] = _either(found[key], upstream)
        return found

    def unread(self) -> str:
        """Why there may be an ``upstream{}`` that is not in sight."""
        if not self.complete:
            return LONE
        return f"`include {' '.join(self.gaps[0].values)}` was not read" if self.gaps else ""

    def modules(self) -> tuple[str, ...]:
        paths = [value for directive in self.root.own.get("load_module", ()) for value in directive.values[:1]]
        names = [path.rpartition("/")[2].removesuffix(".so") for path in paths]
        return tuple(name for name in names if name not in _OWN_MODULES)

    def servers(self, proxy: Proxy, levels: list[Scope]) -> Iterator[Server]:
        """The servers of all http levels; around a fragment of a server or a location one that stands in for it."""
        if self.root.kind in _FRAGMENTS:
            yield self.server(proxy, self.root, fragment="listen" not in self.root.own)
        elif self.root.kind in ("main", "http"):
            for level in levels:
                for directive in level.own.get("server", ()):
                    if directive.block is not None:
                        yield self.server(proxy, self.scope("server", directive, level), fragment=False)

    def server(self, proxy: Proxy, scope: Scope, *, fragment: bool) -> Server:
        listens = read_listens(scope, fragment=fragment)
        return Server(proxy, scope, scope.directive, server_names(scope), listens, [])

    def locations(self, server: Server, targets: Targets) -> None:
        """All locations of a server, nested ones too, in the order of the text."""
        if self.root.kind in _FRAGMENTS:
            own = Location(server, None, server.scope, "server", "", server.directive)
            if self.read_pass(own, targets):
                server.locations.append(own)
        seen: dict[tuple[int, str, str], Location] = {}
        levels: list[tuple[Location | None, Scope, Iterator[Directive]]] = [
            (None, server.scope, iter(server.scope.children))
        ]
        while levels:
            parent, scope, rest = levels[-1]
            directive = next(rest, None)
            if directive is None:
                levels.pop()
            elif directive.key in _LOCATIONS and directive.block is not None:
                location = self.location(server, parent, scope, directive, targets)
                if location is not None:
                    server.locations.append(location)
                    _mark_repeated(location, seen)
                    if len(levels) < DEEPEST:
                        levels.append((location, location.scope, iter(location.scope.children)))

    def location(
        self, server: Server, parent: Location | None, outer: Scope, directive: Directive, targets: Targets
    ) -> Location | None:
        """A ``location``; or an ``if`` or ``limit_except``, if it passes on by itself."""
        if directive.key == "location":
            modifier, path = split_location(directive)
        else:
            modifier, path = directive.key, " ".join(directive.values)
        scope = self.scope(directive.key, directive, outer)
        location = Location(server, parent, scope, modifier, path, directive)
        location.optional = outer.conditional(directive)
        passes = self.read_pass(location, targets)
        return location if passes or directive.key == "location" else None

    def read_pass(self, location: Location, targets: Targets) -> bool:
        """Finds where a location passes to; targets with variables wait until all others are known."""
        own = location.scope.own
        if not any(name in own for name in PASSES):
            return False
        found = [child for child in location.scope.children if child.key in PASSES and child.args]
        if not any(location.scope.conditional(child) for child in found):
            found = found[-1:]
        if not found:
            return False
        if any("$" in child.args[0].value for child in found):
            self.deferred.append((location, found))
        else:
            location.passes = targets.read(found, location)
        return True


_LOCATIONS = frozenset({"location", "if", "limit_except"})


def split_location(directive: Directive) -> tuple[str, str]:
    """Modifier and path of a ``location``; they may stand in one word (``=/health``, ``@app``)."""
    values = directive.values
    if len(values) > 1:
        return values[0], values[1]
    text = values[0] if values else ""
    for modifier in _MODIFIERS:
        if text.startswith(modifier):
            return modifier, text if modifier == "@" else text[len(modifier) :]
    return "", text


def _mark_repeated(location: Location, seen: dict[tuple[int, str, str], Location]) -> None:
    """nginx refuses a second location of the same path, prefix or exact; regular expressions may be repeated."""
    if location.modifier not in ("", "^~", "=") or location.optional or location.directive.templated:
        return
    exact = "=" if location.is_exact else ""
    first = seen.setdefault((id(location.parent), exact, location.path), location)
    location.repeats = None if first is location else first


def _either(one: Upstream, other: Upstream) -> Upstream:
    peers = tuple(replace(peer, optional=True) for peer in (*one.peers, *other.peers))
    return replace(one, peers=peers)


def _default_servers(servers: list[Server]) -> dict[str, Server]:
    """Per address the server with ``default_server``, else the first one."""
    found: dict[str, Server] = {}
    marked: set[str] = set()
    for server in servers:
        for listen in server.listens:
            if not listen.address.known:
                continue
            key = str(listen.address.value)
            if listen.default and key not in marked:
                marked.add(key)
                found[key] = server
            else:
                found.setdefault(key, server)
    return found
