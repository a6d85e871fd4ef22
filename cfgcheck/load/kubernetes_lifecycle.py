"""How a container is stopped: the grace period of its pod, its preStop hook, its signal."""

from __future__ import annotations

import posixpath
import re
from typing import Final

from cfgcheck.load.kubernetes_view import View
from cfgcheck.model.located import Located
from cfgcheck.syntax.shell_words import Command, in_file, split_commands

_GRACE: Final = 30.0
_SECONDS: Final = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?[smh]?\Z")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600}
_SHELLS: Final = frozenset({"sh", "bash", "dash", "ash"})
_AT_ONCE: Final = frozenset({"echo", "true", ":", "kill", "touch", "rm", "date"})
"""Commands that take no time."""


def stop_grace(pod: View) -> Located[float | None]:
    """Seconds from the order to stop, the preStop hook counted in, until what still runs is killed."""
    written = pod.get("spec", "terminationGracePeriodSeconds")
    if not written:
        return Located.default(_GRACE, "terminationGracePeriodSeconds, Kubernetes' API reference")
    number = written.number
    if number is None:
        return Located.unknown("terminationGracePeriodSeconds is no number", written.span)
    if not number.known:
        return Located.unknown(number.because, number.span)
    # 0 kills at once; Kubernetes takes it for 1 where the container is not deleted by hand.
    return number.with_value(float(number.value))


def stop_signal(container: View, image: Located[str]) -> Located[str]:
    """By name without SIG. ``lifecycle.stopSignal`` is heeded from Kubernetes 1.33 on."""
    written = container.get("lifecycle", "stopSignal").text
    if written is None:
        return image
    return written.with_value(written.value.removeprefix("SIG")) if written.known else written


def prestop(container: View) -> Located[float | None]:
    """Seconds by which a hook delays the signal; None where there is no hook; unknown for one that does more than
    wait."""
    hook = container.get("lifecycle", "preStop")
    if not hook:
        return Located.default(None, "there is no preStop hook")
    native = hook.get("sleep", "seconds").number
    if native is not None:
        return native.with_value(float(native.value)) if native.known else Located.unknown(native.because, native.span)
    words = [item.text for item in hook.get("exec", "command").elements()]
    texts = [text.get("") for text in words if text is not None]
    if texts:
        seconds = _delay(texts)
        if seconds is not None:
            return Located.read(seconds, hook.get("exec", "command").span)
    return Located.unknown("how long the preStop hook takes is not known", hook.span)


def _delay(words: list[str]) -> float | None:
    """Seconds that a command takes; None where that can't be told."""
    if posixpath.basename(words[0]) in _SHELLS:
        at = next((index for index, word in enumerate(words) if re.match(r"-\w*c\Z", word)), 0)
        script = words[at + 1] if 0 < at < len(words) - 1 else ""
        return _script_delay(script)
    if posixpath.basename(words[0]) == "sleep" and len(words) == 2:
        return _seconds(words[1])
    return None


def _script_delay(script: str) -> float | None:
    from cfgcheck.source.file import SourceFile

    if len(script) > 4096:
        return None
    total = 0.0
    commands = split_commands(script, in_file(SourceFile("", script)))
    for command in commands:
        taken = _command_delay(command)
        if taken is None:
            return None
        total += taken
    return total if commands else None


def _command_delay(command: Command) -> float | None:
    words = [word.template for word in command.words]
    if not words or command.operator in ("&", "||", "|", "(", ")"):
        return None
    program = posixpath.basename(words[0])
    if program == "sleep" and len(words) == 2:
        return _seconds(words[1])
    if program in _AT_ONCE or (program == "nginx" and words[1:] in (["-s", "quit"], ["-s", "stop"])):
        return 0.0
    return None


def _seconds(text: str) -> float | None:
    if not _SECONDS.match(text):
        return None
    unit = _UNITS.get(text[-1])
    return float(text[:-1]) * unit if unit else float(text)
