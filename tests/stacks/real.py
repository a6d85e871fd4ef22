"""Fixtures as the real servers see them: copied into a folder of their own, with paths and ports that can be used."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ruamel.yaml import YAML

from cfgcheck import resources
from tests.model.nginx_real import executable, folder

_LISTEN = re.compile(r"\blisten (\[::\]:)?(\d+)")
_CERTIFICATE = re.compile(r"\b(ssl_certificate(?:_key)?) [^;]+;")
_DROPPED = re.compile(r"^\s*(?:user|pid|error_log|access_log)\b[^;]*;", re.MULTILINE)
_UPSTREAM = re.compile(r"\bupstream ([\w.-]+) ?\{")
_NAMED = re.compile(r"^(\s*(?:\w+_pass (?:\w+://)?|server |resolver ))(?!https?:)([A-Za-z][\w.-]*)", re.MULTILINE)
_WORD = re.compile(r"[A-Za-z][\w.-]*")
_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
_TEMP_PATHS = " ".join(f"{name}_temp_path {name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))


def refusal(fixture: Path) -> str:
    """What the real ``nginx -t`` has against a fixture's nginx files; "" when it accepts them."""
    with folder() as base:
        copy = base / "c"
        shutil.copytree(fixture, copy, symlinks=True)
        for path in sorted(copy.rglob("*.y*ml")):
            _unpack(path)
        texts = {path: path.read_text() for path in sorted(copy.rglob("*")) if path.is_file() and not path.is_symlink()}
        words = set(_WORD.findall("\n".join(text for path, text in texts.items() if path.suffix != ".conf")))
        wholes = [path for path, text in texts.items() if "events {" in text] or list(_wholes(copy, texts))
        assert wholes, f"{fixture.name} has no nginx configuration"
        for path, text in texts.items():
            path.write_text(usable(_resolved(text, words), wholes[0].parent, base))
        for whole in wholes:
            for stock in resources.data("nginx").iterdir():
                if stock.is_file():
                    shutil.copy(stock, whole.parent)
        return "".join(_tested(whole) for whole in wholes)


def _unpack(path: Path) -> None:
    """A ConfigMap's nginx files as files of a folder; what is not nginx's is left out."""
    text = path.read_text()
    if "kind: ConfigMap" not in text or "{{" in text:
        return
    home = path.with_suffix(".d")
    home.mkdir()
    for document in YAML(typ="safe").load_all(text):
        for name, value in document.get("data", {}).items():
            if "server {" in value:
                (home / name).write_text(value)
    path.unlink()


def _wholes(copy: Path, texts: dict[Path, str]) -> Iterator[Path]:
    """One configuration a folder: those of two deployments have nothing in common."""
    found: dict[Path, list[Path]] = {}
    for path, text in texts.items():
        if "server {" in text:
            found.setdefault(path.parent, []).append(path)
    for home, paths in found.items():
        whole = home / "whole.conf"
        includes = "".join(f"include {path};\n" for path in paths)
        whole.write_text(f"events {{}}\nhttp {{ {_TEMP_PATHS}\n{includes}}}\n")
        yield whole


def _resolved(text: str, words: set[str]) -> str:
    """A configuration text in which names that only its containers, cluster or network know are an address. A name
    of a container must be one that the fixture's other files speak of."""
    upstreams = set(_UPSTREAM.findall(text))

    def address(found: re.Match[str]) -> str:
        verb, name = found[1], found[2]
        pool = name in upstreams and "pass" in verb
        local = pool or name in ("unix", "localhost")
        return found[0] if local or not ("." in name or name in words) else f"{verb}127.0.0.1"

    return _NAMED.sub(address, text)


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
