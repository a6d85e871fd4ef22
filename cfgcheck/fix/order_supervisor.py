"""supervisord: options of a program's section."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from cfgcheck.findings import Edit
from cfgcheck.fix.editing import CannotFix
from cfgcheck.fix.order_text import indentation, line_after, replaced
from cfgcheck.model.unit import Unit
from cfgcheck.rules.changes import Order
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.supervisor_ini import Option, Section, read_supervisor_ini

_RELATIVES: Final[Mapping[str, tuple[str, ...]]] = {
    "stopwaitsecs": ("stopsignal", "stopasgroup", "killasgroup", "startsecs", "autorestart", "autostart", "command"),
    "stopsignal": ("stopwaitsecs", "stopasgroup", "killasgroup", "startsecs", "autorestart", "autostart", "command"),
    "environment": ("user", "directory", "command"),
}
"""The options that one is written after, the nearest first."""

_VALUE = re.compile(r"[^\x00-\x1f\x7f\"';#\\]*\Z")


def in_supervisor(change: Order) -> list[Edit]:
    """The edits of a program's section. Errors: CannotFix."""
    if change.name == "stop_grace":
        return [_set(change.unit, "stopwaitsecs", str(-int(-change.value // 1)))]
    if change.name == "stop_signal":
        return [_set(change.unit, "stopsignal", str(change.value).removeprefix("SIG"))]
    if change.name == "environment":
        return [_variable(change.unit, change.value)]
    raise CannotFix(f"supervisord has no option for that ({change.name})")


def _set(unit: Unit, name: str, value: str) -> Edit:
    """Another value where it is set, else the option after its relatives."""
    found = _sections(unit)
    for _, section in reversed(found):
        option = section.options.get(name)
        if option is not None:
            return _replaced(option, value)
    file, section = found[0]
    return _added(file, section, name, value)


def _variable(unit: Unit, assignment: str) -> Edit:
    name, _, value = assignment.partition("=")
    if not _VALUE.match(value):
        raise CannotFix("the value can't be written into supervisord's file")
    written = f'{name}="{value.replace("%", "%%")}"'
    for _, section in reversed(_sections(unit)):
        option = section.options.get("environment")
        if option is None or not option.value.text:
            continue
        _refuse_branch(option)
        if re.search(rf"(?:^|[\s,]){re.escape(name)}\s*=", option.value.text):
            raise CannotFix(f"{name} is set already")
        end = option.value.place.end
        return replaced(option.value.file, end, end, ("" if option.value.text.endswith(",") else ",") + written)
    return _set(unit, "environment", written)


def _sections(unit: Unit) -> list[tuple[SourceFile, Section]]:
    """The program's section, in every file that has it; of an option in several the last one counts."""
    title = unit.span.text.strip().removeprefix("[").removesuffix("]")
    files = unit.files or (unit.span.file,)
    read = [(file, read_supervisor_ini(file)) for file in files]
    found = [(file, one.sections[title]) for file, one in read if title in one.sections]
    if not found:
        raise CannotFix(f"no section [{title}] was found")
    return found


def _replaced(option: Option, value: str) -> Edit:
    _refuse_branch(option)
    place = option.value.place
    if not option.value.text:
        after = re.match(r"[ \t]*[=:]", option.value.file.text[option.name_span.end :])
        at = option.name_span.end + (after.end() if after else 0)
        return replaced(option.value.file, at, at, value)
    if place.text != option.value.text or "%(" in place.text:
        raise CannotFix(f"{option.name} goes over several lines, or comes from elsewhere")
    return replaced(option.value.file, place.start, place.end, value)


def _added(file: SourceFile, section: Section, name: str, value: str) -> Edit:
    own = [option for option in section.options.values() if not option.maybe and option.value.file is file]
    known = {option.name: option for option in own}
    near = next((known[relative] for relative in _RELATIVES[name] if relative in known), None)
    if near is None and own:
        near = max(own, key=lambda option: option.name_span.start)
    if near is None:
        return line_after(file, section.span.end, f"{name}={value}")
    spaced = re.match(r"[ \t]*[=:][ \t]*", file.text[near.name_span.end :])
    line = f"{indentation(file.text, near.name_span.start)}{name}{spaced[0] if spaced else '='}{value}"
    end = near.value.place.end if near.value.text else near.name_span.end
    return line_after(file, end, line)


def _refuse_branch(option: Option) -> None:
    if option.maybe:
        raise CannotFix(f"{option.name} stands in a branch of a template")
