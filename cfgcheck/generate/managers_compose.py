"""A compose file: nginx, and each app in an image of its own."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from cfgcheck.generate.defaults import version_of
from cfgcheck.generate.escapes import compose_text, yaml_text
from cfgcheck.generate.managers_docker import render_dockerfile
from cfgcheck.generate.managers_health import HEALTH_FILE, render_health
from cfgcheck.generate.managers_text import FROM_SPEC, fill, placed
from cfgcheck.generate.managers_yaml import Noted, Tree, yaml_lines
from cfgcheck.generate.plan_records import Figure, Plan, ServicePlan

_RESTART = "unless-stopped"


def render_compose(plan: Plan) -> dict[str, str]:
    services: dict[str, Tree] = {"nginx": _nginx(plan)}
    services |= {service.name: _app(service) for service in plan.services}
    # What somebody says of a service is compose's own language, variables among it: the rest holds none.
    lines: list[str] = []
    for name, tree in services.items():
        assert isinstance(tree, Mapping)
        lines += ["", f"  {yaml_text(name)}:", *yaml_lines(tree, compose_text, 4)]
        lines += [f"    {line}" for line in _own_lines(plan, name)]
    files = {"compose.yaml": _compose(plan, lines[1:])}
    for service in plan.services:
        files[f"{service.name}/Dockerfile"] = render_dockerfile(plan, service)
        files |= render_health(service)
    return files


def _compose(plan: Plan, services: list[str]) -> str:
    specs = [service.service for service in plan.services]
    mounted = any(spec.tls or spec.static or spec.media for spec in specs)
    return fill("compose/compose.j2", services=services, volumes=sorted(_volumes(plan)), mounted=mounted)


# ── nginx ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _nginx(plan: Plan) -> dict[str, Tree]:
    ports = [f"{plan.spec.nginx.http_port}:{plan.spec.nginx.http_port}"]
    if any(service.service.tls for service in plan.services):
        ports.append(f"{plan.spec.nginx.https_port}:{plan.spec.nginx.https_port}")
    return {
        "image": f"nginx:{version_of(plan.spec.versions, 'nginx')}",
        "depends_on": {service.name: {"condition": _condition(service)} for service in plan.services},
        "ports": ports,
        "volumes": list(_nginx_volumes(plan)),
        "stop_grace_period": _nginx_stop(plan),
        "restart": _RESTART,
    }


def _nginx_stop(plan: Plan) -> Tree:
    longest = max((service.stop for service in plan.services), key=_seconds)
    return Noted(f"{longest.text}s", f"{longest.text} s: as long as the slowest app may take to stop")


def _seconds(figure: Figure) -> int:
    assert isinstance(figure.value, int)
    return figure.value


def _condition(service: ServicePlan) -> str:
    return "service_healthy" if service.service.health else "service_started"


def _nginx_volumes(plan: Plan) -> Iterator[Tree]:
    yield _bind("./nginx/nginx.conf", "/etc/nginx/nginx.conf")
    yield _bind("./nginx/conf.d", "/etc/nginx/conf.d")
    seen: set[str] = set()
    for service in plan.services:
        spec = service.service
        certificates = (spec.tls.certificate, spec.tls.key) if spec.tls else ()
        for path in (*certificates, *_shared_files(service)):
            if path not in seen:
                seen.add(path)
                yield _bind(path, path)
        if service.listener.unix:
            yield _shared(service)


def _bind(source: str, target: str, read_only: bool = True) -> Tree:
    """A path of the machine. The short form has no way to write a colon."""
    if ":" not in source:
        return f"{source}:{target}:ro" if read_only else f"{source}:{target}"
    made: dict[str, Tree] = {"type": "bind", "source": source, "target": target}
    return {**made, "read_only": True} if read_only else made


def _shared(service: ServicePlan) -> Tree:
    """The volume that the socket stands in, where both containers see it."""
    folder = posixpath.dirname(service.listener.path)
    with placed("services", service.name, "listener"):
        return {"type": "volume", "source": _volume(service), "target": folder}


def _volume(service: ServicePlan) -> str:
    return f"{service.name}-socket"


def _volumes(plan: Plan) -> Iterator[str]:
    return (_volume(service) for service in plan.services if service.listener.unix)


# ── an app ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _app(service: ServicePlan) -> dict[str, Tree]:
    made: dict[str, Tree] = {"build": f"./{service.name}"}
    if service.environment:
        made["environment"] = dict(service.environment)
    if not service.listener.unix:
        made["expose"] = [str(service.listener.port)]
    volumes = [*_files(service), *([_shared(service)] if service.listener.unix else [])]
    if volumes:
        made["volumes"] = volumes
    if service.service.health:
        made["healthcheck"] = {
            "test": ["CMD", "python", HEALTH_FILE],
            "interval": "10s",
            "timeout": "5s",
            "start_period": "30s",
        }
    if service.stop_signal != "SIGTERM":
        made["stop_signal"] = service.stop_signal
    made["stop_grace_period"] = Noted(f"{service.stop.text}s", service.stop.because)
    made["restart"] = _RESTART
    own = service.service.manager
    return {key: value for key, value in made.items() if key not in own}


def _files(service: ServicePlan) -> Iterator[Tree]:
    """Static files and uploads lie on the machine: the app writes them, nginx reads them."""
    return (_bind(path, path, read_only=False) for path in _shared_files(service))


def _shared_files(service: ServicePlan) -> list[str]:
    return sorted({*service.service.static.values(), *service.service.media.values()})


def _own_lines(plan: Plan, name: str) -> Iterator[str]:
    """What the spec says of a compose service itself, as it is."""
    for service in plan.services:
        if service.name == name:
            own = {key: Noted(value, FROM_SPEC) for key, value in sorted(service.service.manager.items())}
            yield from yaml_lines(own, yaml_text)
