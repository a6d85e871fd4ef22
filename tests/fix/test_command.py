"""``cfgcheck fix`` and ``check --fix``: what they write, print and end with."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.running import run
from tests.fix.patching import patched

NGINX = b"""events {}
http {
  server {
    listen 80;
    # cfgcheck: ignore[protocol-mismatch] left over \xe9\r
    return 204;
  }
  server {
    listen 81; # cfgcheck: ignore[nope, missing-host]
    return 204;
  }
}
"""
MENDED = b"""events {}
http {
  server {
    listen 80;
    return 204;
  }
  server {
    listen 81;
    return 204;
  }
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "nginx.conf").write_bytes(NGINX)
    return tmp_path


def state(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_it_mends(folder: Path) -> None:
    done = run("fix", folder)
    assert (done.code, done.err) == (0, "")
    assert (folder / "nginx.conf").read_bytes() == MENDED
    assert "nginx.conf:5:24: Take the comment out [unused-suppression]" in " ".join(done.out.split())
    assert done.out.endswith("3 mended in 1 file.\n")


def test_once_more_writes_nothing(folder: Path) -> None:
    run("fix", folder)
    before = state(folder)
    done = run("fix", folder)
    assert (done.code, done.out) == (0, "Nothing to mend.\n")
    assert state(folder) == before


def test_a_diff_writes_nothing(folder: Path) -> None:
    before = state(folder)
    (folder.parent / "out").unlink(missing_ok=True)
    done = run("fix", "--diff", folder / "nginx.conf", "--select", "missing-host")
    assert (done.code, done.out) == (0, "")
    assert state(folder) == before


def test_a_diff_holds_all(tmp_path: Path) -> None:
    text = NGINX.replace(b"\xe9", b"e").decode()
    (tmp_path / "nginx.conf").write_bytes(text.encode())
    done = run("fix", "--diff", tmp_path)
    assert done.code == 1
    assert done.out.startswith("--- a/nginx.conf\n+++ b/nginx.conf\n@@ ")
    assert patched(text, done.out) == MENDED.decode()
    assert done.err == "3 would be mended in 1 file.\n"


def test_only_what_is_selected(folder: Path) -> None:
    run("fix", folder, "--ignore", "file")
    assert (folder / "nginx.conf").read_bytes() == NGINX
    run("fix", folder, "--select", "file")
    assert (folder / "nginx.conf").read_bytes() == MENDED


def test_check_mends_and_reports_the_rest(folder: Path) -> None:
    done = run("check", "--fix", "--format", "json", folder)
    assert done.code == 0
    assert json.loads(done.out)["findings"] == []
    assert done.err == "3 mended in 1 file.\n"
    assert (folder / "nginx.conf").read_bytes() == MENDED


def test_check_tells_what_could_be_mended(folder: Path) -> None:
    done = run("check", folder)
    assert done.out.count("[fix]") == 3
    assert "3 can be mended by `cfgcheck fix`." in done.out
    assert (folder / "nginx.conf").read_bytes() == NGINX


def test_edits_are_in_the_json(folder: Path) -> None:
    (first, second, third) = json.loads(run("check", "--format", "json", folder).out)["findings"]
    assert first["fix"] == {
        "applicability": "safe",
        "title": "Take the comment out",
        "edits": [
            {"path": "nginx.conf", "start": {"line": 5, "column": 1}, "end": {"line": 6, "column": 1}, "text": ""}
        ],
    }
    assert [one["edits"][0]["start"]["column"] for one in (second["fix"], third["fix"])] == [35, 39]


def test_edits_are_in_the_sarif(folder: Path) -> None:
    results = json.loads(run("check", "--format", "sarif", folder).out)["runs"][0]["results"]
    (fix,) = results[0]["fixes"]
    (change,) = fix["artifactChanges"]
    assert change["artifactLocation"]["uri"].endswith("nginx.conf")
    assert change["replacements"] == [
        {"deletedRegion": {"startLine": 5, "startColumn": 1, "endLine": 6, "endColumn": 1}}
    ]


@pytest.mark.parametrize("args", [["fix", "-"], ["check", "--fix", "-"]])
def test_standard_input_is_no_file(args: list[str]) -> None:
    done = run(*args, stdin=NGINX)
    assert done.code == 2
    assert "standard input (-) can't be mended in place" in done.err


def test_unsafe_goes_with_fix(folder: Path) -> None:
    done = run("check", "--unsafe", folder)
    assert (done.code, "--unsafe goes with --fix" in done.err) == (2, True)


def test_a_link_out_of_the_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "other.conf").write_bytes(NGINX)
    (tmp_path / "site" / "nginx.conf").symlink_to("../other.conf")
    done = run("fix", tmp_path / "site")
    assert done.code == 1
    assert "outside of the folder" in " ".join(done.out.split())
    assert (tmp_path / "other.conf").read_bytes() == NGINX


def test_a_link_within_the_folder_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "sites").mkdir()
    (tmp_path / "sites" / "shop.conf").write_bytes(NGINX)
    (tmp_path / "nginx.conf").symlink_to("sites/shop.conf")
    assert run("fix", tmp_path).code == 0
    assert os.readlink(tmp_path / "nginx.conf") == "sites/shop.conf"
    assert (tmp_path / "sites" / "shop.conf").read_bytes() == MENDED


def test_what_nginx_printed_is_left_alone(tmp_path: Path) -> None:
    dump = b"# configuration file /etc/nginx/nginx.conf:\n" + NGINX
    (tmp_path / "nginx.conf").write_bytes(dump)
    done = run("fix", tmp_path)
    assert "`nginx -T`" in done.out
    assert (tmp_path / "nginx.conf").read_bytes() == dump


def test_a_folder_that_can_not_be_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(source: str, target: Path) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "replace", failing)
    before = state(folder)
    done = run("fix", folder)
    assert (done.code, done.out) == (2, "")
    assert "nginx.conf can't be written: read-only file system; nothing was changed" in done.err
    assert state(folder) == before


def test_the_help_page_has_examples() -> None:
    done = run("fix", "--help")
    assert (done.code, done.err) == (0, "")
    assert "Examples:" in done.out
    assert max(map(len, done.out.splitlines())) <= 100
