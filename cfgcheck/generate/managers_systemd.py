"""Units of systemd: a service for each app, and for a unix socket the unit that opens it.

For Gunicorn systemd opens the socket and hands it over: while the app is restarted, requests wait in it instead of
failing. Gunicorn takes it instead of its own `bind` (facts: gunicorn 1.21), and leaves it when it ends. The others open
their own.
"""

from __future__ import annotations

import posixpath

from cfgcheck.generate.escapes import UnwritableError, systemd_assignment, systemd_text, systemd_word
from cfgcheck.generate.managers_text import FROM_SPEC, KINDS, Line, fill, needs, overridden, placed
from cfgcheck.generate.plan_records import Plan, ServicePlan

_NOTIFIES = frozenset({"gunicorn", "uwsgi"})
_TEMPORARY = ("/tmp/", "/var/tmp/")


def render_systemd(plan: Plan) -> dict[str, str]:
    files: dict[str, str] = {}
    for service in plan.services:
        files[f"systemd/{service.name}.service"] = _service(plan, service)
        if activated(service):
            files[f"systemd/{service.name}.socket"] = _socket(service)
    return files


def activated(service: ServicePlan) -> bool:
    """Whether systemd opens the service's socket."""
    return service.listener.unix and service.service.server.kind == "gunicorn"


def runtime_directory(service: ServicePlan) -> str:
    """The folder below /run that the socket stands in, as ``RuntimeDirectory=`` names it; ``""``: there is none."""
    folder = posixpath.dirname(service.listener.path)
    return folder.removeprefix("/run/") if folder.startswith("/run/") else ""


def _service(plan: Plan, service: ServicePlan) -> str:
    return fill(
        "systemd/service.j2",
        name=service.name,
        needs=needs(plan, service),
        notes=service.notes,
        description=f"{service.name}: {service.service.app.module} on {KINDS[service.service.server.kind]}",
        activated=activated(service),
        lines=overridden(_lines(plan, service), _own(service)),
    )


def _lines(plan: Plan, service: ServicePlan) -> list[Line]:
    return [*_start(plan, service), *_stop(service), *_limits(service)]


def _start(plan: Plan, service: ServicePlan) -> list[Line]:
    key = ("services", service.name)
    kind = service.service.server.kind
    notify = "the server itself says when it is ready" if kind in _NOTIFIES else ""
    lines = [Line("Type", "notify" if kind in _NOTIFIES else "exec", notify), Line("User", service.user)]
    lines += _runtime(plan, service)
    with placed(*key, "app", "directory"):
        lines.append(Line("WorkingDirectory", systemd_text(service.directory)))
    lines += [Line("Environment", systemd_assignment(name, value)) for name, value in service.environment]
    lines.append(Line("ExecStart", " ".join(map(systemd_word, service.command))))
    if service.reload_signal:
        name = service.reload_signal.removeprefix("SIG")
        lines.append(
            Line("ExecReload", f"/bin/kill -s {name} $MAINPID", "new workers for new code; running requests may end")
        )
    return lines


def _runtime(plan: Plan, service: ServicePlan) -> list[Line]:
    """Where the socket stands if the app opens it itself, and whose group it gets."""
    if not service.listener.unix or activated(service):
        return []
    lines = []
    if service.group != service.user:
        lines.append(Line("Group", service.group, "of the socket: nginx may connect"))
    with placed("services", service.name, "listener"):
        folder = runtime_directory(service)
        if folder:
            lines.append(Line("RuntimeDirectory", systemd_word(folder)))
            lines.append(Line("RuntimeDirectoryMode", "0755"))
    if folder and sum(runtime_directory(other) == folder for other in plan.services) > 1:
        lines.append(Line("RuntimeDirectoryPreserve", "yes", "other services have sockets there"))
    return lines


def _stop(service: ServicePlan) -> list[Line]:
    lines = [Line("KillMode", "mixed", "the signal is for the first process, which lets its workers finish")]
    if service.stop_signal != "SIGTERM":
        lines.append(Line("KillSignal", service.stop_signal))
    lines.append(Line("TimeoutStopSec", service.stop.text, service.stop.because))
    return [
        *lines,
        Line("Restart", "on-failure"),
        Line("RestartSec", "2", "a pause before the next try"),
    ]


def _limits(service: ServicePlan) -> list[Line]:
    """Hardening that no web application needs to notice."""
    private = [] if _in_tmp(service) else [Line("PrivateTmp", "true")]
    return [
        Line("NoNewPrivileges", "true"),
        *private,
        Line("ProtectSystem", "full", "/usr, /boot and /etc can't be written"),
        Line("ProtectControlGroups", "true"),
        Line("ProtectKernelTunables", "true"),
        Line("RestrictSUIDSGID", "true"),
    ]


def _in_tmp(service: ServicePlan) -> bool:
    """Whether something that others must see stands in /tmp, of which the service would get one of its own."""
    spec = service.service
    paths = [service.listener.path, service.directory, *spec.static.values(), *spec.media.values()]
    return any(f"{path}/".startswith(_TEMPORARY) for path in paths)


def _own(service: ServicePlan) -> list[Line]:
    """What the spec says of ``[Service]`` itself, as it is."""
    lines = []
    for name, value in sorted(service.service.manager.items()):
        with placed("services", service.name, "manager", name):
            lines.append(Line(name, _raw(value), FROM_SPEC))
    return lines


def _raw(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    systemd_text(text)
    if not text:
        raise UnwritableError("an empty value would take back what is set: leave the key out")
    return text


def _socket(service: ServicePlan) -> str:
    with placed("services", service.name, "listener"):
        path = systemd_text(service.listener.path)
    return fill(
        "systemd/socket.j2",
        name=service.name,
        path=path,
        user=service.user,
        group=service.group,
        mode=service.socket_mode,
    )
