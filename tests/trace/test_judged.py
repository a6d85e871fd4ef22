"""What the findings add to the end of a trace, and what is not claimed where it can't be known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cfgcheck.trace.follow_request import follow_request
from cfgcheck.trace.hop import End
from cfgcheck.trace.ladder import ladder
from cfgcheck.trace.request import Request
from tests.cli.running import REPOSITORY, run
from tests.trace.ladders import nginx, stack_of

FIXTURES = REPOSITORY / "fixtures"
TWO_PORTS = "events {}\nhttp { server { listen 127.0.0.1:80; return 200; } server { listen [::1]:81; return 200; } }\n"


def traced(*words: object) -> dict[str, Any]:
    done = run("trace", *words, "--format", "json")
    found: dict[str, Any] = json.loads(done.out)
    assert done.code == int(found["end"]["cut_off"])
    return found


def test_files_that_nginx_refuses_serve_nobody() -> None:
    end = traced("/", FIXTURES / "stacks" / "refused-by-nginx")["end"]
    assert (end["cut_off"], end["status"]) == (True, None)
    assert end["text"].startswith("nginx does not start with these files")


@pytest.mark.parametrize("stack", ["demo/uwsgi", "stacks/uwsgi-protocol"])
def test_the_status_of_a_wrong_protocol(stack: str) -> None:
    assert traced("/", FIXTURES / stack)["end"]["status"] == 502


def test_tls_on_a_port_that_nobody_knows(tmp_path: Path) -> None:
    """A placeholder's port may be any: that it is not 443 is no fact."""
    text = "events {}\nhttp { server { listen ${PORT}; location / { return 200; } } }\n"
    stack = stack_of(tmp_path, {"nginx.conf.template": text})
    request = Request("https", "shop.example.com", 443, "/")
    way = follow_request(stack, request)
    found = ladder(stack, way, request)
    assert way.hops[-1].end is End.UNKNOWN
    assert not found.fails
    assert "nginx's port is not known" in found.ends


def test_a_placeholder_for_a_port_is_followed_to_no_other_nginx(tmp_path: Path) -> None:
    """``http://127.0.0.1:${INNER}`` is not the server on 80, which redirects."""
    text = """events {}
http {
  server { listen 443 ssl; location / { proxy_pass http://127.0.0.1:${INNER}; } }
  server { listen ${INNER}; location / { proxy_pass http://127.0.0.1:8000; } }
  server { listen 80; return 301 https://$host$request_uri; }
}
"""
    stack = stack_of(tmp_path, {"nginx.conf.template": text})
    way = follow_request(stack, Request("https", "shop.example.com", 443, "/"))
    assert [hop.end for hop in way.hops] == [End.PASSES]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://[::1]/", "no nginx of this stack listens on [::1]:80: nginx listens on 127.0.0.1:80, [::1]:81"),
        ("http://shop.example.com:82/", "no nginx of this stack listens on port 82: nginx listens on 80, 81"),
    ],
)
def test_the_address_that_nobody_listens_on(tmp_path: Path, url: str, says: str) -> None:
    (tmp_path / "nginx.conf").write_text(TWO_PORTS)
    assert traced(url, tmp_path)["end"]["text"].replace("nginx nginx.conf", "nginx") == says


def test_what_a_client_says_of_its_body_counts(tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text(nginx("return 200;"))
    assert traced("/", tmp_path, "-H", "Content-Length: 1048577")["end"]["status"] == 413
    assert traced("/", tmp_path, "-H", "Content-Length: 1048576")["end"]["status"] == 200
    assert run("trace", "/", tmp_path, "-H", "Content-Length: many").code == 2
    assert run("trace", "/", tmp_path, "-H", "Content-Length: 5", "--body", "6").code == 2


def test_methods_of_webdav_and_others(tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text(nginx("return 200;"))
    assert traced("/", tmp_path, "-X", "m-search")["request"]["method"] == "M-SEARCH"
    assert run("trace", "/", tmp_path, "-X", "G T").code == 2
