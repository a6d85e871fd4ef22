"""What runs beside the services, and what their start does besides starting them: it is named, as it gets lost."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cfgcheck.generate.importing.draft import Draft
from cfgcheck.generate.importing.notes import is_generated
from cfgcheck.model.app import App
from cfgcheck.model.nginx import Proxy
from cfgcheck.model.stack import Stack
from cfgcheck.model.unit import Manager, Unit
from cfgcheck.source.file import SourceFile, Span

_KINDS = {
    Manager.COMPOSE: ("service", "keep them in a compose file of their own"),
    Manager.SUPERVISOR: ("program", "keep them in a file of their own beside the generated ones"),
    Manager.SYSTEMD: ("unit", "keep them beside the generated ones"),
    Manager.PROCFILE: ("process", "a spec has services behind nginx only"),
}
_SHELL = re.compile(r"\b(?:ba|da|z|a)?sh[\"']?,?\s+[\"']?-\w*c[\"']?,?\s+[>|\"'\[]*\s*")
_SCRIPT = re.compile(r"#!\S*(?:sh|env (?:ba)?sh)\b")
_KEY = re.compile(r"^\s*(?:[\w-]+:(?:\s|$)|\[[\w:-]+\]|[A-Z]+ )", re.MULTILINE)
_BREAK = re.compile(r"&&|\|\||;|\\\n|\n")
_LEAD = re.compile(r"(?:\s|then\b|else\b|do\b|exec\b|\{)*")
_NOTHING = re.compile(
    r"(?:#|set\b|cd\b|echo\b|printf\b|sleep\b|export\b|if\b|fi\b|elif\b|while\b|until\b|for\b|done\b|case\b|esac\b"
    r"|exit\b|return\b|shift\b|trap\b|source\b|\.\s|\w+=\S*$|\w[\w-]*\s*\(\)|[\"'\]})]|-)"
)
_MOST = 5
_QUOTES = "\"'"


def leave_neighbours(draft: Draft, stacks: Sequence[Stack]) -> None:
    """Note services, programs and units that are neither an app server nor nginx, and programs that nobody starts."""
    known = {name for stack in stacks for unit in _ours(stack) for name in _names(unit)}
    for manager, (kind, why) in _KINDS.items():
        units = [one for stack in stacks for one in stack.units if one.manager is manager and one.name not in known]
        others = {unit.name.partition(":")[0]: unit for unit in reversed(units) if not is_generated(unit.span.file)}
        if others:
            names = sorted(others)
            plural = "" if len(names) == 1 else "es" if kind.endswith("s") else "s"
            what = f"{len(names)} other {kind}{plural}: {', '.join(names)}"
            draft.leave(
                others[names[0]].span, what, why if plural else why.replace("them", "it").replace("their", "its")
            )
    for file in {file.path: file for stack in stacks for file in stack.files}.values():
        _leave_asleep(draft, file)


def _ours(stack: Stack) -> Iterator[Unit]:
    for unit in (*(app.unit for app in stack.apps), *(proxy.unit for proxy in stack.proxies)):
        if unit is not None:
            yield from unit.outward


def _names(unit: Unit) -> tuple[str, ...]:
    return (unit.name, unit.name.partition(":")[0])


def _leave_asleep(draft: Draft, file: SourceFile) -> None:
    """Programs that supervisord does not start by itself."""
    if "[program:" not in file.text or "autostart" not in file.text or is_generated(file):
        return
    if not file.path.endswith((".conf", ".ini")):
        return
    from cfgcheck.syntax.supervisor_ini import read_supervisor_ini

    for title, section in read_supervisor_ini(file).sections.items():
        option = section.options.get("autostart")
        if (
            title.startswith("program:")
            and option is not None
            and option.value.text.lower() in ("false", "no", "off", "0")
        ):
            draft.leave(section.span, title.removeprefix("program:"), f"autostart={option.value.text}, not taken")


def leave_commands(draft: Draft, app: App) -> None:
    """Note what a shell runs before the app server."""
    file, end = app.span.file, app.span.start
    start = _beginning(file.text, end)
    if start is None or is_generated(file):
        return
    found = list(_commands(file, start, end))
    for span in found[:_MOST]:
        draft.leave(span, f"`{span.text}`", "a spec starts the app server only")
    if len(found) > _MOST:
        draft.leave(found[_MOST], f"{len(found) - _MOST} more commands", "a spec starts the app server only")


def _beginning(text: str, end: int) -> int | None:
    """Where the shell's commands begin that the app server's is one of."""
    if _SCRIPT.match(text):
        return text.find("\n") + 1
    shells = list(_SHELL.finditer(text, max(0, end - 2000), end))
    start = shells[-1].end() if shells else None
    return start if start is not None and not _KEY.search(text, start, end) else None


def _commands(file: SourceFile, start: int, end: int) -> Iterator[Span]:
    at = start
    for match in [*_BREAK.finditer(file.text, start, end), None]:
        stop = match.start() if match is not None else at
        lead = _LEAD.match(file.text, at, stop)
        begin = lead.end() if lead is not None else at
        written = file.text[begin:stop].rstrip()
        if written and not _NOTHING.match(written):
            yield file.span(begin, begin + len(written))
        at = match.end() if match is not None else stop


def leave_ports(draft: Draft, proxies: Sequence[Proxy]) -> None:
    """Note ports of the machine that compose gives nginx's container under another number."""
    for unit in (proxy.unit for proxy in proxies):
        if unit is None or unit.manager is not Manager.COMPOSE:
            continue
        for file in unit.files:
            if not is_generated(file):
                for span in _moved(file, unit.name):
                    why = "nginx gets the port of the machine that it listens on: say `nginx.http-port`"
                    draft.leave(span, f"`ports: {span.text.strip(_QUOTES)}`", why)


def _moved(file: SourceFile, name: str) -> Iterator[Span]:
    from cfgcheck.syntax.yaml_tree import Mapping, Scalar, read_yaml
    from cfgcheck.syntax.yaml_tree import Sequence as List

    for document in read_yaml(file).mappings:
        services = document.get("services")
        service = services.get(name) if isinstance(services, Mapping) else None
        ports = service.get("ports") if isinstance(service, Mapping) else None
        for item in ports.items if isinstance(ports, List) else ():
            if isinstance(item, Scalar):
                parts = item.text.partition("/")[0].rsplit(":", 2)
                if len(parts) > 2 or (len(parts) == 2 and parts[0] != parts[1]):
                    yield item.span
            else:
                yield item.span
