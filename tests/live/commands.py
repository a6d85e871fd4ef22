"""Which app servers a stack's files start, where they tell it: a config file by itself, a Procfile, a compose file."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping

from ruamel.yaml import YAML

_UWSGI = re.compile(r"^\s*(?:\[uwsgi\]|uwsgi:|<uwsgi>)", re.MULTILINE)
_COMPOSE = re.compile(r"(?:^|/)(?:docker-)?compose[\w.-]*\.ya?ml$")
_SERVER = re.compile(r"\b(?:gunicorn|uwsgi|uvicorn|hypercorn|daphne|granian|waitress-serve)\b")


def commands_of(files: Mapping[str, str]) -> dict[str, str]:
    """Command lines by name; several processes may be started. Files that only another file's command names are not
    started by themselves."""
    found: dict[str, str] = {}
    for name, command in list(_told(files)) or _lone(files):
        found[name if name not in found else f"{name}-{len(found)}"] = command
    return found


def _told(files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, text in files.items():
        if name.rpartition("/")[2] == "Procfile":
            for line in text.splitlines():
                process, colon, command = line.partition(":")
                if colon and _SERVER.search(command):
                    yield process.strip(), command.strip()
        elif _COMPOSE.search(name):
            yield from _services(text)


def _services(text: str) -> Iterator[tuple[str, str]]:
    for name, service in YAML(typ="safe").load(text).get("services", {}).items():
        command = service.get("command") or service.get("entrypoint") or ""
        line = command if isinstance(command, str) else shlex.join(str(word) for word in command)
        if _SERVER.search(line):
            yield name, line


def _lone(files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, text in files.items():
        stem = name.rpartition("/")[2]
        if _UWSGI.search(text):
            kind = {"ini": "ini", "yml": "yaml", "yaml": "yaml", "xml": "xml"}.get(stem.rpartition(".")[2], "ini")
            yield stem.partition(".")[0], f"uwsgi --{kind} {name} {_module(text)}".strip()
        elif stem.endswith(".py") and ("gunicorn" in stem or re.search(r"^bind\s*=", text, re.MULTILINE)):
            app = "" if re.search(r"^wsgi_app\s*=", text, re.MULTILINE) else "probe:" + _kind(text)
            yield "gunicorn" if "gunicorn" in stem else stem.partition(".")[0], f"gunicorn -c {name} {app}".strip()


def _module(text: str) -> str:
    named = re.search(r"^\s*(?:module|wsgi|wsgi-file|file|mount)\s*[=:]", text, re.MULTILINE)
    return "" if named else "--module probe:wsgi"


def _kind(text: str) -> str:
    return "asgi" if re.search(r"uvicorn|asgi", text) else "wsgi"
