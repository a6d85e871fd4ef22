"""Which listener a route arrives at, and when "nothing listens there" may be said."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path

import pytest

from cfgcheck.app import Input, load
from cfgcheck.model.stack import Link, Route
from cfgcheck.settings import load_settings

APP = "[uwsgi]\nmodule = shop.wsgi\nhttp-socket = {}\n"
HOSTS = """
[hosts.web]
addresses = ["10.0.0.4"]
paths = ["web"]
[hosts.app]
addresses = ["10.0.0.5", "app.internal"]
paths = ["app"]
"""


def nginx(*targets: str, http: str = "", listen: str = "80") -> str:
    locations = "\n".join(f"location /{number} {{ proxy_pass {target}; }}" for number, target in enumerate(targets))
    return f"events {{}}\nhttp {{\n{http}\nserver {{ listen {listen};\n{locations}\n}}\n}}\n"


def routes(folder: Path, files: Mapping[str, str]) -> list[Route]:
    """The routes of a small stack."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    with chdir(folder):
        _, stacks = load(Input((folder,)), load_settings(folder))
    return [route for stack in stacks for route in stack.routes]


def links(folder: Path, files: Mapping[str, str]) -> list[str]:
    return [route.link.value for route in routes(folder, files)]


@pytest.mark.parametrize(
    ("target", "listener", "expected"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1:8000", Link.MATCHED),
        ("http://127.0.0.1:8001", "127.0.0.1:8000", Link.NO_LISTENER),
        ("http://unix:/run/a.sock", "/run/b.sock", Link.NO_LISTENER),
        ("http://unix:/var/run/a.sock:/", "/run/a.sock", Link.MATCHED),
        ("http://10.0.0.9:8000", "127.0.0.1:8000", Link.EXTERNAL),  # nobody's address
        ("http://10.0.0.5:8000", "10.0.0.5:8000", Link.MATCHED),  # this machine's, as the app says
        ("http://10.0.0.5:8001", "10.0.0.5:8000", Link.NO_LISTENER),
        ("http://web:8000", "0.0.0.0:8000", Link.MATCHED),  # a container's name
        ("http://web:8000", "127.0.0.1:8000", Link.EXTERNAL),
        ("http://api.example.net", "127.0.0.1:8000", Link.EXTERNAL),
        ("http://$backend", "127.0.0.1:8000", Link.UNKNOWN),
    ],
)
def test_one_target_and_one_app(tmp_path: Path, target: str, listener: str, expected: Link) -> None:
    assert links(tmp_path, {"nginx.conf": nginx(target), "uwsgi.ini": APP.format(listener)}) == [expected.value]


def test_the_nearest_listener_is_the_most_similar_one(tmp_path: Path) -> None:
    files = {
        "nginx.conf": nginx("http://127.0.0.1:8001"),
        "uwsgi.ini": APP.format("/run/a.sock") + "http-socket = 127.0.0.9:8002\nhttp-socket = 127.0.0.2:8001\n",
    }
    (route,) = routes(tmp_path, files)
    assert [str(listener.address.value) for _, listener in route.nearest] == [
        "127.0.0.2:8001",
        "127.0.0.9:8002",
        "unix:/run/a.sock",
    ]


def test_a_second_server_beside_an_app_that_is_reached(tmp_path: Path) -> None:
    files = {
        "nginx.conf": nginx("http://127.0.0.1:8000", "http://127.0.0.1:3000"),
        "uwsgi.ini": APP.format("127.0.0.1:8000"),
    }
    assert links(tmp_path, files) == ["matched", "external"]


@pytest.mark.parametrize("rival", ["http://web:9000", "http://10.0.0.9:8000", "http://$backend"])
def test_the_app_may_be_what_another_target_means(tmp_path: Path, rival: str) -> None:
    files = {"nginx.conf": nginx(rival, "http://127.0.0.1:3000"), "uwsgi.ini": APP.format("127.0.0.1:8000")}
    assert links(tmp_path, files)[1] == "unknown"


@pytest.mark.parametrize("bystander", ["https://bucket.example.net", "http://api.example.net"])
def test_a_target_far_away_is_no_rival(tmp_path: Path, bystander: str) -> None:
    files = {"nginx.conf": nginx(bystander, "http://127.0.0.1:3000"), "uwsgi.ini": APP.format("127.0.0.1:8000")}
    assert links(tmp_path, files)[1] == "no-listener"


def test_more_targets_than_apps(tmp_path: Path) -> None:
    """Which of the two is the app's can't be told, unless one resembles its address."""
    targets = ("http://127.0.0.1:3000", "http://127.0.0.1:8000")
    one = {"nginx.conf": nginx(*targets), "uwsgi.ini": APP.format("127.0.0.1:8080")}
    other = {"nginx.conf": nginx(*targets), "uwsgi.ini": APP.format("127.0.0.2:8000")}
    assert links(tmp_path / "one", one) == ["unknown", "unknown"]
    assert links(tmp_path / "other", other) == ["unknown", "no-listener"]


def test_another_way_to_start_the_app(tmp_path: Path) -> None:
    """What nginx reaches already may have a second config to choose; the third server is another matter."""
    files = {
        "nginx.conf": nginx("http://unix:/run/a.sock", "http://127.0.0.1:5555"),
        "prod/uwsgi.ini": APP.format("/run/a.sock"),
        "dev/uwsgi.ini": APP.format("127.0.0.1:8000"),
    }
    assert links(tmp_path, files) == ["matched", "unknown"]
    files["dev/uwsgi.ini"] = APP.format("127.0.0.2:5555")
    assert links(tmp_path, files) == ["matched", "no-listener"]


def test_apps_that_run_together_are_no_choice(tmp_path: Path) -> None:
    files = {
        "nginx.conf": nginx("http://127.0.0.1:8000", "http://127.0.0.1:9000"),
        "Procfile": "web: uwsgi --http-socket 127.0.0.1:8000 -w a\nadmin: uwsgi --http-socket 127.0.0.1:8001 -w b\n",
    }
    assert links(tmp_path, files) == ["matched", "no-listener"]


def test_a_server_of_a_pool(tmp_path: Path) -> None:
    pool = "upstream shop { server 127.0.0.1:8001; server 127.0.0.1:8003; }"
    files = {
        "nginx.conf": nginx("http://shop", http=pool),
        "one/uwsgi.ini": APP.format("127.0.0.1:8001"),
        "two/uwsgi.ini": APP.format("127.0.0.1:8002"),
    }
    assert links(tmp_path, files) == ["matched", "no-listener"]


def test_an_app_whose_address_nobody_knows_may_be_the_one(tmp_path: Path) -> None:
    app = APP.replace("http-socket", "socket").format("127.0.0.1:8000")
    files = {"nginx.conf": nginx("http://127.0.0.1:8000"), "uwsgi.ini": app}
    assert links(tmp_path, files) == ["wrong-protocol"]
    files["other/uwsgi.ini"] = APP.format("$(BIND)")
    assert links(tmp_path, files) == ["unknown"]


def test_another_server_of_nginx(tmp_path: Path) -> None:
    inner = "server { listen 127.0.0.1:8080; root /srv; }"
    app = {"uwsgi.ini": APP.format("127.0.0.1:8000")}
    assert links(tmp_path / "inner", {"nginx.conf": nginx("http://127.0.0.1:8080", http=inner), **app}) == ["external"]
    loop = nginx("http://127.0.0.1:8080", listen="8080")
    assert links(tmp_path / "loop", {"nginx.conf": loop, **app}) == ["no-listener"]


def test_of_several_deployments_each_has_its_own_apps(tmp_path: Path) -> None:
    files = {
        "deploy/shop/nginx.conf": nginx("http://127.0.0.1:9000"),
        "deploy/blog/nginx.conf": nginx("http://10.0.0.9:9001"),
        "deploy/blog/uwsgi.ini": APP.format("127.0.0.1:8000"),
    }
    assert links(tmp_path, files) == ["external", "external"]
    files["deploy/uwsgi.ini"] = APP.format("127.0.0.1:8001")
    assert "no-listener" in links(tmp_path, files)


@pytest.mark.parametrize(
    "target", ["http://{{ host }}:9000", "http://127.0.0.1:{{ port }}", "http://unix:{{ socket }}"]
)
def test_a_placeholder_is_no_mistake(tmp_path: Path, target: str) -> None:
    files = {"nginx.conf.j2": nginx(target), "uwsgi.ini": APP.format("127.0.0.1:8000")}
    assert links(tmp_path, files) == ["unknown"]


def test_a_template_branch_is_no_mistake(tmp_path: Path) -> None:
    upstream = "upstream shop {\nserver 127.0.0.1:8000;\n{% if second %}\nserver 127.0.0.1:8001;\n{% endif %}\n}"
    files = {
        "nginx.conf.j2": nginx("http://shop", http=upstream),
        "one.uwsgi.ini": APP.format("127.0.0.1:8000"),
        "two.uwsgi.ini": APP.format("127.0.0.1:8002"),
    }
    assert links(tmp_path, files) == ["matched", "unknown"]


@pytest.mark.parametrize(
    ("target", "listener", "expected"),
    [
        ("http://10.0.0.5:8000", "0.0.0.0:8000", Link.MATCHED),
        ("http://app.internal:8000", "0.0.0.0:8000", Link.MATCHED),
        ("http://10.0.0.5:8000", "127.0.0.1:8000", Link.NO_LISTENER),
        ("http://127.0.0.1:8000", "0.0.0.0:8000", Link.NO_LISTENER),  # loopback of the wrong host, on that very port
        ("http://127.0.0.1:8001", "0.0.0.0:8000", Link.EXTERNAL),
        ("http://10.0.0.6:8000", "10.0.0.6:8000", Link.MATCHED),  # an address that only the app tells
    ],
)
def test_declared_hosts(tmp_path: Path, target: str, listener: str, expected: Link) -> None:
    files = {"web/nginx.conf": nginx(target), "app/uwsgi.ini": APP.format(listener), "cfgcheck.toml": HOSTS}
    assert links(tmp_path, files) == [expected.value]


def test_an_ipv6_target_does_not_reach_an_ipv4_wildcard_elsewhere(tmp_path: Path) -> None:
    hosts = HOSTS.replace('"10.0.0.5"', '"fd00::5"')
    files = {"web/nginx.conf": nginx("http://[fd00::5]:8000"), "cfgcheck.toml": hosts}
    assert links(tmp_path / "four", {**files, "app/uwsgi.ini": APP.format("0.0.0.0:8000")}) == ["no-listener"]
    assert links(tmp_path / "six", {**files, "app/uwsgi.ini": APP.format("[::]:8000")}) == ["matched"]
