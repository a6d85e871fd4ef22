"""From nginx files to proxies: which files begin a configuration, and which belong to one."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from cfgcheck.findings import Problem
from cfgcheck.load.disk import Disk
from cfgcheck.load.filesystem import Filesystem
from cfgcheck.load.nginx import build_proxy
from cfgcheck.load.nginx_files import NginxConfig, NginxFiles
from cfgcheck.load.nginx_includes import InFilesystem
from cfgcheck.load.nginx_kinds import Kind
from cfgcheck.load.nginx_levels import Expand
from cfgcheck.load.nginx_validate import validate
from cfgcheck.model.located import Located
from cfgcheck.model.nginx import Proxy
from cfgcheck.model.version import Version
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.nginx_tree import Directive, Word

DEFAULT_MAIN = "/etc/nginx/nginx.conf"
"""The main file of nginx's packages and images, unless the command names another one."""

_INCLUDED_TOGETHER = frozenset({"conf.d", "http.d", "sites-enabled", "sites", "vhosts.d", "vhosts"})
"""Folders whose files one ``include`` takes all together."""

_READ = frozenset({Kind.HTTP, Kind.SERVER, Kind.LOCATION, Kind.UPSTREAM, Kind.STREAM})
"""What is read by itself although nothing includes it."""

_SHARED = frozenset({"upstream", "map", "geo", "split_clients"})
"""What a file of ``http{}`` may use although a neighbour defines it."""


class ProxyReader:
    """Reads nginx files into proxies. ``problems``: what could not be read; ``files``: every file that was."""

    def __init__(self, disk: Disk, version: Located[Version]) -> None:
        self.nginx = NginxFiles(disk)
        self.disk = disk
        self.version = version
        self.problems: list[Problem] = []
        self.files: dict[int, SourceFile] = {}
        self._paths: Sequence[Path] = ()

    def read(self, paths: Sequence[Path], named: frozenset[Path] = frozenset()) -> list[Proxy]:
        """The proxies that these files make. ``named``: files that somebody asked for, whatever is in them."""
        self._paths = paths
        mains = [path for path in paths if self.nginx.kind(path).kind is Kind.MAIN]
        proxies = self._mains(mains, named)
        rest = [path for path in _without_links(paths) if path not in self.nginx.included and path not in mains]
        rest = [path for path in rest if not _switched_off(path, paths)]
        for group in self._groups(rest, named):
            proxies += self._fragments(group)
        return proxies

    def in_container(
        self, files: Filesystem, main: str, label: str, version: Located[Version], variables: Mapping[str, str]
    ) -> Proxy | None:
        """The nginx of a container whose main file is at ``main`` of its file system; None when nothing of it is in the
        tree. Without that file in the tree it is the one of nginx's own image. ``variables``: what templates of that
        image are filled in with."""
        # By its place alone: that a file of the tree is called nginx.conf proves nothing.
        path = files.mapped(main)
        path = path if path is not None and self.disk.exists(path) else None
        if path is None and main != DEFAULT_MAIN:
            return None
        folder = path.parent if path is not None else files.beside
        config = self.nginx.config_in(InFilesystem(files, posixpath.dirname(main), folder, variables), path)
        if config is None or config.kind.kind is not Kind.MAIN:
            return None
        proxy = self._proxy(config, label, version=version)
        return proxy if proxy.servers or path is not None else None

    def _mains(self, mains: Sequence[Path], named: frozenset[Path]) -> list[Proxy]:
        configs = {path: config for path in mains if (config := self.nginx.config(path))}
        roots = [path for path in configs if path not in self.nginx.included or path in named]
        return [self._proxy(configs[path], self.disk.show(path)) for path in roots]

    def _groups(self, paths: Iterable[Path], named: frozenset[Path]) -> Iterator[list[Path]]:
        """Files that are read as one configuration: all of a ``conf.d``, else each by itself."""
        together: dict[Path, list[Path]] = {}
        for path in paths:
            kind = self.nginx.kind(path).kind
            if kind is Kind.HTTP and path.parent.name in _INCLUDED_TOGETHER:
                together.setdefault(path.parent, []).append(path)
            elif kind in _READ or path in named or (path.name == "nginx.conf" and self._broken(path)):
                yield [path]
        yield from together.values()

    def _broken(self, path: Path) -> bool:
        """Whether a file that must be nginx's does not look like it: to be told, not to be passed over."""
        return self.nginx.kind(path).kind is Kind.OTHER or any(tree.problems for tree in self.nginx.trees(path))

    def _fragments(self, group: list[Path]) -> Iterator[Proxy]:
        configs = [config for path in group if path not in self.nginx.included and (config := self.nginx.config(path))]
        if not configs:
            return
        first, *others = configs
        name = self.disk.show(group[0] if len(group) == 1 else group[0].parent)
        borrowed = [] if others else self._borrowed(group[0])
        proxy = self._proxy(first, name, others, borrowed)
        if proxy.servers:
            yield proxy

    def _borrowed(self, path: Path) -> list[Directive]:
        """Upstreams and maps of the files beside this one, which the same nginx most likely reads as well."""
        own = {_identity(directive) for directive in self._shared(path)}
        neighbours = (other for other in self._paths if other.parent == path.parent and other != path)
        found = (directive for other in neighbours for directive in self._shared(other))
        return [directive for directive in found if _identity(directive) not in own]

    def _shared(self, path: Path) -> Iterator[Directive]:
        if self.nginx.kind(path).kind is not Kind.HTTP:
            return
        for tree in self.nginx.trees(path):
            yield from (directive for directive in tree.directives if directive.key in _SHARED)

    def _proxy(
        self,
        config: NginxConfig,
        name: str,
        others: Sequence[NginxConfig] = (),
        borrowed: Sequence[Directive] = (),
        version: Located[Version] | None = None,
    ) -> Proxy:
        every = [config, *others]
        problems = [problem for one in every for problem in (*one.problems, *validate(one))]
        self.problems += dict.fromkeys(problems)
        for one in every:
            self.files.update((id(file), file) for file in one.sources)
        root = _root(config, others, borrowed)
        files = [file for one in every for file in one.sources]
        proxy = build_proxy(name, config.kind.kind.value, root, version or self.version, _expand(every), files)
        self.problems += dict.fromkeys(_refused_uris(proxy))
        return proxy


_NO_URI = {
    "~": "a location given by regular expression",
    "~*": "a location given by regular expression",
    "@": "a named location",
    "if": "an if block",
    "limit_except": "a limit_except block",
}


def _refused_uris(proxy: Proxy) -> Iterator[Problem]:
    """``proxy_pass`` with a URI part where nginx has no prefix to put it in place of (observed with ``nginx -t``)."""
    for location in proxy.locations():
        passes, where = location.passes, _NO_URI.get(location.modifier)
        if passes is None or where is None or passes.verb != "proxy_pass" or location.optional:
            continue
        if passes.uri and not passes.variable and not passes.directive.templated:
            message = f'nginx refuses it: "proxy_pass" cannot have URI part in {where}'
            hint = f"Take {passes.uri} out, and rewrite the path with rewrite … break; where the app needs another one"
            yield Problem("misplaced-directive", message, passes.span, hint, f"the URI part is {passes.uri}")


def _root(config: NginxConfig, others: Sequence[NginxConfig], borrowed: Sequence[Directive]) -> Directive:
    """A block around all that stands on the outermost level."""
    start = config.tree.start
    root = Directive(config.tree.file, Word("", start, start), ())
    root.head_end = root.end = min(len(config.tree.file.text), start + 1)
    root.block = [*config.tree.directives, *(each for one in others for each in one.tree.directives), *borrowed]
    return root


def _expand(configs: Sequence[NginxConfig]) -> Expand:
    """Replaces the includes of each configuration by what they include."""
    if len(configs) == 1:
        return configs[0].expand

    def expand(directives: Iterable[Directive]) -> Iterator[Directive]:
        for config in configs:
            directives = config.expand(directives)
        return iter(directives)

    return expand


def _identity(directive: Directive) -> tuple[str, ...]:
    return (directive.key, *directive.values[-1:])


def _without_links(paths: Iterable[Path]) -> list[Path]:
    """Of several paths of one file the first one that is no link."""
    chosen: dict[str, Path] = {}
    for path in sorted(paths, key=lambda one: one.is_symlink()):
        chosen.setdefault(os.path.realpath(path), path)
    return sorted(chosen.values())


def _switched_off(path: Path, paths: Iterable[Path]) -> bool:
    """A file of ``sites-available`` that ``sites-enabled`` beside it does not link to is not in use."""
    if path.parent.name != "sites-available":
        return False
    enabled = path.parent.parent / "sites-enabled"
    links = {os.path.realpath(other) for other in paths if other.parent == enabled}
    return bool(links) and os.path.realpath(path) not in links
