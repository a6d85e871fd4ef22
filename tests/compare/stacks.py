"""A small deployment, and edits of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

NGINX = """\
events {}
http {
    upstream app {
        server 127.0.0.1:8000;
        keepalive 0;
    }
    server {
        listen 80;
        server_name shop.example.com;
        location / {
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_pass http://app;
        }
        location /reports/ {
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_read_timeout 120s;
            proxy_pass http://app;
        }
        location /old/ {
            return 410;
        }
    }
}
"""
GUNICORN = """\
bind = "127.0.0.1:8000"
workers = 3
timeout = 30
"""
FILES = {"nginx.conf": NGINX, "gunicorn.conf.py": GUNICORN}


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def edited(*edits: tuple[str, str], files: Mapping[str, str] = FILES) -> dict[str, str]:
    """The files with texts replaced, each of which stands there exactly once."""
    result = dict(files)
    for before, after in edits:
        holding = [name for name, text in result.items() if text.count(before) == 1]
        assert len(holding) == 1, f"{before!r} is in {holding}"
        result[holding[0]] = result[holding[0]].replace(before, after)
    return result
