"""An app server as it would run: its settings, its listeners, and what follows from them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import Any

from cfgcheck.model.address import Address
from cfgcheck.model.located import Located
from cfgcheck.model.unit import Unit
from cfgcheck.model.version import Version
from cfgcheck.record import field, record
from cfgcheck.source.file import SourceFile, Span


class AppKind(Enum):
    GUNICORN = "gunicorn"
    UWSGI = "uwsgi"
    UVICORN = "uvicorn"
    HYPERCORN = "hypercorn"
    DAPHNE = "daphne"
    GRANIAN = "granian"
    WAITRESS = "waitress"


_SERVERS = {"gunicorn": "Gunicorn", "uwsgi": "uWSGI", "uvicorn": "uvicorn", "waitress": "waitress"}


class Protocol(Enum):
    """What is spoken on a connection between a proxy and an app server."""

    HTTP = "http"
    UWSGI = "uwsgi"
    FASTCGI = "fastcgi"
    SCGI = "scgi"
    GRPC = "grpc"
    RAW = "raw"


_NO_NAME = frozenset(
    {
        "gunicorn", "uwsgi", "conf", "config", "configuration", "cfg", "settings", "py", "ini", "yml", "yaml", "xml",
        "json", "j2", "jinja", "tpl", "tmpl", "template",
    }
)  # fmt: skip
_NO_FOLDER = frozenset({"", ".", "config", "conf", "etc", "gunicorn", "uwsgi", "templates"})


def name_of(path: str) -> str:
    """What an app is called that only a config file tells of: ``patchwork`` for ``patchwork.ini``, ``deploy`` for
    ``deploy/gunicorn.conf.py``, nothing for ``uwsgi.ini``: there is one, and its file is shown beside it."""
    folder, _, file = path.rpartition("/")
    words = [word for word in re.split(r"[._:-]", file) if word and word.lower() not in _NO_NAME]
    if words:
        return "-".join(words)
    above = folder.rpartition("/")[2]
    return "" if above.lower() in _NO_FOLDER else above


@record(frozen=True)
class SocketFile:
    """A unix socket's file as it is made: ``mode`` (``0o777``), ``user`` and ``group``."""

    mode: Located[int]
    user: Located[str]
    group: Located[str]


@record(frozen=True, eq=False)
class Listener:
    """An address that an app server accepts connections on.

    ``keepalive``: seconds that an idle connection is kept open; None: closed after every response.
    ``option``: the setting that made it (``bind``, ``socket``, ``http-socket`` …).
    ``malformed``: in what way the address is not what its author meant (uWSGI's ``socket = 3031`` is a file), else "".
    ``handed``: the manager opens it and hands it over (socket activation). ``file``: of a unix socket, its file.
    """

    address: Located[Address]
    protocol: Located[Protocol]
    tls: Located[bool]
    keepalive: Located[float | None]
    option: str
    malformed: str = ""
    handed: bool = False
    file: SocketFile | None = None


@record(frozen=True, eq=False)
class AppFacts:
    """What follows from an app's settings. Times in seconds, sizes in bytes.

    ``worker_class``: the class that really works (Gunicorn's ``sync`` with threads > 1 is ``gthread``); for uWSGI
    ``uwsgi``. ``request_limit``: after how long a request is ended by the server; None: never.
    ``grace``: how long running requests may go on after the order to stop; None: without limit.
    ``keepalive``: as the listeners' (the first one's, where they differ).
    ``header_limit``: largest header block or packet admitted; None: no limit of its own.
    ``body_limit``: largest request body admitted; None: no limit.
    """

    worker_class: Located[str]
    workers: Located[int]
    threads: Located[int]
    request_limit: Located[float | None]
    grace: Located[float | None]
    keepalive: Located[float | None]
    header_limit: Located[int | None]
    body_limit: Located[int | None]


@record(frozen=True, eq=False)
class SettingUse:
    """One place where somebody set something, whether or not it is effective.

    ``name`` is what is written, ``canonical`` the server's own name for it or "" when it knows none.
    ``value`` as converted; ``text`` as written. ``problem``: why the server refuses or misreads it, else "".
    ``means``: what the server takes it for, where that differs from what is written.
    ``harmless``: the misreading changes nothing (uWSGI's ``60s`` is 60).
    ``helper``: a name that no server needs to know: used by other expressions, a constant, a definition, private.
    ``elsewhere``: for a setting that this version does not have: which do (``new in 24.0``, ``gone since 23.0``).
    ``near``: for a name that the server does not know: the setting that it looks like a slip of, else "".
    """

    name: str
    canonical: str
    value: Located[Any]
    text: str
    span: Span
    problem: str = ""
    means: str = ""
    harmless: bool = False
    helper: bool = False
    elsewhere: str = ""
    near: str = ""


@record(frozen=True, eq=False)
class App:
    """A running app server (one master and its workers).

    ``name``: the process type of a Procfile, what the settings call it, or the path of its config file where nothing
    else tells of it. ``settings``: every setting of the server by its own canonical name, effective value, configured
    or default. ``uses``: each place that sets something, in order, unknown names among them.
    """

    kind: AppKind
    name: str
    version: Located[Version]
    settings: Mapping[str, Located[Any]]
    uses: tuple[SettingUse, ...]
    listeners: tuple[Listener, ...]
    facts: AppFacts
    span: Span
    files: tuple[SourceFile, ...] = ()
    placeholders: Mapping[str, Located[str]] = field(default_factory=dict)
    host: str = ""
    """The host it runs on; "" for the one machine that is taken for granted."""

    together: str = ""
    """Apps with the same non-empty mark are started together (the processes of one Procfile)."""

    unit: Unit | None = None
    """What starts and stops it; None where only its config file tells of it."""

    signalled: Located[bool] = field(
        default_factory=lambda: Located.unknown("whether the stop signal reaches the server is not known")
    )
    """Whether the signal that stops the unit reaches the server: not when a shell stands between."""

    shells: tuple[Span, ...] = ()
    """The commands that shells start which stay between, the outermost first: what the signal does not get past."""

    folder: str = ""
    """Its working directory, in the file system that it runs on; "" where nobody knows it."""

    variables: Mapping[str, Span] = field(default_factory=dict)
    """Where the variables of its environment are set, as far as files tell."""

    environment: Mapping[str, str] = field(default_factory=dict)
    """The values of its environment's variables, as far as files tell."""

    opaque: str = ""
    """Why settings may stand where cfgcheck could not read (a command that runs ``make``); else ""."""

    @property
    def server(self) -> str:
        """The server's name as its makers write it: ``Gunicorn``, ``uWSGI``, ``uvicorn``."""
        return _SERVERS.get(self.kind.value) or self.kind.value.capitalize()

    @property
    def label(self) -> str:
        """``gunicorn web``; of an app that only a config file tells of, ``uwsgi patchwork`` or just ``gunicorn``."""
        name = name_of(self.name) if self.name == self.span.file.path else self.name
        return self.kind.value if name == self.kind.value else f"{self.kind.value} {name}".strip()
