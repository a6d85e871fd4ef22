"""The rewrite module's statements of one level, run for a request: ``set``, ``if``, ``rewrite``, ``return``, ``break``.

``ngx_http_rewrite_module`` and ``ngx_http_script`` of nginx's sources.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cfgcheck.model.located import Located
from cfgcheck.model.nginx import Location, Scope
from cfgcheck.record import record
from cfgcheck.source.file import Span
from cfgcheck.syntax.nginx_tree import Directive
from cfgcheck.trace.exchange import Exchange
from cfgcheck.trace.octets import shown
from cfgcheck.trace.undecided import Undecided, need
from cfgcheck.trace.uri import ESCAPED_IN_ARGS, escape, unescape_redirect
from cfgcheck.trace.variables import expand, fill, variable

_RUN = frozenset({"set", "if", "rewrite", "return", "break"})
_PIECE = re.compile(r"\$(?:([1-9])|\{[A-Za-z0-9_]+\}|[A-Za-z0-9_]+)|[^$]+|\$")
_FILE_TESTS = {"-f": "file", "-d": "folder", "-e": "file or folder", "-x": "executable file"}


@record(frozen=True)
class Answer:
    """nginx answers by itself. ``status``: None where the connection is just closed. ``text``: what it sends, "" for a
    plain status, of which an ``error_page`` may make something else. ``redirect``: ``text`` is where to."""

    status: int
    text: str = ""
    redirect: bool = False


@record(frozen=True)
class Stop:
    """``break`` or a ``rewrite`` with a flag: no further statements of this level."""


def run(scope: Scope, exchange: Exchange) -> Answer | None:
    """Run a level's statements; what they change is in the exchange. Raises Undecided."""
    exchange.escapes_groups = True
    result = _run(scope.children, scope, exchange)
    exchange.escapes_groups = False
    return result if isinstance(result, Answer) else None


def _run(children: Sequence[Directive], scope: Scope, exchange: Exchange) -> Answer | Stop | None:
    for directive in children:
        if directive.key not in _RUN or (not directive.args and directive.key != "break"):
            continue
        if directive.key == "if":
            result = _if(directive, scope, exchange)
        elif directive.key == "set":
            _set(directive, scope, exchange)
            result = None
        else:
            result = _end(directive, scope, exchange)
        if result is not None:
            return result
    return None


def _end(directive: Directive, scope: Scope, exchange: Exchange) -> Answer | Stop | None:
    """A ``break``, ``return`` or ``rewrite``, if it does anything: then it must not stand in a template branch."""
    if directive.key == "rewrite":
        return _rewrite(directive, scope, exchange)
    _sure(directive, scope)
    if directive.key == "return":
        return _return(directive, exchange)
    if exchange.uri_changed:
        exchange.uri_changed = exchange.valid_location = False
    return Stop()


def _sure(directive: Directive, scope: Scope) -> None:
    if scope.conditional(directive):
        text = " ".join([directive.key, *directive.values])
        raise Undecided(f"`{text}` stands in a template branch", directive.span)


def _set(directive: Directive, scope: Scope, exchange: Exchange) -> None:
    if len(directive.args) != 2:
        return
    name = directive.args[0].value.lstrip("$").lower()
    value = fill(directive.args[1], exchange, directive.word_span(1))
    if scope.conditional(directive):
        value = Located.unknown("its `set` stands in a template branch", directive.span)
    if name == "args":
        exchange.args = need(value)
        exchange.valid_unparsed = False
        return
    exchange.assigned[name] = value


# ------------------------------------------------------------------------------------------------------------ return
def _return(directive: Directive, exchange: Exchange) -> Answer:
    exchange.escapes_groups = False
    first = fill(directive.args[0], exchange, directive.word_span(0))
    if not directive.args[0].value.isdigit():
        return _said(Answer(302, need(first), redirect=True), directive, exchange)
    status = int(directive.args[0].value)
    if len(directive.args) == 1:
        return _said(Answer(status), directive, exchange)
    redirect = status in (301, 302, 303, 307, 308)
    text = fill(directive.args[1], exchange, directive.word_span(1))
    return _said(Answer(status, text.get(text.text) or " ", redirect), directive, exchange)


def _said(answer: Answer, directive: Directive, exchange: Exchange) -> Answer:
    text = f"return {answer.status}"
    if answer.redirect:
        text += f" → {shown(answer.text)}"
    exchange.say(text, directive.span)
    return answer


# ----------------------------------------------------------------------------------------------------------- rewrite
def _rewrite(directive: Directive, scope: Scope, exchange: Exchange) -> Answer | Stop | None:
    if len(directive.args) < 2:
        return None
    pattern, word = directive.args[0], directive.args[1]
    if pattern.templated or word.templated:
        raise Undecided("a `rewrite` is filled in from a template", directive.span)
    if not _matches(pattern.value, exchange.uri, directive.word_span(0), exchange):
        return None
    _sure(directive, scope)
    exchange.escapes_groups = False
    flag = directive.args[2].value if len(directive.args) > 2 else ""
    replacement = word.value
    adds_args = not replacement.endswith("?")
    if not adds_args:
        replacement = replacement[:-1]
    if flag in ("redirect", "permanent") or replacement.startswith(("http://", "https://", "$scheme")):
        return _redirected(directive, replacement, adds_args, 301 if flag == "permanent" else 302, exchange)
    return _changed(directive, replacement, adds_args, flag, exchange)


def _matches(pattern: str, text: str, span: Span, exchange: Exchange, *, caseless: bool = False) -> bool:
    """Unlike one of a location, a pattern here that does not match leaves ``$1`` empty."""
    found = exchange.matches(pattern, text, span, caseless=caseless)
    if not found:
        exchange.captures = ()
    return found


def _redirected(
    directive: Directive, replacement: str, adds_args: bool, status: int, exchange: Exchange
) -> Answer:
    text = unescape_redirect(_replaced(replacement, exchange, True, directive))
    if adds_args and exchange.args:
        text += ("&" if "?" in replacement else "?") + exchange.args
    exchange.say(f"rewrite answers {status} → {shown(text)}", directive.span)
    return Answer(status, text, redirect=True)


def _changed(
    directive: Directive, replacement: str, adds_args: bool, flag: str, exchange: Exchange
) -> Answer | Stop | None:
    path, mark, args = replacement.partition("?")
    uri = _replaced(path, exchange, False, directive)
    if mark:
        query = _replaced(args, exchange, True, directive)
        exchange.args = f"{query}&{exchange.args}" if adds_args and exchange.args else query
    elif not adds_args:
        exchange.args = ""
    exchange.internal, exchange.valid_unparsed = True, False
    exchange.uri_changed = flag != "break"
    exchange.valid_location = exchange.valid_location and flag != "break"
    if not uri:
        exchange.say("rewrite leaves an empty path: nginx answers 500", directive.span)
        return Answer(500)
    exchange.uri = uri
    query = f"?{exchange.args}" if exchange.args else ""
    exchange.say(f"rewrite makes it {shown(uri + query)}", directive.span)
    return Stop() if flag in ("last", "break") else None


def _replaced(text: str, exchange: Exchange, escaping: bool, directive: Directive) -> str:
    """A replacement filled in. Groups of a request that held escapes are escaped again where ``escaping``."""
    parts: list[str] = []
    for piece in _PIECE.finditer(text):
        value = need(expand(piece[0], exchange, directive.span))
        if piece[1] and escaping and (exchange.quoted or exchange.plus):
            value = escape(value, ESCAPED_IN_ARGS)
        parts.append(value)
    return "".join(parts)


# ---------------------------------------------------------------------------------------------------------------- if
def _if(directive: Directive, scope: Scope, exchange: Exchange) -> Answer | Stop | None:
    passing = next((one for one in _passing(exchange) if one.directive is directive), None)
    inner = passing.scope.children if passing is not None else directive.block or []
    try:
        holds = condition(directive, exchange)
    except Undecided as why:
        if all(child.key == "set" for child in inner):
            _perhaps_set(inner, why, exchange)
            return None
        raise Undecided(f"whether `if {_written(directive)}` holds: {why.because}", directive.span) from None
    if not holds:
        return None
    _sure(directive, scope)
    unread = next((child for child in inner if child.key == "include"), None)
    if unread is not None:
        raise Undecided(f"what `{_written(unread)}` does in `if {_written(directive)}` is not known", unread.span)
    exchange.say(f"if {_written(directive)} holds", directive.span)
    if scope is not exchange.server.scope:
        exchange.scope, exchange.in_if = passing.scope if passing else Scope("if", directive, scope), True
        exchange.handler = passing or exchange.handler
    return _run(inner, scope, exchange)


def _passing(exchange: Exchange) -> Iterator[Location]:
    return (one for one in exchange.server.locations if one.modifier == "if" and one.passes is not None)


def _perhaps_set(inner: Sequence[Directive], why: Undecided, exchange: Exchange) -> None:
    for child in inner:
        if child.args:
            name = child.args[0].value.lstrip("$").lower()
            exchange.assigned[name] = Located.unknown(f"it is set in an `if`: {why.because}", child.span)


def _written(directive: Directive) -> str:
    return " ".join(directive.values)


def condition(directive: Directive, exchange: Exchange) -> bool:
    """Whether the condition of an ``if`` holds. Raises Undecided."""
    words = directive.values
    if directive.templated:
        raise Undecided("it is filled in from a template", directive.span)
    words = _unwrapped(words)
    if not words:
        raise Undecided("it can't be read", directive.span)
    if words[0].startswith("$"):
        return _variable_test(words, directive, exchange)
    negated = words[0].startswith("!")
    kind = _FILE_TESTS.get(words[0].lstrip("!"))
    if kind is None or len(words) != 2:
        raise Undecided("it can't be read", directive.span)
    name = expand(words[1], exchange, directive.span)
    shown_name = shown(name.value) if name.known else name.text or words[1]
    exchange.say(f"if {_written(directive)}: taken as if there were no {kind} {shown_name}", directive.span)
    return negated


def _unwrapped(words: Sequence[str]) -> list[str]:
    """The words between the parentheses."""
    found = list(words)
    if found and found[0].startswith("("):
        found[:1] = [found[0][1:]] if len(found[0]) > 1 else []
    if found and found[-1].endswith(")"):
        found[-1:] = [found[-1][:-1]] if len(found[-1]) > 1 else []
    return found


def _variable_test(words: Sequence[str], directive: Directive, exchange: Exchange) -> bool:
    value = need(variable(words[0][1:], exchange))
    if len(words) == 1:
        return value not in ("", "0")
    if len(words) != 3:
        raise Undecided("it can't be read", directive.span)
    _, operator, other = words
    if operator in ("=", "!="):
        return (value == need(expand(other, exchange, directive.span))) is (operator == "=")
    if operator in ("~", "~*", "!~", "!~*"):
        found = _matches(other, value, directive.span, exchange, caseless=operator.endswith("*"))
        return found is not operator.startswith("!")
    raise Undecided(f"`{operator}` is no comparison", directive.span)


