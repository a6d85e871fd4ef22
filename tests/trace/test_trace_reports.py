"""``cfgcheck trace`` on small deployments, as it is printed: each was read by a person before it was accepted."""

from __future__ import annotations

import json
from difflib import unified_diff
from pathlib import Path

import pytest

from tests.cli.running import REPOSITORY, run
from tests.report.schemas import mistakes
from tests.stacks.snapshots import VARIABLE, updating

FIXTURES = REPOSITORY / "fixtures"
SNAPSHOTS = Path(__file__).parent / "snapshots"
COOKIE = "Cookie: session=" + "v" * 5000
CASES: dict[str, tuple[str, list[str], int]] = {
    "nothing-listens": ("demo/gunicorn", ["/x"], 1),
    "wrong-protocol": ("demo/uwsgi", ["/wiki/Main"], 1),
    "big-body": ("demo/uwsgi", ["wiki.example.com/upload", "--body", "20m"], 1),
    "behind-alb": ("stacks/behind-alb", ["https://api.example.com/orders?page=2"], 0),
    "slow-reports": ("stacks/slow-reports", ["accounting.example.com/export/1"], 0),
    "harakiri": ("stacks/harakiri", ["/tiles/1"], 0),
    "big-cookie": ("stacks/header-sizes", ["/x", "-H", COOKIE], 1),
    "keepalive-race": ("stacks/keepalive-race", ["/orders", "-X", "POST", "--body", "2k"], 0),
    "many-apps": ("stacks/many-apps", ["https://forum.example.com/topics"], 0),
    "template": ("stacks/envsubst-templates", ["/"], 0),
    "two-nginx": ("clean/inner-proxy", ["tickets.example.com/"], 0),
    "ingress": ("clean/kubernetes-ingress", ["clinic.example.com/"], 0),
    "redirect": ("clean/kubernetes-ingress", ["http://clinic.example.com/"], 0),
    "pool": ("clean/pools", ["/topics"], 0),
    "no-such-name": ("clean/sites-enabled", ["http://wrong.example.com/"], 0),
}


@pytest.mark.parametrize("name", CASES)
def test_whole_report(name: str) -> None:
    folder, (url, *options), code = CASES[name]
    done = run("trace", url, FIXTURES / folder, *options, "--color", "never")
    assert (done.code, done.err) == (code, "")
    assert max(map(len, done.out.splitlines())) <= 100
    path = SNAPSHOTS / f"{name}.txt"
    if updating():
        path.write_text(done.out, encoding="utf-8", newline="\n")
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    changed = "".join(unified_diff(before.splitlines(True), done.out.splitlines(True), "kept", "printed now"))
    advice = f"Read it as somebody would who is on call. If it is better: {VARIABLE}=1 pytest tests/trace"
    assert not changed, f"{changed}\n{advice}"


@pytest.mark.parametrize("name", CASES)
def test_as_json(name: str) -> None:
    folder, (url, *options), code = CASES[name]
    done = run("trace", url, FIXTURES / folder, *options, "--format", "json")
    shown = json.loads(done.out)
    assert mistakes(shown, "trace-1.json") == []
    assert done.code == code == int(shown["end"]["cut_off"])
    for one in (*shown["bindings"], *shown["cuts"]):
        assert one["rung"] is None or shown["rungs"][one["rung"]]["limit"]


def test_every_snapshot_has_its_case() -> None:
    assert {path.stem for path in SNAPSHOTS.glob("*.txt")} == set(CASES)


def test_the_report_goes_to_a_file(tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    done = run("trace", "/x", FIXTURES / "demo/gunicorn", "--format", "json", "-o", target)
    assert (done.code, done.out) == (1, "")
    assert json.loads(target.read_text())["format"] == "cfgcheck.trace/1"


def test_colours_only_where_they_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = FIXTURES / "demo/gunicorn"
    assert "\x1b[1;31mCut off" in run("trace", "/x", folder, "--color", "always").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run("trace", "/x", folder).out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Missing argument 'URL'"),
        (["ftp://a/"], "is not what nginx serves"),
        (["/x", "missing-folder"], "no such file or folder"),
        (["/x", "--body", "20 elephants"], "is no size"),
        (["/x", "-H", "no colon"], "is no header"),
        (["/x", "-X", "GE T"], "is no method"),
    ],
)
def test_usage_errors(arguments: list[str], said: str) -> None:
    done = run("trace", *arguments)
    assert done.code == 2
    assert said in done.err


def test_no_nginx(tmp_path: Path) -> None:
    (tmp_path / "gunicorn.conf.py").write_text("workers = 2\n")
    done = run("trace", "/x", tmp_path)
    assert done.code == 2
    assert "no nginx configuration was found" in done.err


def test_the_path_may_be_standard_input() -> None:
    text = b"events {}\nhttp { server { listen 80; server_name a.example; location / { return 204; } } }\n"
    done = run("trace", "http://a.example/x", "-", stdin=text)
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith("nginx answers it itself: 204.\n")
