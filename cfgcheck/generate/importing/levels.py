"""What a plan says at each level of nginx that has overrides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cfgcheck.generate.importing.result import Key
from cfgcheck.generate.plan_records import Plan, Statement
from cfgcheck.record import field, record

Words = tuple[str, ...]


@record(eq=False)
class Level:
    """The statements of one level, by name."""

    key: Key
    statements: dict[str, list[Words]] = field(default_factory=dict)

    def take(self, statements: Iterable[Statement]) -> None:
        for one in statements:
            self.statements.setdefault(one.name, []).append(one.words)

    def says(self, name: str, words: Words) -> bool:
        return words in self.statements.get(name, ())


def levels_of(plan: Plan) -> Iterator[Level]:
    """Main, events and http of nginx, then server, location and upstream of each service."""
    nginx = plan.nginx
    main, events, http = (Level(("nginx", name)) for name in ("main", "events", "http"))
    for group in nginx.main:
        main.take(group.statements)
    events.take(nginx.events)
    for group in nginx.http:
        http.take(group.statements)
    yield from (main, events, http)
    for service in plan.services:
        place = ("services", service.name, "nginx")
        server, location, upstream = (Level((*place, name)) for name in ("server", "location", "upstream"))
        for group in (group for each in service.servers for group in each.groups):
            server.take(group.statements)
        for block in (block for each in service.servers for block in each.locations):
            if block.words in (("/",), ("^~", "/")):
                location.take(block.statements)
        upstream.take(service.upstream.statements if service.upstream is not None else ())
        yield from (server, location, upstream)
