"""What the configuration says to the lines: the findings that explain them, with both ends, or that it agrees."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cfgcheck.app import Input, check
from cfgcheck.model.stack import Route
from cfgcheck.report.diagnosis_json import FORMAT
from cfgcheck.settings import Settings
from tests.cli.running import REPOSITORY, run
from tests.diagnose.samples import LINES, TAIL
from tests.report.schemas import mistakes
from tests.stacks.snapshots import VARIABLE, updating

HERE = Path(__file__).parent
STACKS = REPOSITORY / "fixtures" / "stacks"
CASES = sorted(path.stem for path in (HERE / "logs").glob("*.log"))


@pytest.mark.parametrize("name", CASES)
def test_whole_report(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each was read by a person before it was accepted."""
    monkeypatch.chdir(REPOSITORY)
    log, stack = f"tests/diagnose/logs/{name}.log", f"fixtures/stacks/{name}"
    done = run("diagnose", log, "--stack", stack, "--color", "never")
    assert (done.code, done.err) == (1, "")
    assert max(map(len, done.out.splitlines())) <= 100
    path = HERE / "snapshots" / f"{name}.txt"
    if updating():
        path.parent.mkdir(exist_ok=True)
        path.write_text(done.out, encoding="utf-8", newline="\n")
    assert done.out == path.read_text(encoding="utf-8"), f"read it, then {VARIABLE}=1 pytest tests/diagnose"


def diagnosed(folder: Path, text: str, *args: object) -> dict[str, Any]:
    path = folder / "error.log"
    path.write_text(text, encoding="utf-8", newline="\n")
    done = run("diagnose", path, "--format", "json", *args)
    document: dict[str, Any] = json.loads(done.out)
    assert mistakes(document, "diagnosis-1.json") == []
    assert document["format"] == FORMAT
    return document


def group_of(folder: Path, text: str, *args: object) -> dict[str, Any]:
    (group,) = diagnosed(folder, text, *args)["groups"]
    assert isinstance(group, dict)
    return group


def nginx_line(message: str, upstream: str, server: str, path: str = "/x") -> str:
    request = f'request: "GET {path} HTTP/1.1", upstream: "{upstream}", host: "{server}"'
    return f"2026/11/21 09:12:02 [error] 1#1: *7 {message}, client: 203.0.113.9, server: {server}, {request}\n"


REFUSED = "connect() failed (111: Connection refused) while connecting to upstream"
TIMED_OUT = "upstream timed out (110: Connection timed out) while reading response header from upstream"
MESSAGES = [line.replace(TAIL, "") for lines in LINES.values() for line in lines if TAIL in line]


def upstream_of(route: Route) -> str:
    assert route.peer is not None
    address = route.peer.address.value
    if address.is_unix:
        return f"{route.passes.family}://{address}:"
    return f"{route.passes.family}://{str(address).replace('localhost', '127.0.0.1')}/x"


def expectations() -> list[tuple[str, str, str, str]]:
    """Every finding of the fixtures whose symptom is a line of nginx on a known route: the line, and the rule."""
    found = []
    for stack in sorted(path for path in STACKS.iterdir() if path.is_dir()):
        result = check(Input((stack,)), Settings())
        routes = [route for one in result.stacks for route in one.routes]
        for finding in result.findings:
            log = finding.symptom.log if finding.symptom else ""
            route = next((each for each in routes if each.label == finding.subject), None)
            message = next((one.partition("*7 ")[2] for one in MESSAGES if log and re.search(log, one)), "")
            if route is None or not message or route.peer is None or not route.peer.address.known:
                continue
            path = route.location.path if route.location.modifier in ("", "=", "^~") else "/x"
            if "unix:" in message:
                message = message.replace("/run/shop.sock", route.peer.address.value.path)
            line = nginx_line(message, upstream_of(route), route.server.label, path)
            found.append((stack.name, finding.rule, finding.message, line))
    return found


def test_every_finding_explains_the_line_that_it_foretells(tmp_path: Path) -> None:
    cases = expectations()
    assert len(cases) > 12
    missing = []
    for stack, rule, message, line in cases:
        group = group_of(tmp_path, line, "--stack", STACKS / stack)
        if (rule, message) not in [(one["rule"], one["message"]) for one in group["explanations"]]:
            missing.append((stack, rule, line, group["kind"]))
    assert missing == []


STACK = {
    "nginx.conf": """\
events { }
http {
    upstream shop { server 127.0.0.1:8000; server 127.0.0.1:8001; }
    server {
        listen 80;
        server_name shop.example.com;
        location / { proxy_pass http://shop; proxy_set_header Host $host; }
        location /slow/ { proxy_pass http://shop; proxy_set_header Host $host; proxy_read_timeout 20s; }
        location /elsewhere/ { proxy_pass http://backend.example.net:9000; }
        location /mistake/ { proxy_pass http://127.0.0.1:8009; }
    }
    server { listen 81; server_name other.example.com; location / { proxy_pass http://127.0.0.1:8002; } }
}
""",
    "Procfile": """\
a: gunicorn --bind 127.0.0.1:8000 --timeout 60 shop.wsgi
b: gunicorn --bind 127.0.0.1:8001 --timeout 60 shop.wsgi
c: gunicorn --bind 127.0.0.1:8002 --timeout 60 other.wsgi
d: gunicorn --bind 127.0.0.1:8010 --timeout 60 third.wsgi
""",
}


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    folder = tmp_path / "stack"
    folder.mkdir()
    for name, text in STACK.items():
        (folder / name).write_text(text)
    return folder


def rules(group: dict[str, Any]) -> set[str]:
    return {one["rule"] for one in group["explanations"]}


def test_a_finding_explains_only_its_own_address(stack: Path, tmp_path: Path) -> None:
    mistake = nginx_line(REFUSED, "http://127.0.0.1:8009/x", "shop.example.com", "/mistake/x")
    good = nginx_line(REFUSED, "http://127.0.0.1:8000/x", "shop.example.com")
    explained, agreeing = diagnosed(tmp_path, mistake * 2 + good, "--stack", stack)["groups"]
    assert "unreachable-upstream" in rules(explained)
    (one,) = [each for each in explained["explanations"] if each["rule"] == "unreachable-upstream"]
    assert one["certainty"] == "certain"
    assert (one["primary"]["path"], one["primary"]["start"]["line"]) == ("nginx.conf", 10)
    assert rules(agreeing) == set()
    assert "The configuration agrees" in agreeing["verdict"]
    assert "Procfile:1:" in agreeing["verdict"] and "down, restarting or crashed" in agreeing["verdict"]


def test_a_finding_explains_only_its_own_location(stack: Path, tmp_path: Path) -> None:
    def line(path: str) -> str:
        return nginx_line(TIMED_OUT, f"http://127.0.0.1:8000{path}", "shop.example.com", path)

    slow, others = diagnosed(tmp_path, line("/slow/17") * 2 + line("/quick"), "--stack", stack)["groups"]
    assert "read-timeout-not-above-app-timeout" in rules(slow)
    assert [one["value"] for one in slow["paths"]["values"]] == ["/slow/<n>"]
    named = [one["primary"]["start"]["line"] for one in others["explanations"]]
    assert 8 not in named


def test_an_address_that_no_route_has(stack: Path, tmp_path: Path) -> None:
    group = group_of(tmp_path, nginx_line(REFUSED, "http://127.0.0.1:7777/", "shop.example.com"), "--stack", stack)
    assert rules(group) == set()
    assert group["verdict"].startswith("No route of this configuration leads to 127.0.0.1:7777")


def test_an_ip_address_may_be_that_of_a_name(stack: Path, tmp_path: Path) -> None:
    line = nginx_line(REFUSED, "http://198.51.100.7:9000/x", "shop.example.com", "/elsewhere/x")
    group = group_of(tmp_path, line, "--stack", stack)
    assert "not in these files" in group["verdict"]
    assert "agrees" not in group["verdict"]
    for one in group["explanations"]:
        assert one["certainty"] == "likely"


def test_an_unknown_server_makes_it_likely_only(stack: Path, tmp_path: Path) -> None:
    line = nginx_line(REFUSED, "http://127.0.0.1:8009/x", "gone.example.com", "/mistake/x")
    group = group_of(tmp_path, line, "--stack", stack)
    (one,) = [each for each in group["explanations"] if each["rule"] == "unreachable-upstream"]
    assert one["certainty"] == "likely" and "gone.example.com" in one["because"]


def test_a_container_is_likely_the_one_whose_port_it_is(tmp_path: Path) -> None:
    folder = REPOSITORY / "fixtures" / "deployments" / "compose-service-ports"
    line = nginx_line(REFUSED, "http://172.18.0.3:8000/", "shop.example.com")
    broken = group_of(tmp_path, line, "--stack", folder / "broken")
    assert "loopback-bind-behind-remote-proxy" in rules(broken)
    assert {one["certainty"] for one in broken["explanations"]} == {"likely"}
    assert "172.18.0.3:8000" in broken["explanations"][0]["because"]
    clean = group_of(tmp_path, line, "--stack", folder / "clean")
    assert rules(clean) == {"cached-upstream-address"}
    assert "down, restarting or crashed" in clean["verdict"]
    stranger = group_of(tmp_path, line.replace("shop.example.com", "x.example.com"), "--stack", folder / "broken")
    assert rules(stranger) == set() and stranger["verdict"].startswith("No route")


def test_the_name_of_an_upstream_stands_for_its_servers(stack: Path, tmp_path: Path) -> None:
    line = nginx_line("no live upstreams while connecting to upstream", "http://shop/x", "shop.example.com")
    group = group_of(tmp_path, line, "--stack", stack)
    assert "No route" not in group["verdict"]


def test_http_on_a_uwsgi_socket_is_told_with_the_letters(tmp_path: Path) -> None:
    folder = tmp_path / "stack"
    folder.mkdir()
    (folder / "nginx.conf").write_text(
        "events {}\nhttp { server { listen 80; location / { proxy_pass http://127.0.0.1:3031; } } }\n"
    )
    (folder / "uwsgi.ini").write_text("[uwsgi]\nsocket = 127.0.0.1:3031\nmodule = shop\nmaster = true\n")
    sizes = "".join(f"invalid request block size: {size} (max 4096)...skip\n" for size in (21573, 21573, 21327))
    group = group_of(tmp_path, sizes, "--stack", folder)
    assert group["kind"] == "foreign-protocol" and rules(group) == {"protocol-mismatch"}
    assert "“ET” of “GET”" in group["meaning"][0] and "“OS” of “POST”" in group["meaning"][1]
    tls = group_of(tmp_path, "invalid request block size: 259 (max 4096)...skip\n", "--stack", folder)
    assert rules(tls) == set() and "TLS handshake" in tls["meaning"][0]
    (folder / "nginx.conf").write_text(
        "events {}\nhttp { server { listen 80; location / { include uwsgi_params; uwsgi_pass 127.0.0.1:3031; } } }\n"
    )
    large = group_of(tmp_path, "invalid request block size: 5000 (max 4096)...skip\n", "--stack", folder)
    assert large["kind"] == "too-large-uwsgi-packet" and "904 above" in large["meaning"][0]
    assert "headers-above-uwsgi-buffer" in rules(large)


@pytest.mark.parametrize(
    ("method", "size"),
    [("GET", 21573), ("HEAD", 16709), ("POST", 21327), ("PUT", 21589), ("DELETE", 19525), ("OPTIONS", 21584),
     ("PATCH", 21569)],
)  # fmt: skip
def test_the_numbers_of_methods_as_observed(method: str, size: int) -> None:
    from cfgcheck.diagnose.block_size import explained, spoken

    assert spoken(size) == "http" and f"of “{method}”" in explained(size, 4096)


def test_without_a_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    document = diagnosed(tmp_path, nginx_line(REFUSED, "http://127.0.0.1:8000/", "shop.example.com"))
    assert document["summary"]["stack"] == []
    (group,) = document["groups"]
    assert group["verdict"].startswith("nothing listened") and group["explanations"] == []


def test_the_current_folder_is_taken_when_it_has_a_stack(
    stack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(stack)
    line = nginx_line(REFUSED, "http://127.0.0.1:8009/x", "shop.example.com", "/mistake/x")
    document = diagnosed(tmp_path, line)
    assert document["summary"]["stack"] == ["the current folder"]
    assert "unreachable-upstream" in rules(document["groups"][0])
    assert diagnosed(tmp_path, line, "--no-stack")["groups"][0]["explanations"] == []


def test_lines_of_the_projects_own_rules_are_found(stack: Path, tmp_path: Path) -> None:
    folder = stack / "rules" / "house"
    folder.mkdir(parents=True)
    bundled = (REPOSITORY / "rules" / "header" / "missing-host.yaml").read_text()
    text = bundled.replace("id: missing-host", "id: house-rule", 1)
    text = re.sub(r"log: .*", "log: shop gave up on \\\\w+ after \\\\d+ tries", text)
    (folder / "house-rule.yaml").write_text(text.replace("category: header", "category: house"))
    (stack / "cfgcheck.toml").write_text('rules = ["rules"]\n')
    document = diagnosed(tmp_path, "shop gave up on orders after 5 tries\n", "--stack", stack)
    assert [group["kind"] for group in document["groups"]] == ["rule-house-rule"]


def test_exit_codes(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    for text, code in [
        ("", 0),
        ("all is well\n", 0),
        (LINES["odd-client"][0], 0),
        (LINES["connection-refused"][0], 1),
        ('1.2.3.4 - - [21/Nov/2026:09:12:02 +0000] "GET / HTTP/1.1" 502 1 "-" "-"', 1),
        ('1.2.3.4 - - [21/Nov/2026:09:12:02 +0000] "GET / HTTP/1.1" 499 1 "-" "-"', 0),
    ]:
        path.write_text(text)
        assert run("diagnose", path, "--no-stack").code == code, text
    assert run("diagnose", path, "--stack", tmp_path / "none").code == 2


def test_hostile_text_reaches_no_terminal(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    line = nginx_line(REFUSED, "http://127.0.0.1:8000/", "a\x1b[31m\u202eb", "/\x07\x9b")
    path.write_bytes(line.encode() + line.encode().replace(b"GET /", b"GET /\xff\xfe"))
    done = run("diagnose", path, "--no-stack")
    assert done.code == 1
    assert not set("\x1b\x07\x9b\u202e") & set(done.out)
    assert json.loads(run("diagnose", path, "--no-stack", "--format", "json").out)["groups"][0]["count"] == 2
