"""systemd: settings of a unit's ``[Service]``, in its own file or in the drop-in that has the last word."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from cfgcheck.findings import Edit
from cfgcheck.fix.editing import CannotFix
from cfgcheck.fix.order_text import indentation, line_after, line_end, replaced
from cfgcheck.load.systemd_values import switch
from cfgcheck.model.unit import Unit
from cfgcheck.rules.changes import Order
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.systemd_unit import Setting, UnitFile, read_unit

_SECTION = "Service"
_STARTED = ("ExecStop", "ExecReload", "ExecStartPost", "ExecStart", "ExecStartPre")
_RELATIVES: Final[Mapping[str, tuple[str, ...]]] = {
    "TimeoutStopSec": ("TimeoutSec", "TimeoutStartSec", "KillMode", "KillSignal", "RestartSec", "Restart", *_STARTED),
    "KillSignal": ("KillMode", "TimeoutStopSec", "TimeoutSec", *_STARTED),
    "RuntimeDirectory": ("Group", "User", "WorkingDirectory", "Type"),
    "PrivateTmp": ("ProtectHome", "ProtectSystem", "NoNewPrivileges", "Group", "User"),
    "LimitNOFILE": ("LimitNPROC", "LimitCORE", "TasksMax", *_STARTED),
    "Environment": ("EnvironmentFile", "WorkingDirectory", "Group", "User"),
}
"""The settings that one is written after, the nearest first."""

_FOLDER = re.compile(r"[\w.@:-]+(?:/[\w.@:-]+)*\Z")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=[^\x00-\x1f\x7f]*\Z")
_PLAIN = re.compile(r"[\w@%+=:,./-]*\Z")


def in_systemd(change: Order) -> list[Edit]:
    """The edits of a unit's files. Errors: CannotFix."""
    writer = _WRITERS.get(change.name)
    if writer is None:
        raise CannotFix(f"systemd has no setting for that ({change.name})")
    return writer(change.unit, change.value)


# ── what is set ───────────────────────────────────────────────────────────────────────────────────────────────────


def _stop_grace(unit: Unit, seconds: float) -> list[Edit]:
    parts = _parts(unit)
    # TimeoutSec= sets the time to stop as well: of the two, the last one counts.
    every = _settings(parts, "TimeoutSec", "TimeoutStopSec")
    if every and every[-1].name == "TimeoutSec":
        return [_beside(every[-1], f"TimeoutStopSec={seconds:g}")]
    return [_set(parts, "TimeoutStopSec", f"{seconds:g}")]


def _stop_signal(unit: Unit, name: str) -> list[Edit]:
    return [_set(_parts(unit), "KillSignal", f"SIG{name.removeprefix('SIG')}")]


def _runtime_directory(unit: Unit, folder: str) -> list[Edit]:
    if not _FOLDER.match(folder) or ".." in folder.split("/"):
        raise CannotFix(f"{folder} can't be the name of a folder that systemd makes")
    parts = _parts(unit)
    every = _settings(parts, "RuntimeDirectory")
    if not every or not every[-1].value.text:
        return [_set(parts, "RuntimeDirectory", folder)]
    last = every[-1]
    if folder in last.value.text.split():
        return []
    _refuse_branch(last)
    end = last.value.place.end
    return [replaced(last.value.file, end, end, f" {folder}")]


def _private_tmp(unit: Unit, wanted: bool) -> list[Edit]:
    parts = _parts(unit)
    if unit.private_tmp.get(None) is wanted:
        return []
    dynamic = _settings(parts, "DynamicUser")
    if not wanted and dynamic and switch(dynamic[-1].value.text):
        raise CannotFix("DynamicUser= brings a /tmp of its own, whatever PrivateTmp= says")
    return [_set(parts, "PrivateTmp", _switch(parts, wanted))]


def _open_files(unit: Unit, number: int) -> list[Edit]:
    parts = _parts(unit)
    every = _settings(parts, "LimitNOFILE")
    hard = every[-1].value.text.partition(":")[2] if every else ""
    keeps = hard == "infinity" or (hard.isdigit() and int(hard) >= number)
    return [_set(parts, "LimitNOFILE", f"{number}:{hard}" if keeps else str(number))]


def _environment(unit: Unit, assignment: str) -> list[Edit]:
    if not _ASSIGNMENT.match(assignment):
        raise CannotFix("that is no variable and its value")
    parts = _parts(unit)
    name, _, value = assignment.replace("%", "%%").partition("=")
    if any(re.search(rf"(?:^|[\s\"']){re.escape(name)}=", one.value.text) for one in _settings(parts, "Environment")):
        raise CannotFix(f"{name} is set in the unit already")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    written = f"{name}={value}" if _PLAIN.match(value) else f'"{name}={escaped}"'
    return [_add(parts, "Environment", written)]


_WRITERS: Final[Mapping[str, Callable[[Unit, Any], list[Edit]]]] = {
    "stop_grace": _stop_grace,
    "stop_signal": _stop_signal,
    "runtime_directory": _runtime_directory,
    "private_tmp": _private_tmp,
    "open_files": _open_files,
    "environment": _environment,
}


# ── how it is written ─────────────────────────────────────────────────────────────────────────────────────────────


def _parts(unit: Unit) -> list[UnitFile]:
    """The unit's own file and its drop-ins, in systemd's order."""
    return [read_unit(file) for file in unit.files or (unit.span.file,)]


def _settings(parts: Iterable[UnitFile], *names: str) -> list[Setting]:
    return [one for part in parts for one in part.settings if one.section == _SECTION and one.name in names]


def _set(parts: list[UnitFile], name: str, value: str) -> Edit:
    """Another value where it is set last; else the setting after its relatives."""
    every = _settings(parts, name)
    if not every:
        return _add(parts, name, value)
    last = every[-1]
    _refuse_branch(last)
    if not last.value.text:
        return _beside(last, f"{name}={value}")
    place = last.value.place
    if place.text != last.value.text:
        raise CannotFix(f"{name}= goes over several lines, or comes from a template")
    return replaced(last.value.file, place.start, place.end, value)


def _add(parts: list[UnitFile], name: str, value: str) -> Edit:
    """A new setting, in the unit's own file if that has the section."""
    part = next((one for one in parts if _SECTION in one.sections), None)
    if part is None:
        raise CannotFix("no file of the unit has a section [Service]")
    own = [one for one in part.settings if one.section == _SECTION and not one.maybe]
    for relative in (name, *_RELATIVES[name]):
        found = [one for one in own if one.name == relative]
        if found:
            return _beside(found[-1], f"{name}={value}")
    if own:
        return _beside(own[-1], f"{name}={value}")
    return line_after(part.file, part.sections[_SECTION].end, f"{name}={value}")


def _beside(setting: Setting, line: str) -> Edit:
    """A line after a setting, indented and spaced like it."""
    _refuse_branch(setting)
    file, text = setting.value.file, setting.value.file.text
    spaced = re.match(r"[ \t]*=[ \t]*", text[setting.name_span.end :])
    name, _, value = line.partition("=")
    written = f"{name}{spaced[0] if spaced else '='}{value}"
    return line_after(file, _last_line(file, setting), f"{indentation(text, setting.name_span.start)}{written}")


def _last_line(file: SourceFile, setting: Setting) -> int:
    """An offset in the last line of a setting: a backslash at the end carries it on, comments in between."""
    text = file.text
    at = max(setting.name_span.end, setting.value.place.end if setting.value.text else 0)
    end = line_end(text, at)
    while end < len(text) and (_carries_on(text, end) or (end != line_end(text, at) and _is_comment(text, end))):
        following = text.find("\n", end) + 1
        if following == 0 or following >= len(text):
            break
        end = line_end(text, following)
    return end


def _carries_on(text: str, end: int) -> bool:
    line = text[text.rfind("\n", 0, end) + 1 : end]
    return bool((len(line) - len(line.rstrip("\\"))) % 2)


def _is_comment(text: str, end: int) -> bool:
    return text[text.rfind("\n", 0, end) + 1 : end].lstrip(" \t")[:1] in ("#", ";")


def _refuse_branch(setting: Setting) -> None:
    if setting.maybe:
        raise CannotFix(f"{setting.name}= stands in a branch of a template")


def _switch(parts: list[UnitFile], wanted: bool) -> str:
    """Yes or no in the words that the unit uses."""
    words = [one.value.text for part in parts for one in part.settings]
    pair = next((pair for pair in (("true", "false"), ("on", "off")) if any(word in pair for word in words)), None)
    return (pair or ("yes", "no"))[not wanted]
