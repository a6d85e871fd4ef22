"""Which limit a long URL, a big header or a big body meets first, and whether the request at hand is too big."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cfgcheck.trace.ladder import Ladder
from cfgcheck.trace.limits import Question
from tests.trace.ladders import binding, ladder_of, nginx, rung

PASS = "proxy_pass http://127.0.0.1:8000;"
GUNICORN = 'bind = "127.0.0.1:8000"\n'
UWSGI = "[uwsgi]\nsocket = 127.0.0.1:3031\nmodule = shop.wsgi\nmaster = true\n"


def first(found: Ladder, question: Question) -> tuple[str | None, float | None, int | None]:
    one = binding(found, question)
    return (one.rung.name if one.rung else None, one.limit, one.status)


def gunicorn(folder: Path, more: str = "", server: str = "", **asked: Any) -> Ladder:
    version = asked.pop("version", "27.0.1")
    return ladder_of(
        folder,
        {"nginx.conf": nginx(PASS, server=server), "gunicorn.conf.py": GUNICORN + more},
        settings=f'nginx = "1.30"\ngunicorn = "{version}"\n',
        **asked,
    )


@pytest.mark.parametrize(
    ("more", "server", "version", "wanted"),
    [
        ("", "", "27.0.1", ("limit_request_line", 4094, 414)),
        ("", "", "23.0.0", ("limit_request_line", 4094, 400)),
        ("limit_request_line = 9000\n", "", "27.0.1", ("large_client_header_buffers", 8190, 414)),
        (
            "limit_request_line = 9000\n",
            "large_client_header_buffers 4 16k;",
            "27.0.1",
            ("limit_request_line", 8190, 414),
        ),
        ("limit_request_line = 0\n", "", "27.0.1", ("large_client_header_buffers", 8190, 414)),
        ("", "large_client_header_buffers 4 2k;", "27.0.1", ("large_client_header_buffers", 2046, 414)),
        ('worker_class = "uvicorn.workers.UvicornWorker"\n', "", "27.0.1", ("large_client_header_buffers", 8190, 414)),
    ],
)
def test_a_long_url(tmp_path: Path, more: str, server: str, version: str, wanted: tuple[str, float, int]) -> None:
    assert first(gunicorn(tmp_path, more, server, version=version), Question.URL) == wanted


def test_no_limit_that_an_old_gunicorn_breaks(tmp_path: Path) -> None:
    found = gunicorn(tmp_path, "limit_request_line = 0\n", version="23.0.0")
    assert [one.name for one in binding(found, Question.URL).doubts] == ["limit_request_line"]


# Facts: gunicorn 5.5: 8188 bytes pass with their name, 8189 are 431 of Gunicorn's, 8191 are 400 of nginx's.
def test_a_big_header(tmp_path: Path) -> None:
    assert first(gunicorn(tmp_path), Question.HEADER) == ("limit_request_field_size", 8188, 431)
    assert first(gunicorn(tmp_path, version="21.2.0"), Question.HEADER) == ("limit_request_field_size", 8188, 400)


def test_uwsgis_buffer_takes_all(tmp_path: Path) -> None:
    files = {"nginx.conf": nginx("uwsgi_pass 127.0.0.1:3031;"), "uwsgi.ini": UWSGI}
    assert first(ladder_of(tmp_path, files), Question.HEADER) == ("buffer-size", 4096, 502)
    files["uwsgi.ini"] += "buffer-size = 32768\n"
    assert first(ladder_of(tmp_path, files), Question.HEADER) == ("large_client_header_buffers", 8190, 400)


@pytest.mark.parametrize(
    ("server", "more", "wanted"),
    [
        ("", "", ("client_max_body_size", 1048576, 413)),
        ("client_max_body_size 20m;", "limit-post = 10485760\n", ("limit-post", 10485760, 502)),
        ("client_max_body_size 0;", "", (None, None, None)),
    ],
)
def test_a_big_body(
    tmp_path: Path, server: str, more: str, wanted: tuple[str | None, float | None, int | None]
) -> None:
    files = {"nginx.conf": nginx("uwsgi_pass 127.0.0.1:3031;", server=server), "uwsgi.ini": UWSGI + more}
    assert first(ladder_of(tmp_path, files), Question.BODY) == wanted


# ------------------------------------------------------------------------------------------- this very request
def test_a_body_that_fits_to_the_byte(tmp_path: Path) -> None:
    assert gunicorn(tmp_path, method="POST", body=1048576).cuts == ()
    found = gunicorn(tmp_path, method="POST", body=1048577)
    assert (found.fails, found.status) == (True, 413)
    assert found.ends == "the body has 1048577 B, nginx takes 1 MiB (client_max_body_size)"


@pytest.mark.parametrize(("size", "status"), [(8188, None), (8189, 431), (8190, 431), (8191, 400)])
def test_a_header_line(tmp_path: Path, size: int, status: int | None) -> None:
    value = "v" * (size - len("x-b: "))
    found = gunicorn(tmp_path, headers={"x-b": value}, sent={"X-B": value})
    assert found.status == status
    assert found.fails == (status is not None)


@pytest.mark.parametrize(("size", "status"), [(4094, None), (4095, 414), (8190, 414), (8191, 414)])
def test_a_request_line(tmp_path: Path, size: int, status: int | None) -> None:
    found = gunicorn(tmp_path, target="/" + "x" * (size - len("GET / HTTP/1.1")))
    assert found.status == status
    assert [cut.rung.side.value for cut in found.cuts][:1] == (
        [] if status is None else ["nginx" if size > 8190 else "app"]
    )


def test_all_headers_together(tmp_path: Path) -> None:
    some = {f"x-{number}": "v" * 8000 for number in range(4)}
    assert gunicorn(tmp_path, headers=some).cuts == ()
    many = {f"x-{number}": "v" * 7000 for number in range(5)}
    found = gunicorn(tmp_path, headers=many)
    assert (found.fails, found.status) == (True, 400)


def test_a_uwsgi_packet(tmp_path: Path) -> None:
    files = {"nginx.conf": nginx("uwsgi_pass 127.0.0.1:3031;"), "uwsgi.ini": UWSGI}
    at_most = 4096 - 4 - len("HTTP_COOKIE")
    assert ladder_of(tmp_path, files, sent={"HTTP_COOKIE": "v" * at_most}).cuts == ()
    found = ladder_of(tmp_path, files, sent={"HTTP_COOKIE": "v" * (at_most + 1)})
    assert found.status == 502
    assert found.ends == "what is sent on has 4097 B, uwsgi takes 4 KiB (buffer-size)"


# Seen with Gunicorn 27.0.1 behind nginx 1.31.3: a line of 8190 bytes is 431 though 0 is set; the asgi worker takes it.
@pytest.mark.parametrize(
    ("version", "worker", "limit"),
    [("23.0.0", "sync", None), ("25.1.0", "sync", None), ("25.2.0", "sync", 8190), ("27.0.1", "gthread", 8190),
     ("27.0.1", "asgi", None)],
)  # fmt: skip
def test_a_field_size_of_nought(tmp_path: Path, version: str, worker: str, limit: int | None) -> None:
    found = gunicorn(tmp_path, f'limit_request_field_size = 0\nworker_class = "{worker}"\n', version=version)
    assert rung(found, "limit_request_field_size").value.get(-1) == limit


# Seen with uWSGI 2.0.30, `http-socket` and buffer-size 4096: a path of 2008 bytes is served, 2009 are not; a header
# beside a path of 1001 had room for 1899.
@pytest.mark.parametrize(
    ("path", "header", "status"), [(2008, 0, None), (2030, 0, 502), (1001, 1899, None), (1001, 3100, 502)]
)
def test_a_request_over_http_in_uwsgis_buffer(tmp_path: Path, path: int, header: int, status: int | None) -> None:
    uwsgi = UWSGI.replace("socket", "http-socket")
    files = {"nginx.conf": nginx("proxy_pass http://127.0.0.1:3031;"), "uwsgi.ini": uwsgi}
    found = ladder_of(tmp_path, files, target="/" + "x" * (path - 1), sent={"Host": "a", "X-B": "v" * header})
    assert found.status == status


# Seen with waitress 3.0.2 and max-request-body-size 1000: 999 bytes are taken, 1000 are 413.
def test_waitress_refuses_its_very_limit(tmp_path: Path) -> None:
    command = "web: waitress-serve --port=8000 --max-request-body-size=1000 shop:app\n"
    files = {"nginx.conf": nginx("proxy_pass http://127.0.0.1:8000;"), "Procfile": command}
    assert not ladder_of(tmp_path, files, method="POST", body=999).fails
    found = ladder_of(tmp_path, files, method="POST", body=1000)
    assert (found.fails, found.cuts[0].rung.outcome.word) == (True, "413/502")


# Seen with uvicorn 0.54 (h11) and Hypercorn 0.18: a header that comes whole is taken, whatever its size.
def test_what_h11_takes_in_one_piece_is_not_cut_off(tmp_path: Path) -> None:
    command = "web: uvicorn --http h11 --port 8000 --h11-max-incomplete-event-size 3000 shop:app\n"
    files = {"nginx.conf": nginx("proxy_pass http://127.0.0.1:8000;"), "Procfile": command}
    found = ladder_of(tmp_path, files, sent={"X-B": "v" * 3050})
    assert found.cuts == ()
    assert rung(found, "h11_max_incomplete_event_size").note == "a header that comes in one piece may be larger"


def test_limits_of_the_response_cut_no_request(tmp_path: Path) -> None:
    found = gunicorn(tmp_path, server="proxy_buffer_size 4k;")
    assert rung(found, "proxy_buffer_size").value.value == 4096
    assert found.cuts == ()
