"""Which limit ends a slow response, and what goes on after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgcheck.trace.ladder import Ladder
from cfgcheck.trace.limits import Question
from tests.trace.ladders import binding, ladder_of, nginx, rung

PASS = "proxy_pass http://127.0.0.1:8000;"
TWO = "upstream pool {\nserver 127.0.0.1:8000;\nserver 127.0.0.1:8001;\n}"
GUNICORN = 'bind = "127.0.0.1:8000"\n'
UWSGI = "[uwsgi]\nsocket = 127.0.0.1:3031\nmodule = shop.wsgi\nmaster = true\nprocesses = 4\n"


def gunicorn(folder: Path, read: str, more: str, *, version: str = "23.0.0", method: str = "GET") -> Ladder:
    files = {"nginx.conf": nginx(f"{read}\n{PASS}"), "gunicorn.conf.py": GUNICORN + more}
    return ladder_of(folder, files, settings=f'nginx = "1.30"\ngunicorn = "{version}"\n', method=method)


def uwsgi(folder: Path, location: str, more: str, http: str = "") -> Ladder:
    return ladder_of(folder, {"nginx.conf": nginx(location, http=http), "uwsgi.ini": UWSGI + more})


def slow(found: Ladder) -> tuple[str | None, float | None, int | None]:
    one = binding(found, Question.SLOW)
    return (one.rung.name if one.rung else None, one.limit, one.status)


@pytest.mark.parametrize(
    ("read", "more", "version", "wanted"),
    [
        ("proxy_read_timeout 20s;", "timeout = 30\n", "23.0.0", ("proxy_read_timeout", 20, 504)),
        ("proxy_read_timeout 40s;", "timeout = 30\n", "23.0.0", ("timeout", 30, 500)),
        ("proxy_read_timeout 40s;", "timeout = 30\n", "21.2.0", ("timeout", 30, 502)),
        ("proxy_read_timeout 30s;", "timeout = 30\n", "23.0.0", ("proxy_read_timeout", 30, 504)),
        ("", "timeout = 5\nthreads = 4\n", "23.0.0", ("proxy_read_timeout", 60, 504)),
        ("", "timeout = 0\n", "23.0.0", ("proxy_read_timeout", 60, 504)),
    ],
)
def test_gunicorn_or_nginx(tmp_path: Path, read: str, more: str, version: str, wanted: tuple[str, float, int]) -> None:
    assert slow(gunicorn(tmp_path, read, more, version=version)) == wanted


def test_what_works_on(tmp_path: Path) -> None:
    text = binding(gunicorn(tmp_path, "proxy_read_timeout 20s;", "timeout = 30\n"), Question.SLOW).text
    assert text == (
        "nginx gives up after 20 s (proxy_read_timeout): 504. The worker of gunicorn works on until 30 s (timeout)"
    )


def test_nothing_ends_a_thread(tmp_path: Path) -> None:
    found = gunicorn(tmp_path, "", "timeout = 30\nthreads = 4\n")
    assert "works on until it is done: nothing ends it" in binding(found, Question.SLOW).text
    assert rung(found, "timeout").value.value is None
    assert rung(found, "timeout").note == "timeout = 30 is the workers' heartbeat: it ends no request"


def test_the_app_first(tmp_path: Path) -> None:
    text = binding(gunicorn(tmp_path, "proxy_read_timeout 90s;", "timeout = 30\n"), Question.SLOW).text
    assert text == "gunicorn ends the request after 30 s (timeout): 500, the worker ends. nginx would wait until 90 s"


def test_unknown_app_limit(tmp_path: Path) -> None:
    found = gunicorn(tmp_path, "", "import socket\ntimeout = len(socket.gethostname())\n")
    one = binding(found, Question.SLOW)
    assert slow(found) == ("proxy_read_timeout", 60, 504)
    assert [doubt.name for doubt in one.doubts] == ["timeout"]
    assert "How long gunicorn works on is not known" in one.text


def test_a_declared_edge_is_first(tmp_path: Path) -> None:
    files = {"nginx.conf": nginx(PASS), "gunicorn.conf.py": GUNICORN}
    settings = (
        'nginx = "1.30"\ngunicorn = "23.0.0"\n[edge]\nkind = "corporate"\nresponse = "10s"\nidle = "60s"\ntls = true\n'
    )
    found = ladder_of(tmp_path, files, settings=settings)
    assert slow(found) == ("response limit", 10, None)
    assert binding(found, Question.SLOW).text.startswith(
        "edge corporate gives up after 10 s (response limit): an error of its own"
    )
    assert [one.name for one in found.rungs[:2]] == ["response limit", "idle limit"]


# Several servers: a GET waits for each of them in turn, a POST that was sent does not (facts: gunicorn 9.9, 9.8e).
@pytest.mark.parametrize(
    ("method", "extra", "wanted"),
    [
        ("GET", "", 40),
        ("POST", "", 20),
        ("POST", "proxy_next_upstream error timeout non_idempotent;", 40),
        ("GET", "proxy_next_upstream error;", 20),
        ("GET", "proxy_next_upstream off;", 20),
        ("GET", "proxy_next_upstream_tries 1;", 20),
        ("GET", "proxy_next_upstream_timeout 15s;", 20),
        ("GET", "proxy_next_upstream_timeout 25s;", 40),
    ],
)
def test_a_second_try(tmp_path: Path, method: str, extra: str, wanted: float) -> None:
    location = f"proxy_read_timeout 20s;\n{extra}\nproxy_pass http://pool;"
    files = {
        "nginx.conf": nginx(location, http=TWO),
        "gunicorn.conf.py": 'bind = ["127.0.0.1:8000", "127.0.0.1:8001"]\ntimeout = 100\n',
    }
    assert slow(ladder_of(tmp_path, files, method=method)) == ("proxy_read_timeout", wanted, 504)


def test_servers_that_are_down_are_not_tried(tmp_path: Path) -> None:
    http = "upstream pool {\nserver 127.0.0.1:8000;\nserver 127.0.0.1:8001 down;\n}"
    files = {"nginx.conf": nginx("proxy_pass http://pool;", http=http), "gunicorn.conf.py": GUNICORN + "threads = 4\n"}
    assert binding(ladder_of(tmp_path, files), Question.SLOW).limit == 60


@pytest.mark.parametrize(
    ("location", "more", "wanted"),
    [
        ("uwsgi_read_timeout 30s;\nuwsgi_pass 127.0.0.1:3031;", "harakiri = 20\n", ("harakiri", 20, 502)),
        ("uwsgi_read_timeout 10s;\nuwsgi_pass 127.0.0.1:3031;", "harakiri = 20\n", ("uwsgi_read_timeout", 10, 504)),
        ("proxy_read_timeout 5s;\nuwsgi_pass 127.0.0.1:3031;", "", ("uwsgi_read_timeout", 60, 504)),
        ("uwsgi_pass 127.0.0.1:3031;", "harakiri = 0\n", ("uwsgi_read_timeout", 60, 504)),
    ],
)
def test_harakiri_or_nginx(tmp_path: Path, location: str, more: str, wanted: tuple[str, float, int]) -> None:
    assert slow(uwsgi(tmp_path, location, more)) == wanted


def test_harakiri_is_inexact(tmp_path: Path) -> None:
    """Seen from a second before to a second after (facts: uwsgi 2.03)."""
    text = binding(
        uwsgi(tmp_path, "uwsgi_read_timeout 21s;\nuwsgi_pass 127.0.0.1:3031;", "harakiri = 20\n"), Question.SLOW
    )
    assert "either may be the first" in text.text
    far = uwsgi(tmp_path, "uwsgi_read_timeout 25s;\nuwsgi_pass 127.0.0.1:3031;", "harakiri = 20\n")
    assert "either may be the first" not in binding(far, Question.SLOW).text


def test_harakiri_with_threads(tmp_path: Path) -> None:
    found = uwsgi(tmp_path, "uwsgi_pass 127.0.0.1:3031;", "harakiri = 20\nthreads = 4\n")
    assert rung(found, "harakiri").note.startswith("not reliable with threads")


def test_a_killed_worker_is_tried_elsewhere(tmp_path: Path) -> None:
    http = "upstream pool {\nserver 127.0.0.1:3031;\nserver 127.0.0.1:3032;\n}"
    more = "socket = 127.0.0.1:3032\nharakiri = 20\n"
    found = uwsgi(tmp_path, "uwsgi_pass pool;", more, http)
    assert slow(found) == ("harakiri", 40, 502)


def test_uwsgis_router(tmp_path: Path) -> None:
    ini = "[uwsgi]\nhttp = 127.0.0.1:8000\nmodule = shop.wsgi\nmaster = true\nhttp-timeout = 15\nharakiri = 50\n"
    found = ladder_of(tmp_path, {"nginx.conf": nginx(PASS), "uwsgi.ini": ini})
    assert slow(found) == ("http-timeout", 15, 502)
    assert "works on until 50 s (harakiri)" in binding(found, Question.SLOW).text


def test_nginx_waits_for_whom_nobody_knows(tmp_path: Path) -> None:
    found = ladder_of(tmp_path, {"nginx.conf": nginx("proxy_pass http://10.9.9.9:8000;"), "gunicorn.conf.py": GUNICORN})
    assert slow(found) == ("proxy_read_timeout", 60, 504)
    assert "What stands behind it is not known" in binding(found, Question.SLOW).text
    assert "it leaves for 10.9.9.9:8000" in found.ends
    assert not found.fails
