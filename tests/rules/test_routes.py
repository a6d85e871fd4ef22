"""Rules about routes: which links they are asked of, and apps that are choices for one address."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgcheck.app import Input, load
from cfgcheck.model.stack import Stack
from cfgcheck.rules.run import Judgement, judge
from cfgcheck.rules.selection import Selection
from cfgcheck.settings import load_settings
from tests.rules import build

NGINX = """\
events {{}}
http {{
  server {{
    listen 80;
    location / {{
      {0}
    }}
  }}
}}
"""
TOO_LONG = {"subject": "route", "when": "app.gunicorn.timeout > 40", "message": "'{app.label}'", "at": "passes"}


def stack(folder: Path, **files: str) -> Stack:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    _, (found,) = load(Input((folder,)), load_settings(folder))
    return found


def choices(folder: Path, one: str, other: str) -> Stack:
    """Two Gunicorn configurations for one address."""
    return stack(
        folder,
        nginx_conf=NGINX.format("proxy_pass http://127.0.0.1:8000;"),
        a__gunicorn_conf_py=f"bind = '127.0.0.1:8000'\ntimeout = {one}\n",
        b__gunicorn_conf_py=f"import os\nbind = '127.0.0.1:8000'\ntimeout = {other}\n",
    )


def judged(folder: Path, found: Stack, **fields: str) -> Judgement:
    rules = build.catalogue(folder / "rules", {"too-long": {**TOO_LONG, **fields}})
    return judge(found, rules, Selection())


@pytest.mark.parametrize(
    ("one", "other", "findings", "unchecked"),
    [
        ("50", "60", 1, 0),
        ("50", "30", 0, 0),
        ("50", "os.environ['T']", 0, 1),
        ("30", "os.environ['T']", 0, 0),
    ],
)
def test_a_problem_counts_when_every_choice_has_it(
    tmp_path: Path, one: str, other: str, findings: int, unchecked: int
) -> None:
    found = choices(tmp_path / "stack", one, other)
    assert [route.choice for route in found.routes] == [1, 1]
    judgement = judged(tmp_path, found)
    assert (len(judgement.findings), len(judgement.unchecked)) == (findings, unchecked)


@pytest.mark.parametrize(
    ("target", "links", "subjects"),
    [
        ("proxy_pass http://127.0.0.1:8000;", "[matched]", 1),
        ("uwsgi_pass 127.0.0.1:8000;", "[matched]", 0),
        ("uwsgi_pass 127.0.0.1:8000;", "[wrong-protocol]", 1),
        ("uwsgi_pass 127.0.0.1:8000;", "[wrong-protocol, matched]", 1),
        ("proxy_pass http://api.example.com;", "[matched]", 0),
        ("proxy_pass http://api.example.com;", "[external]", 1),
        ("proxy_pass http://$http_x_target;", "[unknown]", 1),
        ("proxy_pass http://$http_x_target;", "[matched]", 0),
        ("proxy_pass http://127.0.0.1:8000;", "any", 1),
        ("return 204;", "any", 0),
    ],
)
def test_links(tmp_path: Path, target: str, links: str, subjects: int) -> None:
    found = stack(
        tmp_path / "stack",
        nginx_conf=NGINX.format(target),
        gunicorn_conf_py="bind = '127.0.0.1:8000'\ntimeout = 50\n",
    )
    judgement = judged(tmp_path, found, links=links, when="passes.verb != ''", message="'{passes.verb}'")
    assert len(judgement.findings) == subjects
    assert not judgement.unchecked


def test_a_link_that_is_not_known_is_unchecked_once(tmp_path: Path) -> None:
    found = stack(tmp_path / "stack", nginx_conf=NGINX.format("proxy_pass http://$http_x_target;"))
    fields = {"links": "[no-listener]", "when": "passes.verb != ''", "message": "'{passes.verb}'"}
    judgement = judged(tmp_path, found, **fields)
    assert not judgement.findings
    assert [one.rule for one in judgement.unchecked] == ["too-long"]
    assert judgement.unchecked[0].at == found.routes[0].span
    assert not judged(tmp_path, found, **fields, supersedes="[general]").unchecked


def test_there_is_no_app_where_nothing_is_matched(tmp_path: Path) -> None:
    from cfgcheck.rules.errors import RuleError

    with pytest.raises(RuleError, match="there is no `app` here"):
        build.catalogue(tmp_path, {"too-long": {**TOO_LONG, "links": "[external]"}})


def test_settings_are_asked_where_they_are_in_effect(tmp_path: Path) -> None:
    found = stack(
        tmp_path / "stack",
        nginx_conf=NGINX.format("proxy_read_timeout 90s; proxy_set_header Host x; proxy_pass http://127.0.0.1:8000;"),
        gunicorn_conf_py="bind = '127.0.0.1:8000'\ntimeout = 50\n",
    )
    when = """
      - location.read_timeout == 90 and location.family.read_timeout == 90 and location.nginx.proxy_read_timeout == 90
      - is_default(location.family.send_timeout) and server.nginx.client_max_body_size == 1048576
      - location.header("host").value == "x" and absent(location.header("cookie"))
      - any(header.key == "host" for header in location.headers) and len(location.headers) == 1
      - location.nginx.large_client_header_buffers.size == 8192
    """
    judgement = judged(tmp_path, found, when=when, message="'{seconds(location.read_timeout)}'")
    assert [one.message for one in judgement.findings] == ["90 s"]


def test_nothing_is_passed_on(tmp_path: Path) -> None:
    """A location without a target has no settings of a family, and no headers; that is no crash."""
    found = stack(tmp_path / "stack", nginx_conf=NGINX.format("return 204;"))
    for when in (
        "location.read_timeout > 1",
        "location.family.buffer_size > 1",
        "not passes.tls",
        "len(location.headers) > 0",
    ):
        judgement = judged(tmp_path, found, subject="location", when=when, message="x", at="location")
        assert judgement.findings == ()
        assert judgement.unchecked == ()
