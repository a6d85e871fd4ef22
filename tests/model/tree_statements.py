"""Hypothesis strategy: statements of one level of an nginx configuration, as that level may have them."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from cfgcheck.model.nginx_table import HEADER_DIRECTIVES

PARAMETERS = ("uwsgi", "fastcgi", "scgi")
NEXT_UPSTREAM = ["error", "http_503", "http_503 non_idempotent", "off", "timeout http_500", "error HTTP_503"]
HEADERS = ["Host", "X-Forwarded-Proto", "x-forwarded-proto", "Connection", "X-Empty", "X-A", "X-Client", "x_under"]
VARIABLES = ["HTTP_HOST", "HTTP_X_CLIENT", "HTTP_X_A", "HTTPS", "REQUEST_METHOD", "OWN_THING", "HTTP_CONNECTION"]
VALUES = ['""', "$host", "$scheme", "literal", "'a b'", "$http_host", "$http_missing", "a-$scheme", "$request_method"]


@st.composite
def times(draw: st.DrawFn, kind: str) -> str:
    """A time in one of nginx's spellings. Those of different kinds are seconds apart: a timer that is set again to
    nearly the same moment is left as it is (``ngx_event_add_timer``)."""
    seconds = 4 * draw(st.integers(5, 2000)) + {"connect": 0, "send": 2}.get(kind, 1)
    shape = draw(st.integers(0, 6))
    minutes, rest = divmod(seconds, 60)
    hours, mins = divmod(minutes, 60)
    return [
        f"{seconds}", f"{seconds}s", f"{seconds}000ms", f"{seconds}500ms", f"{minutes}m{rest}s",
        f"{hours}h{mins}m{rest}s", f'"{minutes}m {rest}"',
    ][shape]  # fmt: skip


_FLAGS = st.sampled_from(["on", "off", "off"])
_TIMES = {f"{name}_timeout": times(name) for name in ("connect", "send", "read")}
_BUFFERED = dict.fromkeys(("buffering", "request_buffering", "pass_request_headers", "pass_request_body"), _FLAGS)
_TRIES = st.sampled_from(["0", "1", "2"])
_PLAIN = {**_TIMES, "next_upstream": st.sampled_from(NEXT_UPSTREAM), "next_upstream_tries": _TRIES}


def _scalars(family: str, modern: bool) -> dict[str, st.SearchStrategy[str]]:
    """The directives of a family that may stand once at each level."""
    found = {f"{family}_{name}": values for name, values in _PLAIN.items()}
    if family != "grpc":
        found |= {f"{family}_{name}": values for name, values in _BUFFERED.items()}
    if family == "proxy":
        found["proxy_http_version"] = st.sampled_from(["1.0", "1.1", "2"] if modern else ["1.0", "1.1"])
    if family == "fastcgi":
        found["fastcgi_keep_conn"] = _FLAGS
    return found


def _header(family: str) -> st.SearchStrategy[str]:
    name = HEADER_DIRECTIVES[family]
    if family in PARAMETERS:
        ends = st.sampled_from(["", "", " if_not_empty"])
        return st.builds(f"{name} {{}} {{}}{{}};".format, st.sampled_from(VARIABLES), st.sampled_from(VALUES), ends)
    values = st.sampled_from([*VALUES, "$proxy_host"] if family == "proxy" else VALUES)
    return st.builds(f"{name} {{}} {{}};".format, st.sampled_from(HEADERS), values)


_ANSWERED = st.builds(
    "add_header {} {}{};".format,
    st.sampled_from(["X-R-One", "X-R-Two", "x-r-one"]),
    st.sampled_from(['""', "1", "$scheme", "$http_missing"]),
    st.sampled_from(["", " always"]),
)
_TO_CLIENT = {"add_header_inherit": st.sampled_from(["on", "merge", "off"])}
_SERVER = {"underscores_in_headers": _FLAGS, "ignore_invalid_headers": _FLAGS}


@st.composite
def statements(draw: st.DrawFn, families: Sequence[str], kind: str, modern: bool) -> list[str]:
    """A few statements for a level of that kind: ``http``, ``server``, ``location`` or ``if`` (inside a location).
    ``modern``: with what only recent versions of nginx (1.29.4) have."""
    answered = draw(st.lists(_ANSWERED, max_size=2)) if draw(st.integers(0, 2)) == 0 else []
    if kind == "if":
        return answered
    choices: dict[str, st.SearchStrategy[str]] = dict(_TO_CLIENT) if modern else {}
    for family in families:
        choices |= _scalars(family, modern)
    if kind in ("http", "server"):
        choices |= _SERVER
    names = draw(st.lists(st.sampled_from(sorted(choices)), max_size=6, unique=True))
    lines = [f"{name} {draw(choices[name])};" for name in names]
    for family in families:
        if draw(st.integers(0, 2)) == 0:
            lines += draw(st.lists(_header(family), max_size=3))
    return lines + answered
