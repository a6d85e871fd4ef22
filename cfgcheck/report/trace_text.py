"""A traced request for people: its way, the ladder of limits from the client down to the app, and what binds first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from cfgcheck.findings import Finding
from cfgcheck.load.nginx_stock import is_stock
from cfgcheck.model.located import Located, Origin
from cfgcheck.model.stack import Link, Route
from cfgcheck.report.cells import width_of, wrap
from cfgcheck.report.terminal import Terminal
from cfgcheck.source.file import Span
from cfgcheck.trace.hop import End, Hop, SentHeader
from cfgcheck.trace.ladder import Ladder
from cfgcheck.trace.limits import Binding, Kind, Question, Rung, Side, shown, shown_size

_ASKED = {
    Question.SLOW: "slow response",
    Question.URL: "long URL",
    Question.HEADER: "big header",
    Question.BODY: "big body",
    Question.IDLE: "idle connection",
    Question.STOP: "stop of the app",
}
_LEAD = 5
"""Columns before a rung's name."""
_LONGEST_NAME = 32
_WHAT = 24
"""Columns that what a rung limits takes at least, so that places stand in line."""
_NARROW = 20
_TROUBLE = 400
_VERSIONS = re.compile(r"\bnginx [≥<][^;,]*(?:, < [\d.]+)?")
_HEADERS = 24
"""Headers shown; a uwsgi_params file has 16."""
_SHOWN_HEADER = 120
_MANY = 5
"""Other routes and findings of a severity shown by name."""


def render(ladder: Ladder, findings: Sequence[Finding], terminal: Terminal, notes: Sequence[str] = ()) -> str:
    """``findings``: what the rules say of this way. ``notes``: what else to say, above the end."""
    page = _Page(ladder, terminal)
    blocks = [
        page.title(), page.way(), page.headers(), page.rungs(), page.binding(), page.findings(findings),
        page.end(notes),
    ]  # fmt: skip
    return "\n\n".join("\n".join(block) for block in map(list, blocks) if block) + "\n"


class _Page:
    def __init__(self, ladder: Ladder, terminal: Terminal) -> None:
        self.ladder = ladder
        self.terminal = terminal

    # --------------------------------------------------------------------------------------- the way
    def title(self) -> Iterator[str]:
        request = self.ladder.request
        if request is None:
            return
        body = f", a body of {shown_size(request.body)}" if request.body else ""
        url = f"{request.method} {request.scheme}://{request.host_header}{request.target}"
        yield from self._said(url + body, "strong")

    def way(self) -> Iterator[str]:
        for number, hop in enumerate(self.ladder.way.hops):
            if number:
                yield ""
            yield from self._hop(hop)
        for other in self.ladder.way.others:
            yield from self._said(f"{other.proxy.label} would take it, too: {_does(other)}", "quiet", _place(other))

    def _hop(self, hop: Hop) -> Iterator[str]:
        yield from self._placed(f"{hop.proxy.label}", _place(hop), "strong", 0)
        for step in hop.steps:
            yield from self._placed(step.text, str(step.span) if step.span else "", "", 2)
        for line in _results(hop):
            yield from self._placed(line, "", "", 2)

    def headers(self) -> Iterator[str]:
        """What the app gets to see, of the last nginx that passes the request on."""
        hop = next((one for one in reversed(self.ladder.way.hops) if one.headers), None)
        if hop is None:
            return
        family = hop.location.passes.family if hop.location and hop.location.passes else "proxy"
        what = "parameters" if family in ("uwsgi", "fastcgi", "scgi") else "headers"
        route = self.ladder.route
        app = route.app if route is not None and route.matched else None
        seer = app.label if app is not None else "the next server"
        yield self.strong(f"The {what} that {seer} sees")
        width = min(max(len(header.name) for header in hop.headers[:_HEADERS]), 32)
        for header in hop.headers[:_HEADERS]:
            yield from self._header(header, width)
        if len(hop.headers) > _HEADERS:
            yield self.quiet(f"  and {len(hop.headers) - _HEADERS} more (--format json has them all)")

    def _header(self, header: SentHeader, width: int) -> Iterator[str]:
        value, style = _value(header.value)
        place = self.terminal.safe(_stock(header.value.span, str(header.value.span)) if header.value.span else "")
        name = self.terminal.safe(header.name)
        head = f"  {name:<{width}}  "
        lines = wrap(self.terminal.safe(value), self.terminal.width - width_of(head)) or [""]
        beside = len(lines) == 1 and width_of(head) + width_of(lines[0]) + 2 + width_of(place) <= self.terminal.width
        for index, line in enumerate(lines):
            yield (
                (head if not index else " " * (width + 4))
                + self.terminal.paint(style, line)
                + ("  " + self.quiet(place) if beside and place else "")
            )
        if place and not beside:
            yield from (" " * (width + 4) + self.quiet(one) for one in wrap(place, self.terminal.width - width - 4))

    # --------------------------------------------------------------------------------------- the ladder
    def rungs(self) -> Iterator[str]:
        if not self.ladder.rungs:
            return
        yield self.strong("Every limit on the way")
        yield "  client"
        widths = _widths(self.ladder.rungs)
        owner = ""
        for rung in self.ladder.rungs:
            if rung.owner != owner:
                owner = rung.owner
                yield self.rail()
                yield self._frame("╞═ ", "+= ") + self.strong(owner)
            if rung.unsure and rung.side is Side.NGINX and rung.kind is Kind.HEADER_TIME:
                yield from self._beneath(f"defaults may not hold: {rung.unsure}", "quiet", 0)
            yield from self._rung(rung, widths)
        yield self.rail()
        yield from self._placed(_bottom(self.ladder), "", "", 2)

    def _rung(self, rung: Rung, widths: tuple[int, int, int]) -> Iterator[str]:
        """``├▶ proxy_read_timeout    30 s  504     between two reads   nginx.conf:14:24``."""
        mark = self._mark(rung)
        style = mark or ("warning" if not rung.value.known else "")
        name, value, word = (self.terminal.safe(one) for one in _cells(rung))
        head = f"{name:<{widths[0]}} {value:>{widths[1]}}  {word:<{widths[2]}}  "
        lead = self._frame("├", "|") + (self.paint(mark, "▶ ", "> ") if mark else self.paint("frame", "─ ", "- "))
        what, place = self.terminal.safe(rung.what), self.terminal.safe(_where(rung))
        used = _LEAD + width_of(head)
        room = self.terminal.width - used
        if width_of(what) + 2 + width_of(place) <= room:
            gap = " " * (max(_WHAT - width_of(what), 0) if room >= _WHAT + 2 + width_of(place) else 0)
            yield (
                lead + self.terminal.paint(style, head) + what + gap + ("  " + self.quiet(place) if place else "")
            ).rstrip()
        elif width_of(what) <= room:
            yield lead + self.terminal.paint(style, head) + what
            yield from self._beneath(place, "quiet", used - _LEAD if width_of(place) <= room - 2 else 2)
        else:
            yield (lead + self.terminal.paint(style, head)).rstrip()
            yield from self._beneath(f"{what}; {place}" if place else what, "quiet", 2)
        if not rung.value.known:
            yield from self._beneath(f"not known: {rung.value.because}", "warning", 2)
        if rung.note:
            yield from self._beneath(rung.note, "", 2)

    def _beneath(self, text: str, style: str, indent: int) -> Iterator[str]:
        if self.terminal.width - _LEAD - indent < _NARROW:
            indent = 2
        for line in wrap(self.terminal.safe(text), self.terminal.width - _LEAD - indent):
            yield self.rail() + " " * (indent + 2) + self.terminal.paint(style, line)

    def _mark(self, rung: Rung) -> str:
        """The style of a rung that binds first."""
        if any(cut.rung is rung for cut in self.ladder.cuts):
            return "error"
        chosen = (Question.SLOW, Question.URL, Question.HEADER, Question.BODY)
        mine = (one for one in self.ladder.bindings if one.question in chosen)
        return "strong" if any(one.rung is rung for one in mine) else ""

    # --------------------------------------------------------------------------------------- conclusions
    def binding(self) -> Iterator[str]:
        if not self.ladder.bindings:
            return
        yield self.strong("What binds first")
        for one in self.ladder.bindings:
            yield from self._binding(one)

    def _binding(self, binding: Binding) -> Iterator[str]:
        name = f"  {_ASKED[binding.question]:<16} "
        sentence = f"{binding.text}."
        if binding.doubts and binding.question is not Question.IDLE:
            sentence += f" It may be an earlier one: {_unknown(binding.doubts)}."
        for index, line in enumerate(wrap(self.terminal.safe(sentence), self.terminal.width - len(name))):
            yield (self.strong(name) if index == 0 else " " * len(name)) + line

    def findings(self, findings: Sequence[Finding]) -> Iterator[str]:
        if not findings:
            return
        yield self.strong("What `cfgcheck check` has to say of it")
        for severity in sorted({one.severity for one in findings}, reverse=True):
            names = sorted({one.rule for one in findings if one.severity is severity})
            yield from self._placed(f"{severity.word}: {', '.join(names)}", "", severity.word, 2)
        worst = max(one.severity for one in findings)
        yield self.quiet(f"  cfgcheck explain {min(one.rule for one in findings if one.severity is worst)}")

    def end(self, notes: Sequence[str]) -> Iterator[str]:
        ladder = self.ladder
        for note in notes:
            yield from self._said(note, "warning")
        if ladder.other_routes:
            labels = list(dict.fromkeys(_target(route) for route in ladder.other_routes))
            more = f" and {len(labels) - _MANY} more" if len(labels) > _MANY else ""
            yield from self._said(f"Other servers may get it instead: {', '.join(labels[:_MANY])}{more}.", "quiet")
        for cut in (one for one in ladder.cuts if one.text != ladder.ends):
            yield from self._said(f"Also: {cut.text}: {cut.rung.outcome.said}.", "error")
        status = f": {ladder.status}" if ladder.status and str(ladder.status) not in ladder.ends else ""
        verdict = f"{ladder.ends}{status}."
        lead = "Cut off: " if ladder.fails else ""
        begins = verdict.startswith(("it ", "where ", "whether ", "no "))
        unsure = any(hop.end in (End.UNKNOWN, End.NOBODY) for hop in ladder.way.hops)
        unsure = unsure or (ladder.route is not None and ladder.route.link is Link.UNKNOWN)
        unsure = unsure or (ladder.status or 0) >= _TROUBLE
        style = "error" if ladder.fails else "warning" if unsure else "good"
        yield from self._nearest()
        yield from self._said(lead + (verdict[:1].upper() + verdict[1:] if begins and not lead else verdict), style)

    def _nearest(self) -> Iterator[str]:
        """What does listen, where the target does not."""
        for app, listener in (self.ladder.route.nearest if self.ladder.route is not None else ())[:_MANY]:
            address = str(listener.address.value) if listener.address.known else "an unknown address"
            place = str(listener.address.span) if listener.address.span else ""
            yield from self._said(f"{app.label} listens on {address}.", "", place)

    # --------------------------------------------------------------------------------------- drawing
    def strong(self, text: str) -> str:
        return self.terminal.paint("strong", self.terminal.safe(text)) if text.strip() else text

    def quiet(self, text: str) -> str:
        return self.terminal.paint("quiet", text)

    def paint(self, style: str, pretty: str, simple: str) -> str:
        return self.terminal.paint(style, self.terminal.glyph(pretty, simple))

    def _frame(self, pretty: str, simple: str) -> str:
        return "  " + self.paint("frame", pretty, simple)

    def rail(self) -> str:
        return self._frame("│", "|")

    def _said(self, text: str, style: str, place: str = "") -> Iterator[str]:
        yield from self._placed(text, place, style, 0)

    def _placed(self, text: str, place: str, style: str, indent: int) -> Iterator[str]:
        """A text with its place behind it, or beneath it where both are too long for one line."""
        room = self.terminal.width - indent
        lines = wrap(self.terminal.safe(text), room - 2, -2)
        place = self.terminal.safe(place)
        beside = place and len(lines) == 1 and width_of(lines[0]) + 2 + len(place) <= room
        for index, line in enumerate(lines):
            yield (
                " " * (indent if not index else indent + 2)
                + self.terminal.paint(style, line)
                + ("  " + self.quiet(place) if beside else "")
            )
        if place and not beside:
            yield from (" " * (indent + 2) + self.quiet(line) for line in wrap(place, room - 2))


def _widths(rungs: Sequence[Rung]) -> tuple[int, int, int]:
    """Columns of names, values and statuses."""
    rows = [_cells(rung) for rung in rungs]
    name, value, word = (max(len(row[column]) for row in rows) for column in range(3))
    return min(name, _LONGEST_NAME), value, word


def _cells(rung: Rung) -> tuple[str, str, str]:
    name = rung.name.rpartition("/")[2]
    if not rung.value.known:
        return name, "unknown", rung.outcome.word
    if rung.value.value is None:
        return name, "off" if rung.kind is Kind.IDLE else "no limit", ""
    return name, shown(rung.value.value, rung.unit), rung.outcome.word


def _where(rung: Rung) -> str:
    """Where it is set, or that it is a default, and of which versions."""
    value = rung.value
    if value.span is not None:
        return _stock(value.span, str(value.span))
    if value.origin is not Origin.DEFAULT:
        return "" if not value.known else str(value.origin.value)
    if value.value is None:
        return ""
    versions = _VERSIONS.search(value.because)
    return f"default, {versions[0]}" if versions else "default?" if rung.unsure else "default"


def _bottom(ladder: Ladder) -> str:
    route, hop = ladder.route, ladder.way.hops[-1]
    if route is not None and route.link is Link.MATCHED:
        return "app"
    if route is not None:
        peer = str(route.peer.address.value) if route.peer and route.peer.address.known else route.passes.host_text
        return f"{peer}: its own limits are not known here"
    return {End.ANSWERS: "nginx's own answer", End.FILES: "files"}.get(hop.end, "the way ends here")


def _stock(span: Span | None, place: str) -> str:
    if span is None or not is_stock(span.file):
        return place
    return f"stock {span.file.path.rpartition('/')[2]}"


def _unknown(rungs: Iterable[Rung]) -> str:
    return "; ".join(dict.fromkeys(f"{rung.name} of {rung.owner} is not known" for rung in rungs))


def _place(hop: Hop) -> str:
    if is_stock(hop.proxy.span.file):
        return "main file of the image"
    path = hop.proxy.span.file.path
    return "" if path in hop.proxy.label else path


def _results(hop: Hop) -> Iterator[str]:
    if hop.end is End.PASSES:
        yield (
            f"passed on as {hop.uri.value}" if hop.uri.known else f"passed on; its URI is not known: {hop.uri.because}"
        )
    elif all(step.text != hop.because for step in hop.steps):
        yield _does(hop)


def _does(hop: Hop) -> str:
    if hop.end is End.PASSES:
        passes = hop.location.passes if hop.location is not None else None
        return f"{passes.verb} to {passes.host_text}" if passes is not None else "passes it on"
    words = {
        End.ANSWERS: f"answers itself{f' with {hop.status}' if hop.status else ''}",
        End.FILES: "serves files",
        End.NOBODY: "takes it not",
        End.UNKNOWN: "not known",
    }[hop.end]
    return f"{words}: {hop.because}" if hop.because else words


def _value(value: Located[str]) -> tuple[str, str]:
    if not value.known:
        return f"unknown: {value.because}", "warning"
    text = value.value if len(value.value) <= _SHOWN_HEADER else f"{value.value[:_SHOWN_HEADER]}…"
    return (text, "") if text else ("(empty)", "quiet")


def _target(route: Route) -> str:
    """``gunicorn web at 127.0.0.1:8001``."""
    peer = str(route.peer.address.value) if route.peer and route.peer.address.known else route.passes.host_text
    return f"{route.app.label} at {peer}" if route.app is not None else peer
