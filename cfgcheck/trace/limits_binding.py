"""Which limit a request meets first, and what goes on after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cfgcheck.model.app import App, AppKind
from cfgcheck.model.stack import Route
from cfgcheck.record import replace
from cfgcheck.trace.limits import SECONDS, Binding, Kind, Question, Rung, Side, shown
from cfgcheck.trace.limits_app import UNRELIABLE
from cfgcheck.trace.limits_nginx import rounds

_SIZES = (
    (Question.URL, (Kind.REQUEST_LINE,)),
    (Question.HEADER, (Kind.HEADER_LINE, Kind.HEADERS)),
    (Question.BODY, (Kind.BODY,)),
)
_WHAT = {
    Kind.REQUEST_LINE: "request lines above {}",
    Kind.HEADER_LINE: "header lines above {}",
    Kind.HEADERS: "more than {} of headers",
    Kind.BODY: "bodies above {}",
}
_CLOSE = 2.0
"""Seconds: harakiri comes one earlier or later, so limits that near are a race (facts: uwsgi 2.03, 2.03d)."""


def bindings(rungs: Sequence[Rung], route: Route | None, method: str) -> Iterator[Binding]:
    """The answers to all questions that these rungs can answer, in the order in which they are asked."""
    if route is not None:
        yield _slow(rungs, route, method)
    for question, kinds in _SIZES:
        found = _size(question, [rung for rung in rungs if rung.kind in kinds])
        if found is not None:
            yield found
    if route is not None:
        yield from _idle(rungs)
        yield from _stop(rungs)


def retried(rungs: Iterable[Rung], route: Route, method: str) -> Iterator[Rung]:
    """The rungs, those times of the app prolonged after which nginx asks the next server (facts: uwsgi 9.w1): a
    connection that breaks is an error, a 500 is not."""
    for rung in rungs:
        breaks = rung.side is Side.APP and rung.outcome.status == 502 and rung.known
        if not breaks or rung.kind not in (Kind.REQUEST, Kind.RESPONSE):
            yield rung
            continue
        times = rounds(route, method, rung.value.value or 0, "error")
        yield (
            rung
            if times == 1
            else replace(
                rung,
                reach=(rung.value.value or 0) * times,
                note=f"{rung.note}; a {method} goes to the next server then, {times} in all".removeprefix("; "),
            )
        )


# ------------------------------------------------------------------------------------------- time
def _slow(rungs: Sequence[Rung], route: Route, method: str) -> Binding:
    waits = [rung for rung in rungs if rung.kind in (Kind.RESPONSE, Kind.REQUEST)]
    doubts = tuple(rung for rung in waits if not rung.value.known)
    known = [rung for rung in waits if rung.limit]
    if not known:
        return Binding(Question.SLOW, None, "no known limit ends it", doubts)
    # Of equal waits the one nearest to the client wins: Gunicorn's kill comes late (facts: gunicorn 3.C).
    first = min(known, key=lambda rung: rung.limit or 0.0)
    sentences = [f"{_who(first)} after {shown(first.limit, SECONDS)} ({_named(first)}): {_gives(first)}"]
    race = _race(first, known)
    if race is not None:
        sentences.append(
            f"{race.name} of {race.owner} is as near ({shown(race.limit, SECONDS)}): either may be the first, and "
            f"{race.owner} gives {_gives(race)}"
        )
    sentences.append(_afterwards(first, known, route, rungs))
    if first.note.startswith(UNRELIABLE):
        sentences.append("With threads that is not certain: any other request that ends in the worker clears it")
    return Binding(Question.SLOW, first, ". ".join(sentences), doubts)


def _named(rung: Rung) -> str:
    """The setting's name; with a question mark where a file that is not here may set another value."""
    name = rung.name.rpartition("/")[2]
    return f"{name}, default?" if rung.unsure else name


def _gives(rung: Rung) -> str:
    return rung.outcome.said.partition(";")[0]


def _who(rung: Rung) -> str:
    verb = "ends the request" if rung.kind is Kind.REQUEST else "gives up"
    return f"{rung.owner} {verb}"


def _race(first: Rung, known: Sequence[Rung]) -> Rung | None:
    """Another limit that may come first as well: uWSGI's and nginx's are that inexact, and two equal ones race."""
    near = _CLOSE if first.name == "harakiri" or any(rung.name == "harakiri" for rung in known) else 0.0
    for rung in known:
        if rung is first or rung.owner == first.owner:
            continue
        if rung.name == "timeout" and rung.limit == first.limit:
            continue
        if abs((rung.limit or 0.0) - (first.limit or 0.0)) < max(near, 0.001):
            return rung
    return None


def _afterwards(first: Rung, known: Sequence[Rung], route: Route, rungs: Sequence[Rung]) -> str:
    """What becomes of the work when the client has its answer."""
    app = route.app
    if app is None:
        return "What stands behind it is not known"
    if first.side is Side.APP and first.kind is Kind.REQUEST:
        waits = [rung for rung in known if rung.side is not Side.APP]
        longer = min(waits, key=lambda rung: rung.limit or 0.0, default=None)
        return f"{longer.owner} would wait until {shown(longer.limit, SECONDS)}" if longer else "Nothing else waits"
    own = [rung for rung in rungs if rung.side is Side.APP and rung.kind is Kind.REQUEST]
    if any(not rung.value.known for rung in own):
        return f"How long {app.label} works on is not known"
    limit = next((rung for rung in own if rung.value.value), None)
    if limit is None:
        return f"{_worker(app)} works on until it is done: nothing ends it"
    unless = ", if nothing clears it" if limit.note.startswith(UNRELIABLE) else ""
    return f"{_worker(app)} works on until {shown(limit.value.value, SECONDS)} ({limit.name}){unless}"


def _worker(app: App) -> str:
    return f"The worker of {app.label}" if app.kind in (AppKind.GUNICORN, AppKind.UWSGI) else app.label


# ------------------------------------------------------------------------------------------- sizes
def _size(question: Question, rungs: Sequence[Rung]) -> Binding | None:
    if not rungs:
        return None
    doubts = tuple(rung for rung in rungs if not rung.value.known)
    known = [rung for rung in rungs if rung.limit]
    if not known:
        return Binding(question, None, "no limit on the way" if not doubts else "no known limit on the way", doubts)
    first = min(known, key=lambda rung: rung.limit or 0.0)
    what = _WHAT[first.kind].format(shown(first.limit, first.unit))
    text = f"{first.owner} refuses {what}: {first.outcome.said} ({_named(first)})"
    others = [rung for rung in known if rung.owner != first.owner]
    behind = min(others, key=lambda rung: rung.limit or 0.0, default=None)
    if behind is not None and behind.limit is not None and behind.limit != first.limit:
        text += f"; {behind.owner} would take {shown(behind.limit, behind.unit)}"
    return Binding(question, first, text, doubts)


# ------------------------------------------------------------------------------------------- idle and stop
def _idle(rungs: Sequence[Rung]) -> Iterator[Binding]:
    """Who closes a kept connection between nginx and the app first. The app first: a POST can meet the close and is
    lost, 502 (facts: gunicorn 4.1, 4.3, 4.4). Nothing to tell where either of them keeps none."""
    idle = [rung for rung in rungs if rung.kind is Kind.IDLE]
    ours = next((rung for rung in reversed(idle) if rung.side is Side.NGINX and "upstream" in rung.name), None)
    theirs = next((rung for rung in idle if rung.side is Side.APP), None)
    if ours is None or theirs is None or any(rung.value.known and not rung.value.value for rung in (ours, theirs)):
        return
    doubts = tuple(rung for rung in (ours, theirs) if not rung.value.known)
    nginxs, apps = ours.known, theirs.known
    if nginxs is None or apps is None:
        text = f"who closes a kept connection first is not known: {doubts[0].value.because}" if doubts else ""
        yield Binding(Question.IDLE, None, text, doubts)
    elif apps <= nginxs:
        text = (
            f"{theirs.owner} closes it after {shown(apps, SECONDS)}, {ours.owner} uses it for "
            f"{shown(nginxs, SECONDS)}: a POST that meets the close gets 502"
        )
        yield Binding(Question.IDLE, theirs, text, gives=502)
    else:
        yield Binding(Question.IDLE, ours, f"{ours.owner} closes it first, after {shown(nginxs, SECONDS)}: good")


def _stop(rungs: Sequence[Rung]) -> Iterator[Binding]:
    """How long a request that runs when the app is stopped may go on; said where somebody else can kill the app."""
    stops = [rung for rung in rungs if rung.kind is Kind.STOP]
    if not any(rung.side is Side.MANAGER for rung in stops):
        return
    doubts = tuple(rung for rung in stops if not rung.value.known)
    known = [rung for rung in stops if rung.limit is not None]
    if not known:
        yield Binding(Question.STOP, None, "nothing known cuts a running request off", doubts)
        return
    first = min(known, key=lambda rung: rung.limit or 0.0)
    time = shown(first.limit, SECONDS)
    if first.side is Side.MANAGER:
        text = f"{first.owner} kills what still runs after {time} ({first.name}): 502"
    elif first.limit:
        text = f"{first.owner} gives running requests {time} ({first.name}), then cuts them off: 502"
    else:
        text = f"{first.owner} cuts running requests off at once: 502"
    yield Binding(Question.STOP, first, text, doubts)
