"""``cfgcheck.trace/1``."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgcheck.app import Input, load
from cfgcheck.report.terminal import Terminal
from cfgcheck.report.trace_json import document
from cfgcheck.report.trace_text import render
from cfgcheck.settings import load_settings
from cfgcheck.trace.ladder import Ladder, ladder
from cfgcheck.trace.request import Request
from tests.cli.running import REPOSITORY
from tests.report.schemas import mistakes
from tests.trace.ladders import ladder_of, nginx, way_of

KINDS = ("demo", "stacks", "deployments", "clean")
FOLDERS = [path for kind in KINDS for path in sorted((REPOSITORY / "fixtures" / kind).iterdir())]


def ladders(folder: Path) -> list[Ladder]:
    request = Request("http", "shop.example.com", 80, "/x?y=1", "POST", {"cookie": "a=1"}, 3 << 20)
    _, stacks = load(Input((folder,)), load_settings(folder, None))
    return [ladder(stack, way_of(stack, request, {"Host": "x"})) for stack in stacks if stack.routes]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_every_deployment(folder: Path) -> None:
    for found in ladders(folder):
        shown = document(found, ())
        assert mistakes(shown, "trace-1.json") == []
        for terminal in (Terminal(), Terminal(width=60), Terminal(width=100, unicode=False)):
            lines = render(found, (), terminal).splitlines()
            assert max(map(len, lines)) <= terminal.width
            assert terminal.unicode or "\n".join(lines).isascii()
        assert "\x1b[" in render(found, (), Terminal(colour=True))


def test_the_contract(tmp_path: Path) -> None:
    files = {
        "nginx.conf": nginx("proxy_read_timeout 20s;\nproxy_pass http://127.0.0.1:8000;"),
        "gunicorn.conf.py": 'bind = "127.0.0.1:8000"\n',
    }
    shown = document(ladder_of(tmp_path, files, method="POST", body=2 << 20), ())
    slow = next(one for one in shown["bindings"] if one["question"] == "slow-response")
    assert (slow["limit"], slow["status"], slow["unknown"]) == (20, 504, [])
    assert shown["rungs"][slow["rung"]] == {
        "side": "nginx",
        "owner": "nginx",
        "name": "proxy_read_timeout",
        "kind": "response",
        "what": "between two reads",
        "setting": {
            "value": 20,
            "origin": "file",
            "at": {"path": "nginx.conf", "start": {"line": 9, "column": 20}},
            "because": None,
        },
        "unit": "s",
        "limit": 20,
        "outcome": {"status": 504, "text": "504; a response that has begun is cut short"},
        "note": None,
    }
    (cut,) = shown["cuts"]
    assert shown["rungs"][cut["rung"]]["name"] == "client_max_body_size"
    assert shown["end"] == {
        "text": "the body has 2 MiB, nginx takes 1 MiB (client_max_body_size)",
        "status": 413,
        "cut_off": True,
    }
