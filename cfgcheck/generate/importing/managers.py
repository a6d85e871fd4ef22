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
    Manager.SUPERVISOR: re.compile(r"priority|startsecs|startretries|exitcodes|stderr_\w+"),
    Manager.COMPOSE: re.compile(r"init|mem_limit|mem_reservation|cpus|cpu_shares|pids_limit|shm_size|platform"),
}
"""Those that change nothing that is derived."""

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
            elif isinstance(value, (bool, int, float, str)):
                draft.put(key, value, span)
        seen.add(name)


def _settings(unit: Unit) -> Iterator[Setting]:
    for file in unit.files:
        if unit.manager is Manager.SYSTEMD and file.path.endswith((".service", ".conf")):
            yield from _systemd(file)
        elif unit.manager is Manager.SUPERVISOR:
            yield from _supervisor(file, unit.name)
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
            if isinstance(pair.value, Scalar):
                value: Any = pair.value.text if pair.value.style else scalar(pair.value.text)
                yield pair.key.text, value, pair.value.span


def scalar(text: str) -> bool | int | str:
    """A whole number, a truth value, or the text itself."""
    if _WHOLE.match(text):
        return int(text)
    return _LOGIC.get(text, text)
