"""A file is parsed once for all fixes in it, however many there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cfgcheck.fix import trees
from cfgcheck.syntax.nginx_parse import parse
from tests.cli.running import run

SERVER = """\
    server {{
        listen 80;
        server_name shop{0}.example.com;
        location / {{
            proxy_set_header Host $host;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_pass http://127.0.0.1:8000;
        }}
    }}
"""


def test_a_file_with_many_fixes_is_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    servers = "".join(SERVER.format(number) for number in range(60))
    (tmp_path / "nginx.conf").write_text(f"events {{}}\nhttp {{\n{servers}}}\n")
    (tmp_path / "gunicorn.conf.py").write_text('bind = "127.0.0.1:8000"\nworkers = 3\n')
    parsed = []

    def counted(file: Any, *rest: Any) -> Any:
        parsed.append(file)
        return parse(file, *rest)

    monkeypatch.setattr(trees, "parse", counted)
    done = run("check", tmp_path, "--select", "duplicate-host", "--format", "json")
    assert done.out.count('"applicability"') == 60
    assert len(parsed) == 1
