"""``cfgcheck check``: what it prints where, and with which exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cfgcheck.cli import check as check_module
from tests.cli.running import DEMO, REPOSITORY, run
from tests.report.schemas import mistakes, sarif_mistakes

MISMATCH = ("--select", "protocol-mismatch")
CLEAN = {
    "nginx.conf": "events {}\nhttp {\n  server {\n    listen 80;\n    location / {\n"
    "      proxy_pass http://127.0.0.1:8000;\n    }\n  }\n}\n",
    "gunicorn.conf.py": 'bind = "127.0.0.1:8000"\n',
}


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    for name, text in CLEAN.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_findings_are_exit_code_1() -> None:
    done = run("check", DEMO / "uwsgi", *MISMATCH)
    assert (done.code, done.err) == (1, "")
    assert done.out.startswith("error[protocol-mismatch]: ")
    assert "╭─ nginx.conf:9:24\n" in done.out
    assert "╭─ uwsgi.ini:3:10\n" in done.out
    assert "client sees: 502 Bad Gateway" in done.out
    assert "Found 1 error." in done.out.splitlines()


def test_no_findings_are_exit_code_0(clean: Path) -> None:
    done = run("check", clean, *MISMATCH)
    assert done == (
        0,
        "No problems.\nLooked at 2 files: 1 proxy, 1 app and 1 route (1 linked); 1 rule run.\n",
        "",
    )


def test_the_current_folder_is_the_default(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(clean)
    assert run("check", *MISMATCH) == run("check", clean, *MISMATCH)


def test_nothing_to_check_is_said(tmp_path: Path) -> None:
    done = run("check", tmp_path)
    assert done.code == 0
    assert done.out.startswith("Nothing to check")


def test_fail_on_decides_the_exit_code_only(clean: Path) -> None:
    nginx = clean / "nginx.conf"
    nginx.write_text(nginx.read_text().replace("proxy_pass", "proxy_read_timeout 20s;\n      proxy_pass"))
    args = ("check", clean, "--select", "read-timeout-not-above-app-timeout")
    assert run(*args).code == 1
    assert "Found 1 warning." in run(*args).out
    assert run(*args, "--fail-on", "error").code == 0
    assert run(*args, "--fail-on", "error").out == run(*args).out
    (clean / "cfgcheck.toml").write_text('fail-on = "error"\n', encoding="utf-8")
    assert run(*args).code == 0
    assert run(*args, "--fail-on", "info").code == 1


def test_ignore_takes_rules_and_categories_away() -> None:
    for name in ("protocol-mismatch", "endpoint"):
        done = run("check", DEMO / "uwsgi", "--select", "endpoint", "--ignore", name)
        assert "protocol-mismatch" not in done.out


def test_selection_of_the_command_line_replaces_that_of_the_settings(tmp_path: Path) -> None:
    config = tmp_path / "cfgcheck.toml"
    config.write_text('select = ["timeout"]\n', encoding="utf-8")
    assert "protocol-mismatch" not in run("check", DEMO / "uwsgi", "--config", config).out
    assert "protocol-mismatch" in run("check", DEMO / "uwsgi", "--config", config, *MISMATCH).out


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["check", "no/such/path"], "no such file or folder: no/such/path"),
        (["check", "-", "-"], "standard input (-) can be read only once"),
        (["check", "--fail-on", "warn"], "'warn' is not one of"),
        (["check", "--format", "xml"], "'xml' is not one of"),
        (["check", "--no-such-option"], "No such option"),
        (["check", "--select", "protocol-mismach", "."], "did you mean `protocol-mismatch`?"),
        (["check", "--ignore", "nonsense", "."], "no rule and no category `nonsense`"),
        (["check", "--config", "no.toml", "."], "no.toml: can't be read: no such file or directory"),
        (["check", "--stdin-filename", "x", "."], "--stdin-filename needs standard input"),
        (
            ["check", "--output", "no/such/folder/x", "."],
            "no/such/folder/x can't be written: no such file or directory",
        ),
        (["chek"], "no such command: chek; did you mean check?"),
        (["fixtures"], "did you mean cfgcheck check fixtures?"),
        (["explain"], "Missing argument 'RULE'"),
        (["explain", "protocol-mismach"], "did you mean protocol-mismatch?"),
        (["show", "no/such/path"], "no such file or folder"),
    ],
)
def test_wrong_usage_is_exit_code_2(args: list[str], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    if args[-1] == ".":
        args = [*args[:-1], "fixtures/demo"]
    done = run(*args)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert "Traceback" not in done.err


def test_unusable_settings_are_exit_code_2_with_the_place(clean: Path) -> None:
    (clean / "cfgcheck.toml").write_text('nginx = "1.30"\nfailon = 1\n', encoding="utf-8")
    done = run("check", clean)
    assert done.code == 2
    assert done.err == f'Error: {clean}/cfgcheck.toml:2:1: unknown key "failon"; did you mean "fail-on"?\n'


def test_a_rule_named_in_the_settings_must_exist(clean: Path) -> None:
    (clean / "cfgcheck.toml").write_text('ignore = [\n  "protocol-mismach"]\n', encoding="utf-8")
    done = run("check", clean)
    assert done.code == 2
    assert "cfgcheck.toml:2:3: " in done.err
    assert "did you mean `protocol-mismatch`?" in done.err


def test_standard_input() -> None:
    text = (DEMO / "uwsgi" / "nginx.conf").read_bytes()
    done = run(
        "check", "-", DEMO / "uwsgi" / "uwsgi.ini", "--stdin-filename", "deploy/nginx.conf", *MISMATCH, stdin=text
    )
    assert done.code == 1
    assert "╭─ deploy/nginx.conf:9:24" in done.out


def test_comments_silence_and_can_be_overruled(tmp_path: Path) -> None:
    for name in ("nginx.conf", "uwsgi.ini"):
        text = (DEMO / "uwsgi" / name).read_text(encoding="utf-8")
        comment = "# cfgcheck: ignore[protocol-mismatch] known\n"
        (tmp_path / name).write_text(text.replace("socket =", comment + "socket ="), encoding="utf-8")
    done = run("check", tmp_path, *MISMATCH)
    assert done.code == 0
    assert done.out.endswith("1 rule run, 1 finding suppressed.\n")
    assert run("check", tmp_path, *MISMATCH, "--no-ignores").code == 1


def test_json() -> None:
    done = run("check", DEMO, "--format", "json")
    shown = json.loads(done.out)
    assert mistakes(shown, "findings-1.json") == []
    assert "protocol-mismatch" in {one["rule"] for one in shown["findings"]}
    assert shown["summary"]["files"] == 4
    by_severity = [one["severity"] for one in shown["findings"]]
    assert [by_severity.count(word) for word in ("error", "warning", "info")] == [
        shown["summary"][word] for word in ("error", "warning", "info")
    ]


def test_sarif(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(DEMO.parent)
    shown = json.loads(run("check", DEMO, "--format", "sarif").out)
    assert sarif_mistakes(shown) == []
    found = {one["ruleId"]: one for one in shown["runs"][0]["results"]}["protocol-mismatch"]
    assert found["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "demo/uwsgi/uwsgi.ini"
    assert found["partialFingerprints"]


def test_github(monkeypatch: pytest.MonkeyPatch) -> None:
    """Annotations need paths from the top of the checkout, where the step runs, whatever folder is checked."""
    monkeypatch.chdir(DEMO.parent)
    shown = run("check", DEMO, "--format", "github", *MISMATCH).out
    assert shown.startswith("::error file=demo/uwsgi/nginx.conf,line=9,endLine=9,col=24,")


def test_output_goes_to_a_file_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "report.json"
    target.write_text("old", encoding="utf-8")
    target.chmod(0o640)
    done = run("check", DEMO, "--format", "json", "--output", target)
    assert (done.code, done.out) == (1, "")
    assert json.loads(target.read_text(encoding="utf-8"))["format"] == "cfgcheck.findings/1"
    assert target.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["report.json"]

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    before = target.read_bytes()
    done = run("check", DEMO, "--output", target)
    assert (done.code, done.err) == (2, f"Error: {target} can't be written: no space left on device\n")
    assert target.read_bytes() == before
    assert os.listdir(tmp_path) == ["report.json"]


def test_output_to_a_device() -> None:
    assert run("check", DEMO, "--output", "/dev/null").code == 1


def test_text_in_a_file_has_no_colours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    run("check", DEMO, "--output", tmp_path / "report")
    assert "\x1b" not in (tmp_path / "report").read_text(encoding="utf-8")


def test_colours_can_be_forced_and_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    assert "\x1b" not in run("check", DEMO).out
    assert "\x1b[1;31merror" in run("check", DEMO, "--color", "always").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[1;31merror" in run("check", DEMO).out
    assert "\x1b" not in run("check", DEMO, "--color", "never").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run("check", DEMO).out


def test_statistics_and_unchecked() -> None:
    done = run("check", DEMO, "--statistics", "--show-unchecked")
    assert "\nFindings by rule\n" in done.out


def test_an_internal_error_is_one_line_and_exit_code_2(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*args: object, **kwargs: object) -> None:
        raise ValueError("a\nb")

    monkeypatch.setattr(check_module, "check", crash)
    done = run("check", DEMO)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(
        "cfgcheck: internal error: ValueError: a b. This is a mistake in cfgcheck: please report"
    )
    assert done.err.count("\n") == 1
    monkeypatch.setenv("CFGCHECK_DEBUG", "1")
    assert "Traceback (most recent call last)" in run("check", DEMO).err


def test_an_interruption_is_exit_code_2(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(check_module, "check", interrupt)
    done = run("check", DEMO)
    assert (done.code, done.err.strip()) == (2, "cfgcheck: interrupted")


def process(*args: object, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "cfgcheck", *map(str, args)],
        capture_output=True,
        env={**os.environ, **environment},
        check=False,
    )


def test_a_reader_that_goes_away_is_no_trouble() -> None:
    writing = subprocess.Popen(
        [sys.executable, "-m", "cfgcheck", "check", str(DEMO), "--color", "never"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert writing.stdout is not None
    assert writing.stderr is not None
    writing.stdout.close()
    said = writing.stderr.read()
    writing.stderr.close()
    assert (writing.wait(), said) == (1, b"")


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_full_disk_is_told(form: str) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "cfgcheck", "check", str(DEMO), "--format", form],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (2, "Error: output can't be written: no space left on device\n")


def test_closed_streams_are_no_trouble() -> None:
    command = f"{sys.executable} -m cfgcheck check {DEMO} >&- 2>&- <&-"
    assert subprocess.run(command, shell=True, check=False).returncode == 1


def test_a_terminal_without_unicode() -> None:
    done = process("check", DEMO, PYTHONIOENCODING="latin-1", PYTHONUTF8="0")
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"--> uwsgi/nginx.conf:9:24" in done.stdout
    assert done.stdout.isascii()
    machine = process("check", DEMO, "--format", "json", PYTHONIOENCODING="latin-1", PYTHONUTF8="0")
    assert "→" in json.loads(machine.stdout.decode("utf-8"))["findings"][0]["subject"]


def test_a_check_imports_no_more_than_it_needs(clean: Path) -> None:
    for name in ("nginx.conf", "uwsgi.ini"):
        (clean / name).write_bytes((DEMO / "uwsgi" / name).read_bytes())
    code = (
        "import sys; from cfgcheck.cli import main;"
        f"code = main(['check', {str(clean)!r}]);"
        "heavy = ('pydantic', 'ruamel', 'crossplane', 'jsonschema', 'tomllib', 'asyncio', 'difflib',"
        " 'cfgcheck.report.sarif', 'cfgcheck.report.findings_json', 'cfgcheck.report.github', 'cfgcheck.cli.show');"
        "print(code, [name for name in heavy if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "1 []"
