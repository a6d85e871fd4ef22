"""How a way ends, and the limits that are no request's own: idle connections, the queue, a stop."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgcheck.model.located import Located
from cfgcheck.trace.hop import End, Hop, Way
from cfgcheck.trace.ladder import Ladder, ladder
from cfgcheck.trace.limits import Kind, Question, Side
from cfgcheck.trace.request import Request
from tests.trace.ladders import binding, ladder_of, nginx, rung, stack_of

PASS = "proxy_pass http://127.0.0.1:8000;"
GUNICORN = 'bind = "127.0.0.1:8000"\n'
THREADS = GUNICORN + "threads = 4\n"
POOL = "upstream shop {\nserver 127.0.0.1:8000;\n}"


def test_reaching_the_app(tmp_path: Path) -> None:
    found = ladder_of(tmp_path, {"nginx.conf": nginx(PASS), "gunicorn.conf.py": GUNICORN})
    assert (found.ends, found.status, found.fails) == ("it reaches gunicorn at 127.0.0.1:8000", None, False)
    assert [one.side for one in found.rungs] == sorted(
        (one.side for one in found.rungs), key=[Side.EDGE, Side.NGINX, Side.APP, Side.MANAGER].index
    )


def test_nothing_listens(tmp_path: Path) -> None:
    found = ladder_of(
        tmp_path, {"nginx.conf": nginx("proxy_pass http://127.0.0.1:8001;"), "gunicorn.conf.py": GUNICORN}
    )
    assert (found.status, found.fails) == (502, True)
    assert found.ends == "nothing known listens at 127.0.0.1:8001, where nginx passes it"
    assert {one.side for one in found.rungs} == {Side.NGINX}


def test_the_wrong_protocol(tmp_path: Path) -> None:
    found = ladder_of(tmp_path, {"nginx.conf": nginx("uwsgi_pass 127.0.0.1:8000;"), "gunicorn.conf.py": GUNICORN})
    assert found.fails
    assert found.ends == "gunicorn at 127.0.0.1:8000 expects http, nginx speaks uwsgi"


def test_another_server_of_the_pool_is_there(tmp_path: Path) -> None:
    http = "upstream pool {\nserver 127.0.0.1:8009;\nserver 127.0.0.1:8000;\n}"
    found = ladder_of(
        tmp_path, {"nginx.conf": nginx("proxy_pass http://pool;", http=http), "gunicorn.conf.py": GUNICORN}
    )
    assert not found.fails
    assert found.route is not None
    assert found.route.app is not None
    assert len(found.other_routes) == 1


@pytest.mark.parametrize(
    ("end", "status", "because", "wanted"),
    [
        (End.ANSWERS, 301, "", ("nginx answers it itself: 301", 301, False)),
        (End.FILES, None, "", ("nginx serves it from files", None, False)),
        (End.NOBODY, None, "nothing listens on port 81", ("nothing listens on port 81", None, True)),
        (End.UNKNOWN, None, "a variable decides", ("where it goes is not known: a variable decides", None, False)),
    ],
)
def test_what_is_not_passed_on(
    tmp_path: Path, end: End, status: int | None, because: str, wanted: tuple[str, int | None, bool]
) -> None:
    stack = stack_of(tmp_path, {"nginx.conf": nginx(PASS), "gunicorn.conf.py": GUNICORN})
    server = stack.proxies[0].servers[0]
    request = Request("http", "shop.example.com", 80, "/")
    hop = Hop(request, stack.proxies[0], end, server=server, status=status, because=because)
    found = ladder(stack, Way((hop,)))
    assert (found.ends, found.status, found.fails) == wanted
    assert Question.SLOW not in {one.question for one in found.bindings}
    assert {one.side for one in found.rungs} == {Side.NGINX}


def test_a_server_that_answers_looks_at_no_length(tmp_path: Path) -> None:
    """Seen with nginx 1.31.3: `return` of a server comes before the check of the body's size, that of a location
    after it."""
    stack = stack_of(tmp_path, {"nginx.conf": nginx("return 204;"), "gunicorn.conf.py": GUNICORN})
    server = stack.proxies[0].servers[0]
    request = Request("http", "shop.example.com", 80, "/", "POST", {}, 10**7)
    at_server = Hop(request, stack.proxies[0], End.ANSWERS, server=server, status=204)
    at_location = Hop(request, stack.proxies[0], End.ANSWERS, server=server, location=server.locations[0], status=204)
    assert ladder(stack, Way((at_server,))).status == 204
    assert ladder(stack, Way((at_location,))).status == 413


def test_no_nginx_at_all(tmp_path: Path) -> None:
    found = ladder(stack_of(tmp_path, {"gunicorn.conf.py": GUNICORN}), Way(()))
    assert (found.fails, found.rungs, found.bindings) == (True, (), ())


# ------------------------------------------------------------------------------------------- idle connections
def pooled(folder: Path, more: str, version: str = "1.30", http: str = POOL) -> Ladder:
    files = {"nginx.conf": nginx("proxy_pass http://shop;", http=http), "gunicorn.conf.py": THREADS + more}
    return ladder_of(folder, files, settings=f'nginx = "{version}"\ngunicorn = "23.0.0"\n')


def test_the_app_closes_first(tmp_path: Path) -> None:
    one = binding(pooled(tmp_path, ""), Question.IDLE)
    assert one.status == 502
    assert one.text == "gunicorn closes it after 2 s, nginx uses it for 60 s: a POST that meets the close gets 502"


def test_nginx_closes_first(tmp_path: Path) -> None:
    one = binding(pooled(tmp_path, "keepalive = 75\n"), Question.IDLE)
    assert (one.status, one.limit) == (None, 60)


@pytest.mark.parametrize(("version", "http"), [("1.28", POOL), ("1.30", POOL.replace(";\n}", ";\nkeepalive 0;\n}"))])
def test_nothing_is_kept(tmp_path: Path, version: str, http: str) -> None:
    found = pooled(tmp_path, "", version, http)
    assert rung(found, "upstream keepalive_timeout").value.value is None
    assert Question.IDLE not in {one.question for one in found.bindings}


# ------------------------------------------------------------------------------------------- the queue
def test_a_full_queue(tmp_path: Path) -> None:
    tcp = rung(ladder_of(tmp_path, {"nginx.conf": nginx(PASS), "gunicorn.conf.py": GUNICORN}), "backlog")
    assert (tcp.value.value, tcp.outcome.status) == (2048, 504)
    files = {
        "nginx.conf": nginx("proxy_pass http://unix:/run/shop.sock;"),
        "gunicorn.conf.py": 'bind = "unix:/run/shop.sock"\nbacklog = 64\n',
    }
    unix = rung(ladder_of(tmp_path, files), "backlog")
    assert (unix.value.value, unix.outcome.status) == (64, 502)
    assert unix.value.span is not None


def test_the_kernel_has_a_say(tmp_path: Path) -> None:
    files = {"nginx.conf": nginx(PASS), "gunicorn.conf.py": GUNICORN}
    settings = 'nginx = "1.30"\ngunicorn = "23.0.0"\nsomaxconn = 128\n'
    assert rung(ladder_of(tmp_path, files, settings=settings), "backlog").value.value == 128


@pytest.mark.parametrize(("more", "number"), [("workers = 3\n", 3), ("workers = 3\nthreads = 4\n", 12)])
def test_requests_at_once(tmp_path: Path, more: str, number: int) -> None:
    found = ladder_of(tmp_path, {"nginx.conf": nginx(PASS), "gunicorn.conf.py": GUNICORN + more})
    (one,) = [each for each in found.rungs if each.kind is Kind.CONCURRENCY]
    assert one.value == Located.default(number)


# ------------------------------------------------------------------------------------------- stop
def stopped(folder: Path, grace: str) -> Ladder:
    compose = f"""services:
  web:
    image: shop
    command: gunicorn -b 0.0.0.0:8000 -w 3 --graceful-timeout 30 shop.wsgi
{grace}
  nginx:
    image: nginx:1.30
    volumes: ["./shop.conf:/etc/nginx/conf.d/default.conf"]
    depends_on: [web]
"""
    conf = "server {\nlisten 80;\nlocation / {\nproxy_pass http://web:8000;\n}\n}\n"
    return ladder_of(folder, {"compose.yaml": compose, "shop.conf": conf})


def test_the_manager_kills_first(tmp_path: Path) -> None:
    one = binding(stopped(tmp_path, "    stop_grace_period: 20s"), Question.STOP)
    assert (one.limit, one.rung and one.rung.side) == (20, Side.MANAGER)


def test_the_app_has_the_time(tmp_path: Path) -> None:
    one = binding(stopped(tmp_path, "    stop_grace_period: 40s"), Question.STOP)
    assert (one.limit, one.rung and one.rung.name) == (30, "graceful_timeout")


def test_no_manager_no_word_of_a_stop(tmp_path: Path) -> None:
    found = ladder_of(tmp_path, {"nginx.conf": nginx(PASS), "gunicorn.conf.py": GUNICORN})
    assert Question.STOP not in {one.question for one in found.bindings}
