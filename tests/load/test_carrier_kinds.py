"""Which files carry commands, by their names and a little of their text."""

from __future__ import annotations

import pytest

from cfgcheck.load.carrier_kinds import carrier_kind

COMPOSE = "services:\n  web:\n    image: a\n"
MANIFEST = "apiVersion: v1\nkind: Service\n"


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("dockerfile", "", "dockerfile"),
        ("dockerfile.prod", "", "dockerfile"),
        ("web.dockerfile", "", "dockerfile"),
        ("containerfile", "", "dockerfile"),
        ("dockerfile-alpine", "", "dockerfile"),
        (".dockerignore", "", None),
        ("dockerfile.dockerignore", "", None),
        ("compose.yaml", COMPOSE, "compose"),
        ("docker-compose.prod.yml", "web:\n  image: a\n", "compose"),
        ("production.yml", COMPOSE, "compose"),
        ("services.yml", "services: [a]\n", None),
        ("app.yaml", MANIFEST, "kubernetes"),
        ("messages.yml", "kind: Service\n", None),
        ("a.service", "# c\n[Unit]\n[Service]\n", "systemd"),
        ("a.socket", "[Socket]\r\n", "systemd"),
        ("override.conf", "[Service]\nA=b", "systemd"),
        ("a.service", "a dbus file", None),
        ("a.ini", "[Service]\n", None),
        ("supervisord.conf", "[program:x]\n", "supervisor"),
        ("a.ini", "a\n[supervisord]\n", "supervisor"),
        ("a.conf", "[fcgi-program:x]", "supervisor"),
        ("a.ini", "[uwsgi]\n", None),
        ("start.sh", "exec gunicorn app:app\n", "script"),
        ("start.sh", "# gunicorn app:app\n", None),
        ("entrypoint", "#!/bin/sh\nexec uwsgi --ini a.ini\n", "script"),
        ("entrypoint", "exec uwsgi --ini a.ini\n", None),
    ],
)
def test_kinds(name: str, text: str, kind: str | None) -> None:
    found = carrier_kind(name, lambda: text)
    assert (found.value if found is not None else None) == kind
