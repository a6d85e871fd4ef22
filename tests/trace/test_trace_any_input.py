"""Whatever the files hold and whatever is asked: exit code 0, 1 or 2, valid output, no traceback."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cli.running import Done, run
from tests.cli.test_any_input import contents
from tests.report.schemas import mistakes

SERVER = b"events {}\nhttp { server { listen 80; "
targets = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30).map(lambda text: f"/{text}")


def sound(done: Done) -> None:
    assert "internal error" not in done.err
    assert "Traceback" not in done.err
    assert done.code in (0, 1) or done.err


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents, contents, contents, targets, st.sampled_from(["", "20m"]))
def test_any_bytes(tmp_path: Path, nginx: bytes, gunicorn: bytes, uwsgi: bytes, target: str, body: str) -> None:
    (tmp_path / "nginx.conf").write_bytes(SERVER + nginx + b" } }")
    (tmp_path / "gunicorn.conf.py").write_bytes(gunicorn)
    (tmp_path / "uwsgi.ini").write_bytes(b"[uwsgi]\n" + uwsgi)
    options = ["--body", body] if body else []
    text = run("trace", target, tmp_path, *options)
    sound(text)
    assert "\x1b" not in text.out
    shown = run("trace", target, tmp_path, *options, "--format", "json")
    sound(shown)
    assert shown.code == text.code
    if shown.code != 2:
        assert mistakes(json.loads(shown.out), "trace-1.json") == []


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=40), st.text(max_size=30), st.text(max_size=8), st.text(max_size=8))
def test_anything_asked(url: str, header: str, body: str, method: str) -> None:
    text = b"events {}\nhttp { server { listen 80; location / { return 204; } } }\n"
    sound(run("trace", "-H", header, "--body", body, "-X", method, "--", url, "-", stdin=text))
