"""Files that start app servers in a way that is not read: they forbid to say that nothing listens somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from cfgcheck.load.discover import Exclusions, files_below
from cfgcheck.load.disk import Disk
from cfgcheck.model.app import AppKind
from cfgcheck.model.stack import Link, Route
from cfgcheck.record import replace

_CARRIERS = (
    "dockerfile*", "*.dockerfile", "containerfile*", "*compose*.yml", "*compose*.yaml", "*.service", "*.socket",
    "supervisor*.conf", "supervisor*.ini", "*entrypoint*", "*.sh", "deployment*.yaml", "deployment*.yml",
    "values*.yaml", "*.nomad", "circus*.ini",
)  # fmt: skip
_SERVERS = re.compile(r"(?<![\w.-])(gunicorn|uwsgi|uvicorn|hypercorn|daphne|granian|waitress-serve)(?![\w.-])")
_MOST = 500
"""Files looked at: a tree with more of such files has surely shown what it starts."""


class Hints:
    """Asked only where something seems to be missing: looking through a tree takes a while."""

    def __init__(self, disk: Disk, tops: Iterable[Path], exclude: Exclusions) -> None:
        self._disk = disk
        self._tops = [top for top in tops if top.is_dir()]
        self._exclude = exclude
        self._found: list[tuple[str, str]] | None = None

    def why_incomplete(self, besides: AppKind | None = None) -> str:
        """Which file starts a server that is not read, as a reason; "" when there is none. ``besides``: only
        servers of another kind than this one."""
        for shown, server in self._all():
            if besides is None or server != besides.value:
                return f"{shown} starts {server}, and is not read"
        return ""

    def _all(self) -> list[tuple[str, str]]:
        if self._found is None:
            carriers = self._carriers()
            self._found = [(self._disk.show(path), server) for path in carriers for server in self._servers(path)]
        return self._found

    def _carriers(self) -> list[Path]:
        found = [path for top in self._tops for path in files_below(top, self._exclude) if _carries(path)]
        return found[:_MOST]

    def _servers(self, path: Path) -> list[str]:
        return list(dict.fromkeys(_SERVERS.findall(self._disk.peek(path, 65536))))


def doubted(routes: list[Route], hints: Hints) -> list[Route]:
    """The routes, with "nothing listens there" and "another protocol is spoken there" taken back where a file starts
    a server that was not read: it may be the one that is meant."""
    return [_doubted(route, hints) if route.link in _DOUBTFUL else route for route in routes]


def _doubted(route: Route, hints: Hints) -> Route:
    because = hints.why_incomplete(route.app.kind if route.app is not None else None)
    if not because:
        return route
    return replace(route, link=Link.UNKNOWN, because=because, app=None, listener=None, nearest=(), choice=0)


_DOUBTFUL = (Link.NO_LISTENER, Link.WRONG_PROTOCOL)


def _carries(path: Path) -> bool:
    name = path.name.lower()
    return any(fnmatchcase(name, pattern) for pattern in _CARRIERS)
