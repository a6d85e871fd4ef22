"""``cfgcheck diff``: two versions of a stack in, what differs in effect out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import REPOSITORY, Done, run
from tests.compare.stacks import FILES, edited, write
from tests.report.schemas import mistakes

FIXTURES = sorted(path for kind in ("stacks", "clean", "demo") for path in (REPOSITORY / "fixtures" / kind).iterdir())


def diff(tmp_path: Path, before: Mapping[str, str], after: Mapping[str, str], *options: str) -> Done:
    return run("diff", write(tmp_path / "a", before), write(tmp_path / "b", after), *options, "--color", "never")


def told(tmp_path: Path, before: Mapping[str, str], after: Mapping[str, str]) -> Any:
    done = diff(tmp_path, before, after, "--format", "json")
    shown = json.loads(done.out)
    assert done.err == ""
    assert mistakes(shown, "diff-1.json") == []
    return shown


def changes(shown: Any) -> dict[tuple[str, str], tuple[Any, Any]]:
    """Old and new value by the thing's label and the fact's name."""
    return {
        (thing["label"], change["name"]): tuple(one and one["value"] for one in (change["before"], change["after"]))
        for group in shown["changed"]
        for thing in group["things"]
        for change in group["changes"]
    }


@pytest.mark.parametrize("folder", FIXTURES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_nothing_differs_from_itself(folder: Path) -> None:
    done = run("diff", folder, folder)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("No difference in effect")


NO_EFFECT: dict[str, dict[str, str]] = {
    "blanks and comments": edited(("    server {\n        listen", "    # the shop\n    server {\n\n   listen")),
    "a default, written": edited(("timeout = 30", "timeout = 30\ngraceful_timeout = 30")),
    "another unit of time": edited(("120s", "2m")),
    "said for all of http": edited(
        ("            proxy_read_timeout 120s;\n", ""),
        ("http {", "http {\n    proxy_read_timeout 60s;"),
        ("location /reports/ {", "location /reports/ {\n proxy_read_timeout 2m;"),
    ),
    "computed": edited(("timeout = 30", "timeout = 3 * 10")),
    "another order": edited(("workers = 3\ntimeout = 30", "timeout = 30\nworkers = 3")),
}


@pytest.mark.parametrize("name", NO_EFFECT)
def test_what_changes_only_text_is_no_difference(tmp_path: Path, name: str) -> None:
    shown = told(tmp_path, FILES, NO_EFFECT[name])
    assert (shown["changed"], shown["added"], shown["removed"]) == ([], [], [])
    assert shown["findings"]["gained"] == shown["findings"]["lost"] == []


def test_a_limit_for_all_of_http_is_told_once_for_the_locations_that_have_it(tmp_path: Path) -> None:
    after = edited(("http {", "http {\n    client_max_body_size 20m;"))
    shown = told(tmp_path, FILES, after)
    (group,) = shown["changed"]
    assert [thing["label"] for thing in group["things"]] == [
        "shop.example.com /", "shop.example.com /reports/", "shop.example.com /old/"
    ]  # fmt: skip
    (change,) = group["changes"]
    assert (change["before"]["value"], change["after"]["value"]) == (1 << 20, 20 << 20)
    assert change["before"]["default"] and not change["after"]["default"]
    assert change["after"]["unit"] == "bytes"
    assert change["after"]["at"] == {"path": "nginx.conf", "start": {"line": 3, "column": 26}}


def test_a_lost_header_and_what_comes_of_it(tmp_path: Path) -> None:
    after = edited(
        ("        location / {\n            proxy_set_header Host $host;\n", "        location / {\n"),
    )
    shown = told(tmp_path, FILES, after)
    assert changes(shown) == {("shop.example.com /", "sends Host"): ("$host", None)}
    assert [one["rule"] for one in shown["findings"]["gained"]] == ["missing-host"]
    assert shown["findings"]["lost"] == []


def test_what_follows_from_settings_of_the_app(tmp_path: Path) -> None:
    shown = told(tmp_path, FILES, edited(("timeout = 30", 'timeout = 90\nworker_class = "gthread"')))
    found = changes(shown)
    assert found["gunicorn", "timeout"] == (30, 90)
    assert found["gunicorn", "ends a request after"] == (30, None)
    assert found["gunicorn", "keeps an idle connection for"] == (None, 2)


def test_another_port_on_one_side_only(tmp_path: Path) -> None:
    shown = told(tmp_path, FILES, edited(('"127.0.0.1:8000"', '"127.0.0.1:8001"')))
    found = changes(shown)
    assert found["gunicorn", "listens on"] == (["127.0.0.1:8000 (http)"], ["127.0.0.1:8001 (http)"])
    before, after = found["shop.example.com /", "arrives at"]
    assert (before, after) == (["127.0.0.1:8000 (gunicorn)"], ["127.0.0.1:8000 (nothing listens)"])
    assert "unreachable-upstream" in [one["rule"] for one in shown["findings"]["gained"]]


def test_servers_and_locations_come_and_go(tmp_path: Path) -> None:
    new = "    server {\n listen 80;\n server_name blog.example.com;\n location / { return 204; }\n }\n}\n"
    after = edited(("        location /old/ {\n            return 410;\n        }\n    }\n}\n", f"    }}\n{new}"))
    shown = told(tmp_path, FILES, after)
    assert [(one["kind"], one["label"]) for one in shown["added"]] == [("server", "blog.example.com (80)")]
    assert [(one["kind"], one["label"]) for one in shown["removed"]] == [("location", "shop.example.com /old/")]


def test_a_server_on_another_port_is_the_same_server(tmp_path: Path) -> None:
    shown = told(tmp_path, FILES, edited(("listen 80", "listen 8080")))
    assert (shown["added"], shown["removed"]) == ([], [])
    assert changes(shown)["shop.example.com (8080)", "listen"] == (["*:80"], ["*:8080"])


def test_a_finding_whose_figures_changed_is_the_same(tmp_path: Path) -> None:
    before = edited(("120s", "20s"))
    shown = told(tmp_path, before, edited(("120s", "25s")))
    assert changes(shown) == {("shop.example.com /reports/", "proxy_read_timeout"): (20, 25)}
    assert shown["findings"]["gained"] == shown["findings"]["lost"] == []
    assert shown["findings"]["kept"]


@pytest.mark.parametrize(("options", "code"), [((), 1), (("--fail-on", "error"), 1), (("--fail-on", "info"), 1)])
def test_a_gained_finding_fails(tmp_path: Path, options: tuple[str, ...], code: int) -> None:
    worse = edited(("120s", "20s"))
    assert diff(tmp_path, FILES, worse, *options).code == code
    assert diff(tmp_path, worse, FILES, *options).code == 0


def test_a_milder_one_does_not_fail_where_errors_are_asked_for(tmp_path: Path) -> None:
    worse = edited(("        location / {\n            proxy_set_header Host $host;\n", "        location / {\n"))
    assert diff(tmp_path, FILES, worse).code == 1
    assert diff(tmp_path, FILES, worse, "--fail-on", "error").code == 0


def test_markdown_obeys_nothing_that_is_linted(tmp_path: Path) -> None:
    evil = edited(
        (
            "$host;\n            proxy_set_header X-Forwarded-Proto $scheme;\n            proxy_pass",
            '"a|b`c` @all <b>";proxy_pass',
        )
    )
    done = diff(tmp_path, FILES, evil, "--format", "markdown")
    row = next(line for line in done.out.splitlines() if "sends Host" in line)
    assert row.count(" | ") == 4
    assert "`` a\\|b`c` @all <b> ``" in row


def test_hostile_texts_are_shown_and_not_obeyed(tmp_path: Path) -> None:
    evil = edited(("120s", '"\x1b[2J\u202e120s"'))
    for form in ("text", "markdown"):
        done = diff(tmp_path, FILES, evil, "--format", form)
        assert "\x1b" not in done.out and "\u202e" not in done.out
