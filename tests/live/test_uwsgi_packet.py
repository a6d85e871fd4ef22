"""How large uWSGI's buffer must be for all that nginx admits: its headers, and the URL a second time."""

from __future__ import annotations

import re

import pytest

from cfgcheck.model.uwsgi_packet import packet_size
from cfgcheck.rules.proof import Request
from tests.live.lab import Observation, observe
from tests.live.servers import nginxes

pytestmark = pytest.mark.live

NGINX = """\
events {}
http {
    server {
        listen 80;
        server_name shop.example.com;
        location / {
            include uwsgi_params;
            uwsgi_pass 127.0.0.1:3031;
        }
    }
}
"""
UWSGI = """\
[uwsgi]
socket = 127.0.0.1:3031
module = shop.wsgi
master = true
need-app = true
buffer-size = {size}
"""
LARGEST = Request(path="/?q=x*8100", headers=dict.fromkeys(("X-A", "X-B", "X-C"), "x*8100"))
"""Near to what nginx's default of 4 × 8k admits."""

each_nginx = pytest.mark.parametrize("program", list(nginxes().values()), ids=list(nginxes()))


def _asked(program: str, size: int) -> Observation:
    files = {"nginx.conf": NGINX, "uwsgi.ini": UWSGI.format(size=size)}
    return observe(files, program, [LARGEST], enough=lambda found: bool(found.app_log))


@each_nginx
def test_what_nginx_admits_is_not_yet_enough(program: str) -> None:
    found = _asked(program, 4 * 8192)
    assert [answer.status for answer in found.answers] == [502]
    told = re.search(r"invalid request block size: (\d+) \(max 32768\)", found.app_log)
    assert told is not None
    assert 4 * 8192 < int(told[1]) <= packet_size(4 * 8192, 8192)


@each_nginx
def test_with_the_url_a_second_time_it_is(program: str) -> None:
    found = _asked(program, packet_size(4 * 8192, 8192))
    assert [answer.status for answer in found.answers] == [200]
