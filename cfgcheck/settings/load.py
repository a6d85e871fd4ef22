"""A settings file, from text to ``Settings``. Imported only where there is one: validation takes a while to load."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cfgcheck.findings import Severity
from cfgcheck.model.declared import Declared, DeclaredApp
from cfgcheck.model.edge import Edge
from cfgcheck.model.located import Located
from cfgcheck.model.stack import Host
from cfgcheck.model.version import Version
from cfgcheck.record import record
from cfgcheck.settings.edges import KNOWN_EDGES
from cfgcheck.settings.mistakes import meant, sentence
from cfgcheck.settings.model import AppDeclaration, Choice, Settings, SettingsError, StackDeclaration
from cfgcheck.settings.positions import KeyPath, Place, places
from cfgcheck.settings.schema import AppTable, EdgeTable, SettingsTable
from cfgcheck.source.file import SourceFile, Span

_TELLING = {"max_body", "response_headers", "exposed", "development"}
_VERSIONS = ("nginx", "gunicorn", "uwsgi", "uvicorn", "hypercorn", "daphne", "granian", "waitress")


def build(source: SourceFile, data: Mapping[str, Any], prefix: KeyPath, path: Path) -> Settings:
    """``Settings`` of the table ``data``, which stands at ``prefix`` in ``source``, read from ``path`` (absolute)."""
    where = _Where(source, prefix, places(source.text))
    try:
        table = SettingsTable.model_validate(data)
    except ValidationError as error:
        raise mistakes([(where.span(one["loc"]), sentence(one)) for one in error.errors(include_url=False)]) from None
    builder = _Builder(table, where, path)
    contradictions = list(builder.contradictions())
    if contradictions:
        raise mistakes(contradictions)
    return builder.settings()


def mistakes(found: Iterable[tuple[Span, str]]) -> SettingsError:
    """All mistakes in one error, in the order of the file."""
    ordered = sorted(found, key=lambda one: one[0].key)
    return SettingsError("\n".join(f"{span}: {text}" for span, text in ordered))


@record(frozen=True)
class _Where:
    """Places of keys below ``prefix``."""

    source: SourceFile
    prefix: KeyPath
    places: Mapping[KeyPath, Place]

    def span(self, path: KeyPath) -> Span:
        """The key at ``path`` or, where it has no place of its own, of what it stands in."""
        place = self._place(path)
        return Span(self.source, place.key_start, place.key_end) if place else Span(self.source, 0, 0)

    def value(self, *path: str | int) -> Span:
        place = self._place(path)
        return Span(self.source, place.start, place.end) if place else Span(self.source, 0, 0)

    def text(self, value: str, *path: str | int) -> Span:
        """The characters between the quotes, where they are just ``value``; else the whole value."""
        whole = self.value(*path)
        at = whole.text.find(value)
        return whole if at < 0 else Span(self.source, whole.start + at, whole.start + at + len(value))

    def _place(self, path: KeyPath) -> Place | None:
        full = (*self.prefix, *path)
        for length in range(len(full), 0, -1):
            if full[:length] in self.places:
                return self.places[full[:length]]
        return None


class _Builder:
    def __init__(self, table: SettingsTable, where: _Where, path: Path) -> None:
        self.table = table
        self.where = where
        self.path = path
        self.folder = path.parent

    def settings(self) -> Settings:
        table = self.table
        return Settings(
            source=self.where.source,
            folder=self.folder,
            versions=self._versions(),
            timeout_order=table.timeout_order,
            fail_on=Severity.of(table.fail_on),
            select=self._choices("select", table.select),
            ignore=self._choices("ignore", table.ignore),
            exclude=tuple(table.exclude),
            rules=tuple(self._absolute(path) for path in table.rules),
            edge=self._edge(table.edge) if table.edge else None,
            stacks=self._stacks(),
            hosts=self._hosts(),
            apps=tuple(self._app(index, app) for index, app in enumerate(table.app) if app.command),
            declared=self._declared(),
            path=self.path,
        )

    def contradictions(self) -> Iterator[tuple[Span, str]]:
        """What each key may say, but not together with the others."""
        edge = self.table.edge
        if edge and edge.kind not in KNOWN_EDGES and not edge.model_fields_set - {"kind"}:
            hint = meant(edge.kind, [*KNOWN_EDGES])
            text = f'"edge.kind" is none of {", ".join(KNOWN_EDGES)}: say its idle, response, tls or strips{hint}'
            yield self.where.span(("edge", "kind")), text
        names: set[str] = set()
        for index, app in enumerate(self.table.app):
            place = ("app", index)
            if app.name in names:
                yield self.where.span((*place, "name")), f'there are two apps called "{app.name}"'
            names.add(app.name)
            if app.host is not None and app.host not in self.table.hosts:
                # Any other name may be that of a service that a file tells of: whoever loads the stack knows.
                hint = meant(app.host, list(self.table.hosts))
                if hint:
                    yield self.where.span((*place, "host")), f"there is no [hosts.{app.host}]{hint}"
            if app.command is None and not app.model_fields_set & _TELLING:
                yield self.where.span((*place, "name")), f'nothing is said of the app "{app.name}"; give its command'

    def _absolute(self, path: str) -> Path:
        return Path(os.path.normpath(self.folder / path))

    def _versions(self) -> dict[str, Located[Version]]:
        versions = {}
        for name in _VERSIONS:
            text = getattr(self.table, name)
            version = Version.parse(text) if text else None
            if version:
                versions[name] = Located.declared(version, self.where.value(name))
        return versions

    def _choices(self, key: str, names: list[str]) -> tuple[Choice, ...]:
        return tuple(Choice(name, self.where.value(key, index)) for index, name in enumerate(names))

    def _edge(self, edge: EdgeTable) -> Edge:
        known = KNOWN_EDGES.get(edge.kind)
        given = edge.model_fields_set
        limits: dict[str, Located[float | None]] = {}
        for name in ("idle", "response"):
            if name in given:
                limits[name] = Located.declared(getattr(edge, name), self.where.value("edge", name))
                continue
            usual: float | None = getattr(known, name) if known else None
            why = f"[edge] does not say its {name} limit"
            limits[name] = (
                Located.unknown(why, self.where.span(("edge",)))
                if known is None or usual is None
                else Located.default(usual, f"{edge.kind}: {known.source}")
            )
        tls: Located[bool] = Located.unknown("[edge] does not say whether it speaks TLS", self.where.span(("edge",)))
        if "tls" in given:
            tls = Located.declared(edge.tls, self.where.value("edge", "tls"))
        span = self.where.span(("edge",))
        return Edge(edge.kind, limits["idle"], limits["response"], tls, tuple(edge.strips), span=span)

    def _stacks(self) -> tuple[StackDeclaration, ...]:
        return tuple(
            StackDeclaration(one.name, tuple(map(self._absolute, one.paths)), self.where.span(("stack", index)))
            for index, one in enumerate(self.table.stack)
        )

    def _hosts(self) -> dict[str, Host]:
        return {
            name: Host(name, tuple(host.addresses), tuple(str(self._absolute(path)) for path in host.paths))
            for name, host in self.table.hosts.items()
        }

    def _app(self, index: int, app: AppTable) -> AppDeclaration:
        assert app.command is not None
        environment = {
            name: Located.declared(value, self.where.text(value, "app", index, "environment", name))
            for name, value in app.environment.items()
        }
        command = Located.declared(app.command, self.where.text(app.command, "app", index, "command"))
        directory = self._absolute(app.directory)
        span = self.where.span(("app", index, "name"))
        return AppDeclaration(app.name, command, environment, directory, app.host or "", span)

    def _declared(self) -> Declared:
        table = self.table
        return Declared(
            somaxconn=self._given("somaxconn"),
            nginx_user=self._given("nginx-user"),
            firewall=self._given("firewall"),
            proxy_addresses=tuple(table.proxy_addresses),
            socket_access=tuple(table.socket_access),
            write_locations=tuple(table.write_locations),
            websocket_locations=tuple(table.websocket_locations),
            retry_safe_locations=tuple(table.retry_safe_locations),
            apps={app.name: self._declared_app(index, app) for index, app in enumerate(table.app)},
        )

    def _declared_app(self, index: int, app: AppTable) -> DeclaredApp:
        def given(key: str) -> Located[Any] | None:
            value = getattr(app, key.replace("-", "_"))
            return None if value is None else Located.declared(value, self.where.value("app", index, key))

        return DeclaredApp(
            app.name, given("max-body"), given("response-headers"), given("exposed"), given("development")
        )

    def _given(self, key: str) -> Located[Any] | None:
        value = getattr(self.table, key.replace("-", "_"))
        return None if value is None else Located.declared(value, self.where.value(key))
