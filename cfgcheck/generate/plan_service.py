"""The plan of one service: where it listens, what starts and stops it, its settings, its part of nginx."""

from __future__ import annotations

from cfgcheck.generate import plan_gunicorn, plan_uvicorn, plan_uwsgi
from cfgcheck.generate.plan_listen import listener
from cfgcheck.generate.plan_location import looked_up
from cfgcheck.generate.plan_notes import service_notes
from cfgcheck.generate.plan_records import ServicePlan, Setting
from cfgcheck.generate.plan_site import servers
from cfgcheck.generate.plan_time import grace, ladder, stop
from cfgcheck.generate.plan_upstream import upstream
from cfgcheck.generate.plan_versions import server_version
from cfgcheck.generate.spec import Service, Spec

_FILES = {"gunicorn": "gunicorn.conf.py", "uwsgi": "uwsgi.ini", "uvicorn": ""}


def service_plan(spec: Spec, name: str) -> ServicePlan:
    """The plan of a service of a completed spec."""
    service = spec.services[name]
    kind, directory = service.server.kind, service.app.directory or f"/srv/{name}"
    config = _FILES[kind] and f"{name}/{_FILES[kind]}"
    folder = directory if spec.runtime == "compose" else f"/etc/{name}"
    config_path = config and f"{folder.rstrip('/')}/{_FILES[kind]}"
    shared = spec.runtime == "systemd"
    return ServicePlan(
        name=name,
        service=service,
        version=server_version(spec, kind),
        listener=listener(spec, name, service),
        upstream=None if looked_up(spec, service) else upstream(spec, name, service),
        servers=servers(spec, name, service),
        settings=_settings(spec, name, service),
        config=config,
        config_path=config_path,
        command=_command(spec, name, service, config_path),
        directory=directory,
        environment=tuple(sorted(service.environment.items())),
        user=service.user or name,
        group=spec.nginx.user if shared else service.user or name,
        socket_mode="0660" if shared else "0666",
        grace=grace(service),
        stop=stop(service),
        stop_signal="SIGTERM",
        reload_signal="" if kind == "uvicorn" else "SIGHUP",
        notes=service_notes(spec, service),
        ladder=ladder(spec, service),
    )


def _settings(spec: Spec, name: str, service: Service) -> tuple[Setting, ...]:
    if service.server.kind == "gunicorn":
        return plan_gunicorn.settings(spec, name, service)
    return plan_uwsgi.settings(spec, name, service) if service.server.kind == "uwsgi" else ()


def _command(spec: Spec, name: str, service: Service, config_path: str) -> tuple[str, ...]:
    kind = service.server.kind
    program = kind if spec.runtime == "compose" else f"{service.app.virtualenv}/bin/{kind}"
    if kind == "gunicorn":
        return (program, *plan_gunicorn.words(spec, service, config_path))
    if kind == "uwsgi":
        # uWSGI takes what stands behind a colon for a section of the file. Only a container's path may hold one, and
        # its command starts in that folder.
        return (program, "--ini", config_path if ":" not in config_path else config_path.rpartition("/")[2])
    return (program, *plan_uvicorn.words(spec, name, service))
