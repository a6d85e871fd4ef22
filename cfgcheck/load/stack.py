"""From candidates to a stack: the files of one deployment, read into one model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from cfgcheck.load.apps import AppReader
from cfgcheck.load.carriers import read_carriers, read_left_over
from cfgcheck.load.context import Context
from cfgcheck.load.declared_commands import DeclaredCommand, to_service
from cfgcheck.load.discover import Candidate, FileKind, classify
from cfgcheck.load.disk import Disk
from cfgcheck.load.proxies import ProxyReader
from cfgcheck.load.service import Carried
from cfgcheck.load.services import ServiceReader
from cfgcheck.load.tree_index import TreeIndex
from cfgcheck.model.declared import Declared
from cfgcheck.model.edge import Edge
from cfgcheck.model.located import Located
from cfgcheck.model.stack import Host, Stack
from cfgcheck.model.version import Version
from cfgcheck.record import field, record, replace
from cfgcheck.source.file import SourceFile, Span

_NO_VERSION: Located[Version] = Located.unknown("nginx's version is not known: declare it in the settings (nginx = …)")


@record(frozen=True)
class Declarations:
    """What cfgcheck's settings say of a stack."""

    versions: Mapping[str, Located[Version]] = field(default_factory=dict)
    commands: Sequence[DeclaredCommand] = ()
    edge: Edge | None = None
    hosts: Mapping[str, Host] = field(default_factory=dict)
    timeout_order: str = "proxy-above-app"
    declared: Declared = field(default_factory=Declared)
    span: Span | None = None


def load_stack(
    disk: Disk, name: str, candidates: Sequence[Candidate], index: TreeIndex, declarations: Declarations
) -> Stack:
    """Everything that the candidates hold, not yet joined."""
    refused = len(disk.problems)
    context = Context(disk, index)
    stack = Stack(name, edge=declarations.edge, hosts=dict(declarations.hosts), span=declarations.span)
    stack.timeout_order = declarations.timeout_order
    stack.declared = declarations.declared
    proxies = ProxyReader(disk, declarations.versions.get("nginx", _NO_VERSION))
    apps = AppReader(context, declarations.versions)
    services = ServiceReader(context, apps, proxies, declarations.versions.get("nginx"))
    carried = read_carriers(context, candidates)
    for command in declarations.commands:
        services.read_declared(to_service(_on_its_host(command, declarations, carried, disk), context))
    services.read(carried.services)
    used = carried.used | _paths(services.files, disk)
    left_over = read_left_over(context, candidates, used)
    services.read(left_over.services)
    carried.add(left_over)
    inside = [Candidate(path, kind) for path in carried.lone if (kind := classify(disk, path, disk.root))]
    _read_lone(stack, [*candidates, *inside], proxies, apps, services)
    stack.proxies += carried.proxies
    stack.apps = apps.apps
    stack.units = services.units
    stack.handed = services.handed
    stack.doorways = carried.doorways
    files = [*proxies.files.values(), *apps.files.values(), *carried.files, *services.files]
    stack.files = list(_on_disk(disk, {id(file.whole): file.whole for file in files}.values()))
    stack.problems = [
        *disk.problems[refused:],
        *dict.fromkeys([*carried.problems, *services.problems]),
        *proxies.problems,
        *apps.problems,
    ]
    _know_hosts(stack, carried, services)
    _place(stack, disk)
    return stack


def _on_its_host(
    command: DeclaredCommand, declarations: Declarations, carried: Carried, disk: Disk
) -> DeclaredCommand:
    """The command on the host that is declared, or the one of the service of that name."""
    wanted = command.host
    if not wanted or wanted in declarations.hosts:
        return command
    names = [host.name for host in carried.hosts if wanted in (host.name, host.label, *host.names)]
    if not names:
        said = f"{command.span}: host = \"{wanted}\" names neither a [hosts.…] nor a service that was found."
        disk.notes.append(said)
    return replace(command, host=names[0] if names else "")


def _read_lone(
    stack: Stack, candidates: Sequence[Candidate], proxies: ProxyReader, apps: AppReader, services: ServiceReader
) -> None:
    """What no service uses: configurations by themselves."""
    named = frozenset(one.path for one in candidates if one.named)
    nginx = [one.path for one in candidates if one.kind is FileKind.NGINX]
    lone = [path for path in nginx if path not in proxies.nginx.included or path in named]
    stack.proxies = [*services.proxies, *proxies.read(lone, named)]
    for proxy in stack.proxies:
        if proxy.unit is None:
            proxy.unit = services.nginx_units.get(proxies.disk.absolute(proxy.span.file.path))
    apps.read_lone(candidates)
    apps.finish()


def _know_hosts(stack: Stack, carried: Carried, services: ServiceReader) -> None:
    """All hosts, and of each why servers may run on it that were not found."""
    hosts = dict(stack.hosts)
    for host in carried.hosts:
        hosts[host.name] = host
    for name, because in services.unseen.items():
        if name in hosts:
            hosts[name] = replace(hosts[name], unseen=hosts[name].unseen or because)
    stack.hosts = hosts
    lone = any(proxy.unit is None and not proxy.host for proxy in stack.proxies)
    stack.incomplete = services.unseen.get("", "") or (services.mystery if lone else "")


def _paths(files: Iterable[SourceFile], disk: Disk) -> set[Path]:
    return {disk.absolute(file.path) for file in files}


def _on_disk(disk: Disk, files: Iterable[SourceFile]) -> Iterator[SourceFile]:
    """Without the stock files whose contents are known although they are not there."""
    real = {id(file) for file in disk.files}
    return (file for file in files if id(file) in real)


def _place(stack: Stack, disk: Disk) -> None:
    """Note on which declared host each proxy and app runs: the one with the longest path that covers its files."""
    declared = [host for host in stack.hosts.values() if host.paths]
    if not declared:
        return
    for proxy in stack.proxies:
        if not proxy.host:
            proxy.host = _host_of(disk.absolute(proxy.span.file.path), declared)
    stack.apps = [
        app if app.host else replace(app, host=_host_of(disk.absolute(app.span.file.path), declared))
        for app in stack.apps
    ]


def _host_of(path: Path, hosts: Iterable[Host]) -> str:
    fitting = ((len(top), host.name) for host in hosts for top in host.paths if path.is_relative_to(top))
    return max(fitting, default=(0, ""))[1]
