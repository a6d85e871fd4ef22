"""A program that asks an app server how it is, for images in which there is no curl."""

from __future__ import annotations

import json

from cfgcheck.generate.managers_text import fill
from cfgcheck.generate.plan_records import ServicePlan

HEALTH_FILE = "healthcheck.py"


def render_health(service: ServicePlan) -> dict[str, str]:
    """One file beside the Dockerfile, which copies it; none for a service without a health path."""
    spec = service.service
    if not spec.health:
        return {}
    text = fill(
        "docker/healthcheck.j2",
        # uWSGI speaks its own protocol: whether it takes connections is all that can be asked.
        http=spec.server.kind != "uwsgi",
        socket=_literal(service.listener.path) if service.listener.unix else "",
        port=service.listener.port,
        path=_literal(spec.health),
        host=_literal(spec.domains[0].replace("*.", "www.")),
        scheme=_literal("https" if spec.tls else "http"),
    )
    return {f"{service.name}/{HEALTH_FILE}": text}


def _literal(text: str) -> str:
    """A Python text of one line without control characters: JSON's quotes are the same."""
    return json.dumps(text, ensure_ascii=False)
