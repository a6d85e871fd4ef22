"""Files that start app servers in a way that is not read: they forbid to say that nothing listens somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from cfgcheck.load.discover import Exclusions, files_below
from cfgcheck.load.disk import Disk
from cfgcheck.model.app import App, AppKind
from cfgcheck.model.stack import Link, Route
from cfgcheck.record import replace

_NO_CARRIERS = frozenset(
    {
        ".py", ".md", ".rst", ".txt", ".html", ".css", ".js", ".ts", ".jsx", ".tsx", ".svg", ".png", ".jpg", ".gif",
        ".ico", ".woff", ".woff2", ".po", ".mo", ".lock", ".csv", ".sql", ".pem", ".crt", ".key", ".pyc", ".map",
    }
)  # fmt: skip
"""Endings of files that start nothing, or (Python, JavaScript) seldom do."""

_COMMAND = re.compile(
    r"^(?![ \t]*(?:[#;]|Description[ \t]*=))[^\n]*?"
    r"(?<![\w.-])(gunicorn|uwsgi|uvicorn|hypercorn|daphne|granian|waitress-serve)"
    r"(?:[ \t]+(?:[-\w./$\"'{\\]|\\?$)|[\"'][ \t]*,[ \t]*[\"'])",
    re.MULTILINE,
)
"""The name with an argument behind it, on a line that is no comment nor a unit's description; not ``gunicorn==23`` nor
``- gunicorn``."""

_HANDED_OVER = re.compile(r"^[ \t]*ListenStream[ \t]*=", re.MULTILINE)
_ARGUMENTS = re.compile(r"^(?![ \t]*[#;])[^\n]*\b(?:GUNICORN_CMD_ARGS|UWSGI_SOCKET|UWSGI_HTTP_SOCKET)\b", re.MULTILINE)
_MOST = 2000
_LARGEST = 65536
"""Files looked at, and bytes of each: what starts a server is short, and stands near the top of a tree."""


class Hints:
    """Asked only where something seems to be missing: looking through a tree takes a while."""

    def __init__(self, disk: Disk, tops: Iterable[Path], exclude: Exclusions) -> None:
        self._disk = disk
        self._tops = [top for top in tops if top.is_dir()]
        self._exclude = exclude
        self._found: list[tuple[str, str]] | None = None
        self.taken: set[str] = set()
        """Files whose sockets are known to be handed to an app that was found."""

    def why_incomplete(self, besides: AppKind | None = None) -> str:
        """Which file starts a server that is not read, as a reason; "" when there is none. ``besides``: only
        servers of another kind than this one."""
        for server, because in self._all():
            if besides is None or server != besides.value:
                return because
        return ""

    def _all(self) -> list[tuple[str, str]]:
        if self._found is None:
            self._found = list(self._look())
        return self._found

    def _look(self) -> Iterator[tuple[str, str]]:
        """The kind of server ("" for any), and the sentence."""
        read = {file.path for file in self._disk.files}
        for number, path in enumerate(path for top in self._tops for path in files_below(top, self._exclude)):
            if number >= _MOST:
                return
            shown = self._disk.show(path)
            if shown in read and (path.suffix != ".socket" or shown in self.taken):
                continue
            if path.suffix.lower() not in _NO_CARRIERS:
                yield from _hints(shown, self._disk.peek(path, _LARGEST))


def _hints(shown: str, text: str) -> Iterator[tuple[str, str]]:
    if "\0" in text:
        return
    for server in dict.fromkeys(found[1] for found in _COMMAND.finditer(text)):
        yield server, f"{shown} starts {server}, and is not read"
    if _HANDED_OVER.search(text):
        yield "", f"{shown} hands a socket over (socket activation) to what was not found"
    if _ARGUMENTS.search(text):
        yield "", f"{shown} sets variables of an app server, and is not read"


_DOUBTFUL = (Link.NO_LISTENER, Link.WRONG_PROTOCOL)


def handed_over(apps: Iterable[App]) -> set[str]:
    """The files that open the sockets of these apps for them."""
    listeners = (listener for app in apps for listener in app.listeners)
    return {listener.address.span.file.path for listener in listeners if listener.handed and listener.address.span}


def doubted(routes: list[Route], hints: Hints) -> list[Route]:
    """The routes, with "nothing listens there" and "another protocol is spoken there" taken back where a file starts
    a server that was not read: it may be the one that is meant."""
    return [_doubted(route, hints) if _is_doubtful(route) else route for route in routes]


def _is_doubtful(route: Route) -> bool:
    return route.link in _DOUBTFUL and not _in_container(route)


def _in_container(route: Route) -> bool:
    """Whether what runs at the other end is written down, so that no file that was not read can change it."""
    if route.app is not None:
        return route.app.unit is not None and route.app.unit.contained
    return any(app.unit is not None and app.unit.contained for app, _ in route.nearest)


def _doubted(route: Route, hints: Hints) -> Route:
    because = hints.why_incomplete(route.app.kind if route.app is not None else None)
    if not because:
        return route
    return replace(route, link=Link.UNKNOWN, because=because, app=None, listener=None, nearest=(), choice=0)
