"""``ports`` of a compose service: which ports of the machine lead into its container."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cfgcheck.load.compose_definition import Definition
from cfgcheck.load.compose_text import Values, listed
from cfgcheck.model.host import Doorway, DoorwayKind
from cfgcheck.syntax.yaml_tree import Mapping, Node

_SHORT = re.compile(
    r"(?:(?:\[([0-9a-fA-F:.]+)\]|([^:\[\]]+)):)??(?:([\d-]+|[^:\d][^:]*)?:)?([\d-]+|[^:\d/][^:/]*)(?:/(\w+))?\Z"
)
_RANGE = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?\Z")
_MOST_PORTS = 64


def doorways(definition: Definition, host: str, values: Values) -> list[Doorway]:
    """One for each published TCP port; of two for one port of the machine the last one."""
    found: dict[tuple[object, ...], Doorway] = {}
    for value, _ in definition.each("ports"):
        for item in listed(value):
            made = _long(item, host, values) if isinstance(item, Mapping) else _short(item, host, values)
            for doorway in made:
                found[(doorway.address, doorway.port, doorway.to_port)] = doorway
    return list(found.values())


def _short(item: Node, host: str, values: Values) -> Iterator[Doorway]:
    short = _SHORT.match(values.plain(item).strip())
    if short is None or (short[5] or "tcp") != "tcp":
        return
    outer, inner = _ports(short[3] or ""), _ports(short[4])
    address = short[1] or short[2] or ""
    if len(outer) > len(inner):
        outer = []  # a range for one port: Docker takes any that is free
    for number, port in enumerate(inner):
        at = outer[number] if number < len(outer) else None
        yield Doorway(DoorwayKind.PUBLISHED, host, at, port, address=address, span=item.span)


def _long(item: Mapping, host: str, values: Values) -> Iterator[Doorway]:
    if values.plain(item.get("protocol"), "tcp") != "tcp":
        return
    inner = _ports(values.plain(item.get("target")))
    outer = _ports(values.plain(item.get("published")))
    address = values.plain(item.get("host_ip"))
    for number, port in enumerate(inner):
        at = outer[number] if number < len(outer) else None
        yield Doorway(DoorwayKind.PUBLISHED, host, at, port, address=address, span=item.span)


def _ports(text: str) -> list[int | None]:
    """The ports of a number or range; one that is not known for anything else but nothing."""
    if not text:
        return []
    numbers = _RANGE.match(text)
    if numbers is None:
        return [None]
    first, last = int(numbers[1]), int(numbers[2] or numbers[1])
    return list(range(first, min(last, first + _MOST_PORTS - 1) + 1))
