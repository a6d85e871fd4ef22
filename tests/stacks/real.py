"""Fixtures as the real servers see them: copied into a folder of their own, with paths and ports that can be used."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

from cfgcheck import resources
from tests.model.nginx_real import executable, folder

_LISTEN = re.compile(r"\blisten (\[::\]:)?(\d+)")
_CERTIFICATE = re.compile(r"\b(ssl_certificate(?:_key)?) [^;]+;")
_DROPPED = re.compile(r"^\s*(?:user|pid|error_log|access_log)\b[^;]*;", re.MULTILINE)
_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
_TEMP_PATHS = " ".join(f"{name}_temp_path {name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))


def refusal(fixture: Path) -> str:
    """What the real ``nginx -t`` has against a fixture's nginx files; "" when it accepts them."""
    with folder() as base:
        copy = base / "c"
        shutil.copytree(fixture, copy, symlinks=True)
        texts = {path: path.read_text() for path in sorted(copy.rglob("*")) if path.is_file() and not path.is_symlink()}
        main = next((path for path, text in texts.items() if "events {" in text), None)
        if main is None:
            main = copy / "whole.conf"
            includes = "".join(f"include {path};\n" for path, text in texts.items() if "server {" in text)
            assert includes, f"{fixture.name} has no nginx configuration"
            main.write_text(f"events {{}}\nhttp {{ {_TEMP_PATHS}\n{includes}}}\n")
        for path, text in texts.items():
            path.write_text(usable(text, main.parent, base))
        for stock in resources.data("nginx").iterdir():
            if stock.is_file():
                shutil.copy(stock, main.parent)
        return _tested(main)


def usable(text: str, home: Path, base: Path) -> str:
    """A configuration text without what only the machine that it is for has."""
    text = _LISTEN.sub(lambda found: f"listen unix:{base}/{'6-' if found[1] else ''}{found[2]}.sock", text)
    text = _CERTIFICATE.sub(r'\1 "$ssl_server_name.pem";', text)
    text = _DROPPED.sub("", text)
    text = text.replace("/etc/nginx/", f"{home}/").replace(_AUTHORITIES, str(authorities()))
    return text.replace("http {", f"http {{ access_log off; {_TEMP_PATHS}", 1)


def authorities() -> Path:
    """A file of certificates that every environment has: pip's."""
    spec = importlib.util.find_spec("pip")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "_vendor" / "certifi" / "cacert.pem"


def _tested(main: Path) -> str:
    command = [executable(), "-t", "-q", "-p", str(main.parent), "-c", str(main), "-e", "error.log"]
    done = subprocess.run(command, cwd=main.parent, capture_output=True, text=True, timeout=20, check=False)
    return done.stderr if done.returncode else ""
