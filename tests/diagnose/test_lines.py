"""What collectors put before a line is taken off; time, source and message are the same however it came."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cfgcheck.diagnose.lines import parse, path_of, tail_parts, upstream_address
from tests.diagnose.samples import TAIL, gunicorn, nginx, read_bytes, uwsgi

REFUSED = nginx("connect() failed (111: Connection refused) while connecting to upstream")
KILLED = gunicorn("Worker (pid:9) was sent SIGKILL! Perhaps out of memory?")
HARAKIRI = uwsgi("*** HARAKIRI ON WORKER 1 (pid: 12, try: 1, graceful: yes) ***")
SKIPPED = "invalid request block size: 21573 (max 4096)...skip"

PREFIXES = {
    "compose": ("web-1  | {}", "web-1"),
    "compose-colours": ("\x1b[36mweb-1  |\x1b[0m {}", "web-1"),
    "compose-time": ("web-1  | 2026-11-21T09:12:02.123456789Z {}", "web-1"),
    "docker-time": ("2026-11-21T09:12:02.123456789Z {}", ""),
    "kubectl-prefix": ("[pod/web-5c9d/nginx] {}", "web-5c9d/nginx"),
    "kubectl-time": ("[pod/web-5c9d/nginx] 2026-11-21T09:12:02.123456789Z {}", "web-5c9d/nginx"),
    "cri": ("2026-11-21T09:12:02.123456789+00:00 stderr F {}", ""),
    "journald": ("Nov 21 09:12:02 host web[12]: {}", "web"),
    "journald-iso": ("2026-11-21T09:12:02+0000 host web[12]: {}", "web"),
    "syslog": ("<187>Nov 21 09:12:02 host web: {}", "web"),
    "heroku": ("2026-11-21T09:12:02.000000+00:00 app[web.1]: {}", "app"),
}


@pytest.mark.parametrize("line", [REFUSED, KILLED, HARAKIRI, SKIPPED], ids=["nginx", "gunicorn", "uwsgi", "bare"])
@pytest.mark.parametrize("name", PREFIXES)
def test_a_prefix_is_taken_off(name: str, line: str) -> None:
    prefix, source = PREFIXES[name]
    bare, parsed = parse(line.encode()), parse(prefix.format(line).encode())
    assert (parsed.text, parsed.nginx, parsed.level, parsed.tail) == (bare.text, bare.nginx, bare.level, bare.tail)
    assert parsed.source.decode() == source
    if bare.time:
        assert parsed.time == bare.time == b"2026-11-21 09:12:02"
    else:
        told = {"compose": b"", "compose-colours": b"", "kubectl-prefix": b""}
        years = {"journald": b"11-21 09:12:02", "syslog": b"11-21 09:12:02"}
        assert parsed.time == {**told, **years}.get(name, b"2026-11-21 09:12:02")


@pytest.mark.parametrize("line", [REFUSED, KILLED, SKIPPED, "été \udcff"], ids=["nginx", "gunicorn", "bare", "bytes"])
def test_docker_files_are_json(line: str) -> None:
    data = line.encode("utf-8", "surrogateescape")
    text = data.decode("latin-1")
    wrapped = json.dumps({"log": text + "\n", "stream": "stderr", "time": "2026-11-21T09:12:02.5Z"})
    bare, parsed = parse(text.encode()), parse(wrapped.encode())
    assert (parsed.text, parsed.nginx, parsed.tail) == (bare.text, bare.nginx, bare.tail)
    assert parsed.time == b"2026-11-21 09:12:02"


NO_LOGS = ['{"log": 1}', '{"log": "', "{" * 5000, "[]", '{"a": {"log": "x"}}', '{"log": "\\ud800"}']


@pytest.mark.parametrize("text", NO_LOGS)
def test_json_that_is_no_log_stays_a_line(text: str) -> None:
    assert parse(text.encode()).time == b""


def test_the_end_of_an_error_line() -> None:
    parts = tail_parts(TAIL.encode())
    assert parts == (
        b"shop.example.com",
        b"GET /api/orders/17?page=2 HTTP/1.1",
        b"http://127.0.0.1:8000/api/orders/17?page=2",
        b"shop.example.com",
    )
    assert tail_parts(b', client: 1.2.3.4, server: , request: "GET /a"b HTTP/1.1", host: "x"') == (
        b"",
        b'GET /a"b HTTP/1.1',
        b"",
        b"x",
    )
    subrequest = b', client: unix:, server: x, request: "GET / HTTP/1.1", subrequest: "/a", upstream: "uwsgi://u"'
    assert tail_parts(subrequest)[2] == b"uwsgi://u"


@pytest.mark.parametrize(
    ("upstream", "address"),
    [
        ("http://127.0.0.1:8000/x", "127.0.0.1:8000"),
        ("http://[::1]:8000/x", "[::1]:8000"),
        ("http://unix:/run/shop.sock:/x", "unix:/run/shop.sock"),
        ("uwsgi://unix:/run/shop.sock:", "unix:/run/shop.sock"),
        ("uwsgi://127.0.0.1:3031", "127.0.0.1:3031"),
        ("http://shop/x", "shop"),
        ("https://10.0.0.5:443/", "10.0.0.5:443"),
    ],
)
def test_the_address_of_an_upstream(upstream: str, address: str) -> None:
    assert upstream_address(upstream.encode()).decode() == address


@pytest.mark.parametrize(
    ("request_line", "path"),
    [
        ("GET /orders/17?page=2 HTTP/1.1", "/orders/<n>"),
        ("GET /orders/17/items/4 HTTP/1.1", "/orders/<n>/items/<n>"),
        ("GET /v2/x HTTP/1.1", "/v2/x"),
        ("POST /u/0f8fad5b-d9cb-469f-a165-70867728950e HTTP/1.1", "/u/<n>"),
        ("nonsense", "nonsense"),
        ("", ""),
    ],
)
def test_paths_without_ids(request_line: str, path: str) -> None:
    assert path_of(request_line.encode()).decode() == path


def test_times_of_all_servers_and_the_span_that_they_make(tmp_path: Path) -> None:
    later = REFUSED.replace("09:12:02", "09:48:51")
    earlier = "web-1 | " + REFUSED.replace("09:12:02", "08:00:00")
    reading = read_bytes(tmp_path, "\n".join([REFUSED, later, earlier]).encode())
    (tally,) = reading.tallies
    assert (tally.count, tally.first, tally.last) == (3, b"2026-11-21 08:00:00", b"2026-11-21 09:48:51")


def test_times_without_a_year_count_only_where_none_has_one(tmp_path: Path) -> None:
    lines = [f"Nov 21 09:1{minute}:00 host uwsgi[1]: {SKIPPED}" for minute in (5, 1, 9)]
    (tally,) = read_bytes(tmp_path, "\n".join(lines).encode()).tallies
    assert (tally.first, tally.last) == (b"11-21 09:11:00", b"11-21 09:19:00")
    lines.append(f"2026-11-21T09:14:00Z host uwsgi[1]: {SKIPPED}")
    (tally,) = read_bytes(tmp_path, "\n".join(lines).encode()).tallies
    assert (tally.first, tally.last) == (b"2026-11-21 09:14:00", b"2026-11-21 09:14:00")
