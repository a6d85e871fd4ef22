"""A request on its way through the phases of one nginx, until it is passed on, answered, or nothing can be told.

``ngx_http_core_run_phases``, ``ngx_http_internal_redirect``, ``ngx_http_named_location`` and
``ngx_http_special_response_handler`` of nginx's sources.
"""

from __future__ import annotations

from cfgcheck.model.located import Origin
from cfgcheck.model.nginx import Location, Scope
from cfgcheck.record import record
from cfgcheck.source.file import Span
from cfgcheck.syntax.nginx_tree import Directive
from cfgcheck.trace.exchange import Exchange
from cfgcheck.trace.hop import End
from cfgcheck.trace.locations import Locations
from cfgcheck.trace.octets import octets, shown
from cfgcheck.trace.rewriting import Answer, run
from cfgcheck.trace.undecided import Undecided, need
from cfgcheck.trace.variables import expand

_ANSWERING = {"stub_status": 200, "empty_gif": 200}
_OTHER_HANDLERS = ("memcached_pass", "content_by_lua", "content_by_lua_block", "content_by_lua_file", "js_content",
                   "perl", "echo", "flv", "mp4")  # fmt: skip
_SCRIPTED = ("rewrite_by_lua", "rewrite_by_lua_block", "rewrite_by_lua_file", "access_by_lua", "access_by_lua_block",
             "access_by_lua_file")  # fmt: skip
CLOSED = 444
"""nginx's own: the connection is closed without an answer."""


@record(frozen=True, eq=False)
class Verdict:
    """What becomes of it: see ``Hop``."""

    end: End
    status: int | None = None
    because: str = ""


class Phases:
    """One exchange in its server. ``go``: from the server's rewrite statements to the end."""

    def __init__(self, exchange: Exchange, locations: Locations | None = None) -> None:
        self.exchange = exchange
        self.locations = Locations(exchange.server) if locations is None else locations

    def go(self) -> Verdict:
        try:
            return self._from_server()
        except Undecided as why:
            if why.span is not None:
                self.exchange.say(why.because, why.span)
            return Verdict(End.UNKNOWN, because=why.because)

    # ------------------------------------------------------------------------------------------------ the phases
    def _from_server(self) -> Verdict:
        """The server's statements, then a location; again after each internal redirect."""
        while True:
            verdict = self._in_server()
            if verdict is not None:
                return verdict

    def _in_server(self) -> Verdict | None:
        """None: it is redirected inside, and begins anew."""
        exchange = self.exchange
        exchange.location, exchange.scope, exchange.in_if = None, None, False
        exchange.uri_changed, exchange.valid_location = False, True
        answer = run(exchange.server.scope, exchange)
        if answer is not None:
            return self._answered(answer)
        verdict = self._choose()
        return verdict if verdict is not None else self._in_locations()

    def _in_locations(self) -> Verdict | None:
        """A location's statements and what follows them; other locations as long as rewrites name them."""
        exchange = self.exchange
        while True:
            answer = run(exchange.level, exchange) if self._runs_statements() else None
            if answer is not None:
                return self._answered(answer)
            if not exchange.uri_changed:
                return self._access() or self._content()
            if not self._may_change():
                return _cycle(exchange)
            verdict = self._choose()
            if verdict is not None:
                return verdict

    def _runs_statements(self) -> bool:
        """The level of a ``limit_except`` has none, and the server's own have been run."""
        scope = self.exchange.scope
        return scope is not None and scope.kind != "limit_except" and scope is not self.exchange.server.scope

    def _may_change(self) -> bool:
        exchange = self.exchange
        exchange.changes_left -= 1
        return exchange.changes_left > 0

    # ------------------------------------------------------------------------------------------- choosing a location
    def _choose(self) -> Verdict | None:
        exchange = self.exchange
        exchange.uri_changed = False
        found = self.locations.find(exchange)
        self._enter(found.location)
        if found.location is None:
            exchange.say(f"no location matches {shown(exchange.uri)}: the server's own settings hold")
        else:
            exchange.say(_chosen(found.location, exchange.uri), found.location.span)
            if self._is_internal(exchange.level) and not exchange.internal:
                exchange.say("it is internal: nginx answers 404", found.location.span)
                return self._answered(Answer(404)) or self._again()
        if found.redirect:
            assert found.location is not None
            query = f"?{exchange.args}" if exchange.args else ""
            text = octets(found.location.path) + query
            exchange.say(f"the slash at its end is missing: nginx answers 301 → {shown(text)}", found.location.span)
            return self._answered(Answer(301, text, redirect=True)) or self._again()
        return None

    def _again(self) -> Verdict:
        """An error page was chosen while a location was looked for."""
        return self._from_server()

    def _enter(self, location: Location | None) -> None:
        exchange = self.exchange
        exchange.location, exchange.in_if, exchange.handler = location, False, None
        exchange.scope = location.scope if location is not None else None
        if location is None:
            for each in self.locations.templated:
                exchange.say(f"location {each.label} is filled in from a template: left out", each.span)
            if exchange.server.scope.gaps:
                gap = exchange.server.scope.gaps[0]
                exchange.say(f"`include {' '.join(gap.values)}` was not read: a location may stand there", gap.span)
            return
        if location.optional:
            exchange.say(f"location {location.label} stands in a template branch", location.span)
        excepted = next((one for one in location.scope.own.get("limit_except", ()) if one.block is not None), None)
        if excepted is not None and not _allowed(excepted, exchange.method):
            exchange.say(f"limit_except: {exchange.method} is not among {' '.join(excepted.values)}", excepted.span)
            exchange.scope = Scope("limit_except", excepted, location.scope)

    def _is_internal(self, scope: Scope) -> bool:
        return any("internal" in level.own for level in scope.levels() if level.kind == "location")

    # -------------------------------------------------------------------------------------- access, files, handlers
    def _access(self) -> Verdict | None:
        exchange = self.exchange
        scripted = next((name for name in _SCRIPTED if name in exchange.level.own), "")
        if scripted:
            exchange.say(f"{scripted} may do anything with it")
        verdict = self._allow_and_deny()
        for name in ("auth_basic", "auth_request"):
            setting = exchange.level.setting(name)
            if setting.known and setting.value != "off":
                exchange.say(f"{name}: only with permission, else 401 (auth_request: or 403)", setting.span)
        return verdict

    def _allow_and_deny(self) -> Verdict | None:
        exchange = self.exchange
        rules = _access_rules(exchange.level)
        if not rules:
            return None
        first = rules[0]
        if first.values == ["all"]:
            if first.key == "allow":
                return None
            if exchange.level.setting("satisfy").get("all") == "any":
                exchange.say("deny all, but satisfy any: another permission will do", first.span)
                return None
            exchange.say("deny all: nginx answers 403", first.span)
            return self._answered(Answer(403)) or self._again()
        written = ", ".join(f"{rule.key} {' '.join(rule.values)}" for rule in rules[:4])
        exchange.say(f"which clients may: {written}; others get 403", first.span)
        return None

    def _content(self) -> Verdict | None:
        """``try_files``, then the handler. None: redirected inside."""
        exchange = self.exchange
        location = exchange.location
        statement = None if exchange.in_if else next(iter(exchange.level.own.get("try_files", ())), None)
        if statement is not None and len(statement.args) > 1:
            if exchange.uri not in exchange.last_resorts:
                return self._try_files(statement)
            exchange.say(f"try_files: the file {shown(exchange.uri)} is taken to be there", statement.span)
        if location is not None:
            inner = self._passing(location)
            if exchange.in_if and exchange.handler is not None and not _configured(exchange.handler, inner):
                exchange.say("an `if` gave it a handler, and a later `if` its own settings without a target: 500")
                return Verdict(End.ANSWERS, 500)
            if inner is not None:
                exchange.location = inner
                if exchange.error_status:
                    exchange.say(f"the client gets status {exchange.error_status} whatever the app answers: error_page")
                return Verdict(End.PASSES)
            verdict = _other_handler(exchange.level)
            if verdict is not None:
                return verdict
        return self._files()

    def _passing(self, location: Location) -> Location | None:
        """The location that passes on: an ``if`` or ``limit_except`` in effect, or the location itself."""
        scope = self.exchange.level
        if scope.directive is not location.directive:
            for one in self.exchange.server.locations:
                if one.directive is scope.directive and one.passes is not None:
                    return one
        return location if location.passes is not None else None

    def _try_files(self, statement: Directive) -> Verdict | None:
        exchange = self.exchange
        tried = []
        for word in statement.args[:-1]:
            name = expand(word.value, exchange, statement.span)
            tried.append(shown(name.value) if name.known else name.text or word.value)
        names = " or ".join(tried)
        exchange.say(f"try_files: a file called {names} would be served; taken as not there", statement.span)
        last = statement.args[-1]
        if last.templated:
            raise Undecided(f"`{last.value}` is filled in from a template", statement.span)
        if last.value.startswith("="):
            status = int(last.value[1:]) if last.value[1:].isdigit() else 500
            exchange.say(f"its last resort: nginx answers {status}", statement.span)
            return self._answered(Answer(status))
        target = need(expand(last.value, exchange, statement.span))
        if "." in target.partition("?")[0].rpartition("/")[2]:
            exchange.last_resorts.add(target.partition("?")[0])
        return self._redirect(target, statement.span)

    def _files(self) -> Verdict | None:
        exchange = self.exchange
        scope = exchange.level
        name = "alias" if "alias" in scope.own else "root"
        folder = scope.setting(name)
        told = folder.known and folder.origin is not Origin.DEFAULT
        where = f"{name} {folder.value}" if told else "nginx's own folder"
        exchange.say(f"files are served: {where}", folder.span or scope.directive.span)
        page = self._error_page(404)
        if page is not None and _leads_on(page):
            exchange.say("taken as not there: 404")
            return self._answered(Answer(404))
        if page is not None:
            exchange.say(f"without such a file: error_page 404 → {page.values[-1]}", page.span)
        return Verdict(End.FILES)

    # ---------------------------------------------------------------------------------- answers and error pages
    def _answered(self, answer: Answer) -> Verdict | None:
        """An answer of nginx's own, or of the error page for it; None where that leads inside again."""
        exchange = self.exchange
        if answer.status == CLOSED and not answer.text:
            exchange.say("nginx closes the connection without an answer")
            return Verdict(End.NOBODY, CLOSED, "nginx closes the connection (444)")
        if (answer.text and not answer.redirect) or answer.status < 300:
            return Verdict(End.ANSWERS, exchange.error_status or answer.status)
        exchange.error_status = answer.status
        page = self._error_page(answer.status)
        if page is None or exchange.error_page_shown:
            return Verdict(End.ANSWERS, answer.status)
        if not exchange.level.setting("recursive_error_pages").get(False):
            exchange.error_page_shown = True
        return self._show(page, answer.status)

    def _error_page(self, status: int) -> Directive | None:
        for scope in self.exchange.level.levels():
            pages = scope.own.get("error_page")
            if pages:
                return next((page for page in pages if str(status) in page.values[:-1]), None)
        return None

    def _show(self, page: Directive, status: int) -> Verdict | None:
        exchange = self.exchange
        if page.templated:
            raise Undecided("an error_page is filled in from a template", page.span)
        codes = [value for value in page.values[:-1] if value.startswith("=")]
        told = int(codes[0][1:]) if codes and codes[0][1:].isdigit() else 0 if codes else status
        exchange.error_status = told
        target = need(expand(page.values[-1], exchange, page.span))
        exchange.say(f"error_page {status} → {shown(target)}", page.span)
        if target.startswith("/"):
            exchange.method = "HEAD" if exchange.method == "HEAD" else "GET"
        if target.startswith(("/", "@")):
            return self._redirect(target, page.span)
        return Verdict(End.ANSWERS, told if told in (301, 302, 303, 307, 308) else 302)

    def _redirect(self, target: str, span: Span | None) -> Verdict | None:
        """An internal redirect (None: begin anew), or on to a named location."""
        exchange = self.exchange
        exchange.changes_left -= 1
        if exchange.changes_left <= 0:
            return _cycle(exchange)
        exchange.internal = True
        if target.startswith("@"):
            return self._named(target, span)
        exchange.uri, _, exchange.args = target.partition("?")
        exchange.valid_unparsed = False
        return None

    def _named(self, name: str, span: Span | None) -> Verdict | None:
        location = self.locations.named.get(name)
        if location is None:
            self.exchange.say(f"no location is called {name}: nginx answers 500", span)
            return Verdict(End.ANSWERS, 500)
        self.exchange.uri_changed = False
        self._enter(location)
        self.exchange.say(f"location {name}", location.span)
        return self._in_locations()


def _cycle(exchange: Exchange) -> Verdict:
    exchange.say("it is rewritten or redirected inside again and again: nginx answers 500")
    return Verdict(End.ANSWERS, 500)


def _chosen(location: Location, uri: str) -> str:
    return f"location {location.label} takes {shown(uri)}"


def _configured(handler: Location, inner: Location | None) -> bool:
    """Whether the settings in effect have a target for the handler that an ``if`` chose."""
    if inner is None or inner.passes is None or handler.passes is None:
        return False
    return inner.passes.family == handler.passes.family


def _allowed(excepted: Directive, method: str) -> bool:
    names = {value.upper() for value in excepted.values}
    return method in names or (method == "HEAD" and "GET" in names)


def _access_rules(scope: Scope) -> list[Directive]:
    """``allow`` and ``deny`` of the nearest level that has any."""
    for level in scope.levels():
        if "allow" in level.own or "deny" in level.own:
            return [child for child in level.children if child.key in ("allow", "deny")]
    return []


def _leads_on(page: Directive) -> bool:
    """Whether an error page may lead to an app: a named location, or another path than that of a file."""
    return page.values[-1].startswith("@")


def _other_handler(scope: Scope) -> Verdict | None:
    for name, status in _ANSWERING.items():
        if name in scope.own:
            return Verdict(End.ANSWERS, status)
    for name in _OTHER_HANDLERS:
        if name in scope.own:
            return Verdict(End.UNKNOWN, because=f"{name} answers it")
    return None
