"""Hypothesis strategies: Gunicorn configurations, command lines and environments that Gunicorn itself understands."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from hypothesis import strategies as st

from cfgcheck.load.gunicorn_table import Row, rows_of
from cfgcheck.model.version import Version

MACHINE = frozenset({"user", "group", "chdir", "config", "default_proc_name", "control_socket"})
"""Settings whose value depends on the machine or the way that the oracle is run."""

_NOT_GENERATED = MACHINE | {"paste", "reload_extra_files", "wsgi_app", "check_config", "print_config", "logger_class"}

_TEXTS = st.sampled_from(["", "-", "x", " spaced ", "/var/log/g.log", "a,b", "true", "7", "unix:/run/g.sock", "h1"])
_ADDRESSES = st.sampled_from(["127.0.0.1:8000", "0.0.0.0:80", ":9000", "unix:/run/a.sock", "[::1]:8001", "localhost"])
_NETWORKS = st.sampled_from(["*", "127.0.0.1", "10.0.0.0/8", "10.0.0.1/8", "a.example", "", "127.0.0.1, ::1", "::1,"])
_NUMBERS = st.integers(min_value=-2, max_value=70000)
_BY_CHECK: dict[str, st.SearchStrategy[object]] = {
    "bool": st.one_of(st.booleans(), st.sampled_from(["true", "False", " TRUE ", "yes", "1", 1, 0, None])),
    "pos_int": st.one_of(
        _NUMBERS, st.booleans(), st.sampled_from(["7", "0x10", " 3 ", "x", "", 1.5, None, "007", "1_0"])
    ),
    "string": st.one_of(_TEXTS, st.sampled_from([None, 3, ["a"]])),
    "list_string": st.one_of(
        _ADDRESSES, st.lists(_ADDRESSES, max_size=3), st.sampled_from([None, "", 0, [1], ("a:1",)])
    ),
    "string_to_list": st.one_of(_NETWORKS, st.sampled_from([None, ["127.0.0.1"]])),
    "string_to_addr_list": st.one_of(_NETWORKS, st.sampled_from([None, ["127.0.0.1"]])),
    "string_to_network_list": st.one_of(_NETWORKS, st.sampled_from([None, ["127.0.0.1"]])),
    "dict": st.sampled_from([{}, {"X-FORWARDED-PROTO": "https"}, [], None, "x"]),
    "class": st.sampled_from(["sync", "gthread", " gevent ", "uvicorn.workers.UvicornWorker", None, 3]),
    "proxy_protocol": st.sampled_from([True, False, None, "v1", "auto", "0", "x", 1]),
    "header_map_behaviour": st.sampled_from(["drop", " Refuse ", "dangerous", "x", None, 1]),
    "http_protocols": st.sampled_from(["h1", "", "h1,h1", "h3", None, 1]),
    "http_protocols_h3": st.sampled_from(["h1", "", "h1,h1", "h2,h1", "h3", "h4", None, 1]),
    "http_parser": st.sampled_from(["auto", "fast", "python", "x", None, 1]),
    "http2_cleartext": st.sampled_from(["off", "both", True, False, None, "x", 3]),
    "asgi_loop": st.sampled_from(["auto", "UVLOOP", "x", None]),
    "asgi_lifespan": st.sampled_from(["auto", "on", "x", None, 3]),
    "reload_engine": st.sampled_from(["auto", "poll", "inotify", "x", "Poll"]),
    "anything": st.sampled_from([2, "TLSv1_2", None]),
    "hostport": st.sampled_from(["localhost:8125", "x:y", "h", "h:1:2", " h:7", "", None, 3]),
    "ssl_version": st.sampled_from([2, "TLSv1_2", "TLS", "nope", None, "2"]),
    "statsd_address": st.sampled_from(["localhost:8125", "unix:/x", "unix:8125", "x:y", "h", None]),
    "http2_frame_size": st.sampled_from([16384, 16383, "20000", "x"]),
    "http2_stream_limit": st.sampled_from([0, 1, "7"]),
    "http2_window_size": st.sampled_from([0, 65535, 2**31, "7"]),
}


def _generated(version: Version) -> list[Row]:
    return [row for name, row in sorted(rows_of(version).items()) if name not in _NOT_GENERATED and not row.hook]


def assignments(version: Version) -> st.SearchStrategy[tuple[str, object]]:
    """A setting and a value, right or wrong; sometimes one that only other versions have, which Gunicorn ignores."""
    own = st.sampled_from(_generated(version))
    others = [row for row in _generated_by_any() if row.name not in rows_of(version)]
    rows = st.one_of(own, own, own, st.sampled_from(others)) if others else own
    return rows.flatmap(lambda row: st.tuples(st.just(row.name), _BY_CHECK[row.check]))


def _generated_by_any() -> list[Row]:
    return [row for name, row in sorted(rows_of(None).items()) if name not in _NOT_GENERATED and not row.hook]


@dataclass(frozen=True)
class Variable:
    """An environment variable that an expression reads, with the value to set, or None to leave it unset."""

    name: str
    value: str | None


@st.composite
def expressions(draw: st.DrawFn, value: object) -> tuple[str, Variable | None]:
    """A Python expression for ``value`` as public configurations write it, and the variable that it reads."""
    literal = repr(value)
    name = draw(st.sampled_from(["A_VALUE", "B_VALUE"]))
    given = draw(st.sampled_from([None, "7", "x", "127.0.0.1:1"]))
    plain = [literal, f"({literal})", f"{literal} if True else None", f"_same({literal})", f"[{literal}][-1]"]
    if isinstance(value, str):
        plain += [f"'%s' % {literal}", f'f"{{{literal}}}"']
        plain += [f"{literal}.strip() + ''", f"''.join([{literal}])", f"'{{}}'.format({literal})"]
        reading = [f"os.environ.get({name!r}, {literal})", f"os.getenv({name!r}) or {literal}"]
        return draw(st.sampled_from([(text, None) for text in plain] + [(r, Variable(name, given)) for r in reading]))
    if isinstance(value, int) and not isinstance(value, bool):
        plain += [f"{value} * 1 + 0", f"max({value}, {value})", f"int({str(value)!r})", f"sum([{value}, 0])"]
        reading = [f"int(os.environ.get({name!r}, {str(value)!r}))"]
        given = draw(st.sampled_from([None, "7", "19"]))
        return draw(st.sampled_from([(text, None) for text in plain] + [(r, Variable(name, given)) for r in reading]))
    return draw(st.sampled_from(plain)), None


@st.composite
def configs(draw: st.DrawFn, version: Version) -> tuple[str, dict[str, str]]:
    """A config file and the environment that it reads."""
    lines = ["import os", "def _same(value):", "    return value"]
    variables: dict[str, str] = {}
    for name, value in draw(st.lists(assignments(version), max_size=4)):
        text, variable = draw(expressions(value))
        if variable is not None and variable.name in "".join(lines):
            text, variable = repr(value), None
        if variable is not None and variable.value is not None:
            variables[variable.name] = variable.value
        shape = draw(st.integers(0, 5))
        if shape == 0:
            lines += ["if len('ab') == 2:", f"    {name} = {text}", "else:", f"    {name} = None"]
        elif shape == 1:
            lines += [f"for _each in [{text}]:", f"    {name} = _each"]
        elif shape == 2:
            lines += ["try:", "    _x = {}['missing']", "except KeyError:", f"    {name} = {text}"]
        else:
            lines.append(f"{name} = {text}")
    return "\n".join(lines) + "\n", variables


@st.composite
def options(draw: st.DrawFn, version: Version) -> list[str]:
    """One option, written in one of the ways that argparse takes, with a value that is mostly right."""
    rows = [row for row in _generated(version) if row.flags]
    row = draw(st.sampled_from(rows))
    flag = draw(st.sampled_from(row.flags))
    if flag.startswith("--") and draw(st.integers(0, 4)) == 0:
        short = flag[: draw(st.integers(3, len(flag)))]
        flag = short if short != "--paste" else flag  # which is an option itself, and takes a package that few have
    if not row.takes_value:
        return [draw(st.sampled_from([flag, flag, flag, f"{flag}=1", "-D", "-RD"]))]
    if row.type == "int":
        value = draw(st.sampled_from(["7", "0", "12", " 3", "x", "0x10", "-1", "1_0"]))
    elif row.type == "auto_int":
        value = draw(st.sampled_from(["0", "0o22", "022", "18", "0x1f", "x"]))
    else:
        drawn = draw(_BY_CHECK.get(row.check, _TEXTS))
        value = str(drawn[0]) if isinstance(drawn, (list, tuple)) and drawn else str(drawn)
    if flag.startswith("--"):
        return draw(st.sampled_from([[flag, value], [f"{flag}={value}"], [flag, value], [flag]]))
    glued = [f"{flag}{value}"], [f"-D{flag[1:]}{value}"], [f"-R{flag[1:]}", value]
    return draw(st.sampled_from([[flag, value], *glued]))


@st.composite
def arguments(draw: st.DrawFn, version: Version) -> list[str]:
    """A whole command line; the application stands anywhere, or twice, or after ``--``."""
    words = [word for option in draw(st.lists(options(version), max_size=4)) for word in option]
    application = draw(st.sampled_from([["app:app"], ["app:app"], ["app:app", "more"], ["--", "app:app"]]))
    at = draw(st.sampled_from([0, len(words), len(words)]))
    return words[:at] + application + words[at:]


@st.composite
def environments(draw: st.DrawFn, version: Version) -> dict[str, str]:
    """The variables that Gunicorn itself reads."""
    made: dict[str, str] = {}
    for name, values in {
        "PORT": ["5000", "x", ""],
        "WEB_CONCURRENCY": ["3", "0"],
        "FORWARDED_ALLOW_IPS": ["*", "10.0.0.0/8", "127.0.0.1"],
        "SENDFILE": ["no", "1"],
    }.items():
        if draw(st.integers(0, 3)) == 0:
            made[name] = draw(st.sampled_from(values))
    if draw(st.booleans()):
        words = [word for option in draw(st.lists(options(version), max_size=3)) for word in option]
        made["GUNICORN_CMD_ARGS"] = shlex.join(words)
    return made
