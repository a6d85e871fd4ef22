"""Template languages: which one a file is written in.

``detect`` tells; ``template_mask.mask`` gives the same text with the template's parts masked. What masking needs is
imported only where there is a template.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from cfgcheck.record import record

FILLER: Final = "\ue000"
"""What stands for each character of a placeholder: of Unicode's private use area, so that hardly a file holds it."""


@record(frozen=True)
class Template:
    """What a file is a template of.

    ``dialects``: ``jinja``, ``go``, ``erb``, which have tags; and for single placeholders ``envsubst`` (``${X}``),
    ``dunder`` (``__X__``), ``percent`` (``%X%``), ``at`` (``@X@``), ``python`` (``%x``, ``%{x}``, ``%(x)s``).
    ``variables``: the names that envsubst replaces in this file.
    """

    dialects: frozenset[str]
    variables: frozenset[str] = frozenset()

    @property
    def has_tags(self) -> bool:
        """Whether statements may come and go with conditions."""
        return bool(self.dialects & {"jinja", "go", "erb", "python"})


VARIABLE: Final = re.compile(r"\$(?:\{([A-Za-z_]\w*)(?::?[-=?+][^}\s]{0,200})?\}|([A-Z_][A-Z0-9_]*)(?![a-z]))")
"""What envsubst may replace: ``${X}``, ``${X:-default}`` or ``$X``."""

DOLLAR: Final = "DOLLAR"
"""The variable that envsubst's users set to "$", to write ``${DOLLAR}host``: that is ``$host`` afterwards."""

PLACEHOLDERS: Final = {
    "dunder": r"(?<![A-Z0-9_])__[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*__(?![A-Z0-9_])",
    "percent": r"%(?![0-9A-F]{2}%)[A-Z][A-Z0-9_]*%",
    "at": r"@[A-Z][A-Z0-9_]+@",
    "python": r"(?<![\w%])%(?:\{[a-z_]\w*\}|\([a-z_]\w*\)s|[a-z_]\w+)",
}
"""Patterns of placeholders without tags, by dialect."""

_HINTS: Final = {"dunder": "__", "percent": "%", "at": "@", "python": "%"}
_TEMPLATE_NAME: Final = (
    r"\.(?:j2|jinja2?|erb|epp|tpl|tmpl|template|tmplt|envsubst|in|gotmpl|mustache|hbs)(?:\.|\Z)"
    r"|[._-](?:template|tmpl|tpl)\b"
)
_CURLY: Final = r"\{\{[^{}\n]+\}\}"
_STATEMENT: Final = r"\{%[-+~]?\s*\w"
_ERB: Final = r"<%[-=#]?\s*[^\s>]"
_DEFINED: Final = (
    r"(?<![\w$])(?:(?:set|js_set|js_var|perl_set|auth_request_set|set_by_lua\w*|geo)\s+"
    r"|(?:map|split_clients|geo)\s+[^\s;{]+\s+)\$\{?(\w+)"
)


def is_template_name(path: str) -> bool:
    """Whether a file's name says that it is a template: ``.j2``, ``.template``, ``nginx.tmpl.conf`` …"""
    return bool(re.search(_TEMPLATE_NAME, path.rsplit("/", 1)[-1].lower()))


def detect(path: str, text: str, language: str = "nginx") -> Template | None:
    """What ``text`` is a template of, None when it is none.

    ``language``: ``nginx``, or another one, in which ``$x``, ``%x`` and ``%(x)`` may be its own: then ``%x`` counts
    only in files whose names say that they are templates, ``$X`` too, and ``%(x)s`` never.
    """
    named = is_template_name(path)
    dialects = set(_tagged(path, text))
    variables = frozenset(_replaced(text, named, language == "nginx")) if "$" in text else frozenset()
    if variables:
        dialects.add("envsubst")
    dialects.update(dialect for dialect in ("dunder", "percent", "at") if _has(text, dialect))
    if named and not dialects and _has(text, "python") and (language == "nginx" or "%(" not in text):
        dialects.add("python")
    return Template(frozenset(dialects), variables) if dialects else None


def _has(text: str, dialect: str) -> bool:
    return _HINTS[dialect] in text and re.search(PLACEHOLDERS[dialect], text) is not None


def _tagged(path: str, text: str) -> Iterator[str]:
    if "{%" in text and re.search(_STATEMENT, text):
        yield "jinja"
    elif "{{" in text and re.search(_CURLY, text):
        yield "jinja" if re.search(r"\.j(?:inja)?2?\b", path) else "go"
    if "<%" in text and re.search(_ERB, text):
        yield "erb"


def _replaced(text: str, named: bool, in_nginx: bool) -> Iterator[str]:
    """The names that envsubst is meant to replace: those in capitals that nobody defines here, and in a file called
    a template also ``${name}`` that nginx does not know."""
    found = {(match[1] or match[2], bool(match[1])) for match in VARIABLE.finditer(text)}
    if not found:
        return
    from cfgcheck.syntax.template_variables import is_nginx_variable

    defined = set(re.findall(_DEFINED, text)) - {DOLLAR} if in_nginx else set()
    for name, braced in found:
        capitals = name.isupper()
        if name in defined or not (capitals or (braced and named)) or not (braced or named or in_nginx):
            continue
        if not is_nginx_variable(name) or (capitals and braced and named):
            yield name
