"""Words with placeholders and variables, made fit for taking apart.

A template placeholder (``{{ host }}``, ``${APP_PORT}``) may hold any sign, colons and slashes among them. So its
characters are moved to a range of Unicode's private use area while a target is taken apart, and moved back after.
"""

from __future__ import annotations

import re

from cfgcheck.syntax.nginx_tree import Word

_SHIFT = 0xE100
_AWAY = {code: _SHIFT + code for code in range(256)}
_BACK = {_SHIFT + code: code for code in range(256)}
_SHIFTED = re.compile(f"[{chr(_SHIFT)}-{chr(_SHIFT + 255)}]+")

_PLACEHOLDER = re.compile(
    r"""
    \{\{.*?\}\}                      # Jinja, Go, Mustache
  | \{%.*%\}                         # a choice within the word
  | <%.*?%>                          # ERB
  | \$\{[^}]*\}                      # envsubst
  | \$[A-Z_][A-Z0-9_]*
  | (?<![A-Za-z0-9_])__[A-Z][A-Z0-9_]*?__(?![A-Za-z0-9_])
  | %[A-Z][A-Z0-9_]*% | @[A-Z][A-Z0-9_]*@
  | %\{\w+\} | %\(\w+\)s | %\w+
    """,
    re.VERBOSE | re.DOTALL,
)
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))")


def masked(word: Word) -> str:
    """The word's value with its placeholders moved out of the way; all of it, where none can be made out."""
    if not word.templated:
        return word.value
    text = _PLACEHOLDER.sub(lambda found: found[0].translate(_AWAY), word.value)
    return text if _SHIFTED.search(text) else text.translate(_AWAY)


def unmasked(text: str) -> str:
    return text if text.isascii() else text.translate(_BACK)


def is_templated(text: str) -> bool:
    """Whether a masked text holds a placeholder."""
    return not text.isascii() and _SHIFTED.search(text) is not None


def is_all_placeholder(text: str) -> bool:
    return _SHIFTED.fullmatch(text) is not None


def key_of(text: str) -> str:
    """What names are compared by: no case, and in placeholders no blanks (``{{x}}`` is ``{{ x }}``)."""
    if text.isascii():
        return text.lower()
    return _SHIFTED.sub(lambda found: "".join(found[0].translate(_BACK).split()), text).lower()


def variables_of(text: str) -> list[str]:
    """The names of the nginx variables in a masked text, in order."""
    return [found[1] or found[2] for found in _VARIABLE.finditer(text)]


def split_variables(text: str) -> list[str]:
    """Alternately plain text and the name of a variable: ``["http://", "host", ":80"]``."""
    parts: list[str] = []
    at = 0
    for found in _VARIABLE.finditer(text):
        parts += [text[at : found.start()], found[1] or found[2]]
        at = found.end()
    return [*parts, text[at:]]
