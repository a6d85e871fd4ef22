"""What a check in Python is given, and what it gives back. ``docs/rule-language.md`` has an example."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from cfgcheck.findings import Label, Severity, Unchecked
from cfgcheck.model.app import App
from cfgcheck.model.edge import Edge
from cfgcheck.model.nginx import Proxy, Upstream
from cfgcheck.model.stack import Route, Stack
from cfgcheck.model.unit import Unit
from cfgcheck.record import field, record

if TYPE_CHECKING:
    from cfgcheck.rules.changes import Change


class Index:
    """A stack with what is asked of it again and again. Made once for a run."""

    __slots__ = ("_apps", "_proxies", "_routes", "_units", "choices", "stack")

    def __init__(self, stack: Stack) -> None:
        self._apps: dict[int, list[App]] | None = None
        self._units: dict[int, list[Proxy]] | None = None
        self.stack = stack
        self._routes: dict[int, list[Route]] | None = None
        self._proxies: dict[int, Proxy] | None = None
        self.choices: dict[int, int] = {}
        for route in stack.routes:
            if route.choice:
                self.choices[route.choice] = self.choices.get(route.choice, 0) + 1

    def routes_of(self, thing: object) -> Sequence[Route]:
        """The routes that lead through a server, location, upstream, peer, listener or app."""
        if self._routes is None:
            self._routes = {}
            for route in self.stack.routes:
                ends = (route.server, route.location, route.upstream, route.peer, route.listener, route.app)
                for end in ends:
                    if end is not None:
                        self._routes.setdefault(id(end), []).append(route)
        return self._routes.get(id(thing), ())

    def proxy_of(self, upstream: Upstream) -> Proxy | None:
        """The nginx whose ``upstream{}`` it is."""
        if self._proxies is None:
            self._proxies = {id(one): proxy for proxy in self.stack.proxies for one in proxy.upstreams.values()}
        return self._proxies.get(id(upstream))

    def apps_of(self, unit: Unit) -> Sequence[App]:
        """The app servers that a unit runs, those of the programs inside of it among them."""
        if self._apps is None:
            self._apps = _by_unit(self.stack.apps)
        return self._apps.get(id(unit), ())

    def proxies_of(self, unit: Unit) -> Sequence[Proxy]:
        """The nginx that a unit runs."""
        if self._units is None:
            self._units = _by_unit(self.stack.proxies)
        return self._units.get(id(unit), ())


class _Run(Protocol):
    @property
    def unit(self) -> Unit | None: ...


_R = TypeVar("_R", bound=_Run)


def _by_unit(servers: Iterable[_R]) -> dict[int, list[_R]]:
    found: dict[int, list[_R]] = {}
    for server in servers:
        unit = server.unit
        while unit is not None:
            found.setdefault(id(unit), []).append(server)
            unit = unit.outer
    return found


@record(frozen=True)
class Case:
    """What is judged: one subject (for a rule with ``each``, one ``element`` of it) of a stack. ``name`` gives the
    subject's name for people."""

    rule: str
    subject: Any
    name: Callable[[], str]
    index: Index
    element: Any = None

    @property
    def edge(self) -> Edge | None:
        """What stands before the subject's server; of what belongs to no server, what is declared."""
        edge: Edge | None = getattr(getattr(self.subject, "server", self.subject), "edge", self.index.stack.edge)
        return edge

    @property
    def label(self) -> str:
        return self.name()

    @property
    def stack(self) -> Stack:
        return self.index.stack

    def routes_of(self, thing: object) -> Sequence[Route]:
        return self.index.routes_of(thing)

    def proxy_of(self, upstream: Upstream) -> Proxy | None:
        return self.index.proxy_of(upstream)

    def apps_of(self, unit: Unit) -> Sequence[App]:
        return self.index.apps_of(unit)

    def proxies_of(self, unit: Unit) -> Sequence[Proxy]:
        return self.index.proxies_of(unit)

    def unchecked(self, because: str, at: Any = None) -> Unchecked:
        """Say that the check could not be made, and why; ``at``: a Located, a Span or anything with a span."""
        from cfgcheck.rules.subjects import place

        return Unchecked(self.rule, self.label, because, place(at))


@record(frozen=True)
class Hit:
    """Something found by a check in Python.

    ``at``: a Located, a Span, anything with ``.span``, or a sequence of these, the first with a place counting; None:
    where the rule's own ``at`` says. ``related``: Labels, or pairs of such a thing and a text. ``values``: for the
    rule's templates. ``severity``: instead of the rule's. ``changes``: what mends it, for a rule whose fix has no
    ``edits``.
    """

    at: Any = None
    label: str = ""
    related: Sequence[Label | tuple[Any, str]] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    severity: Severity | None = None
    changes: Sequence[Change] = ()


class Check(Protocol):
    """``check`` of a module in ``cfgcheck/checks/``."""

    def __call__(self, case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]: ...
