"""What a file is taken for."""

from __future__ import annotations

from enum import Enum


class FileKind(Enum):
    NGINX = "nginx"
    GUNICORN = "gunicorn"
    UWSGI = "uwsgi"
    PROCFILE = "procfile"
    COMPOSE = "compose"
    DOCKERFILE = "dockerfile"
    KUBERNETES = "kubernetes"
    SYSTEMD = "systemd"
    SUPERVISOR = "supervisor"
    SCRIPT = "script"
    OTHER = "other"
    """Named on the command line, and nothing that is read."""
