"""The environment variables that a server is started with, as far as files tell."""

from __future__ import annotations

from collections.abc import Mapping

from cfgcheck.record import field, record
from cfgcheck.source.file import Span


@record(frozen=True)
class Environment:
    """Variables that are known to be set, and what is known of the others.

    ``values``: variables with their values. ``unknown``: variables that are set to something nobody wrote down, with
    the reason (``PORT`` under a process manager). ``spans``: where a value stands. ``complete``: nothing else is set;
    otherwise a variable that is not named here may or may not be.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)
    spans: Mapping[str, Span] = field(default_factory=dict)
    complete: bool = False

    def with_values(self, values: Mapping[str, str], spans: Mapping[str, Span] | None = None) -> Environment:
        """This environment and ``values`` besides; they win over what was there."""
        if not values:
            return self
        unknown = {name: because for name, because in self.unknown.items() if name not in values}
        return Environment({**self.values, **values}, unknown, {**self.spans, **(spans or {})}, self.complete)

    def with_unknown(self, name: str, because: str) -> Environment:
        """This environment with ``name`` set to something that is not known."""
        values = {other: value for other, value in self.values.items() if other != name}
        return Environment(values, {**self.unknown, name: because}, self.spans, self.complete)

    @property
    def key(self) -> tuple[object, ...]:
        """What two environments of one run are compared by."""
        return (tuple(sorted(self.values.items())), tuple(sorted(self.unknown.items())), self.complete)


NOTHING_KNOWN = Environment()
