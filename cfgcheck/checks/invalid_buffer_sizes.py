"""nginx's own inequalities on response buffers, as it checks them for each server and location when it starts.

Observed with ``nginx -t`` of 1.22.1, 1.30.4 and 1.31.3; equality is allowed although nginx's text says "less than".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.located import Located, UnknownValue
from cfgcheck.model.nginx import Location, Proxy, Scope, Server
from cfgcheck.model.nginx_values import Buffers
from cfgcheck.rules.changes import Statement
from cfgcheck.rules.contract import Case, Hit

_SETTINGS = ("buffer_size", "buffers", "busy_buffers_size", "max_temp_file_size", "temp_file_write_size")


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    """``params["families"]``: whose buffers are looked at. One hit for each set of directives that don't fit."""
    families: list[str] = params["families"]
    names = frozenset(f"{family}_{setting}" for family in families for setting in _SETTINGS)
    said: set[object] = set()
    for block in _levels(case.subject, names):
        for family in families:
            try:
                hit = _judge(block, family)
            except UnknownValue as unknown:
                yield case.unchecked(unknown.located.because, unknown.located)
                continue
            if hit is not None and (key := tuple(one.span for one in hit.at)) not in said:
                said.add(key)
                yield hit


def _levels(proxy: Proxy, names: frozenset[str]) -> Iterator[Server | Location]:
    """The levels that nginx merges and checks, servers and locations, as far as one of ``names`` is set there or
    above: all others have its defaults, which fit."""
    touched: dict[int, bool] = {}
    for server in proxy.servers:
        blocks: list[Server | Location] = [server, *server.locations]
        for block in blocks:
            scope = block.scope
            touched[id(scope)] = _inherits(scope, names, touched) or not names.isdisjoint(scope.own)
            if touched[id(scope)]:
                yield block


def _inherits(scope: Scope, names: frozenset[str], touched: Mapping[int, bool]) -> bool:
    outer = scope.parent
    if outer is None or id(outer) in touched:
        return outer is not None and touched[id(outer)]
    return any(not names.isdisjoint(level.own) for level in outer.levels())


def _judge(block: Server | Location, family: str) -> Hit | None:
    scope = block.scope
    size: Located[int] = scope.setting(f"{family}_buffer_size")
    buffers: Located[Buffers] = scope.setting(f"{family}_buffers")
    busy: Located[int] = scope.setting(f"{family}_busy_buffers_size")
    number, one = buffers.value.number, buffers.value.size
    largest = max(size.value, one)
    if number < 2:
        says = f'there must be at least 2 "{family}_buffers"'
        return _hit(says, block, f"{family}_buffers 8 {_k(one)}", buffers)
    if busy.value < largest:
        says = f"{family}_busy_buffers_size {_k(busy.value)} is less than one buffer of {_k(largest)}"
        return _hit(says, block, f"{family}_busy_buffers_size {_k(largest)}", busy, size, buffers)
    if busy.value > (number - 1) * one:
        count = max(8, number, -(-busy.value // largest) + 1)
        statement = f"{family}_buffers {count} {_k(largest)}"
        return _hit(_too_busy(family, busy, buffers), block, statement, busy, size, buffers)
    return _temporary(block, family, largest)


def _around(block: Server | Location) -> Iterator[Server | Location | Proxy]:
    inner: Location | None = block if isinstance(block, Location) else None
    while inner is not None:
        yield inner
        inner = inner.parent
    server = block.server if isinstance(block, Location) else block
    yield server
    yield server.proxy


def _home(block: Server | Location, values: Sequence[Located[Any]]) -> Server | Location | Proxy:
    """The nearest level that any of these values is written at: further out, others would change as well."""
    places = [value.span for value in values]
    around = list(_around(block))
    for level in around[:-1]:
        if any(one.args_span in places for directives in level.scope.own.values() for one in directives):
            return level
    return around[-1]


def _too_busy(family: str, busy: Located[int], buffers: Located[Buffers]) -> str:
    number, one = buffers.value.number, buffers.value.size
    by_default = "" if busy.by_hand else ", twice the largest buffer by default,"
    return (
        f"{family}_busy_buffers_size ({_k(busy.value)}){by_default} is more than {family}_buffers without one of them "
        f"({number - 1} × {_k(one)})"
    )


def _temporary(block: Server | Location, family: str, largest: int) -> Hit | None:
    """The sizes of temporary files, where somebody set them: by default nginx derives them from the buffers."""
    for name, allowed in (("temp_file_write_size", None), ("max_temp_file_size", 0)):
        value: Located[int] = block.scope.setting(f"{family}_{name}")
        if value.by_hand and value.value < largest and value.value != allowed:
            says = f"{family}_{name} {_k(value.value)} is less than one buffer of {_k(largest)}"
            sizes = [block.scope.setting(f"{family}_{one}") for one in ("buffer_size", "buffers")]
            return _hit(says, block, f"{family}_{name} {_k(largest)}", value, more=sizes)
    return None


def _hit(
    says: str, block: Server | Location, statement: str, *values: Located[Any], more: Sequence[Located[Any]] = ()
) -> Hit:
    """At the value somebody wrote that comes first; the others that were written are the related places."""
    written = [value for value in values if value.by_hand]
    related = [(value, "does not fit together with this") for value in written[1:]]
    told = {"says": says, "mend": f"Set `{statement};`, to which the other sizes fit"}
    change = Statement(_home(block, [*written, *(value for value in more if value.by_hand)]), statement)
    return Hit(at=written[:1], label="does not fit", related=related, values=told, changes=[change])


def _k(size: int) -> str:
    """A size as nginx takes it."""
    return f"{size // 1024}k" if size % 1024 == 0 else str(size)
