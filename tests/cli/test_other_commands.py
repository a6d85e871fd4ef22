"""``show``, ``explain``, ``rules``, help and completion."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cfgcheck import __version__
from cfgcheck.report.rule_page import rule_files
from tests.cli.running import DEMO, run
from tests.report.schemas import mistakes


def test_show_as_text() -> None:
    done = run("show", DEMO / "uwsgi")
    assert (done.code, done.err) == (0, "")
    assert "server wiki.example.com on *:80" in done.out
    assert "proxy_pass http://127.0.0.1:3031" in done.out
    assert "wrong protocol: nginx speaks http, the app uwsgi" in done.out


def test_show_as_json() -> None:
    done = run("show", DEMO / "gunicorn", "--format", "json")
    shown = json.loads(done.out)
    assert mistakes(shown, "stack-1.json") == []
    (app,) = shown["apps"]
    assert app["kind"] == "gunicorn"
    assert app["settings"]["bind"]["origin"] == "file"
    assert app["settings"]["bind"]["at"] == {"path": "gunicorn.conf.py", "start": {"line": 4, "column": 8}}
    assert app["settings"]["timeout"] | {"because": ""} == {
        "value": 30, "origin": "default", "at": None, "because": "",
    }  # fmt: skip
    assert app["facts"]["effective_worker_class"]["value"] == "sync"
    (location,) = shown["proxies"][0]["servers"][0]["locations"]
    assert location["settings"]["proxy_read_timeout"]["value"] == 60
    assert not any(name.startswith(("uwsgi_", "fastcgi_")) for name in location["settings"])
    assert [header["name"] for header in location["headers"]] == ["Host", "X-Forwarded-For", "X-Forwarded-Proto"]
    (route,) = shown["routes"]
    assert (route["proxy"], route["server"], route["location"]) == (0, 0, 0)
    assert route["link"] == "no-listener"
    assert route["peer"]["value"] == "127.0.0.1:8001"
    assert route["nearest"][0]["app"] == 0


RICH = {
    "cfgcheck.toml": """
nginx = "1.30"
[edge]
kind = "aws-alb"
[hosts.web]
addresses = ["10.0.0.5"]
paths = ["app"]
[[app]]
name = "api"
command = "gunicorn --bind unix:/run/api.sock --workers 4 --worker-class gthread api.wsgi"
environment = { GUNICORN_CMD_ARGS = "--threads 8" }
""",
    "nginx.conf": """\
events {}
http {
  proxy_read_timeout 90s;
  upstream api { server unix:/run/api.sock; keepalive 8; }
  server {
    listen 443 ssl;
    server_name shop.example.com;
    location /api/ { proxy_pass http://api; proxy_set_header Host $host; }
    location /wiki/ { include uwsgi_params; uwsgi_pass 10.0.0.5:3031; }
    location /any/ { proxy_pass http://$arg_where; }
    location /tpl/ { proxy_pass http://{{ target }}:{{ port }}; }
    location /far/ { proxy_pass https://api.example.org; }
    location /static/ { root /srv; }
  }
}
""",
    "app/uwsgi.ini": """\
[uwsgi]
socket = 10.0.0.5:3031
processes = %k
harakiri = 30
no-such-thing = 1
""",
}


@pytest.fixture
def rich(tmp_path: Path) -> Path:
    for name, text in RICH.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def test_show_of_a_rich_stack_as_json(rich: Path) -> None:
    shown = json.loads(run("show", rich, "--format", "json").out)
    assert mistakes(shown, "stack-1.json") == []
    links = {route["subject"].split()[1]: route["link"] for route in shown["routes"]}
    assert links == {
        "/api/": "matched", "/wiki/": "matched", "/any/": "unknown", "/tpl/": "unknown", "/far/": "external",
    }  # fmt: skip
    assert shown["stacks"][0]["edge"]["idle"] == {
        "value": 60, "origin": "default", "at": None, "because": "aws-alb: AWS documentation; facts: causes 4.4",
    }  # fmt: skip
    assert shown["stacks"][0]["hosts"][0]["addresses"] == ["10.0.0.5"]
    version = shown["proxies"][0]["version"]
    assert (version["value"], version["origin"], version["at"]["path"]) == ("1.30.0", "declared", "cfgcheck.toml")
    apps = {app["kind"]: app for app in shown["apps"]}
    gunicorn = apps["gunicorn"]["settings"]
    assert (gunicorn["workers"]["value"], gunicorn["threads"]["value"]) == (4, 8)
    assert gunicorn["threads"]["origin"] == "env"
    assert apps["gunicorn"]["facts"]["effective_worker_class"]["value"] == "gthread"
    assert apps["gunicorn"]["facts"]["request_limit"]["value"] is None
    uwsgi = apps["uwsgi"]
    assert uwsgi["settings"]["harakiri"]["value"] == 30
    assert uwsgi["facts"]["request_limit"]["value"] == 30
    assert uwsgi["settings"]["processes"]["origin"] == "unknown"
    assert uwsgi["settings"]["buffer-size"]["value"] == 4096
    assert uwsgi["unknown_settings"] == ["no-such-thing"]
    locations = {one["path"]: one for one in shown["proxies"][0]["servers"][0]["locations"]}
    assert locations["/api/"]["settings"]["proxy_read_timeout"] == {
        "value": 90, "origin": "inherited", "because": None,
        "at": {"path": "nginx.conf", "start": {"line": 3, "column": 22}},
    }  # fmt: skip
    assert locations["/api/"]["settings"]["large_client_header_buffers"]["value"] == {"number": 4, "size": 8192}
    assert locations["/wiki/"]["settings"]["uwsgi_read_timeout"]["value"] == 60
    assert locations["/static/"]["passes"] is None


def test_show_of_a_rich_stack_as_text(rich: Path) -> None:
    shown = run("show", rich).out
    for line in (
        "edge aws-alb  cfgcheck.toml:3:1",
        "nginx nginx.conf 1.30.0",
        "└─ server shop.example.com on *:443 TLS  nginx.conf:5:3",
        "   ├─ /api/ proxy_pass http://api  nginx.conf:8:33",
        "   │  ├─ gives up after 90 s",
        "   │  └─ upstream api: unix:/run/api.sock linked to",
        "   └─ /static/ (not passed on)  nginx.conf:13:5",
        "─ unknown setting no-such-thing  app/uwsgi.ini:5:1",
    ):
        assert f"{line}\n" in shown


def test_show_to_a_file(tmp_path: Path) -> None:
    assert run("show", DEMO, "--format", "json", "--output", tmp_path / "x") == (0, "", "")
    assert json.loads((tmp_path / "x").read_text(encoding="utf-8"))["stacks"]


def test_show_of_nothing(tmp_path: Path) -> None:
    done = run("show", tmp_path)
    assert done.code == 0
    assert "No configuration of nginx or of an app server was found." in done.out
    assert mistakes(json.loads(run("show", tmp_path, "--format", "json").out), "stack-1.json") == []


def test_explain() -> None:
    done = run("explain", "protocol-mismatch")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("protocol-mismatch  error, endpoint, certain\n")
    assert run("explain", "error[protocol-mismatch]:").out == done.out


def test_rules_as_text_name_them_all() -> None:
    done = run("rules")
    assert done.code == 0
    assert all(f"  {name} " in done.out for name in rule_files())


def test_rules_as_json_have_every_field() -> None:
    shown = json.loads(run("rules", "--format", "json").out)
    assert shown["format"] == "cfgcheck.rules/1"
    rules = {rule["id"]: rule for rule in shown["rules"]}
    assert rules.keys() == rule_files().keys()
    wanted = {"id", "category", "severity", "subject", "message", "symptom", "why", "fix", "sources", "examples"}
    assert all(wanted <= rule.keys() for rule in rules.values())
    assert all(rule.keys() & {"proof", "unproven"} for rule in rules.values())


def test_explain_tells_what_was_seen() -> None:
    shown = " ".join(run("explain", "verification-without-ca").out.split())
    assert "observed: nginx does not start, it says" in shown
    assert "not shown here:" in " ".join(run("explain", "heartbeat-on-disk").out.split())


def test_rules_of_the_project_are_listed_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ops" / "local").mkdir(parents=True)
    (tmp_path / "ops" / "local" / "house-rule.yaml").write_text(
        "id: house-rule\ncategory: local\nseverity: info\nmessage: our own\n", encoding="utf-8"
    )
    (tmp_path / "cfgcheck.toml").write_text('rules = ["ops"]\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert "  house-rule " in run("rules").out
    assert run("explain", "house-rule").out.startswith("house-rule  info, local, certain\n")
    (tmp_path / "ops" / "local" / "house-rule.yaml").write_text("a: b: c\n", encoding="utf-8")
    done = run("rules")
    assert done.code == 2
    assert "house-rule.yaml is no rule file" in done.err


def test_version() -> None:
    assert run("--version") == (0, f"cfgcheck {__version__}\n", "")


def test_without_a_command_the_help_page_is_shown() -> None:
    done = run()
    assert done.code == 2
    assert "Usage: cfgcheck [OPTIONS] COMMAND [ARGS]..." in done.out + done.err


@pytest.mark.parametrize("args", [[], ["check"], ["show"], ["explain"], ["rules"]])
def test_every_help_page_has_examples_and_fits(args: list[str]) -> None:
    done = run(*args, "--help")
    assert (done.code, done.err) == (0, "")
    assert "cfgcheck check" in done.out or "Example" in done.out
    assert max(map(len, done.out.splitlines())) <= 100
    assert run(*args, "-h") == done


def test_exit_codes_are_on_the_help_page() -> None:
    assert "Exit code: 0" in run("check", "--help").out


def test_shell_completion() -> None:
    environment = {
        **os.environ,
        "_CFGCHECK_COMPLETE": "bash_complete",
        "COMP_WORDS": "cfgcheck explain proto",
        "COMP_CWORD": "2",
    }
    program = Path(sys.executable).with_name("cfgcheck")
    done = subprocess.run([program], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "plain,protocol-mismatch\n"
