"""Settings of managers and variables that the spec has keys of its own for."""

from __future__ import annotations

from collections.abc import Iterator

from cfgcheck.generate.contradictions_record import Contradiction, meant
from cfgcheck.generate.spec import Service, Spec

_SYSTEMD = {
    "User": "user", "Group": "user", "WorkingDirectory": "app.directory", "Environment": "environment",
    "TimeoutStopSec": "stop-grace", "ExecStart": "server", "Type": "server", "RuntimeDirectory": "listener",
    "KillMode": "", "KillSignal": "", "ExecReload": "", "ExecStop": "", "NotifyAccess": "",
}  # fmt: skip
_COMPOSE = {
    "user": "user", "working_dir": "app.directory", "environment": "environment", "stop_grace_period": "stop-grace",
    "command": "server", "expose": "listener", "ports": "listener", "container_name": "", "image": "", "build": "",
    "volumes": "", "depends_on": "", "networks": "", "network_mode": "", "stop_signal": "", "healthcheck": "health",
    "entrypoint": "", "env_file": "",
}  # fmt: skip
_COMPOSE_KNOWN = (
    "init", "restart", "cpus", "cpu_shares", "cpuset", "mem_limit", "mem_reservation", "memswap_limit", "shm_size",
    "pids_limit", "read_only", "hostname", "domainname", "platform", "privileged", "pull_policy", "oom_kill_disable",
    "oom_score_adj", "scale", "runtime", "tty", "stdin_open", "userns_mode", "ipc", "pid", "mac_address", "isolation",
)  # fmt: skip
_SUPERVISORD = {
    "command": "server", "user": "user", "directory": "app.directory", "environment": "environment",
    "stopwaitsecs": "stop-grace", "stopsignal": "", "stopasgroup": "", "killasgroup": "", "numprocs": "server.workers",
    "process_name": "",
}  # fmt: skip
_SUPERVISORD_KNOWN = (
    "numprocs_start", "priority", "autostart", "startsecs", "startretries", "autorestart", "exitcodes",
    "redirect_stderr", "stdout_logfile", "stdout_logfile_maxbytes", "stdout_logfile_backups",
    "stdout_capture_maxbytes", "stdout_events_enabled", "stdout_syslog", "stderr_logfile", "stderr_logfile_maxbytes",
    "stderr_logfile_backups", "stderr_capture_maxbytes", "stderr_events_enabled", "stderr_syslog", "serverurl", "umask",
)  # fmt: skip
_VARIABLES = {"GUNICORN_CMD_ARGS": "server.settings", "WEB_CONCURRENCY": "server.workers"}
_FAMILIES = {
    "UWSGI_": "uWSGI takes it for one of its options; say it in `server.settings`",
    "UVICORN_": "uvicorn takes it for one of its options; say it in `server.settings`",
    "LISTEN_": "systemd hands sockets over by it",
    "FORWARDED_ALLOW_IPS": "it tells the app server whom to believe, which is derived",
    "NOTIFY_SOCKET": "systemd sets it",
}


def manager(spec: Spec, name: str, service: Service) -> Iterator[Contradiction]:
    """Of a service of a completed spec."""
    own, known = {
        "systemd": (_SYSTEMD, None),
        "compose": (_COMPOSE, _COMPOSE_KNOWN),
        "supervisord": (_SUPERVISORD, _SUPERVISORD_KNOWN),
    }.get(spec.runtime, ({}, ()))
    for key in service.manager:
        place = ("services", name, "manager", key)
        if spec.runtime == "plain":
            text = "`runtime: plain` has no manager that could be told; leave it out"
            yield Contradiction(place, text, (("runtime",),))
        elif key in own:
            yield Contradiction(place, f"`{key}` is derived{f'; say `{own[key]}`' if own[key] else ''}")
        elif known is None and not (key[:1].isupper() and key.isalnum()):
            yield Contradiction(place, f"systemd's keys are spelled like `LimitNOFILE`; `{key}` is none")
        elif known is not None and key not in known:
            text = f"`{key}` is no setting of a {spec.runtime} service that one value can say{meant(key, known)}"
            yield Contradiction(place, text, (("runtime",),))


def environment(name: str, service: Service) -> Iterator[Contradiction]:
    for variable in service.environment:
        place = ("services", name, "environment", variable)
        if variable in _VARIABLES:
            yield Contradiction(place, f"`{variable}` would contradict what is derived; say `{_VARIABLES[variable]}`")
        for beginning, why in _FAMILIES.items():
            if variable.startswith(beginning):
                yield Contradiction(place, f"`{variable}` can't be set here: {why}")
