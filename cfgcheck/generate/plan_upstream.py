"""The ``upstream`` block of a service, and whether nginx keeps connections to it.

Connections are kept only where the app server was seen to lose none of them on a reload: Gunicorn's gthread and gevent
workers from 27.0.1 on (facts: gunicorn 9.4, 9.5, 30.4). Elsewhere a new connection costs less than a lost POST.
"""

from __future__ import annotations

from cfgcheck.generate.plan_listen import listener
from cfgcheck.generate.plan_raw import with_raw_statements
from cfgcheck.generate.plan_records import Block, Figure, Statement
from cfgcheck.generate.plan_versions import nginx_version, server_version
from cfgcheck.generate.spec import Service, Spec

KEPT = 60
"""Seconds that nginx keeps an idle connection to the app."""

KEPT_MARGIN = 5
"""Seconds that the app server keeps it longer."""

CONNECTIONS = 32
"""Idle connections that each nginx worker keeps; nginx's own default since 1.29.7."""

KEEPS_BY_DEFAULT = (1, 29, 7)
RESOLVES = (1, 27, 3)
"""From here on ``server … resolve`` is in the free nginx."""

DOCKER_DNS = "127.0.0.11"


def app_keepalive(spec: Spec, service: Service) -> Figure | None:
    """Gunicorn's ``keepalive`` where nginx keeps connections to it, else None."""
    if not _keeps_well(spec, service):
        return None
    said = service.server.settings.get("keepalive")
    seconds = said if isinstance(said, int) else KEPT + KEPT_MARGIN
    if seconds <= KEPT_MARGIN:
        return None
    kept = min(KEPT, seconds - KEPT_MARGIN)
    because = f"{seconds} s: nginx keeps idle connections for {kept} s, {seconds - kept} s less"
    return Figure(seconds, str(seconds), because)


def _keeps_well(spec: Spec, service: Service) -> bool:
    server = service.server
    if server.kind != "gunicorn" or server_version(spec, "gunicorn") < (27, 0, 1):
        return False
    return server.worker_class in ("gthread", "gevent") or (server.worker_class == "sync" and (server.threads or 1) > 1)


def upstream(spec: Spec, name: str, service: Service) -> Block:
    """The block; ``looked_up`` tells when there is none."""
    target = listener(spec, name, service).target
    statements = [*_server(spec, target), *_kept(spec, service)]
    return Block("upstream", (name,), with_raw_statements(statements, service.nginx.upstream))


def _server(spec: Spec, target: str) -> list[Statement]:
    if spec.runtime != "compose" or target.startswith("unix:"):
        return [Statement("server", (target,))]
    if nginx_version(spec) < RESOLVES:
        return [Statement("server", (target,))]
    name = target.partition(":")[0]
    return [
        Statement("resolver", (DOCKER_DNS,), "the name server of the containers' network"),
        Statement("zone", (name, "64k"), "shared memory, which looking names up again needs"),
        Statement("server", (target, "resolve"), "a new container has a new address"),
    ]


def _kept(spec: Spec, service: Service) -> list[Statement]:
    own = app_keepalive(spec, service)
    if own is not None:
        assert isinstance(own.value, int)
        kept = min(KEPT, own.value - KEPT_MARGIN)
        because = f"{kept} s: the app server keeps idle connections for {own.value} s"
        timeout = Statement("keepalive_timeout", (f"{kept}s",), because)
        return [Statement("keepalive", (str(CONNECTIONS),)), timeout]
    if service.server.kind == "uwsgi" or nginx_version(spec) < KEEPS_BY_DEFAULT:
        return []
    return [Statement("keepalive", ("0",), _not_kept(service))]


def _not_kept(service: Service) -> str:
    if service.server.kind == "gunicorn" and service.server.worker_class == "sync":
        return "the sync worker closes each connection"
    return "a connection that the app server closes when it restarts would be a lost POST"
