"""``cfgcheck generate``: a spec in, files out, and nobody's work lost."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from cfgcheck.generate.output_header import header_of
from cfgcheck.generate.plan_records import Plan
from cfgcheck.generate.render import render
from tests.cli.running import Done, run

SPEC = """\
runtime: systemd
services:
  shop:
    domains: shop.example.com
    app: {module: shop.wsgi:application, framework: django}
    slowest-request: 45s
    health: /healthz
"""

PERMUTED = """\
services:
  shop:
    health: /healthz
    slowest-request: 45
    app:
      framework: django
      module: shop.wsgi:application
    domains: [shop.example.com]
runtime: systemd
"""

FILES = {
    "cfgcheck.toml",
    "nginx/nginx.conf",
    "nginx/conf.d/shop.conf",
    "shop/gunicorn.conf.py",
    "systemd/shop.service",
    "systemd/shop.socket",
}


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "cfgcheck.yaml"
    path.write_text(SPEC)
    return path


def below(folder: Path) -> dict[str, tuple[str, int]]:
    """All files with their times, hidden ones too."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): (path.read_text(), path.stat().st_mtime_ns) for path in files}


def generate(*args: object) -> Done:
    return run("generate", *args)


# ── writing ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_first_run(spec: Path) -> None:
    done = generate(spec)
    assert (done.code, done.err) == (0, "")
    folder = spec.parent / "deploy"
    assert set(below(folder)) == FILES
    assert done.out.startswith(f"Wrote 6 of 6 files to {folder}.\n")
    assert "\n  new: nginx/nginx.conf\n" in done.out
    assert re.search(r"^  shop: nginx 50 s > slowest request 45 s$", done.out, re.MULTILINE)
    assert "systemctl daemon-reload && systemctl enable --now shop.socket shop.service" in done.out


def test_what_was_written_is_clean(spec: Path) -> None:
    generate(spec)
    done = run("check", spec.parent / "deploy", "--format", "json")
    assert done.code == 0
    assert '"findings": []' in done.out


def test_every_file_says_who_wrote_it(spec: Path) -> None:
    generate(spec)
    for path, (text, _) in below(spec.parent / "deploy").items():
        header = header_of(text)
        assert header is not None, path
        assert not header.edited, path
        assert header.spec == "cfgcheck.yaml"


def test_second_run_changes_nothing(spec: Path) -> None:
    generate(spec)
    before = below(spec.parent)
    done = generate(spec)
    assert done.code == 0
    assert done.out.startswith(f"{spec.parent / 'deploy'} is up to date: 6 files.\n")
    assert "Next:" not in done.out
    assert below(spec.parent) == before


def test_the_order_of_keys_does_not_matter(spec: Path) -> None:
    generate(spec)
    before = below(spec.parent / "deploy")
    spec.write_text(PERMUTED)
    assert "up to date" in generate(spec).out
    assert below(spec.parent / "deploy") == before


def test_the_spec_of_the_current_folder_is_the_default(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(spec.parent)
    assert generate().out.startswith("Wrote 6 of 6 files to deploy.\n")


def test_another_folder(spec: Path, tmp_path: Path) -> None:
    assert generate(spec, "-o", tmp_path / "elsewhere/out").code == 0
    assert set(below(tmp_path / "elsewhere/out")) == FILES
    assert not (tmp_path / "deploy").exists()


def test_a_changed_spec_changes_the_files(spec: Path) -> None:
    generate(spec)
    spec.write_text(SPEC.replace("45s", "50s"))
    done = generate(spec)
    assert done.code == 0
    assert "  changed: nginx/conf.d/shop.conf\n" in done.out
    assert "proxy_read_timeout 55s;" in (spec.parent / "deploy/nginx/conf.d/shop.conf").read_text()


def test_files_of_another_runtime_go(spec: Path) -> None:
    generate(spec)
    spec.write_text(SPEC.replace("systemd", "supervisord"))
    done = generate(spec)
    assert "  removed: systemd/shop.service\n" in done.out
    assert not (spec.parent / "deploy/systemd").exists()
    assert (spec.parent / "deploy/supervisor/shop.conf").exists()


# ── what stands in the way ────────────────────────────────────────────────────────────────────────────────────────────


def test_an_edited_file_is_not_overwritten(spec: Path) -> None:
    generate(spec)
    unit = spec.parent / "deploy/systemd/shop.service"
    unit.write_text(unit.read_text().replace("Restart=on-failure", "Restart=always"))
    spec.write_text(SPEC.replace("45s", "50s"))
    before = below(spec.parent)
    done = generate(spec)
    assert done.code == 2
    assert "nothing was written" in done.err
    assert f"{unit}: edited by hand since cfgcheck wrote it" in done.err
    assert "--force" in done.err
    assert below(spec.parent) == before
    assert generate(spec, "--force").code == 0
    assert "Restart=on-failure" in unit.read_text()


def test_a_foreign_file_is_not_overwritten(spec: Path) -> None:
    mine = spec.parent / "deploy/nginx/nginx.conf"
    mine.parent.mkdir(parents=True)
    mine.write_text("events {}\n")
    done = generate(spec)
    assert done.code == 2
    assert f"{mine}: not written by cfgcheck" in done.err
    assert set(below(spec.parent / "deploy")) == {"nginx/nginx.conf"}
    assert mine.read_text() == "events {}\n"


def test_not_even_force_follows_a_link_out(spec: Path, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy/nginx").symlink_to(tmp_path / "etc")
    done = generate(spec, "--force")
    assert done.code == 2
    assert "behind a symbolic link" in done.err
    assert "--force" not in done.err
    assert below(tmp_path / "etc") == {}


def test_an_edited_file_that_is_no_longer_generated_is_kept_and_named(spec: Path) -> None:
    generate(spec)
    unit = spec.parent / "deploy/systemd/shop.service"
    unit.write_text(unit.read_text() + "# mine\n")
    spec.write_text(SPEC.replace("systemd", "plain"))
    done = generate(spec)
    assert done.code == 0
    assert "  kept: systemd/shop.service, which is no longer generated but was edited by hand\n" in done.out
    assert unit.exists()


def test_a_failing_disk_is_told_without_a_traceback(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generate(spec)
    before = below(spec.parent)
    spec.write_text(SPEC.replace("45s", "50s"))
    real = os.replace

    def replace(source: Any, target: Any) -> None:
        if str(source).endswith(".new") and "conf.d" in str(source):
            raise OSError(28, "No space left on device", str(target))
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    done = generate(spec)
    assert done.code == 2
    assert done.err.endswith("no space left on device; all files are as they were\n")
    after = below(spec.parent)
    del before["cfgcheck.yaml"], after["cfgcheck.yaml"]
    assert after == before


def test_a_file_in_place_of_the_folder(spec: Path) -> None:
    (spec.parent / "deploy").write_text("")
    done = generate(spec)
    assert done.code == 2
    assert "is no folder" in done.err


# ── looking only ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_check_is_content_with_what_was_written(spec: Path) -> None:
    generate(spec)
    done = generate(spec, "--check")
    assert (done.code, done.out) == (0, "")
    assert "6 files" in done.err


def _remove(folder: Path) -> None:
    (folder / "systemd/shop.socket").unlink()


def _edit(folder: Path) -> None:
    path = folder / "shop/gunicorn.conf.py"
    path.write_text(path.read_text().replace("threads = 4", "threads = 8"))


def _stale(folder: Path) -> None:
    spec = folder.parent / "cfgcheck.yaml"
    extra = "  blog:\n    domains: blog.example.com\n    app: blog.wsgi\n"
    spec.write_text(SPEC + extra)
    generate(spec)
    spec.write_text(SPEC)


def _outdated(folder: Path) -> None:
    (folder.parent / "cfgcheck.yaml").write_text(SPEC.replace("45s", "50s"))


@pytest.mark.parametrize(
    ("meddle", "said", "shown"),
    [
        (_remove, "systemd/shop.socket: missing", "+++ b/systemd/shop.socket"),
        (_edit, "shop/gunicorn.conf.py: edited by hand since it was written", "-threads = 8"),
        (_stale, "nginx/conf.d/blog.conf: no longer generated", "--- a/nginx/conf.d/blog.conf"),
        (
            _outdated,
            "nginx/conf.d/shop.conf: the spec (or cfgcheck) has changed since it was written",
            "+    proxy_read_timeout 55s;",
        ),
    ],
)
def test_check_finds_drift(spec: Path, meddle: Any, said: str, shown: str) -> None:
    generate(spec)
    meddle(spec.parent / "deploy")
    before = below(spec.parent)
    done = generate(spec, "--check")
    assert done.code == 1
    assert said in done.err
    assert f"\n{shown}" in f"\n{done.out}"
    assert below(spec.parent) == before


def test_check_of_a_folder_that_is_not_there(spec: Path) -> None:
    done = generate(spec, "--check")
    assert done.code == 1
    assert done.err.count(": missing") == 6
    assert not (spec.parent / "deploy").exists()


def test_diff_writes_nothing(spec: Path) -> None:
    done = generate(spec, "--diff")
    assert (done.code, done.err) == (0, "")
    assert "--- /dev/null\n+++ b/nginx/nginx.conf\n" in done.out
    assert not (spec.parent / "deploy").exists()


def test_stdout_prints_all_files(spec: Path) -> None:
    done = generate(spec, "--stdout")
    assert (done.code, done.err) == (0, "")
    assert {line[6:-4] for line in done.out.splitlines() if line.startswith("# ==> ")} == FILES
    assert not (spec.parent / "deploy").exists()


def test_modes_exclude_each_other(spec: Path) -> None:
    done = generate(spec, "--check", "--stdout")
    assert done.code == 2
    assert "exclude each other" in done.err


# ── the spec ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = generate()
    assert done.code == 2
    assert "there is no spec at cfgcheck.yaml (`cfgcheck init` writes one)" in done.err


def test_a_mistake_in_the_spec_is_told_with_its_place(spec: Path) -> None:
    spec.write_text(SPEC.replace("health:", "helth:"))
    done = generate(spec)
    assert done.code == 2
    assert done.err.startswith(f"Error: {spec}:7:5: ")
    assert "health" in done.err
    assert not (spec.parent / "deploy").exists()


def test_what_can_not_be_written_is_told_with_its_place(spec: Path) -> None:
    text = SPEC.replace("systemd", "supervisord") + "    environment:\n      MOTTO: 'a ; b'\n"
    spec.write_text(text)
    done = generate(spec)
    assert done.code == 2
    assert f"{spec}:9:7: supervisord takes a `;`" in done.err


OVERRIDE = """\
    nginx:
      server: {etag: "off", proxy_next_upstream: [error, timeout, non_idempotent]}
"""


def test_an_override_that_breaks_something_is_refused_with_its_place(spec: Path) -> None:
    spec.write_text(SPEC + OVERRIDE)
    done = generate(spec)
    assert done.code == 1
    assert f"{spec}:9:29: services.shop.nginx.server.proxy_next_upstream causes" in done.err
    assert "[retried-writes]" in done.err
    assert "etag" not in done.err
    assert "--force writes it all the same" in done.err
    assert not (spec.parent / "deploy").exists()
    assert generate(spec, "--force").code == 0
    assert "non_idempotent;" in (spec.parent / "deploy/nginx/conf.d/shop.conf").read_text()


def test_an_override_that_breaks_nothing_is_written(spec: Path) -> None:
    spec.write_text(SPEC + "    manager: {Nice: 5}\n")
    assert generate(spec).code == 0
    assert "Nice=5\n" in (spec.parent / "deploy/systemd/shop.service").read_text()


def test_a_finding_that_no_override_causes_is_our_own_mistake(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(planned: Plan) -> dict[str, str]:
        return {path: text.replace("proxy_pass", "proxy_pas") for path, text in render(planned).items()}

    monkeypatch.setattr("cfgcheck.cli.generate_judge.render", broken)
    monkeypatch.setattr("cfgcheck.cli.generate.render", broken)
    done = generate(spec)
    assert done.code == 2
    assert "internal error: the generated nginx/conf.d/shop.conf:" in done.err
    assert "[unknown-directive]" in done.err
    assert not (spec.parent / "deploy").exists()


def test_compose_file_is_read_by_others_too(spec: Path) -> None:
    spec.write_text(SPEC.replace("systemd", "compose"))
    generate(spec)
    parsed = YAML(typ="safe", pure=True).load((spec.parent / "deploy/compose.yaml").read_text())
    assert set(parsed["services"]) == {"nginx", "shop"}
