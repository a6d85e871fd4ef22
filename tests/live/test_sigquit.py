"""What SIGQUIT means to uWSGI's master: the end, but with ``die-on-term`` a reload."""

from __future__ import annotations

import pytest

from cfgcheck.rules.proof import Signal
from tests.live.lab import Observation, observe
from tests.live.servers import nginxes

pytestmark = pytest.mark.live

UWSGI = """\
[uwsgi]
http-socket = 127.0.0.1:8000
module = shop.wsgi
master = true
need-app = true
"""


def _told_to_quit(text: str) -> Observation:
    program = next(iter(nginxes().values()))
    return observe({"uwsgi.ini": text}, program, [Signal(signal="QUIT", within=10)])


def test_it_ends_a_master() -> None:
    found = _told_to_quit(UWSGI)
    assert (found.exit, found.left) == (0, 0)


def test_with_die_on_term_it_reloads() -> None:
    found = _told_to_quit(f"{UWSGI}die-on-term = true\n")
    assert "binary reloading uWSGI" in found.app_log
    assert found.exit is None
