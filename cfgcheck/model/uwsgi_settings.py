"""uWSGI's settings under all their names, with the defaults that rules ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cfgcheck.model.located import Located

_CORE = "uWSGI 2.0, core/init.c uwsgi_init_default()"
_HTTP = "uWSGI 2.0, plugins/http/http.c"

DEFAULTS: Mapping[str, tuple[Any, str]] = {
    "processes": (1, _CORE),
    "threads": (1, _CORE),
    "buffer-size": (4096, _CORE),
    "listen": (100, _CORE),
    "socket-timeout": (4, _CORE),
    "worker-reload-mercy": (60, _CORE),
    "mule-reload-mercy": (60, _CORE),
    "min-worker-lifetime": (10, _CORE),
    "max-worker-lifetime": (0, _CORE),
    "max-requests": (0, _CORE),
    "harakiri": (0, "uWSGI 2.0: no limit unless it is set"),
    "harakiri-graceful-timeout": (0, "uWSGI from 2.0.22"),
    "limit-post": (0, "uWSGI 2.0: no limit unless it is set"),
    "post-buffering": (0, "uWSGI 2.0: off unless it is set"),
    "cheaper": (0, "uWSGI 2.0: off unless it is set"),
    "reload-mercy": (0, "uWSGI 2.0"),
    "py-auto-reload": (0, "uWSGI 2.0: off unless it is set"),
    "protocol": ("uwsgi", "uWSGI 2.0, core/socket.c"),
    "callable": ("application", "uWSGI 2.0, plugins/python"),
    "http-timeout": (60, _HTTP),
    "http-keepalive": (0, _HTTP),
    "chmod-socket": (None, "uWSGI leaves the mode to the umask: 0755 with the usual 022 (facts: uwsgi 1.03)"),
}
"""Setting → its value where nobody sets it (seconds, bytes, numbers), and who says so."""


class UwsgiSettings(Mapping[str, Located[Any]]):
    """Effective settings. Any name of a setting finds it (``workers`` is ``processes``); iterating yields canonical
    names: those that are set, then those with a known default. A setting that nobody sets is None, a switch False.

    ``canonical`` gives the canonical name of an option, "" for what is none; ``switch`` whether a canonical name is on
    or off. ``opaque``: why settings may stand where they could not be read; unset ones are then unknown.
    """

    def __init__(
        self,
        values: Mapping[str, Located[Any]],
        canonical: Callable[[str], str],
        switch: Callable[[str], bool],
        opaque: str = "",
    ) -> None:
        self._values = dict(values)
        self._canonical = canonical
        self._switch = switch
        self._opaque = opaque

    def __getitem__(self, name: str) -> Located[Any]:
        found = self._values.get(name)
        if found is not None:
            return found
        canonical = self._canonical(name)
        if not canonical:
            raise KeyError(name)
        if canonical not in self._values:
            self._values[canonical] = self._unset(canonical)
        return self._values[canonical]

    def _unset(self, canonical: str) -> Located[Any]:
        if self._opaque:
            return Located.unknown(self._opaque)
        value, because = DEFAULTS.get(canonical, (None, ""))
        if canonical not in DEFAULTS and self._switch(canonical):
            value = False
        return Located.default(value, because)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (name in self._values or bool(self._canonical(name)))

    def __iter__(self) -> Iterator[str]:
        yield from list(self._values)
        yield from (name for name in DEFAULTS if name not in self._values)

    def __len__(self) -> int:
        return len(self._values) + sum(name not in self._values for name in DEFAULTS)
