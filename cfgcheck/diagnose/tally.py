"""Counting lines by kind and by whom they concern, in bounded memory."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from typing import TypeVar

from cfgcheck.diagnose.app_kinds import APP_KINDS, APP_OTHER
from cfgcheck.diagnose.kinds import Kind, Weight, app
from cfgcheck.diagnose.lines import Line, head_of, parse, path_of, tail_parts, upstream_address
from cfgcheck.diagnose.nginx_kinds import NGINX_KINDS, NGINX_OTHER, NGINX_START
from cfgcheck.record import field, record

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

MOST_GROUPS = 1000
_MOST_HEADS = 24
"""Beginnings of paths told apart for one kind, server and upstream."""
_MIXED = b"\n"
"""Stands in a key for every server and upstream: no line holds it."""
MOST_VALUES = 100
"""Different paths (servers, details) counted apart in one group; further ones are only counted together."""
_MOST_KNOWN = 4096
_LONGEST_SAMPLE = 2048


class Top:
    """The values met most, exactly as long as there are few; how many lines held further ones."""

    __slots__ = ("counts", "others")

    def __init__(self) -> None:
        self.counts: dict[bytes, int] = {}
        self.others = 0

    def add(self, value: bytes, count: int = 1) -> None:
        if value in self.counts or len(self.counts) < MOST_VALUES:
            self.counts[value] = self.counts.get(value, 0) + count
        else:
            self.others += count

    def update(self, other: Top) -> None:
        for value, count in other.counts.items():
            self.add(value, count)
        self.others += other.others

    def ordered(self) -> list[tuple[bytes, int]]:
        return sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))


@record(eq=False)
class Tally:
    """All lines of one kind that concern the same server and upstream (or come from the same source). ``mixed``: of
    further ones, where there are too many to tell apart."""

    kind: Kind
    server: bytes = b""
    upstream: bytes = b""
    source: bytes = b""
    count: int = 0
    first: bytes = b""
    last: bytes = b""
    text: bytes = b""
    sample: bytes = b""
    paths: Top = field(default_factory=Top)
    hosts: Top = field(default_factory=Top)
    details: Top = field(default_factory=Top)
    mixed: bool = False

    def at(self, time: bytes) -> None:
        """Widen the span of time. Times with a year (19 bytes) count before those without (14)."""
        if not time or time == self.last:
            return
        if not self.first or len(time) > len(self.first):
            self.first = self.last = time
        elif len(time) == len(self.first):
            if time < self.first:
                self.first = time
            elif time > self.last:
                self.last = time


@record(eq=False)
class Status:
    """Answers of one status in access logs."""

    status: int
    count: int = 0
    paths: Top = field(default_factory=Top)


_WHOLE = re.compile(
    rb"(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) \[(\w{1,9})\] \d+#\d+: (?:\*\d+ )?([^\",]+), client: [^,]*, server: ([^,]*), "
    rb'request: "[A-Z]+ ([^ ?"]*)[^"]*"'
    rb'(?:, upstream: "([^"/]*://(?:unix:[^:"]*|[^/"]*))[^"]*")?(?:, host: "([^"]*)")?\Z'
)
"""An error line of the usual shape, from its beginning to its end: nine of ten."""

_ACCESS = re.compile(rb'"(?:[A-Z]{3,10} )?([^" ]*)[^"]*" (50\d|499) ')
_ACCESS_LINE = re.compile(rb'"[A-Z]{3,10} [^"]* HTTP/\d|^\[pid: \d+\|app: |\[\d\d/[A-Z][a-z]{2}/\d{4}:')
_EMERG = frozenset((b"emerg",))
_BAD = frozenset((b"error", b"crit", b"alert"))
_BAD_APP = frozenset((b"ERROR", b"CRITICAL"))


class Collector:
    """Takes lines that may matter and counts them. ``further``: patterns of rules that the program does not bring."""

    def __init__(self, further: Iterable[tuple[str, str]] = ()) -> None:
        self.tallies: dict[tuple[object, ...], Tally] = {}
        self.statuses: dict[int, Status] = {}
        self._kinds = (*APP_KINDS, *(_of_rule(rule, pattern) for rule, pattern in further))
        self._nginx_kinds = (*NGINX_KINDS, *self._kinds[len(APP_KINDS) :])
        self._known: dict[tuple[bytes, bytes], tuple[Kind | None, bytes]] = {}
        self._addresses: dict[bytes, bytes] = {}
        self._usual: dict[tuple[bytes, ...], tuple[Tally, bytes] | None] = {}
        self._paths: dict[bytes, bytes] = {}
        self._heads: dict[tuple[object, ...], int] = {}

    def take(self, line: bytes) -> None:
        """Count a line. One that is like an earlier one but for its time, its path and its Host is soon counted."""
        usual = _WHOLE.match(line) if len(line) < _LONGEST_SAMPLE else None
        if usual is None:
            self._take(line)
            return
        time, level, text, server, path, upstream, host = usual.groups()
        path = self._paths.get(path) or _remember(self._paths, path, path_of(b"GET " + path))
        key = (level, text, server, upstream or b"", head_of(path))
        try:
            known = self._usual[key]
        except KeyError:
            _remember(self._usual, key, self._take(line))
            return
        if known is None:
            return
        tally, detail = known
        tally.count += 1
        tally.at(time.replace(b"/", b"-"))
        if detail:
            tally.details.add(detail)
        tally.paths.add(path)
        if host:
            tally.hosts.add(host[:200])

    def _take(self, line: bytes) -> tuple[Tally, bytes] | None:
        """Count a line; an error line's tally and detail."""
        parsed = parse(line)
        if parsed.nginx:
            return self._nginx(parsed, line)
        if _ACCESS_LINE.search(parsed.text):
            self._access(parsed)
        else:
            self._app(parsed, line)
        return None

    def _nginx(self, line: Line, whole: bytes) -> tuple[Tally, bytes] | None:
        key = (line.level, line.text)
        known = self._known.get(key)
        if known is None:
            known = self._kind_of_nginx(line)
            if len(line.text) < _LONGEST_SAMPLE:
                _remember(self._known, key, known)
        kind, detail = known
        if kind is None:
            return None
        server, request, upstream, host = tail_parts(line.tail) if line.tail else (b"", b"", b"", b"")
        address = self._address(upstream) if upstream else b""
        path = path_of(request) if request else b""
        tally = self._tally(Tally(kind, server[:300], address), head_of(path), whole, line.text)
        self._count(tally, line, detail)
        if request:
            tally.paths.add(path)
        if host:
            tally.hosts.add(host[:200])
        return tally, detail

    def _kind_of_nginx(self, line: Line) -> tuple[Kind | None, bytes]:
        text = line.text[:_LONGEST_SAMPLE]
        for kind in self._nginx_kinds:
            if found := kind.pattern.search(text):
                return kind, _detail(kind, found)
        if line.level in _EMERG:
            return NGINX_START, b""
        return (NGINX_OTHER, b"") if line.level in _BAD else (None, b"")

    def _app(self, line: Line, whole: bytes) -> None:
        kind, detail = self._kind_of_app(line)
        if kind is not None:
            tally = self._tally(Tally(kind, source=line.source[:200]), b"", whole, line.text)
            self._count(tally, line, detail)

    def _kind_of_app(self, line: Line) -> tuple[Kind | None, bytes]:
        text = line.text[:_LONGEST_SAMPLE]
        for kind in self._kinds:
            if found := kind.pattern.search(text):
                return kind, _detail(kind, found)
        return (APP_OTHER, b"") if line.level in _BAD_APP else (None, b"")

    def _access(self, line: Line) -> None:
        found = _ACCESS.search(line.text)
        if found is None:
            return
        status = int(found[2])
        one = self.statuses.setdefault(status, Status(status))
        one.count += 1
        one.paths.add(path_of(found[1]))

    def _address(self, upstream: bytes) -> bytes:
        end = upstream.find(b"/", upstream.find(b"://") + 3)
        if b"://unix:" in upstream[:20]:
            end = upstream.find(b":", upstream.find(b"unix:") + 5)
        key = upstream[: end if end > 0 else len(upstream)][:300]
        known = self._addresses.get(key)
        if known is None:
            known = _remember(self._addresses, key, upstream_address(key))
        return known

    def _tally(self, fresh: Tally, head: bytes, whole: bytes, text: bytes) -> Tally:
        """The tally that a line belongs to; ``fresh`` is made it when there is none yet."""
        base = (fresh.kind.name, fresh.server, fresh.upstream, fresh.source)
        found = self.tallies.get((*base, head))
        if found is not None:
            return found
        heads = self._heads.get(base, 0)
        if heads >= _MOST_HEADS:
            head = b""
        if len(self.tallies) >= MOST_GROUPS // 2:
            head = b""
        if len(self.tallies) >= MOST_GROUPS and (*base, head) not in self.tallies:
            fresh = Tally(fresh.kind, mixed=True)  # too many to tell apart: one for the rest of each kind
            base, head = (fresh.kind.name, _MIXED, _MIXED, _MIXED), b""
        found = self.tallies.get((*base, head))
        if found is None:
            self._heads[base] = heads + 1
            fresh.text, fresh.sample = text[:_LONGEST_SAMPLE], whole[:_LONGEST_SAMPLE]
            found = self.tallies[(*base, head)] = fresh
        return found

    @staticmethod
    def _count(tally: Tally, line: Line, detail: bytes) -> None:
        tally.count += 1
        tally.at(line.time)
        if detail:
            tally.details.add(detail)


def _remember(table: dict[Key, Value], key: Key, value: Value) -> Value:
    """Keep an answer in a table that is emptied when it has grown large."""
    if len(table) >= _MOST_KNOWN:
        table.clear()
    table[key] = value
    return value


def _detail(kind: Kind, found: re.Match[bytes]) -> bytes:
    if not kind.detail:
        return b""
    return next((one for one in found.groups() if one), b"")[:200]


def _of_rule(rule: str, pattern: str) -> Kind:
    """The kind of lines that only a rule of the project itself knows."""
    agrees = f"cfgcheck explain {rule} tells of such lines; no finding of that rule is here"
    return app(f"rule-{rule}", pattern, f"what the rule {rule} tells of", "", agrees, rules=rule, weight=Weight.TROUBLE)
