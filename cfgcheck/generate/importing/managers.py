"""Settings of what starts an app that a spec has no key for: ``manager:``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cfgcheck.generate.importing.draft import Draft
from cfgcheck.generate.importing.notes import is_generated, marked
from cfgcheck.generate.importing.result import Key
from cfgcheck.model.app import App
from cfgcheck.model.unit import Manager, Unit
from cfgcheck.source.file import SourceFile, Span

_KEPT = {
    Manager.SYSTEMD: re.compile(
        r"Limit\w+|Nice|Memory\w+|CPU\w+|IO\w+|Tasks\w+|OOM\w+|EnvironmentFile|SupplementaryGroups|ReadWritePaths"
        r"|ReadOnlyPaths|Slice|PrivateDevices|Protect(?:Home|Clock|Hostname|KernelModules|KernelLogs|Proc)|Restrict\w+"
        r"|LockPersonality|SyslogIdentifier|Standard(?:Output|Error)"
    ),
    Manager.SUPERVISOR: re.compile(r"priority|startsecs|startretries|exitcodes|stderr_\w+|stdout_\w+"),
    Manager.COMPOSE: re.compile(r"init|mem_limit|mem_reservation|cpus|cpu_shares|pids_limit|shm_size|platform"),
}
"""Those that change nothing that is derived."""

_DERIVED = {
    Manager.SYSTEMD: re.compile(
        r"Type|User|WorkingDirectory|Environment|ExecStart|ExecReload|Restart|RestartSec|KillMode|KillSignal"
        r"|TimeoutStopSec|TimeoutSec|RuntimeDirectory\w*|NoNewPrivileges|PrivateTmp|Protect(?:System|ControlGroups)"
        r"|ProtectKernelTunables|RestrictSUIDSGID|NotifyAccess|PIDFile"
    ),
    Manager.SUPERVISOR: re.compile(
        r"command|user|directory|environment|autorestart|stopsignal|stopwaitsecs|redirect_stderr|process_name|numprocs"
        r"|autostart"
    ),
    Manager.COMPOSE: re.compile(
        r"image|build|command|expose|user|working_dir|environment|stop_grace_period|stop_signal|restart|container_name"
        r"|networks"
    ),
}
"""Those that are written anew."""

_DEFAULTS = {("UMask", "0022"), ("umask", "022"), ("stopasgroup", "false"), ("killasgroup", "false")}
_ANYHOW = re.compile(
    r"network[\w-]*\.target|(?:syslog|remote-fs|local-fs|sysinit|basic)\.target|nginx\.service|[\w@-]+\.socket"
)
"""Units that a service need not name, or that are generated with it."""

_FILLED = re.compile(r"[\ue000-\uf8ff]|\{\{|\$\{")
"""Of a template, or what stands for it."""

_ACCESS = "who may reach the socket is derived"
_WHY = {
    "env_file": "variables of files that were read stand in `environment`; see that none is missing",
    "volumes": "volumes are derived from `listener`, `static` and `media`",
    "depends_on": "what is generated is nginx and the apps",
    "healthcheck": "it is derived from `health`",
    "ports": "the app is reached through nginx only",
    "Group": _ACCESS,
    "UMask": _ACCESS,
    "umask": _ACCESS,
    "stopasgroup": "how the server is stopped is derived",
    "killasgroup": "how the server is stopped is derived",
}

_COMMANDS = re.compile(r"Exec(?:StartPre|StartPost|StopPost|Stop|Condition)|entrypoint")
_WHOLE = re.compile(r"(?:0|-?[1-9]\d{0,17})\Z", re.ASCII)
_LOGIC = {"true": True, "false": False}

Setting = tuple[str, Any, Span]


def put_manager(draft: Draft, place: Key, app: App) -> None:
    """Set ``manager:``, of a generated file to what the spec said, of others to what is known to do no harm."""
    unit = app.unit
    if unit is None or unit.manager not in _KEPT:
        return
    seen: set[str] = set()
    for name, value, span in _settings(unit):
        key = (*place, "manager", name)
        if is_generated(span.file):
            if marked(span):
                draft.put(key, value, span)
        elif _COMMANDS.fullmatch(name):
            draft.leave(span, f"`{name}`", "a spec starts the app server only")
        elif _KEPT[unit.manager].fullmatch(name):
            if name in seen:
                draft.leave(span, f"`{name}`", "a spec says each setting once")
            elif isinstance(value, str) and unit.manager is Manager.SUPERVISOR and "%(" in value:
                draft.leave(span, f"`{name}`", "a spec's values hold no placeholders")
            elif isinstance(value, (bool, int, float, str)):
                draft.put(key, value, span)
            else:
                draft.leave(span, f"`{name}`", "a spec has settings of one plain value only")
        elif not _DERIVED[unit.manager].fullmatch(name) and not _usual(name, value, app):
            draft.leave(span, f"`{name}`", _WHY.get(name, "a spec has no such setting"))
        seen.add(name)


def leave_relations(draft: Draft, app: App) -> None:
    """Note what a unit says of other units: the generated one knows of the network only."""
    from cfgcheck.syntax.systemd_unit import read_unit

    unit = app.unit
    for file in unit.files if unit is not None and unit.manager is Manager.SYSTEMD else ():
        if is_generated(file) or not file.path.endswith((".service", ".conf")):
            continue
        for setting in read_unit(file).settings:
            if setting.section != "Unit" or setting.name in ("Description", "Documentation"):
                continue
            others = [word for word in setting.value.text.split() if not _ANYHOW.fullmatch(word)]
            if others:
                told = setting.name if _FILLED.search(setting.value.text) else f"{setting.name}={' '.join(others)}"
                draft.leave(setting.name_span, f"`{told}`", "the generated unit names the network only")


def _usual(name: str, value: Any, app: App) -> bool:
    """Whether the manager would do so by itself."""
    if name == "Group" and app.unit is not None:
        return bool(value == app.unit.user.get(None))
    return (name, str(value).lower()) in _DEFAULTS or (name, str(value)) in _DEFAULTS


def _settings(unit: Unit) -> Iterator[Setting]:
    for file in unit.files:
        if unit.manager is Manager.SYSTEMD and file.path.endswith((".service", ".conf")):
            yield from _systemd(file)
        elif unit.manager is Manager.SUPERVISOR:
            yield from _supervisor(file, unit.name.partition(":")[0])
        elif unit.manager is Manager.COMPOSE:
            yield from _compose(file, unit.name)


def _systemd(file: SourceFile) -> Iterator[Setting]:
    from cfgcheck.syntax.systemd_unit import read_unit

    for setting in read_unit(file).settings:
        if setting.section == "Service" and not setting.maybe:
            text = setting.value.text.replace("%%", "%")
            yield setting.name, scalar(text), setting.name_span


def _supervisor(file: SourceFile, name: str) -> Iterator[Setting]:
    from cfgcheck.syntax.supervisor_ini import read_supervisor_ini

    section = read_supervisor_ini(file).sections.get(f"program:{name}")
    for option in section.options.values() if section is not None else ():
        yield option.name, scalar(option.value.text), option.name_span


def _compose(file: SourceFile, name: str) -> Iterator[Setting]:
    from cfgcheck.syntax.yaml_tree import Mapping, Scalar, read_yaml

    for document in read_yaml(file).mappings:
        services = document.get("services")
        service = services.get(name) if isinstance(services, Mapping) else None
        for pair in service.pairs if isinstance(service, Mapping) else ():
            value: Any = None
            if isinstance(pair.value, Scalar):
                value = pair.value.text if pair.value.style else scalar(pair.value.text)
            yield pair.key.text, value, pair.value.span if isinstance(pair.value, Scalar) else pair.key.span


def scalar(text: str) -> bool | int | str:
    """A whole number, a truth value, or the text itself."""
    if _WHOLE.match(text):
        return int(text)
    return _LOGIC.get(text, text)
