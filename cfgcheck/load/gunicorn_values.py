"""What Gunicorn makes of a value: its validators and argparse types, without importing it.

Each validator takes plain data and returns what the setting then holds, or raises ``Refused`` with the message that
Gunicorn gives when it refuses to start. Source: ``gunicorn/config.py`` of each version; the table says which holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from cfgcheck.load.gunicorn_table import Row, table
from cfgcheck.model.version import Version

RELOAD_ENGINES = ("auto", "poll", "inotify")
_SSL_PROTOCOLS = {"SSLv23": 2, "TLS": 2, "TLSv1": 3, "TLSv1_1": 4, "TLSv1_2": 5, "TLS_CLIENT": 16, "TLS_SERVER": 17}
_PROXY_PROTOCOLS = {
    "false": "off", "off": "off", "0": "off", "none": "off", "true": "auto", "auto": "auto", "1": "auto",
    "v1": "v1", "v2": "v2",
}  # fmt: skip
_BAD_TYPE = "Invalid type for casting: {}"


class Refused(ValueError):  # noqa: N818  (Gunicorn refuses; nothing is wrong with cfgcheck)
    """A value that Gunicorn refuses."""


def from_text(row: Row, text: str) -> object:
    """A command line value as argparse converts it. Raises Refused with argparse's message."""
    named = "/".join(row.flags)
    try:
        if row.type == "int":
            return int(text)
        if row.type == "auto_int":
            return int(text.replace("0", "0o", 1) if re.match(r"0\d", text) else text, 0)
    except ValueError:
        kind = row.type
        raise Refused(f"argument {named}: invalid {kind} value: {text!r}") from None
    return text


def validated(check: str, value: Any) -> object:
    """A value as the setting's validator leaves it. Lists become tuples. Raises Refused."""
    if check.startswith("callable:") or check == "post_request":
        return _callable(value)
    try:
        return _VALIDATORS[check](value)
    except Refused:
        raise
    except (TypeError, ValueError, AttributeError) as error:
        raise Refused(str(error)) from None


def _callable(value: Any) -> object:
    if not isinstance(value, str):
        raise Refused(f"Value is not callable: {value}")
    if "." not in value:
        raise Refused(f"Value '{value}' is not import string. Format: module[.submodules...].object")
    return value


def _bool(value: Any) -> object:
    if value is None or isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise Refused(_BAD_TYPE.format(value))
    word = value.lower().strip()
    if word not in ("true", "false"):
        raise Refused(f"Invalid boolean: {value}")
    return word == "true"


def _positive(value: Any) -> int:
    number = int(value) if isinstance(value, int) else int(value, 0)
    if number < 0:
        raise Refused(f"Value must be positive: {number}")
    return number


def _window_size(value: Any) -> int:
    number = _positive(value)
    if number > 2**31 - 1:
        raise Refused(f"HTTP/2 window size must be at most 2147483647: {number}")
    return number


def _stream_limit(value: Any) -> int:
    number = _positive(value)
    if number < 1:
        raise Refused(f"HTTP/2 max concurrent streams must be at least 1: {number}")
    return number


def _frame_size(value: Any) -> int:
    number = int(value) if isinstance(value, int) else int(value, 0)
    if not 16384 <= number <= 16777215:
        raise Refused(f"http2_max_frame_size must be between 16384 and 16777215, got {number}")
    return number


def _string(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise Refused(f"Not a string: {value}")
    return value.strip()


def _strings(value: Any) -> tuple[object, ...]:
    if not value:
        return ()
    return tuple(_string(each) for each in ([value] if isinstance(value, str) else value))


def _split(value: Any) -> tuple[str, ...]:
    text = _string(value)
    return tuple(part.strip() for part in text.split(",") if part) if text else ()


def _addresses(value: Any) -> tuple[str, ...]:
    from ipaddress import ip_address

    parts = _split(value)
    for part in parts:
        if part != "*":
            ip_address(part)
    return parts


def _networks(strict: bool) -> Callable[[Any], tuple[str, ...]]:
    def networks(value: Any) -> tuple[str, ...]:
        from ipaddress import ip_network

        parts = _split(value)
        for part in parts:
            if part != "*":
                ip_network(part, strict=strict)
        return parts

    return networks


def _dictionary(value: Any) -> dict[object, object]:
    if not isinstance(value, dict):
        raise Refused(f"Value is not a dictionary: {value} ")
    return value


def _user(value: Any) -> object:
    """A number, or a name: who that is only the machine knows."""
    if value is None or isinstance(value, int):
        return value
    return int(value) if value.isdigit() else value


def _one_of(message: str, words: tuple[str, ...], default: str | None) -> Callable[[Any], object]:
    def chosen(value: Any) -> object:
        if value is None:
            return default
        if not isinstance(value, str):
            raise Refused(_BAD_TYPE.format(value))
        word = value.lower().strip()
        if word not in words:
            raise Refused(f"{message}: {value}")
        return word

    return chosen


def _http2_cleartext(value: Any) -> object:
    if isinstance(value, bool):
        return "prior-knowledge" if value else "off"
    return _one_of("Invalid http2_cleartext", ("off", "prior-knowledge", "upgrade", "both"), "off")(value)


def _http_parser(value: Any) -> object:
    return _one_of("http_parser must be one of: auto, fast, python", ("auto", "fast", "python"), "auto")(value)


def _http_protocols(*known: str) -> Callable[[Any], tuple[str, ...]]:
    def protocols(value: Any) -> tuple[str, ...]:
        if value is None:
            return ("h1",)
        if not isinstance(value, str):
            raise Refused("http_protocols must be a string")
        names = [part.strip().lower() for part in value.split(",") if part.strip()]
        for name in names:
            if name not in known:
                raise Refused(f"Invalid protocol '{name}'. Valid protocols: {', '.join(known)}")
        if len(names) != len(set(names)):
            raise Refused("Duplicate protocols specified")
        return tuple(names) or ("h1",)

    return protocols


def _proxy_protocol(value: Any) -> object:
    if value is None:
        return "off"
    if isinstance(value, bool):
        return "auto" if value else "off"
    if not isinstance(value, str):
        raise Refused("proxy_protocol must be string or bool")
    word = value.lower().strip()
    if word not in _PROXY_PROTOCOLS:
        raise Refused("proxy_protocol must be: off, v1, v2, or auto")
    return _PROXY_PROTOCOLS[word]


def _reload_engine(value: Any) -> object:
    if value not in RELOAD_ENGINES:
        raise Refused(f"Invalid reload_engine: {value!r}")
    return value


def _ssl_version(value: Any) -> object:
    """Up to 20.1 the only version spoken, by name or number."""
    if value in _SSL_PROTOCOLS:
        return _SSL_PROTOCOLS[value]
    try:
        number = _positive(value)
    except (TypeError, ValueError):
        number = -1
    if number not in _SSL_PROTOCOLS.values():
        raise Refused(f"Invalid ssl_version: {value}. Valid options: {', '.join(_SSL_PROTOCOLS)}")
    return number


def parse_address(text: str, default_port: str = "8000") -> str | int | tuple[str, int]:
    """``util.parse_address``: a unix path, a file descriptor, or host and port. Raises Refused."""
    if re.match(r"unix:(//)?", text):
        return re.split(r"unix:(//)?", text)[-1] or ""
    if text.startswith("fd://"):
        try:
            return int(text[5:])
        except ValueError:
            raise Refused(f"{text[5:]!r} is not a valid file descriptor.") from None
    text = text.split("tcp://")[1] if text.startswith("tcp://") else text
    host, port = text, default_port
    if "[" in text and "]" in text:
        host = text.split("]")[0][1:]
        port = [*text.split("]:"), default_port][1]
    elif ":" in text:
        host, port = [*text.split(":"), default_port][:2]
    elif not text:
        host = "0.0.0.0"
    try:
        return host.lower(), int(port)
    except ValueError:
        raise Refused(f"{port!r} is not a valid port number.") from None


HIGHEST_PORT = 65535


def address_problem(parsed: str | int | tuple[str, int]) -> str:
    """Why Gunicorn can't open an address that it could parse."""
    if isinstance(parsed, str):
        return "" if parsed else "the path of the socket is empty"
    if isinstance(parsed, int):
        return ""
    host, port = parsed
    if host.isdigit():
        return f"{host} is taken for a host (with port {port}), not for a port: write :{host}"
    if host == "*":
        return "no host is called *: leave it out, or write 0.0.0.0"
    return "" if 0 <= port <= HIGHEST_PORT else f"port {port} is out of range"


def later_problem(name: str, values: Sequence[object], version: Version | None) -> str:
    """What Gunicorn finds out only after the settings are read, and then ends: addresses and worker classes."""
    texts = [value for value in values if isinstance(value, str)]
    if name == "wsgi_app":
        return next(filter(None, map(application_problem, texts)), "")
    if name == "worker_class":
        return next(filter(None, (class_problem(text, version) for text in texts)), "")
    if name != "bind":
        return ""
    try:
        return next(filter(None, (address_problem(parse_address(text)) for text in texts)), "")
    except Refused as error:
        return str(error)


def application_problem(text: str) -> str:
    """Why Gunicorn can't import an application, as far as its name tells: ``pkg.mod``, ``pkg.mod:name`` or
    ``pkg.mod:name(arguments)``. A dash in a folder's name is fine (27.0.1 imports ``my-app.wsgi``)."""
    module, _, name = text.partition(":")
    if "/" in module:
        return f"{module!r} is a path, not a module"
    if module.endswith(".py"):
        return f"{module!r} names a file, not a module"
    if not all(part and not any(map(str.isspace, part)) for part in module.split(".")):
        return f"{module!r} is no module name"
    if ":" in text and not re.match(r"[A-Za-z_]\w*\s*(?:\(.*\))?\s*\Z", name, re.DOTALL):
        return f"Failed to parse {name!r} as an attribute name or function call."
    return ""


def class_problem(name: str, version: Version | None) -> str:
    """Why Gunicorn can't find a worker class; "" where it can, or where that can't be told."""
    bare = name.removeprefix("#")
    if "." in name or name.startswith("egg:"):
        return ""
    rows = table().workers.get(bare, ())
    near = version and table().nearest(version)
    if any(near is None or first <= near <= last for first, last, _ in rows):
        return ""
    return f"class uri {bare!r} invalid or not found"


def _statsd(value: Any) -> object:
    text = _string(value)
    if text is None:
        return None
    port_of_unix = re.match(r"unix:(\d+)$", text)
    if port_of_unix:
        return ("unix", int(port_of_unix[1]))
    try:
        return parse_address(text, "8125")
    except Refused:
        raise Refused("Value must be one of ('host:port', 'unix://PATH')") from None


def _host_and_port(value: Any) -> object:
    text = _string(value)
    if text is None:
        return None
    elements = text.split(":")
    if len(elements) != 2:
        raise Refused("Value must consist of: hostname:port")
    return (elements[0], int(elements[1]))


_VALIDATORS: dict[str, Callable[[Any], object]] = {
    "anything": lambda value: value,
    "asgi_lifespan": _one_of("Invalid ASGI lifespan", ("auto", "on", "off"), "auto"),
    "asgi_loop": _one_of("Invalid ASGI loop", ("auto", "asyncio", "uvloop"), "auto"),
    "bool": _bool,
    "chdir": _string,
    "class": _string,
    "dict": _dictionary,
    "group": _user,
    "header_map_behaviour": _one_of("Invalid header map behaviour", ("drop", "refuse", "dangerous"), None),
    "hostport": _host_and_port,
    "http2_cleartext": _http2_cleartext,
    "http2_frame_size": _frame_size,
    "http2_stream_limit": _stream_limit,
    "http2_window_size": _window_size,
    "http_parser": _http_parser,
    "http_protocols": _http_protocols("h1", "h2"),
    "http_protocols_h3": _http_protocols("h1", "h2", "h3"),
    "list_of_existing_files": _strings,
    "list_of_files_or_patterns": _strings,
    "list_string": _strings,
    "pos_int": _positive,
    "proxy_protocol": _proxy_protocol,
    "reload_engine": _reload_engine,
    "ssl_version": _ssl_version,
    "statsd_address": _statsd,
    "string": _string,
    "string_to_addr_list": _addresses,
    "string_to_list": _split,
    "string_to_loose_network_list": _networks(strict=False),
    "string_to_network_list": _networks(strict=True),
    "user": _user,
}

CHECKS = frozenset(_VALIDATORS) | {"post_request"}
"""Every validator that is known here, ``callable:N`` apart."""
