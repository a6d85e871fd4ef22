"""The servers and locations that ingress-nginx makes of the rules of one Ingress."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cfgcheck.findings import Problem
from cfgcheck.load.ingress_annotations import (
    ANNOTATIONS,
    PREFIX,
    Settings,
    block,
    directives,
    renamed,
    settings_of,
    snippet,
    statement,
    value_of,
)
from cfgcheck.load.ingress_controller import Controller
from cfgcheck.load.ingress_defaults import stock
from cfgcheck.load.kubernetes_groups import Group
from cfgcheck.load.kubernetes_objects import Manifest
from cfgcheck.load.kubernetes_services import port_of
from cfgcheck.load.kubernetes_view import NOTHING, View
from cfgcheck.load.nginx_stock import stock_file
from cfgcheck.record import record
from cfgcheck.source.file import Span
from cfgcheck.syntax.nginx_parse import parse
from cfgcheck.syntax.nginx_tree import Directive

_PROTOCOLS: Final = {
    "": ("proxy_pass", "http://"),
    "HTTP": ("proxy_pass", "http://"),
    "HTTPS": ("proxy_pass", "https://"),
    "AUTO_HTTP": ("proxy_pass", "$scheme://"),
    "GRPC": ("grpc_pass", "grpc://"),
    "GRPCS": ("grpc_pass", "grpcs://"),
    "FCGI": ("fastcgi_pass", ""),
}
_SNIPPETS: Final = ("server-snippet", "configuration-snippet")
_MOST_PATHS: Final = 500


@record(frozen=True)
class Backend:
    """A Service at a port. ``target``: host and port; ``templated``: a part of it is not known; ``name``: as the
    controller calls the upstream."""

    name: str
    target: str
    span: Span
    templated: bool = False


@record(frozen=True, eq=False)
class Path:
    """One path of a host. ``kind``: of ``pathType``."""

    text: str
    kind: str
    span: Span
    backend: Backend
    templated: bool = False


class Ingress:
    """One Ingress, with what holds for all its paths."""

    def __init__(self, manifest: Manifest, groups: list[Group], controller: Controller) -> None:
        self.manifest = manifest
        self.groups = groups
        self.controller = controller
        self.spec = manifest.view.get("spec")
        self.settings: Settings = settings_of(manifest.annotations, PREFIX)
        self.backends: dict[str, Backend] = {}
        self.problems: list[Problem] = []
        self.snippets = {name: snippet(self.view(name), self.problems) for name in _SNIPPETS}
        self.regex = self.view("use-regex").flag or self.rewrites

    def view(self, name: str) -> View:
        return self.settings[name][1] if name in self.settings else NOTHING

    @property
    def rewrites(self) -> bool:
        return self.view("rewrite-target").string not in ("", "/")

    @property
    def protocol(self) -> tuple[str, str]:
        """The directive that passes on, and the scheme of its target."""
        return _PROTOCOLS.get(self.view("backend-protocol").string.upper(), _PROTOCOLS[""])

    def hosts(self) -> dict[str, tuple[Span, list[Path]]]:
        """Names of servers with their paths; "" for all others."""
        found: dict[str, tuple[Span, list[Path]]] = {}
        for rule in self.spec.get("rules").elements():
            host = rule.get("host")
            span = host.span or rule.span or self.manifest.span
            _, paths = found.setdefault(host.name, (span, []))
            for entry in rule.get("http", "paths").elements():
                path = self._path(entry)
                if path is not None and len(paths) < _MOST_PATHS:
                    paths.append(path)
        backend = self._backend(self.spec.get("defaultBackend") or self.spec.get("backend"))
        if backend is not None:
            _, paths = found.setdefault("", (backend.span, []))
            if all(path.text != "/" for path in paths):
                paths.append(Path("/", "Prefix", backend.span, backend))
        return {host: one for host, one in found.items() if one[1]}

    def _path(self, entry: View) -> Path | None:
        backend = self._backend(entry.get("backend"))
        if backend is None:
            return None
        written = entry.get("path")
        text = written.text
        span = written.span or entry.span or backend.span
        templated = text is not None and not text.known
        return Path(written.name or "/", entry.get("pathType").string, span, backend, templated)

    def _backend(self, view: View) -> Backend | None:
        service = view.get("service")
        name = service.get("name") if service else view.get("serviceName")
        port = service.get("port") if service else view.get("servicePort")
        number = port.get("number") or port.get("name") if port.is_mapping else port
        if not name.name or name.span is None:
            return None
        span = name.span
        if number.span is not None and number.span.file is span.file and number.span.end > span.start:
            span = Span(span.file, span.start, number.span.end)
        shown = self._port(name.name, number)
        target = self.groups[0].target(name.name, self.manifest.namespace)
        label = "-".join(part for part in (self.manifest.namespace or "default", name.name, number.name) if part)
        backend = Backend(label, f"{target}:{shown}" if shown else f"{target}:{{{{ port }}}}", span, not shown)
        return self.backends.setdefault(backend.name, backend)

    def _port(self, service: str, view: View) -> str:
        """The number of the port; "" where it is not known."""
        number = view.number
        if number is not None:
            return str(number.value) if number.known else ""
        for group in self.groups:
            for one in group.objects:
                if one.kind == "Service" and one.name == service and one.namespace == self.manifest.namespace:
                    found = port_of(one, view.name)
                    return str(found) if found is not None else ""
        return ""

    def tls(self, host: str) -> Span | None:
        """Where TLS is asked for, of a host; None where it is not."""
        for entry in self.spec.get("tls").elements():
            hosts = entry.get("hosts")
            names = {one.name: one.span for one in hosts.elements()}
            if host in names or not names or any(_covers(name, host) for name in names):
                return names.get(host) or entry.span
        return None


def _covers(name: str, host: str) -> bool:
    """``*.example.com`` covers one more label."""
    return name.startswith("*.") and host.partition(".")[2] == name[2:] != ""


def server_blocks(ingress: Ingress) -> Iterator[Directive]:
    """The ``upstream`` and ``server`` blocks of an Ingress; none where the controller only hands TLS through."""
    if ingress.view("ssl-passthrough").flag:
        return
    hosts = ingress.hosts()
    for backend in ingress.backends.values():
        yield _upstream(ingress, backend)
    for host, (span, paths) in hosts.items():
        yield from _servers(ingress, host, span, paths)


def _upstream(ingress: Ingress, backend: Backend) -> Directive:
    """The controller follows the Service's endpoints, so their addresses are never stale (``resolve``)."""
    at = backend.span
    server = statement("server", at, (backend.target, at, backend.templated), ("resolve", at, False))
    zone = statement("zone", at, (backend.name, at, False))
    return block("upstream", at, [zone, server, *ingress.controller.upstream()], (backend.name, at, False))


def _servers(ingress: Ingress, host: str, span: Span, paths: list[Path]) -> Iterator[Directive]:
    tls = ingress.tls(host)
    redirect = ingress.view("ssl-redirect")
    redirects = tls is not None and (redirect.flag if redirect else ingress.controller.redirects)
    name = statement("server_name", span, (host or "_", span, False))
    plain = statement("listen", span, ("80", span, False))
    if redirects:
        moved = statement("return", span, ("308", span, False), ("https://$host$request_uri", span, False))
        yield block("server", span, [plain, name, moved])
    listens = [] if redirects else [plain]
    if tls is not None:
        listens.append(statement("listen", tls, ("443", tls, False), ("ssl", tls, False)))
    locations = _locations(ingress, paths)
    own = [*ingress.controller.server(), *ingress.snippets["server-snippet"]]
    yield block("server", span, [*listens, name, *own, *locations])


def _locations(ingress: Ingress, paths: list[Path]) -> Iterator[Directive]:
    seen: set[tuple[str, str]] = set()
    for path in paths:
        exact = path.kind == "Exact" and not ingress.regex
        modifier = "~*" if ingress.regex else "=" if exact else ""
        if (modifier, path.text) not in seen:
            seen.add((modifier, path.text))
            yield _location(ingress, path, modifier)


def _location(ingress: Ingress, path: Path, modifier: str) -> Directive:
    span = path.span
    words = [(modifier, span, False)] if modifier else []
    text = f"^{path.text}" if ingress.regex else path.text
    return block("location", span, list(_statements(ingress, path)), *words, (text, span, path.templated))


def _statements(ingress: Ingress, path: Path) -> Iterator[Directive]:
    verb, scheme = ingress.protocol
    grpc = verb == "grpc_pass"
    for name in ("permanent-redirect", "temporal-redirect"):
        if ingress.view(name):
            code = "301" if name == "permanent-redirect" else "302"
            at, view = ingress.settings[name]
            yield statement("return", at, (code, at, False), value_of(view, at))
            return
    yield from _headers(ingress, "grpc_set_header" if grpc else "proxy_set_header")
    if verb == "fastcgi_pass":
        yield from parse(stock_file("fastcgi_params"), None).directives
    yield from directives(ingress.settings, ANNOTATIONS, grpc=grpc)
    if ingress.rewrites:
        at, view = ingress.settings["rewrite-target"]
        target = value_of(view, at)
        yield statement("rewrite", at, (f"(?i){path.text}", target[1], False), target, ("break", target[1], False))
    yield from ingress.snippets["configuration-snippet"]
    yield from ingress.controller.location()
    yield statement(verb, path.backend.span, (scheme + path.backend.name, path.backend.span, False))


def _headers(ingress: Ingress, name: str) -> Iterator[Directive]:
    """What the controller sends by itself, some of it as annotations have it."""
    own = {"Host": "upstream-vhost", "Connection": "connection-proxy-header"}
    for directive in stock("trusting.conf" if ingress.controller.trusts else "location.conf"):
        annotation = own.get(directive.args[0].value, "")
        if annotation and ingress.view(annotation):
            at, view = ingress.settings[annotation]
            value = value_of(view, at)
            yield statement(name, at, (directive.args[0].value, value[1], False), value)
        else:
            yield directive if name == directive.key else renamed(directive, name)
    if ingress.view("x-forwarded-prefix"):
        at, view = ingress.settings["x-forwarded-prefix"]
        yield statement(name, at, ("X-Forwarded-Prefix", at, False), value_of(view, at))
