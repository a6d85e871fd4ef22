"""How long requests may take: the inverse of what ``plan_time`` derives from the slowest request."""

from __future__ import annotations

from cfgcheck.generate.importing.draft import Draft
from cfgcheck.generate.importing.grouping import Found
from cfgcheck.generate.importing.result import Key
from cfgcheck.generate.plan_time import HARAKIRI_MARGIN, READ_MARGIN, READ_MARGIN_LEAST, SYNC_MARGIN
from cfgcheck.model.app import App, AppKind
from cfgcheck.model.located import Located
from cfgcheck.source.file import Span

_DAY = 86400
_FAR = 4
"""So many times the server's own grace: requests of that length were never waited for, and stops must stay quick."""


def put_times(draft: Draft, place: Key, found: Found, edge: float | None) -> None:
    """Set ``slowest-request:`` to the slowest one that got through nginx, the app server and the edge (seconds), and
    ``stop-grace:`` where somebody chose it."""
    slowest = _slowest(found)
    most = int(edge) - READ_MARGIN_LEAST - _margin(found.app) if edge else _DAY
    if slowest is not None:
        seconds, span = slowest
        draft.put((*place, "slowest-request"), max(1, min(seconds, most, _DAY)), span)
    elif edge:
        draft.put((*place, "slowest-request"), max(1, min(30, most)))
    grace = found.app.facts.grace
    chosen = grace.get(None)
    limit = slowest[0] if slowest is not None else 0
    if chosen and (grace.by_hand or limit > _FAR * chosen):
        draft.put((*place, "stop-grace"), max(1, min(int(chosen), _DAY)), grace.span)


def _slowest(found: Found) -> tuple[int, Span | None] | None:
    """The least of the two sides' limits, in seconds; None where neither is known."""
    margin = _margin(found.app)
    limits = [_inverse(found.app.facts.request_limit, margin)]
    waits = [_waited(found, margin)]
    known = [one for one in (*limits, *waits) if one is not None]
    return min(known, key=lambda one: one[0], default=None)


def _waited(found: Found, margin: int) -> tuple[int, Span | None] | None:
    """What nginx's longest read timeout of this app allows; websockets, whose timeout means silence, apart."""
    plain = [route.location for route in found.routes if route.location.header("Upgrade") is None]
    locations = plain or [route.location for route in found.routes]
    known = [location.read_timeout for location in locations if location.read_timeout.known]
    if not known:
        return None
    longest = max(known, key=lambda one: one.value)
    return _inverse(longest.with_value(longest.value or None), margin + READ_MARGIN)


def _inverse(limit: Located[float | None], margin: int) -> tuple[int, Span | None] | None:
    """The slowest request for which this limit would be derived; a default of the servers is taken as it is."""
    if not limit.known or not limit.value:
        return None
    seconds = int(limit.value)
    return (max(1, seconds - margin) if limit.by_hand or limit.span else seconds, limit.span)


def _margin(app: App) -> int:
    """What the app server's own limit is above the slowest request, in seconds."""
    if not app.facts.request_limit.get(None):
        return 0
    return HARAKIRI_MARGIN if app.kind is AppKind.UWSGI else SYNC_MARGIN
