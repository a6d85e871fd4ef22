"""The parameters of a shell, ``$NAME`` and ``$1``, and the patterns that cut pieces off them."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import translate

from cfgcheck.syntax.shell_script_scope import Scope
from cfgcheck.syntax.shell_word import Word

GLOB = re.compile(r"[*?\[]")

Held = str | tuple[None, str] | None
"""A text; None: not set; or why nobody knows."""


class Parameters:
    """``scope``: what the shell knows at the moment."""

    def __init__(self) -> None:
        self.scope = Scope()

    def value(self, name: str, apart: bool) -> Held:
        """What a parameter holds: a text; None when it is not set; or why nobody knows. ``apart``: of ``$@`` each
        argument is a word."""
        scope = self.scope
        if name[0].isalpha() or name[0] == "_":
            if name in scope.values:
                return scope.values[name]
            return (None, scope.unknown[name]) if name in scope.unknown else None
        given = scope.arguments
        unknown = (None, f"${name} is given when the script is run")
        if name == "0":
            return scope.name.value if scope.name is not None and scope.name.value is not None else unknown
        if name == "?" and scope.status is not None:
            return scope.status
        if given is None or name in ("?", "$", "!", "-"):
            return unknown
        if name == "#":
            return unknown if any(word.bare for word in given) else str(len(given))
        if name in ("@", "*"):
            if any(not word.known for word in given) or (name == "@" and apart and len(given) > 1):
                return unknown
            return " ".join(word.value or "" for word in given)
        number = int(name[:6])
        if any(word.bare for word in given[:number]):
            return unknown
        if number > len(given):
            return ""
        value = given[number - 1].value
        return value if value is not None else (None, given[number - 1].because)

    def given(self, name: str) -> bool:
        given = self.scope.arguments or ()
        return bool(given) if not name.isdigit() else int(name[:6]) <= len(given)


def joined(before: Held, after: Word) -> Word:
    """``NAME+=value``."""
    if isinstance(before, tuple):
        return Word(None, after.template, after.span, before[1])
    text = (before or "") + after.template
    return Word(text if after.known else None, text, after.span, after.because, False, after.variables)


def trimmed(value: str, operator: str, pattern: str) -> str:
    """``value`` without the shortest (longest) prefix or suffix that the pattern matches."""
    matches = matcher(pattern)
    cuts = range(len(value) + 1)
    if operator[0] == "#":
        ordered = cuts if operator == "#" else reversed(cuts)
        return next((value[cut:] for cut in ordered if matches(value[:cut])), value)
    ordered = cuts if operator == "%%" else reversed(cuts)
    return next((value[:cut] for cut in ordered if matches(value[cut:])), value)


def matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a text is matched by a shell's pattern."""
    if not GLOB.search(pattern):
        return lambda text: text == pattern
    compiled = re.compile(translate(pattern.replace("[^", "[!")))
    return lambda text: compiled.match(text) is not None
