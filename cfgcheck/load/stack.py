"""From candidates to a stack: the files of one deployment, read into one model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from cfgcheck.load.apps import AppReader, Command
from cfgcheck.load.discover import Candidate, FileKind
from cfgcheck.load.disk import Disk
from cfgcheck.load.proxies import ProxyReader
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
    commands: Sequence[Command] = ()
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
    proxies = ProxyReader(disk, declarations.versions.get("nginx", _NO_VERSION))
    nginx = [one.path for one in candidates if one.kind is FileKind.NGINX]
    named = frozenset(one.path for one in candidates if one.named)
    stack = Stack(name, edge=declarations.edge, hosts=declarations.hosts, span=declarations.span)
    stack.proxies = proxies.read(nginx, named)
    apps = AppReader(disk, index, declarations.versions)
    apps.read(candidates, declarations.commands)
    stack.apps = apps.apps
    stack.files = list(_on_disk(disk, {**proxies.files, **apps.files}.values()))
    stack.problems = [*disk.problems[refused:], *proxies.problems, *apps.problems]
    stack.timeout_order = declarations.timeout_order
    stack.declared = declarations.declared
    stack.incomplete = "; ".join(apps.unseen)
    _place(stack, disk)
    return stack


def _on_disk(disk: Disk, files: Iterable[SourceFile]) -> Iterator[SourceFile]:
    """Without the stock files whose contents are known although they are not there."""
    real = {id(file) for file in disk.files}
    return (file for file in files if id(file) in real)


def _place(stack: Stack, disk: Disk) -> None:
    """Note on which declared host each proxy and app runs: the one with the longest path that covers its files."""
    if not stack.hosts:
        return
    for proxy in stack.proxies:
        proxy.host = _host_of(disk.absolute(proxy.span.file.path), stack.hosts.values())
    stack.apps = [
        app if app.host else replace(app, host=_host_of(disk.absolute(app.span.file.path), stack.hosts.values()))
        for app in stack.apps
    ]


def _host_of(path: Path, hosts: Iterable[Host]) -> str:
    fitting = ((len(top), host.name) for host in hosts for top in host.paths if path.is_relative_to(top))
    return max(fitting, default=(0, ""))[1]
