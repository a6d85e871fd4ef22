"""Files that were made to hurt: whatever they hold, cfgcheck ends within seconds with 0, 1 or 2, says something about
them, judges the other files, and neither runs nor imports anything of what it looks at."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cli.running import REPOSITORY, Done, run
from tests.hanging import no_hang
from tests.hostile_texts import BOMBS, DECLARATIONS, ENCODED, MARK, NGINX, PIECES, TRAPS, WATCHED
from tests.profiles import examples

OTHER = {
    "other/nginx.conf": NGINX + "server { location /a { return 204; } location /a { return 404; } }\n}\n",
    "other/uwsgi.ini": "[uwsgi]\nsocket = 127.0.0.1:3031\nmaster = 1\n",
}
"""Files with a finding of their own, which must be told whatever lies beside them."""

LONGEST = 60_000
"""Characters that a report may have."""


def check(folder: Path, files: Mapping[str, str | bytes], *arguments: object) -> Done:
    """Write the files and check the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with no_hang():
        done = run("check", folder, *arguments)
    assert done.code in (0, 1, 2)
    for text in (done.out, done.err):
        assert "Traceback" not in text
        assert "internal" not in text
    return done


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_beside_other_files(tmp_path: Path, name: str) -> None:
    file, content, said = BOMBS[name]
    done = check(tmp_path, {**OTHER, f"bomb/{file}": content}, "--show-unchecked")
    assert done.code == 1
    assert "error[repeated-location]" in done.out
    assert said in done.out
    assert len(done.out) < LONGEST
    assert "\x1b" not in done.out
    assert "\u202e" not in done.out


@pytest.mark.parametrize("name", ["surrogates in JSON", "terminal escapes", "surrogates in Python", "huge numbers"])
@pytest.mark.parametrize("form", ["json", "sarif", "github"])
def test_a_bomb_in_machine_formats(tmp_path: Path, name: str, form: str) -> None:
    file, content, _ = BOMBS[name]
    done = check(tmp_path, {**OTHER, f"bomb/{file}": content}, "--format", form)
    assert done.code == 1
    if form != "github":
        json.loads(done.out)
    assert "repeated-location" in done.out


@pytest.mark.parametrize("name", DECLARATIONS)
@pytest.mark.parametrize("file", ["cfgcheck.toml", "pyproject.toml"])
def test_settings_that_are_refused(tmp_path: Path, name: str, file: str) -> None:
    head = b"" if file == "cfgcheck.toml" else b"[tool.cfgcheck]\n"
    if head and b"\n[" in b"\n" + DECLARATIONS[name]:
        return  # a table of its own is not one of [tool.cfgcheck]
    done = check(tmp_path, {**OTHER, file: head + DECLARATIONS[name]})
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Error: ")
    assert file in done.err


@pytest.mark.parametrize(
    "content",
    [b'exclude = ["' + b"*a" * 500 + b'", "["]\n', b'[[app]]\nname = "a"\ncommand = "' + b"(" * 100_000 + b'"\n',
     b"#" + b"x" * 5_000_000],
    ids=["patterns", "a command", "a long comment"],
)  # fmt: skip
def test_settings_that_are_odd(tmp_path: Path, content: bytes) -> None:
    done = check(tmp_path, {**OTHER, "cfgcheck.toml": content})
    assert (done.code, done.err) == (1, "")
    assert "error[repeated-location]" in done.out


@pytest.mark.parametrize("name", ENCODED)
def test_encodings(tmp_path: Path, name: str) -> None:
    content, said, place = ENCODED[name]
    done = check(tmp_path, {**OTHER, "odd/nginx.conf": content})
    assert done.code == 1
    assert said in done.out
    assert f"odd/{place}" in done.out
    assert done.out.count("error[repeated-location]") == 1 + ("repeated" in said)


def test_includes_in_a_circle_and_that_double(tmp_path: Path) -> None:
    circle = {
        "circle/nginx.conf": "events {} http { include a.conf; }",
        "circle/a.conf": "include b.conf;",
        "circle/b.conf": "include a.conf; include nginx.conf; server { location / {} location / {} }",
    }
    double = {f"double/a{at}.conf": f"include a{at + 1}.conf;" * 2 for at in range(40)}
    done = check(tmp_path, {**OTHER, **circle, **double, "double/nginx.conf": "events {} http { include a0.conf; }"})
    assert done.code == 1
    assert "circle/a.conf → circle/b.conf → circle/a.conf" in " ".join(done.out.split())
    assert "circle/b.conf:1:" in done.out
    assert "error[repeated-location]" in done.out


def test_uwsgi_includes_that_double(tmp_path: Path) -> None:
    files = {f"u/a{at}.ini": f"[uwsgi]\nini = a{at + 1}.ini\nini = a{at + 1}.ini\n" for at in range(20)}
    done = check(tmp_path, {**OTHER, **files, "u/uwsgi.ini": "[uwsgi]\nini = a0.ini\nsocket = :1\n"})
    assert done.code == 1
    assert "files are included" in done.out


def test_what_is_no_file(tmp_path: Path) -> None:
    """None of these may stop the check of the folder; each that is named is told."""
    check(tmp_path, OTHER)
    odd = tmp_path / "odd"
    odd.mkdir()
    os.mkfifo(odd / "nginx.conf")
    os.mkfifo(odd / "gunicorn.conf.py")
    (odd / "uwsgi.ini").symlink_to("uwsgi.ini")
    (odd / "Procfile").symlink_to("nowhere")
    (odd / "conf.d").mkdir()
    (odd / "conf.d" / "loop").symlink_to("..")
    (odd / "conf.d" / "site.conf").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(odd)  # a socket's path is short
        try:
            listening.bind("uwsgi.yaml")
        finally:
            os.chdir(here)
        folder = check(tmp_path, {})
        assert folder.code == 1
        assert "error[repeated-location]" in folder.out
        named = [odd / name for name in ("nginx.conf", "gunicorn.conf.py", "uwsgi.ini", "uwsgi.yaml")]
        done = run("check", *named, tmp_path / "other" / "nginx.conf")
    assert (done.code, done.err) == (1, "")
    for said in ("nginx.conf is a named pipe", "gunicorn.conf.py is a named pipe", "uwsgi.yaml is a socket"):
        assert said in done.out
    assert "uwsgi.ini can't be read: too many levels of symbolic links" in done.out
    assert "error[repeated-location]" in done.out
    assert run("check", tmp_path / "missing").code == 2


def test_what_includes_lead_to(tmp_path: Path) -> None:
    """A pipe or an unreadable file behind an include is told, and does not hang."""
    os.mkfifo(tmp_path / "pipe.conf")
    (tmp_path / "folder.conf").mkdir()
    (tmp_path / "loop.conf").symlink_to("loop.conf")
    text = "events {}\nhttp {\ninclude pipe.conf;\ninclude folder.conf;\ninclude loop.conf;\n}\n"
    done = check(tmp_path, {"nginx.conf": text, "Procfile": "web: gunicorn -c pipe.conf app\n"})
    assert done.code == 1
    for line in (3, 4, 5):
        assert f"nginx.conf:{line}:" in done.out


def unreadable(path: Path) -> bool:
    """Take away the right to read; False for root, who needs none."""
    path.chmod(0)
    try:
        path.read_bytes()
    except PermissionError:
        return True
    return False


def test_files_without_the_right_to_read_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check(tmp_path, {**OTHER, "secret/nginx.conf": NGINX + "}\n"})
    secret = tmp_path / "secret" / "nginx.conf"
    if not unreadable(secret):
        real = Path.read_bytes

        def refusing(path: Path) -> bytes:
            if path == secret:
                raise PermissionError(13, "Permission denied")
            return real(path)

        monkeypatch.setattr(Path, "read_bytes", refusing)
    done = run("check", secret, tmp_path / "other")
    assert done.code == 1
    assert "can't be read: permission denied" in done.out
    assert "error[repeated-location]" in done.out


# Nothing of the tree is run


def set_traps(folder: Path) -> None:
    for name, text in TRAPS.items():
        (folder / name).write_text(text)
    git = ["git", "-C", str(folder)]
    subprocess.run([*git, "init", "-q"], check=True)
    for name in ("core.fsmonitor", "filter.x.smudge", "filter.x.clean", "core.sshCommand", "core.pager"):
        subprocess.run([*git, "config", name, f"touch {folder / MARK}; cat"], check=True)
    hook = folder / ".git" / "hooks" / "post-index-change"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {folder / MARK}\n")
    hook.chmod(0o755)


@pytest.mark.parametrize("how", [["-m", "cfgcheck"], [str(Path(sys.executable).with_name("cfgcheck"))]])
def test_nothing_of_the_tree_is_run(tmp_path: Path, how: list[str]) -> None:
    set_traps(tmp_path)
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    for arguments in (["check", "."], ["show", "."], ["rules"], ["explain", "missing-host"]):
        command = [sys.executable, *how, *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=30, check=False)
        assert done.returncode in (0, 1), done.stderr
        assert done.stderr == b""
    assert list(tmp_path.rglob(MARK)) == []


def test_no_connection_no_process_no_import(tmp_path: Path) -> None:
    """Python's own audit events say so, of all that happens in the process."""
    set_traps(tmp_path)
    command = [sys.executable, "-c", WATCHED, str(tmp_path), str(REPOSITORY), MARK]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1, done.stderr
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert found["summary"]["files"] >= 5
    assert found["summary"]["apps"] >= 3


# Any bytes


def contents(name: str) -> st.SearchStrategy[bytes]:
    written = st.lists(st.sampled_from(PIECES[name]), max_size=30)
    texts = written.map(lambda parts: "".join(parts).encode("utf-8", "surrogatepass"))
    return st.one_of(texts, texts, st.binary(max_size=200), st.tuples(st.binary(max_size=4), texts).map(b"".join))


@pytest.mark.parametrize("name", PIECES)
@settings(max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_bytes(tmp_path: Path, name: str, data: st.DataObject) -> None:
    done = check(tmp_path, {**OTHER, name: data.draw(contents(name))}, "--show-unchecked")
    if name == "cfgcheck.toml":
        assert done.code == 2 or "error[repeated-location]" in done.out
    else:
        assert done.code == 1
        assert done.err == ""
        assert "error[repeated-location]" in done.out
