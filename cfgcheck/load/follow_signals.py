"""Whether the signal that stops a unit reaches a process behind shells and wrappers."""

from __future__ import annotations

import re

from cfgcheck.load.follow_images import runs_its_command, shell_of
from cfgcheck.load.follow_state import Post
from cfgcheck.load.service import Service
from cfgcheck.model.located import Located
from cfgcheck.model.unit import Manager, Unit
from cfgcheck.record import record, replace
from cfgcheck.source.file import Span

_KILL_MODE = re.compile(r"^[ \t]*KillMode[ \t]*=[ \t]*([\w-]+)", re.MULTILINE)
_STOP_AS_GROUP = re.compile(r"^[ \t]*stopasgroup[ \t]*=[ \t]*(?:true|1|yes|on)\b", re.MULTILINE | re.IGNORECASE)
_NEXT_SECTION = re.compile(r"^[ \t]*\[", re.MULTILINE)


@record(frozen=True)
class Interpreter:
    """The shell that runs a script. ``text``: its commands are an argument (``sh -c``); ``lines``: on several lines."""

    program: str
    text: bool = False
    lines: bool = False


def main_process(service: Service) -> Post:
    """The process that the manager itself starts.

    Docker and Kubernetes signal the main process only. systemd signals every process of the unit unless ``KillMode``
    says otherwise; Honcho, Foreman and Heroku signal the process group, supervisord with ``stopasgroup``.
    """
    unit = service.unit
    if unit.manager is Manager.SYSTEMD:
        modes = [found[1] for file in unit.files or (unit.span.file,) for found in _KILL_MODE.finditer(file.text)]
        return Post(Located.default(True, "systemd"), group=not modes or modes[-1] == "control-group")
    if unit.manager is Manager.PROCFILE:
        return Post(Located.default(True, "honcho, Foreman and Heroku signal the process group"), group=True)
    if unit.manager in (Manager.SCRIPT, Manager.SETTINGS):
        because = "what stops it is not known"
        return Post(Located.unknown(because), above=because)
    if unit.manager is Manager.SUPERVISOR:
        text = unit.span.file.text
        following = _NEXT_SECTION.search(text, unit.span.end)
        own = text[unit.span.start : following.start() if following else len(text)]
        return Post(Located.default(True, "supervisord"), group=_STOP_AS_GROUP.search(own) is not None)
    if service.entrypoint is None and not runs_its_command(unit):
        because = "what the image's own entrypoint does with its command is not known"
        return Post(Located.unknown(because), above=because)
    return Post(Located.default(True, "it is the container's main process"))


def behind_shell(
    post: Post, shell: Interpreter, unit: Unit, place: Span, last: bool, lone: bool, redirected: bool, trapped: bool
) -> Post:
    """The post of a command that a shell starts without ``exec``. ``last``: nothing follows it in ``sh -c``'s text;
    ``lone``: nothing stands before it either.

    Observed: ``bash -c`` (5.2) becomes the last simple command unless that is redirected; busybox's ``sh -c`` does too
    for text of one line; dash 0.5.12 stays. A script's shell always stays.
    """
    if post.group:
        return post
    reached = replace(post, signalled=Located.default(True)) if post.signalled.get(True) is False else post
    found = _behind_shell(reached, shell, unit, place, last, lone, redirected, trapped)
    shells = (*post.shells, place) if found.signalled.get(True) is False else post.shells
    return replace(found if reached is post else post, shells=shells)


def _behind_shell(
    post: Post, shell: Interpreter, unit: Unit, place: Span, last: bool, lone: bool, redirected: bool, trapped: bool
) -> Post:
    """As far as this shell goes."""
    if trapped:
        return replace(post, signalled=Located.unknown("the script handles signals itself (trap)", place))
    stays: Located[bool] = Located.unknown(post.above, place) if post.above else Located.read(False, place)
    if shell.text and last:
        program = shell.program
        if program == "bash" and not redirected:
            newer = "whether Bash becomes the last of several commands depends on its version (it does from 5.1)"
            sure = lone or shell_of(unit) == "dash"
            return post if sure else replace(post, signalled=Located.unknown(newer, place))
        if program in ("ash", "busybox") or (program == "sh" and shell_of(unit) == "busybox"):
            return replace(post, signalled=stays) if shell.lines else post
        if program == "sh" and not shell_of(unit):
            because = "whether /bin/sh stays between depends on the image: dash does, busybox does not"
            return replace(post, signalled=Located.unknown(because, place))
        if program not in ("sh", "dash", "bash"):
            return replace(post, signalled=Located.unknown(f"whether {program} stays between is not known", place))
    return replace(post, signalled=stays)
