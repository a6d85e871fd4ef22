"""Texts with nginx variables, for one request: ``proxy_set_header Host $host`` filled in.

http://nginx.org/en/docs/varindex.html. What depends on the client's address, on time or on a file is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from cfgcheck.model.located import Located, Origin
from cfgcheck.model.nginx import VariableMap
from cfgcheck.model.nginx_headers import Header
from cfgcheck.source.file import Span
from cfgcheck.syntax.nginx_tree import Word
from cfgcheck.trace.client_headers import header_values
from cfgcheck.trace.exchange import Exchange
from cfgcheck.trace.octets import octets, shown
from cfgcheck.trace.servers import split_host
from cfgcheck.trace.set_names import set_names
from cfgcheck.trace.undecided import Undecided
from cfgcheck.trace.uri import ESCAPED_IN_ARGS, escape

_VARIABLE = re.compile(r"\$(?:([1-9])|\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))")
_DEEPEST = 10
_LONGEST = 1_000_000
"""Characters of a value; variables that double one another grow without end."""

_CLIENT = "the client's address is not known"
_NOBODY_KNOWS: dict[str, str] = {
    **dict.fromkeys(
        ("remote_addr", "binary_remote_addr", "realip_remote_addr", "proxy_protocol_addr"), _CLIENT
    ),
    **dict.fromkeys(("remote_port", "realip_remote_port", "proxy_protocol_port"), "the client's port is not known"),
    **dict.fromkeys(
        ("request_id", "msec", "time_local", "time_iso8601", "date_local", "date_gmt", "connection",
         "connection_requests", "connection_time", "pid", "request_time"),
        "it is another for each request",
    ),
    **dict.fromkeys(("server_addr", "proxy_protocol_server_addr"), "the address that it arrives at is not known"),
    "hostname": "the machine's name is not known",
    "remote_user": "the user of a password is not known",
}  # fmt: skip


def fill(word: Word, exchange: Exchange, span: Span | None) -> Located[str]:
    """A word of a statement, variables filled in."""
    if word.templated:
        return Located.unknown(f"`{word.value}` is filled in from a template", span, word.value)
    return expand(word.value, exchange, span)


def fill_header(header: Header, exchange: Exchange) -> Located[str]:
    """The value of a ``proxy_set_header`` or ``uwsgi_param``."""
    if header.templated:
        return Located.unknown(f"it is filled in from a template: {header.value}", header.span, header.value)
    found = expand(header.value, exchange, header.span)
    return Located(found.value, Origin.FILE, header.span, "", header.value) if found.known else found


def expand(text: str, exchange: Exchange, span: Span | None = None, depth: int = 0) -> Located[str]:
    """A text as written in the configuration, as bytes. Unknown where a variable in it is; its ``text`` then has the
    known ones filled in."""
    if "$" not in text:
        return Located.read(octets(text), span, text=text)
    parts: list[str] = []
    because = ""
    at = 0
    for found in _VARIABLE.finditer(text):
        parts.append(octets(text[at : found.start()]))
        at = found.end()
        name = found[2] or found[3]
        value = variable(name, exchange, depth) if name else _capture(int(found[1]), exchange, depth)
        parts.append(value.value if value.known else found[0])
        if not value.known:
            because = because or _reason(found[0], value.because)
        if sum(map(len, parts[-2:])) > _LONGEST:
            return Located.unknown(f"`{text[:60]}` is very long", span)
    whole = "".join((*parts, octets(text[at:])))
    if because:
        return Located.unknown(because, span, shown(whole))
    return Located.read(whole, span, text=text)


def _reason(name: str, because: str) -> str:
    """Of variables that are made of others the last one's reason is told."""
    return because if because.startswith(("$", "`")) else f"{name}: {because}"


def _capture(number: int, exchange: Exchange, depth: int) -> Located[str]:
    """A group. The results of a map (``depth``) never have theirs escaped."""
    groups = exchange.captures
    group = groups[number] if number < len(groups) else ""
    if depth == 0 and exchange.escapes_groups and (exchange.quoted or exchange.plus):
        group = escape(group, ESCAPED_IN_ARGS)
    return Located.read(group, None)


def variable(name: str, exchange: Exchange, depth: int = 0) -> Located[str]:
    """The value of one variable now."""
    name = name.lower()
    if name in exchange.assigned:
        return exchange.assigned[name]
    if name in exchange.mapped:
        return exchange.mapped[name]
    table = exchange.proxy.maps.get(name)
    if table is not None:
        if depth >= _DEEPEST:
            return Located.unknown("it is computed from itself")
        value = _mapped(table, exchange, depth + 1)
        exchange.mapped[name] = value
        return value
    if name in _OWN:
        return _text(_OWN[name](exchange))
    if name in _LOCATED:
        return _LOCATED[name](exchange)
    if name in _NOBODY_KNOWS:
        return Located.unknown(_NOBODY_KNOWS[name])
    for prefix, read in _PREFIXES:
        if name.startswith(prefix):
            return read(exchange, name[len(prefix) :])
    if name in set_names(exchange.proxy):
        return _text("")
    return Located.unknown("nothing that was read gives it a value")


def _text(value: str) -> Located[str]:
    return Located.read(value, None)


# ------------------------------------------------------------------------------------------------------------- maps
def _mapped(table: VariableMap, exchange: Exchange, depth: int) -> Located[str]:
    """What a ``map`` yields: an equal key, then wildcards (``hostnames``), then patterns in order, then the default."""
    if table.kind != "map":
        return Located.unknown(f"a {table.kind} block decides it", table.span)
    if table.open:
        return Located.unknown("entries of its map are not known", table.span)
    source = expand(table.source, exchange, table.span, depth)
    if not source.known:
        return Located.unknown(source.because, table.span)
    try:
        result = _entry(table, source.value, exchange)
    except Undecided as why:
        return Located.unknown(why.because, table.span)
    return expand(result, exchange, table.span, depth)


def _entry(table: VariableMap, value: str, exchange: Exchange) -> str:
    names = any(child.key == "hostnames" for child in table.directive.block or ())
    low = value.lower()
    if names:
        low = low.removesuffix(".")
    exact: dict[str, str] = {}
    heads: dict[str, str] = {}
    tails: dict[str, str] = {}
    for key, result in table.entries:
        text = octets(key).lower()
        if text.startswith("~"):
            continue
        if names and text.startswith((".", "*.")):
            heads.setdefault(text.lstrip("*.") if text[0] == "*" else text[1:], result)
            if text[0] == ".":
                exact.setdefault(text[1:], result)
        elif names and text.endswith(".*"):
            tails.setdefault(text[:-2], result)
        else:
            exact.setdefault(text[1:] if text.startswith("\\") else text, result)
    if low in exact:
        return exact[low]
    wild = _wild(low, heads, tails)
    if wild is not None:
        return wild
    for key, result in table.entries:
        if key.startswith("~"):
            caseless = key.startswith("~*")
            if exchange.matches(key[2:] if caseless else key[1:], value, table.span, caseless=caseless):
                return result
    return table.default or ""


def _wild(host: str, heads: dict[str, str], tails: dict[str, str]) -> str | None:
    labels = host.split(".") if heads or tails else []
    for start in range(1, len(labels)):
        if (suffix := ".".join(labels[start:])) in heads:
            return heads[suffix]
    for end in range(len(labels) - 1, 0, -1):
        if (prefix := ".".join(labels[:end])) in tails:
            return tails[prefix]
    return None


# ------------------------------------------------------------------------------------------------- nginx's own
def server_name(exchange: Exchange) -> str:
    """``$server_name``: the first name of the server, without a dot before it; a pattern with its tilde."""
    name = octets(exchange.server.names[0]) if exchange.server.names else ""
    return name if name.startswith("~") else name.lower().removeprefix(".")


def _host(exchange: Exchange) -> Located[str]:
    """``$host``: the Host header without port, in lower case; of a request without one the server's name."""
    if "host" in exchange.arrival.unknown:
        return Located.unknown(exchange.arrival.unknown["host"])
    return _text(split_host(exchange.arrival.host_header) or server_name(exchange))


def _http(exchange: Exchange, name: str) -> Located[str]:
    return header_values(exchange).get(name, _text(""))


def _request_port(exchange: Exchange) -> Located[str]:
    """``$request_port`` and the like: the port in the Host header."""
    _, _, port = exchange.arrival.host_header.rpartition(":")
    return _text(port if port.isdigit() else "")


def _server_port(exchange: Exchange) -> Located[str]:
    address = exchange.arrival.address
    if address is not None and address.is_unix:
        return _text("")
    port = address.port if address is not None and address.port is not None else exchange.request.port
    listen = exchange.listen
    if listen is not None and listen.address.known and listen.address.value.port and not listen.last_port:
        port = listen.address.value.port
    return _text(str(port))


def _forwarded_for(exchange: Exchange) -> Located[str]:
    """``$proxy_add_x_forwarded_for``: the client's own header, a comma, and its address."""
    own = header_values(exchange).get("x_forwarded_for")
    if own is not None and own.known and own.value:
        return Located.unknown(f"{_CLIENT}; it comes after `{shown(own.value)}, `")
    return Located.unknown(_CLIENT)


def _argument(exchange: Exchange, name: str) -> Located[str]:
    for part in exchange.args.split("&"):
        key, equals, value = part.partition("=")
        if equals and key.lower() == name:
            return _text(value)
    return _text("")


def _cookie(exchange: Exchange, name: str) -> Located[str]:
    cookies = header_values(exchange).get("cookie", _text(""))
    if not cookies.known:
        return cookies
    for part in re.split(r"[;,]", cookies.value):
        key, equals, value = part.strip(" ").partition("=")
        if equals and key.lower() == name:
            return _text(value)
    return _text("")


def _document_root(exchange: Exchange) -> Located[str]:
    scope = exchange.level
    name = "alias" if "alias" in scope.own else "root"
    folder: Located[str] = scope.setting(name)
    if not folder.known or (folder.origin is Origin.DEFAULT) or not folder.value.startswith("/"):
        return Located.unknown("the folder of files is not known")
    return expand(folder.value, exchange, folder.span, _DEEPEST)


def _file_name(exchange: Exchange) -> Located[str]:
    folder = _document_root(exchange)
    if not folder.known or "alias" in exchange.level.own:
        return Located.unknown("the folder of files is not known")
    return folder.with_value(folder.value.rstrip("/") + exchange.uri)


def _script_name(exchange: Exchange) -> Located[str]:
    if "fastcgi_split_path_info" in exchange.level.own:
        return Located.unknown("fastcgi_split_path_info decides it")
    index = exchange.level.setting("fastcgi_index")
    if exchange.uri.endswith("/") and index.known and index.value:
        return _text(exchange.uri + index.value)
    return _text(exchange.uri)


def _path_info(exchange: Exchange) -> Located[str]:
    if "fastcgi_split_path_info" in exchange.level.own:
        return Located.unknown("fastcgi_split_path_info decides it")
    return _text("")


def _request_line(exchange: Exchange) -> str:
    return f"{exchange.request.method} {octets(exchange.request.target)} HTTP/1.1"


def _proxy_host(exchange: Exchange) -> Located[str]:
    """``$proxy_host``: empty before the request is passed on, and where it is not ``proxy_pass`` that does it."""
    passes = exchange.location.passes if exchange.location is not None and exchange.passing else None
    if passes is None or passes.family != "proxy":
        return _text("")
    host = exchange.proxy_host if exchange.proxy_host is not None else passes.proxy_host
    return _text(octets(host)) if host else Located.unknown("the target is not known")


def _version(exchange: Exchange) -> Located[str]:
    version = exchange.proxy.version
    return version.with_value(str(version.value)) if version.known else Located.unknown(version.because)


def _content_length(exchange: Exchange) -> str:
    return header_values(exchange).get("content_length", _text("")).get("")


_OWN: dict[str, Callable[[Exchange], str]] = {
    "uri": lambda exchange: exchange.uri,
    "document_uri": lambda exchange: exchange.uri,
    "request_uri": lambda exchange: exchange.unparsed,
    "args": lambda exchange: exchange.args,
    "query_string": lambda exchange: exchange.args,
    "is_args": lambda exchange: "?" if exchange.args else "",
    "scheme": lambda exchange: "https" if exchange.tls else "http",
    "https": lambda exchange: "on" if exchange.tls else "",
    "request_method": lambda exchange: exchange.request.method,
    "request": _request_line,
    "server_protocol": lambda exchange: "HTTP/1.1",
    "server_name": server_name,
    "content_length": _content_length,
    "limit_rate": lambda exchange: "0",
}
_LOCATED: dict[str, Callable[[Exchange], Located[str]]] = {
    "host": _host,
    "http_host": lambda exchange: _http(exchange, "host"),
    "content_type": lambda exchange: _http(exchange, "content_type"),
    "server_port": _server_port,
    "request_port": _request_port,
    "proxy_add_x_forwarded_for": _forwarded_for,
    "proxy_host": _proxy_host,
    "document_root": _document_root,
    "realpath_root": _document_root,
    "request_filename": _file_name,
    "fastcgi_script_name": _script_name,
    "fastcgi_path_info": _path_info,
    "nginx_version": _version,
}
_PREFIXES: tuple[tuple[str, Callable[[Exchange, str], Located[str]]], ...] = (
    ("http_", _http),
    ("arg_", _argument),
    ("cookie_", _cookie),
)


