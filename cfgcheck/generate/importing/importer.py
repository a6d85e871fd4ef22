"""Existing configuration, as it was read into the model, becomes a spec."""

from __future__ import annotations

from collections.abc import Sequence

from cfgcheck.generate.importing import deployment, web
from cfgcheck.generate.importing.app_server import put_server
from cfgcheck.generate.importing.application import module_of, put_application
from cfgcheck.generate.importing.comments import comments_of
from cfgcheck.generate.importing.draft import Draft
from cfgcheck.generate.importing.grouping import Found, group
from cfgcheck.generate.importing.managers import leave_relations, put_manager
from cfgcheck.generate.importing.naming import service_name
from cfgcheck.generate.importing.neighbours import leave_commands, leave_neighbours, leave_ports
from cfgcheck.generate.importing.notes import Notes, lasting, notes_of
from cfgcheck.generate.importing.people import put_environment, put_user
from cfgcheck.generate.importing.raws import put_raws
from cfgcheck.generate.importing.result import Imported, Key, NothingToImport
from cfgcheck.generate.importing.settle import planned
from cfgcheck.generate.importing.strange import leave_locations
from cfgcheck.generate.importing.tidy import tidy
from cfgcheck.generate.importing.timing import put_times
from cfgcheck.generate.importing.unknowns import leave_unknown
from cfgcheck.model.app import App
from cfgcheck.model.nginx import Proxy
from cfgcheck.model.stack import Stack
from cfgcheck.settings import Settings
from cfgcheck.source.file import SourceFile, Span

_NOTED: dict[str, Key] = {
    "slowest-request": ("slowest-request",),
    "response-headers": ("response-headers",),
    "websocket-idle": ("websocket-idle",),
    "user": ("user",),
    "module": ("app", "module"),
    "virtualenv": ("app", "virtualenv"),
}


def imported(stacks: Sequence[Stack], settings: Settings) -> Imported:
    """The spec of a deployment that was loaded. Raises NothingToImport where there is no app server."""
    draft = Draft()
    services = group(stacks, draft)
    if not services:
        raise NothingToImport(_looked_at(stacks))
    runtime = deployment.runtime_of(services, draft)
    draft.put(("runtime",), runtime)
    proxies = _proxies(services)
    notes = notes_of([settings.source] if settings.source is not None else [])
    edge = deployment.put_edge(draft, settings, stacks, proxies, notes)
    deployment.put_versions(draft, services, proxies, settings, notes)
    deployment.put_nginx(draft, proxies, notes)
    named = _put_services(draft, services, runtime, edge)
    put_raws(draft, planned(draft), named, proxies)
    planned(draft)
    for name, found in named.items():
        leave_unknown(draft, name, found)
    leave_neighbours(draft, stacks)
    leave_ports(draft, proxies)
    spec = tidy(draft)
    sources = {name: _sources(one) for name, one in named.items() if name in spec.services}
    left = tuple(sorted(draft.left, key=lambda one: one.span.key))
    return Imported(spec, comments_of(draft), left, sources, dict(draft.spans))


def _put_services(draft: Draft, services: Sequence[Found], runtime: str, edge: float | None) -> dict[str, Found]:
    """Set ``services:``. Of two with one domain the first has it."""
    named: dict[str, Found] = {}
    taken: set[str] = set()
    modules: set[str] = set()
    for found in sorted(services, key=lambda one: not one.servers):
        own = web.domains_of(found)
        package = str(module_of(found.app).get("")).partition(":")[0]
        if not own and package and package in modules:
            draft.leave(found.app.span, found.app.label, "another way to start a service's app")
            continue
        modules.add(package)
        domains = [domain for domain in own if domain not in taken]
        if own and not domains:
            draft.leave(found.app.span, found.app.label, "another service has its domain names")
            continue
        for domain in own:
            if domain in taken:
                draft.leave(found.servers[0].span, f"`{domain}`", "another service has that domain name")
        taken |= set(domains)
        module = module_of(found.app).get(None)
        name = service_name(found.app, str(module or ""), domains, named)
        named[name] = found
        _put_service(draft, name, found, domains, runtime, edge)
    return named


def _put_service(draft: Draft, name: str, found: Found, domains: list[str], runtime: str, edge: float | None) -> None:
    place = ("services", name)
    sites = [server.span.file for server in found.servers]
    notes = lasting(notes_of(_files(found.app)), [*_files(found.app), *sites])
    web.put_domains(draft, place, found, domains, name)
    put_application(draft, place, found.app, notes)
    put_server(draft, place, found, notes, runtime)
    web.put_tls(draft, place, found)
    carried = web.put_files(draft, place, found)
    web.put_sizes(draft, place, found)
    put_times(draft, place, found, edge)
    carried |= web.put_websockets(draft, place, found)
    carried |= web.put_health(draft, place, found)
    leave_locations(draft, found, carried)
    put_user(draft, place, found.app)
    put_environment(draft, place, found.app)
    put_manager(draft, place, found.app)
    leave_relations(draft, found.app)
    leave_commands(draft, found.app)
    _put_noted(draft, place, notes)


def _put_noted(draft: Draft, place: Key, notes: Notes) -> None:
    """What generated files only tell in a note."""
    for name, key in _NOTED.items():
        if name in notes:
            draft.put((*place, *key), notes[name])


def _files(app: App) -> list[SourceFile]:
    """All that tell of an app: its own files, what starts it, where its command stands."""
    return [app.span.file, *app.files, *(app.unit.files if app.unit is not None else ())]


def _proxies(services: Sequence[Found]) -> list[Proxy]:
    found = {id(one.proxy): one.proxy for one in services if one.proxy is not None}
    return list(found.values())


def _sources(found: Found) -> tuple[Span, ...]:
    return (*(server.span for server in found.servers), found.app.span)


def _looked_at(stacks: Sequence[Stack]) -> str:
    files = {file.path for stack in stacks for file in stack.files}
    proxies = sum(len(stack.proxies) for stack in stacks)
    seen = f"{_count(len(files), 'file', 'were')} read, {_count(proxies, 'nginx configuration', '')} among them"
    seen = seen if files else "no file was read"
    return f"no Gunicorn, uWSGI or uvicorn was found that a spec could be made of: {seen}"


def _count(number: int, what: str, verb: str) -> str:
    if number == 1:
        return f"one {what} {verb and 'was'}".rstrip()
    return f"{number or 'no'} {what}s {verb}".rstrip()
