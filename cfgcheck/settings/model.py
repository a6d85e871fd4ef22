"""cfgcheck's settings as the program uses them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from cfgcheck.findings import Severity
from cfgcheck.model.declared import Declared
from cfgcheck.model.edge import Edge
from cfgcheck.model.located import Located
from cfgcheck.model.stack import Host
from cfgcheck.model.version import Version
from cfgcheck.record import field, record
from cfgcheck.source.file import SourceFile, Span


@record(frozen=True)
class Choice:
    """A rule or category of ``select`` or ``ignore``. ``span``: None where the command line names it."""

    name: str
    span: Span | None = None


@record(frozen=True)
class StackDeclaration:
    """A ``[[stack]]``: files below these paths (absolute) are one stack of their own."""

    name: str
    paths: tuple[Path, ...]
    span: Span

    def covers(self, path: Path) -> bool:
        return any(path.is_relative_to(top) for top in self.paths)


@record(frozen=True)
class AppDeclaration:
    """An ``[[app]]`` with a ``command``: an app server that no file starts.

    ``command``: where its span's text equals its value, offsets in the one are offsets in the other; else (escapes in
    the TOML string) the span is the whole value. ``environment``: by variable. ``directory``: absolute, where it is
    started. ``host``: a name of ``[hosts.…]``, or "".
    """

    name: str
    command: Located[str]
    environment: Mapping[str, Located[str]]
    directory: Path
    host: str
    span: Span


@record(frozen=True)
class Settings:
    """All settings; without a settings file, as they are by default.

    ``folder``: where the settings file stands (relative paths in it begin there), None without one; ``source``: its
    text; ``path``: itself. ``versions``: declared ones, by server (``nginx``, ``gunicorn`` …). ``rules``: folders of
    further rules. ``select``: rules and categories to run, empty for all; ``ignore``: those not to.
    """

    source: SourceFile | None = None
    folder: Path | None = None
    versions: Mapping[str, Located[Version]] = field(default_factory=dict)
    timeout_order: str = "proxy-above-app"
    fail_on: Severity = Severity.WARNING
    select: tuple[Choice, ...] = ()
    ignore: tuple[Choice, ...] = ()
    exclude: tuple[str, ...] = ()
    rules: tuple[Path, ...] = ()
    edge: Edge | None = None
    stacks: tuple[StackDeclaration, ...] = ()
    hosts: Mapping[str, Host] = field(default_factory=dict)
    apps: tuple[AppDeclaration, ...] = ()
    declared: Declared = field(default_factory=Declared)
    path: Path | None = None

    def show_from(self, show: Callable[[Path], str]) -> None:
        """Let places in the settings file be shown as those in the files checked are. ``show``: how a path is shown."""
        if self.source is not None and self.path is not None:
            self.source.path = show(self.path)


class SettingsError(Exception):
    """Settings that can't be used. ``str()`` is ``path:line:column: what is wrong``, one line for each mistake."""
