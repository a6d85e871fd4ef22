"""What a rule says shall be changed. Which characters that are, the layer ``fix`` finds out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cfgcheck.model.app import App
from cfgcheck.model.nginx import Location, Proxy, Server, Upstream
from cfgcheck.model.unit import Unit
from cfgcheck.record import record
from cfgcheck.source.file import Span

Block = Location | Server | Upstream | Proxy
"""Where an nginx statement can stand; a Proxy is its ``http{}``."""


@record(frozen=True)
class Replace:
    """Other characters at a place: ``text`` is written as it is, in the language of the file."""

    span: Span
    text: str


@record(frozen=True)
class Remove:
    """The statement, setting or entry that holds a place goes, and its line with it if it is alone there."""

    span: Span


@record(frozen=True)
class Statement:
    """An nginx statement, without the ``;``: ``proxy_ssl_server_name on``.

    ``beside``: another one of that name may stand there and stays (``proxy_set_header``); otherwise a statement of that
    name in the block itself is replaced. In a block that has neither, it is written after its nearest relatives.
    ``level``: of a Proxy, ``main``, ``events`` or ``http``.
    """

    block: Block
    text: str
    beside: bool = False
    level: str = "http"


@record(frozen=True)
class Setting:
    """A setting of an app server, by the server's own name for it, wherever it is set: config file, command line,
    variable. ``value``: as the server takes it (bool, int, float, str, or a list of str where it may be set more than
    once); None: it is not set any more. Not set before: it is added where the app's other settings are."""

    app: App
    name: str
    value: Any


@record(frozen=True)
class Order:
    """What a manager is told about a unit.

    ``name``: ``stop_grace`` (seconds), ``stop_signal`` (``QUIT``), ``runtime_directory`` (``shop``), ``private_tmp``
    (bool), ``open_files`` (a number), ``memory_folder`` (a path that shall be a tmpfs), ``exec`` (the App that
    takes the place of the shell that starts it), ``init`` (True), ``environment`` (``NAME=value``).
    """

    unit: Unit
    name: str
    value: Any


Change = Replace | Remove | Statement | Setting | Order


@record(eq=False)
class Repair:
    """How one finding is mended: all of ``changes()``, or nothing. ``changes`` raises UnknownValue where a value that
    it needs is not known, and gives nothing where this case can't be mended by the program.

    Two are equal that say the same: findings of two runs can be compared without asking what would change."""

    title: str
    applicability: str
    changes: Callable[[], list[Change]]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Repair):
            return NotImplemented
        return (self.title, self.applicability) == (other.title, other.applicability)

    def __hash__(self) -> int:
        return hash((self.title, self.applicability))
