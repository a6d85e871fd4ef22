"""What one nginx does with a request."""

from __future__ import annotations

from enum import Enum

from cfgcheck.model.located import Located
from cfgcheck.model.nginx import Listen, Location, Proxy, Server
from cfgcheck.model.stack import Route
from cfgcheck.record import field, record
from cfgcheck.source.file import Span
from cfgcheck.trace.request import Request


class End(Enum):
    """What becomes of a request in an nginx."""

    PASSES = "passes"
    """It is handed on (``proxy_pass``, ``uwsgi_pass`` …)."""

    ANSWERS = "answers"
    """nginx answers itself: ``return``, a redirect, ``deny``."""

    FILES = "files"
    """Files of a folder are served (``root``, ``alias``, ``try_files``)."""

    NOBODY = "nobody"
    """Nothing listens on that port, or nginx ends the connection."""

    UNKNOWN = "unknown"
    """It depends on what no file tells (a variable, a regular expression that can't be read here)."""


@record(frozen=True, eq=False)
class Step:
    """One decision on the way, in words, and the place that decides: ``server_name shop.example.com matches``."""

    text: str
    span: Span | None = None


@record(frozen=True, eq=False)
class SentHeader:
    """A header (or, for uwsgi, a parameter) as the next server receives it. ``value``: its text, unknown where a
    variable in it depends on what no file tells."""

    name: str
    value: Located[str]


@record(frozen=True, eq=False)
class Hop:
    """A request in one nginx. ``steps``: how server and location were chosen, redirects and rewrites among them.

    ``uri``: the path and query as passed on. ``headers``: as sent on, nginx's own (Host, Connection) and the client's
    among them. ``routes``: where it may go, one for each peer that serves (backups last); empty where it is not passed
    on. ``status``: what nginx answers itself, where that is known. ``because``: why the end is not known.
    """

    request: Request
    proxy: Proxy
    end: End
    steps: tuple[Step, ...] = ()
    listen: Listen | None = None
    server: Server | None = None
    location: Location | None = None
    uri: Located[str] = field(default_factory=lambda: Located.unknown("it is not passed on"))
    headers: tuple[SentHeader, ...] = ()
    routes: tuple[Route, ...] = ()
    status: int | None = None
    because: str = ""


@record(frozen=True, eq=False)
class Way:
    """The whole way of a request: an outer nginx first, the one that passes to an app (or ends it) last.

    ``others``: proxies of the stack that would take this request just as well, with what they do (a tree holds
    several deployments).
    """

    hops: tuple[Hop, ...]
    others: tuple[Hop, ...] = ()
