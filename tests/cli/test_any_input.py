"""Whatever the files hold: exit code 0, 1 or 2, valid output, no traceback."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.cli.running import Done, run
from tests.report.schemas import mistakes, sarif_mistakes

PIECES = (
    "server {", "location / {", "}", ";", "proxy_pass http://127.0.0.1:8000;", "upstream a {", "server localhost:8000;",
    "uwsgi_pass unix:/x.sock;", "proxy_set_header Host", "$host", "{{ x }}", "{% if a %}", "${PORT}", "include *.conf;",
    "# cfgcheck: ignore[missing-host] x", '"', "'", "\\", "\x00", "\x1b[31m", "\udcff", "\r\n", "\n", "\t", "é", "日",
    "bind = '127.0.0.1:8000'", "bind = ['unix:/x.sock', ':8000']", "timeout = ", "[uwsgi]", "socket = :3031",
    "harakiri=2m", "if-env = X", "import os", "workers = os.cpu_count()", "x = [", "def f(",
    "lambda:", "f'{bind}'", "=", "(", ")",
)  # fmt: skip
texts = (
    st.lists(st.sampled_from(PIECES), max_size=25)
    .map(" ".join)
    .map(lambda text: text.encode("utf-8", "surrogateescape"))
)
contents = st.one_of(texts, st.binary(max_size=120))


def sound(done: Done) -> None:
    assert done.code in (0, 1)
    assert done.err == ""


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents, contents, contents, st.binary(max_size=40))
def test_any_bytes_in_any_file(tmp_path: Path, nginx: bytes, gunicorn: bytes, uwsgi: bytes, procfile: bytes) -> None:
    (tmp_path / "nginx.conf").write_bytes(nginx)
    (tmp_path / "gunicorn.conf.py").write_bytes(gunicorn)
    (tmp_path / "uwsgi.ini").write_bytes(b"[uwsgi]\n" + uwsgi)
    (tmp_path / "Procfile").write_bytes(b"web: gunicorn " + procfile)
    files = [tmp_path / name for name in ("nginx.conf", "gunicorn.conf.py", "uwsgi.ini", "Procfile")]
    text = run("check", *files, "--show-unchecked", "--statistics")
    sound(text)
    assert "internal-error" not in text.out
    assert "\x1b" not in text.out
    found = run("check", *files, "--format", "json")
    sound(found)
    assert found.code == text.code
    assert mistakes(json.loads(found.out), "findings-1.json") == []
    shown = run("show", *files, "--format", "json")
    sound(shown)
    assert mistakes(json.loads(shown.out), "stack-1.json") == []
    sound(run("show", *files))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts)
def test_any_text_as_sarif_and_annotations(tmp_path: Path, nginx: bytes) -> None:
    path = tmp_path / "nginx.conf"
    path.write_bytes(nginx)
    sarif = run("check", path, "--format", "sarif")
    sound(sarif)
    assert sarif_mistakes(json.loads(sarif.out)) == []
    for line in run("check", path, "--format", "github").out.splitlines():
        assert line.startswith(("::error ", "::warning ", "::notice "))


@settings(max_examples=20, deadline=None)
@given(contents)
def test_any_standard_input(data: bytes) -> None:
    assume(data.decode("utf-8", "surrogateescape").strip())
    sound(run("check", "-", stdin=data))


def test_nothing_on_standard_input_is_not_green() -> None:
    """As in ``nginx -T 2>/dev/null | cfgcheck check -`` when nginx refuses."""
    for data in (b"", b" \n"):
        done = run("check", "-", stdin=data)
        assert done.code == 2
        assert "standard input is empty" in done.err


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.conf")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket.conf"))
        for name, kind in (("fifo.conf", "a named pipe"), ("socket.conf", "a socket")):
            done = run("check", tmp_path / name)
            assert done.code == 1
            assert f"{name} is {kind}, not a file" in done.out
    done = run("check", "/dev/null")
    assert done.code == 1
    assert "is a device, not a file" in done.out


def test_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").symlink_to(tmp_path / "gone")
    done = run("check", tmp_path / "nginx.conf")
    assert done.code == 1
    assert "can't be read: no such file or directory" in done.out


def test_other_files_are_still_judged(tmp_path: Path) -> None:
    (tmp_path / "binary.conf").write_bytes(b"server {\0\1\2")
    (tmp_path / "nginx.conf").write_text(
        "server {\n  listen 80;\n  location / { proxy_pass http://127.0.0.1:3031; }\n}\n", encoding="utf-8"
    )
    (tmp_path / "uwsgi.ini").write_text("[uwsgi]\nsocket = 127.0.0.1:3031\n", encoding="utf-8")
    done = run("check", *(tmp_path / name for name in ("binary.conf", "nginx.conf", "uwsgi.ini")))
    assert done.code == 1
    assert "error[unparsable-file]: binary.conf is a binary file" in done.out
    assert "error[protocol-mismatch]" in done.out


@pytest.mark.parametrize("text", ["x" * 10_000_000, "a{" * 10_000, "}" * 10_000, "include nginx.conf;\n"])
def test_extreme_files(tmp_path: Path, text: str) -> None:
    path = tmp_path / "nginx.conf"
    path.write_text(text, encoding="utf-8")
    done = run("check", path)
    sound(done)
    assert done.code == 1
    assert len(done.out) < 5000
