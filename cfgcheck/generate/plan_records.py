"""What a plan holds: every number, name and list of a deployment, with the reason for each. Templates only write it."""

from __future__ import annotations

from cfgcheck.generate.spec import Service, Spec
from cfgcheck.record import record

Value = bool | int | float | str


@record(frozen=True)
class Figure:
    """A derived value: itself (seconds, bytes, a text), as it is written, and why (``""``: it needs no reason)."""

    value: Value
    text: str
    because: str = ""


@record(frozen=True)
class Statement:
    """One nginx directive, its arguments as nginx shall read them (unquoted), and why."""

    name: str
    words: tuple[str, ...]
    because: str = ""


@record(frozen=True)
class Group:
    """Statements that belong together; ``title``: a comment above them, or ``""``."""

    title: str
    statements: tuple[Statement, ...]


@record(frozen=True)
class Block:
    """A block of plain statements, such as ``map`` or ``geo``. ``words``: what stands before its brace."""

    name: str
    words: tuple[str, ...]
    statements: tuple[Statement, ...]
    title: str = ""


@record(frozen=True)
class Server:
    """A ``server`` block: its own statements in groups, then its locations."""

    title: str
    groups: tuple[Group, ...]
    locations: tuple[Block, ...] = ()


@record(frozen=True)
class NginxPlan:
    """``nginx.conf``. ``version``: (major, minor, patch). ``servers``: those that answer for unknown names."""

    version: tuple[int, ...]
    user: str
    main: tuple[Group, ...]
    events: tuple[Statement, ...]
    http: tuple[Group, ...]
    blocks: tuple[Block, ...]
    servers: tuple[Server, ...]


@record(frozen=True)
class Listener:
    """Where an app server listens. ``address``: as it is told so, ``target``: as nginx reaches it.

    ``path``: of a unix socket, else ``""``; ``host`` and ``port`` of a TCP address, else ``""`` and 0.
    """

    address: str
    target: str
    path: str = ""
    host: str = ""
    port: int = 0

    @property
    def unix(self) -> bool:
        return bool(self.path)


@record(frozen=True)
class Setting:
    """A setting of an app server by its own name. ``title``: a comment above it where a new group begins."""

    name: str
    figure: Figure
    title: str = ""


@record(frozen=True)
class Rung:
    """One step of the ladder of timeouts, from the outside in. Seconds."""

    name: str
    seconds: int


@record(frozen=True)
class ServicePlan:
    """One service.

    ``version``: of its app server. ``upstream``: None where nginx looks the app's name up by a variable.
    ``settings``: for the app server's file (Gunicorn, uWSGI), in their order.
    ``config``: that file in the output (``shop/gunicorn.conf.py``), ``""`` for uvicorn; ``config_path``: where it
    stands when the app server reads it. ``command``: the words that start the app server, its program first (absolute
    on a machine, bare in a container). ``group``: its users may connect to a unix socket of mode ``socket_mode``.
    ``grace``: how long running requests may go on; ``stop``: how long the manager must wait before it kills, both in
    seconds. ``stop_signal``, ``reload_signal``: names such as ``SIGTERM``; no reload: ``""``.
    ``notes``: ``key: value`` comments that ``import`` needs, for the first file that starts the service.
    """

    name: str
    service: Service
    version: tuple[int, ...]
    listener: Listener
    upstream: Block | None
    servers: tuple[Server, ...]
    settings: tuple[Setting, ...]
    config: str
    config_path: str
    command: tuple[str, ...]
    directory: str
    environment: tuple[tuple[str, str], ...]
    user: str
    group: str
    socket_mode: str
    grace: Figure
    stop: Figure
    stop_signal: str
    reload_signal: str
    notes: tuple[str, ...]
    ladder: tuple[Rung, ...]


@record(frozen=True)
class Plan:
    """A whole deployment, of a completed spec. Services are sorted by name."""

    spec: Spec
    services: tuple[ServicePlan, ...]
    nginx: NginxPlan
