"""The text report, whole."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfgcheck.findings import Finding, Label, Severity, Symptom
from cfgcheck.record import replace
from cfgcheck.report.cells import width_of
from cfgcheck.report.result import Extras
from cfgcheck.report.terminal import Terminal
from cfgcheck.report.text import readable_pattern, render
from cfgcheck.source.file import SourceFile
from tests.report.samples import GUNICORN, NGINX, TIMEOUT, UNCHECKED, UNREACHABLE, at, finding, result


def test_a_whole_report() -> None:
    shown = render(result(TIMEOUT, UNREACHABLE, unchecked=UNCHECKED, suppressed=1), Terminal())
    assert (
        shown
        == """\
error[unreachable-upstream]: nginx passes /api/ to 127.0.0.1:8001, where nothing listens
  shop.example.com /api/ → gunicorn web
  ╭─ nginx/shop.conf:2:12
2 │     server 127.0.0.1:8001;
  │            ^^^^^^^^^^^^^^ nginx connects to port 8001
⋮
8 │         proxy_pass http://app;
  │         ---------------------- used here
  ╭─ gunicorn.conf.py:1:8
1 │ bind = "127.0.0.1:8000"
  │        ---------------- Gunicorn listens on port 8000
  = client sees: 502 Bad Gateway when any request reaches /api/
  = log says:    connect() failed (111: Connection refused) while connecting to upstream
  = mend:        Let both name one port: server 127.0.0.1:8000; in the upstream
  = see:         cfgcheck explain unreachable-upstream

warning[read-timeout-not-above-app-timeout]: nginx gives up before Gunicorn does
  shop.example.com /api/ → gunicorn web
  ╭─ nginx/shop.conf:9:9
9 │         proxy_read_timeout 20s;
  │         ^^^^^^^^^^^^^^^^^^^^^^^ nginx gives up after 20 s
  ╭─ gunicorn.conf.py:3:1
3 │ timeout = 30
  │ ------------ a worker may take 30 s
  = client sees: 504 Gateway Timeout when a response takes longer than 20 s
  = log says:    upstream timed out
  = mend:        proxy_read_timeout 31s;

Found 1 error and 1 warning.
Looked at 2 files: 1 proxy, 1 app and 1 route (1 linked); 71 rules run, 1 finding suppressed.
3 checks could not be made; --show-unchecked says why.
"""
    )


def test_a_narrow_terminal() -> None:
    shown = render(result(UNREACHABLE), Terminal(40))
    assert (
        shown
        == """\
error[unreachable-upstream]: nginx
  passes /api/ to 127.0.0.1:8001, where
  nothing listens
  shop.example.com /api/ → gunicorn web
  ╭─ nginx/shop.conf:2:12
2 │     server 127.0.0.1:8001;
  │            ^^^^^^^^^^^^^^
  │        ╰ nginx connects to port 8001
⋮
8 │         proxy_pass http://app;
  │         ----------------------
  │         ╰ used here
  ╭─ gunicorn.conf.py:1:8
1 │ bind = "127.0.0.1:8000"
  │        ----------------
  │      ╰ Gunicorn listens on port 8000
  = client sees: 502 Bad Gateway when
                 any request reaches
                 /api/
  = log says:    connect() failed (111:
                 Connection refused)
                 while connecting to
                 upstream
  = mend:        Let both name one port:
                 server 127.0.0.1:8000;
                 in the upstream
  = see:         cfgcheck explain
                 unreachable-upstream

Found 1 error.
Looked at 2 files: 1 proxy, 1 app and 1
route (1 linked); 71 rules run.
"""
    )


def test_no_problems_is_said_with_what_was_looked_at() -> None:
    assert render(result(), Terminal()) == (
        "No problems.\nLooked at 2 files: 1 proxy, 1 app and 1 route (1 linked); 71 rules run.\n"
    )


def test_nothing_looked_at_is_no_success() -> None:
    shown = render(result(files=0, proxies=0, apps=0, routes=0, links=0), Terminal())
    assert shown.startswith("Nothing to check: no configuration of nginx or of an app server found.\n")
    assert "No problems" not in shown


def test_unchecked_by_reason() -> None:
    shown = render(result(unchecked=UNCHECKED), Terminal(), Extras(unchecked=True))
    assert shown.startswith("""\
Not checked
  because nginx's user is not known
    socket-in-home: shop.example.com /
    unwritable-socket: shop.example.com /
  because nginx's version is not known
    upstream-keepalive-race: shop.example.com /api/ (nginx/shop.conf:4:1)

No problems.
""")
    assert "--show-unchecked" not in shown


def test_statistics() -> None:
    shown = render(result(TIMEOUT, UNREACHABLE, TIMEOUT), Terminal(), Extras(statistics=True))
    assert (
        """
Findings by rule
  2  warning  read-timeout-not-above-app-timeout
  1  error    unreachable-upstream
"""
        in shown
    )


def alike(number: int) -> list[Finding]:
    text = "".join(f"server_{index} x;\n" for index in range(number))
    file = SourceFile("many.conf", text)
    return [
        finding(Label(at(file, f"server_{index} x;")), rule="missing-host", subject=f"s{index}", message="no Host")
        for index in range(number)
    ]


def test_the_same_at_many_places_is_said_once_and_listed() -> None:
    shown = render(result(*alike(25)), Terminal())
    assert shown.count("warning[missing-host]") == 1
    assert "  The same at 24 more places:\n    many.conf:2:1  s1\n    many.conf:3:1  s2\n" in shown
    assert "    many.conf:21:1  s20\n    and 4 more, which --format json lists\n" in shown
    assert "Found 25 warnings." in shown


def test_code_of_several_statements_stands_on_lines_of_its_own() -> None:
    remedy = (
        "Hand it on. At the http level `map $a $b { default x; y z; }`, and here `proxy_set_header A $b;`. That is all"
    )
    one = finding(Label(at(SourceFile("a.conf", "x;"), "x;")), remedy=remedy)
    assert (
        """\
  = mend:        Hand it on. At the http level:
                   map $a $b { default x; y z; }
                 and here `proxy_set_header A $b;`. That is all
"""
        in render(result(one), Terminal())
    )
    two = finding(Label(at(SourceFile("a.conf", "x;"), "x;")), remedy="Repeat them here. `a 1; b '';` And so on")
    assert "Repeat them here:\n                   a 1;\n                   b '';\n                 And so" in render(
        result(two), Terminal()
    )


def test_subjects_with_the_same_place_are_named() -> None:
    shown = render(result(replace(TIMEOUT, also=("b /", "c /", "d /", "e /"))), Terminal())
    assert "\n  shop.example.com /api/ → gunicorn web, b /, c /, d / and 1 more\n" in shown


def test_colour_marks_severity_and_can_be_taken_away_again() -> None:
    coloured = render(result(TIMEOUT, UNREACHABLE), Terminal(colour=True))
    assert "\x1b[1;31merror[unreachable-upstream]\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render(result(TIMEOUT, UNREACHABLE), Terminal())


def test_ascii_only() -> None:
    shown = render(result(TIMEOUT, UNREACHABLE, unchecked=UNCHECKED), Terminal(unicode=False), Extras(True, True))
    assert shown.isascii()
    assert "shop.example.com /api/ -> gunicorn web" in shown


@given(st.integers(40, 120), st.text(max_size=200), st.text(max_size=60))
def test_prose_of_any_kind_fits_and_cannot_escape(width: int, text: str, label: str) -> None:
    sample = finding(
        Label(at(NGINX, "listen 80;"), label),
        Label(at(GUNICORN, "workers"), text),
        message=text or "x",
        subject=text,
        symptom=Symptom(599, text, label),
        remedy=text,
        help=label,
        severity=Severity.INFO,
    )
    shown = render(result(sample, unchecked=UNCHECKED), Terminal(width), Extras(True, True))
    assert all(width_of(line) <= width for line in shown.split("\n") if "╭─" not in line)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", shown)
    shown.encode("utf-8")


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [
        (r"connect\(\) failed \(111: Connection refused\)", "connect() failed (111: Connection refused)"),
        (r"^WORKER TIMEOUT \(pid:\d+\)$", "WORKER TIMEOUT (pid:…)"),
        (r"upstream sent .* header", "upstream sent … header"),
        (r"[^ ]+ is too large", "… is too large"),
        (r"upstream (timed out|sent \w+).* \(x\)", "upstream timed out… (x)"),
        (r"no (?:live )?upstreams", "no live upstreams"),
    ],
)
def test_log_patterns_read_like_log_lines(pattern: str, shown: str) -> None:
    assert readable_pattern(pattern) == shown


class FakeTerminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("choice", "environment", "coloured"),
    [
        ("auto", {}, True),
        ("auto", {"TERM": "dumb"}, False),
        ("auto", {"NO_COLOR": "1"}, False),
        ("auto", {"NO_COLOR": ""}, True),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colours_on_a_terminal(choice: str, environment: dict[str, str], coloured: bool) -> None:
    assert Terminal.of(FakeTerminal(), choice, environment).colour is coloured


def test_without_a_terminal_the_layout_is_fixed() -> None:
    terminal = Terminal.of(io.StringIO(), "auto", {"COLUMNS": "50"})
    assert (terminal.width, terminal.colour) == (100, False)
    assert Terminal.of(io.StringIO(), "auto", {"FORCE_COLOR": "1"}).colour
    assert not Terminal.of(io.StringIO(), "auto", {"FORCE_COLOR": "0"}).colour


def test_an_encoding_other_than_utf8_means_ascii() -> None:
    latin = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    assert not Terminal.of(latin, "auto", {}).unicode
