"""The options of uWSGI: what kind of value each takes, and which are one setting under several names.

The table ``data/uwsgi.json`` is written by ``tools/uwsgi_options.py`` from uWSGI's own sources.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache

from cfgcheck.record import record
from cfgcheck.resources import data


@record(frozen=True)
class Option:
    """One option.

    ``kind``: what its setter makes of the text: ``bool``, ``not`` (a switch that turns something off), ``int``
    (``atoi``, negative refused), ``rawint``, ``int64``, ``int16`` (clamped to 65535), ``megabytes``, ``str``, ``list``
    (each use adds), ``socket``, ``chmod``, ``umask``, ``logic`` (``for``, ``if-…``), ``load`` (``ini``, ``include``),
    ``set`` and ``noop``.
    ``canonical``: the name of the setting; ``workers`` is ``processes``.
    ``argument``: ``no``, ``required`` or ``optional``, which matters on a command line only.
    ``master``, ``threads``: its mere presence turns them on. ``immediate``: acts while the file is being read, before
    ``$(X)``, ``@(file)`` and ``%(x)`` are replaced. ``embedded``: the usual builds have it without a plugin.
    ``since``: the first version that has it, "" for all from 2.0.20 on.
    """

    name: str
    kind: str
    canonical: str
    argument: str
    master: bool
    threads: bool
    immediate: bool
    embedded: bool
    since: str

    @property
    def gathers(self) -> bool:
        """Whether each use adds to the last instead of replacing it."""
        return self.kind in ("list", "socket")


_ARGUMENTS = {"n": "no", "r": "required", "o": "optional"}


class OptionTable(Mapping[str, Option]):
    """Every option by name; an Option is made when it is first asked for (1250 at once would cost a small run 2 ms)."""

    def __init__(self, document: Mapping[str, object]) -> None:
        options, short = document["options"], document["short"]
        assert isinstance(options, dict) and isinstance(short, dict)
        self._rows: dict[str, list[str]] = options
        self._made: dict[str, Option] = {}
        self.short: dict[str, str] = short

    def __getitem__(self, name: str) -> Option:
        option = self._made.get(name)
        if option is None:
            kind, canonical, argument, flags, since = (*self._rows[name], "", "", "")[:5]
            option = Option(
                name,
                kind,
                canonical or name,
                _ARGUMENTS[argument],
                "M" in flags,
                "T" in flags,
                "I" in flags,
                "E" in flags,
                since,
            )
            self._made[name] = option
        return option

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def canonical(self, name: str) -> str:
        """The setting that an option sets; "" for what is no option."""
        row = self._rows.get(name)
        return "" if row is None else (row[1] or name)

    def completed(self, prefix: str) -> str:
        """The option that a command line means by ``--prefix``: itself, or the only one that begins so; else "".

        As getopt_long has it (facts 5.13x). Options of plugins that the usual builds lack count only where no other
        fits.
        """
        if prefix in self._rows or not prefix:
            return prefix if prefix else ""
        fits = [name for name in self._rows if name.startswith(prefix)]
        usual = [name for name in fits if self[name].embedded]
        chosen = usual or fits
        return chosen[0] if len(chosen) == 1 else ""


@cache
def options() -> OptionTable:
    with data("uwsgi.json").open(encoding="utf-8") as stream:
        return OptionTable(json.load(stream))
