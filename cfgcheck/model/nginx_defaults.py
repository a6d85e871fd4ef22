"""What holds where nobody set anything: it depends on nginx's version, and at times on other settings."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any

from cfgcheck.model.located import Located, UnknownValue
from cfgcheck.model.nginx_values import Reader
from cfgcheck.model.version import Version
from cfgcheck.record import record

if TYPE_CHECKING:
    from cfgcheck.model.nginx_settings import Scope


class Merge(Enum):
    """How several directives of one name, and those of outer levels, come together.

    SCALAR: the nearest level's only one (nginx refuses a second). ARRAY: all of the nearest level that has any.
    MASK: like ARRAY, as one set of words (``proxy_next_upstream error; proxy_next_upstream timeout;`` is accepted).
    """

    SCALAR = "scalar"
    ARRAY = "array"
    MASK = "mask"


@record(frozen=True)
class ByVersion:
    """A default that changed: ``first`` holds up to the first change, then each change's value from its version on."""

    first: Any
    changes: tuple[tuple[Version, Any], ...]

    def at(self, version: Version) -> Any:
        value = self.first
        for since, changed in self.changes:
            if version >= since:
                value = changed
        return value

    def span_of(self, version: Version) -> str:
        """For which versions the value at ``version`` holds: ``nginx ≥ 1.29.7``, ``nginx < 1.29.7``."""
        before = [since for since, _ in self.changes if since <= version]
        after = [since for since, _ in self.changes if since > version]
        bounds = [f"≥ {before[-1]}"] if before else []
        return "nginx " + ", ".join([*bounds, f"< {after[0]}"] if after else bounds)

    def doubt(self, name: str) -> str:
        """Why the default can't be told where the version is not known: naming every value."""
        parts = [f"{shown(self.first)} before nginx {self.changes[0][0]}"]
        parts += [f"{shown(value)} since {since}" for since, value in self.changes]
        return f"the default of {name} is {', '.join(parts)}, and nginx's version is not known"


@record(frozen=True)
class Unknowable:
    """No default that can be told from configuration files, and why."""

    because: str


Computed = Callable[["Scope"], Located[Any]]
"""A default that follows from other settings at the same level."""


@record(frozen=True)
class Setting:
    """A row of the table: a directive, how it is read, what holds without it, and where that is said.

    ``name`` is the key; ``directive`` differs from it only for the further values of one directive
    (``keepalive_timeout:header``). ``contexts``: the blocks that nginx admits it in.
    """

    name: str
    directive: str
    read: Reader
    default: Any
    contexts: str
    source: str
    merge: Merge = Merge.SCALAR

    @property
    def takes_variables(self) -> bool:
        """Whether the value stays text, so that variables in it are no hindrance."""
        return self.read.__name__ in ("text", "second_text", "texts")


class Defaults:
    """The defaults of one nginx. ``doubt`` says why outer levels may be missing, "" when the main file is known."""

    __slots__ = ("_known", "doubt", "version")

    def __init__(self, version: Located[Version], doubt: str = "") -> None:
        self.version = version
        self.doubt = doubt
        self._known: dict[str, Located[Any]] = {}

    def of(self, setting: Setting, scope: Scope) -> Located[Any]:
        if callable(setting.default):
            found: Located[Any] = setting.default(scope)
            return found
        if setting.name not in self._known:
            self._known[setting.name] = self._plain(setting)
        return self._known[setting.name]

    def by_version(self, name: str, default: ByVersion, source: str = "CHANGES") -> Located[Any]:
        """The value of ``default`` for this nginx; unknown, naming all values, when its version is not known."""
        if not self.version.known:
            if name not in self._known:
                self._known[name] = Located.unknown(default.doubt(name))
            return self._known[name]
        version = self.version.value
        try:
            value, holds = default.at(version), default.span_of(version)
        except UnknownValue as undecided:
            return Located.unknown(f"{default.doubt(name)}: {undecided.located.because}", self.version.span)
        return Located.default(value, self.explained(f"default of {holds}, {source}"))

    def explained(self, text: str) -> str:
        return f"{text}; {self.doubt}" if self.doubt else text

    def _plain(self, setting: Setting) -> Located[Any]:
        default = setting.default
        if isinstance(default, Unknowable):
            return Located.unknown(default.because)
        if isinstance(default, ByVersion):
            return self.by_version(setting.name, default, setting.source)
        return Located.default(default, self.explained(f"nginx's default, {setting.source}"))


def shown(value: object) -> str:
    """A value as people write it: ``on``, ``1.1``, ``TLSv1.2 TLSv1.3``."""
    if value in ("", None):
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return " ".join(str(part) for part in value)
    return str(value)
