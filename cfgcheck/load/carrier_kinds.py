"""Which files carry the commands of servers, told by their names and, where those are not enough, by a little of their
text. Nothing is parsed here: every file of a tree is asked."""

from __future__ import annotations

import re
from collections.abc import Callable

from cfgcheck.load.file_kinds import FileKind

_DOCKERFILE = re.compile(r"(?:docker|container)file(?:[._-].*)?\Z|.*\.(?:docker|container)file\Z")
_COMPOSE_NAME = re.compile(r".*compose.*\.ya?ml\Z")
_SERVICES = re.compile(r"^services[ \t]*:", re.MULTILINE)
_SERVICE_KEYS = re.compile(r"^[ \t]+(?:image|build|command|entrypoint|extends)[ \t]*:", re.MULTILINE)
_OLD_COMPOSE = re.compile(r"^[\w.-]+:[ \t]*\r?\n[ \t]+(?:image|build)[ \t]*:", re.MULTILINE)
_KUBERNETES = re.compile(
    r"^kind:[ \t]*[\"']?(?:Deployment|StatefulSet|DaemonSet|ReplicaSet|ReplicationController|Pod|Service|"
    r"Ingress|IngressClass|ConfigMap|HorizontalPodAutoscaler|List)\b",
    re.MULTILINE,
)
_API_VERSION = re.compile(r"^apiVersion:", re.MULTILINE)
_SYSTEMD = re.compile(r"^[ \t]*\[(?:Service|Socket|Unit)\]", re.MULTILINE)
_SUPERVISOR = re.compile(r"^[ \t]*\[(?:program|fcgi-program|supervisord|include|group)(?::[^\]\n]*)?\]", re.MULTILINE)
_PROGRAM = re.compile(r"^[ \t]*\[(?:program|fcgi-program|supervisord)\b", re.MULTILINE)
_SERVER = re.compile(
    r"^(?![ \t]*#)[^\n]*?(?<![\w.-])(?:gunicorn|uwsgi|uvicorn|hypercorn|daphne|granian|waitress-serve|nginx)\b",
    re.MULTILINE,
)
_SHEBANG = re.compile(r"\ufeff?#![^\n]*\b(?:sh|bash|dash|ash|ksh|zsh)\b")
_SCRIPT_ENDINGS = (".sh", ".bash")

Peek = Callable[[], str]
"""The beginning of the file's text; asked for only where its name leaves it open."""


def carrier_kind(name: str, peek: Peek) -> FileKind | None:
    """What a file carries. ``name``: in lower case, without the ending of a template (``.j2``)."""
    if _DOCKERFILE.match(name) and not name.endswith(("ignore", ".py", ".sh")):
        return FileKind.DOCKERFILE
    if name.endswith((".yml", ".yaml")):
        return _of_yaml(name, peek())
    if name.endswith((".service", ".socket")):
        return FileKind.SYSTEMD if _SYSTEMD.search(peek()) else None
    if name.endswith((".conf", ".ini")):
        return _of_ini(name, peek())
    if name.endswith(_SCRIPT_ENDINGS):
        return FileKind.SCRIPT if _SERVER.search(peek()) else None
    if "." not in name:
        return _of_text(peek())
    return None


def _of_yaml(name: str, text: str) -> FileKind | None:
    if _API_VERSION.search(text) and _KUBERNETES.search(text):
        return FileKind.KUBERNETES
    if _COMPOSE_NAME.match(name):
        return FileKind.COMPOSE if _SERVICES.search(text) or _OLD_COMPOSE.search(text) else None
    return FileKind.COMPOSE if _SERVICES.search(text) and _SERVICE_KEYS.search(text) else None


def _of_ini(name: str, text: str) -> FileKind | None:
    if not _SUPERVISOR.search(text):
        return FileKind.SYSTEMD if name.endswith(".conf") and _drop_in(text) else None
    return FileKind.SUPERVISOR if _PROGRAM.search(text) else None


def _drop_in(text: str) -> bool:
    return bool(re.search(r"^[ \t]*\[(?:Service|Socket)\]", text, re.MULTILINE))


def _of_text(text: str) -> FileKind | None:
    """A file whose name has no ending."""
    if _SHEBANG.match(text):
        return FileKind.SCRIPT if _SERVER.search(text) else None
    return None
