"""Values as the words of a command: how they are quoted in the language that the command stands in."""

from __future__ import annotations

import json
import re
from typing import Any

from cfgcheck.fix.editing import CannotFix
from cfgcheck.load.carrier_kinds import carrier_kind
from cfgcheck.load.file_kinds import FileKind
from cfgcheck.source.file import SourceFile

QUOTES = ("'", '"')
_PLAIN = re.compile(r"[A-Za-z0-9_./:,@+=-]+\Z")
_YAML_NUMBER = re.compile(r"[-+.]?[0-9][0-9_.:eExXoa-fA-F]*\Z")
_YAML_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
_MEANS_MORE = re.compile(r"['\"\\$`!]")
_TEMPLATE_ENDING = re.compile(r"\.(?:template|tmpl|tpl|j2|jinja2?|erb|in|dist|example|sample|default)\Z")
_DOUBLED_PERCENT = (FileKind.SYSTEMD, FileKind.SUPERVISOR)
_YAML = (FileKind.COMPOSE, FileKind.KUBERNETES)


def text_of(value: Any) -> str:
    """A value as a server takes it in a text: ``true``, ``5``, ``a,b``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (list, tuple)):
        return ",".join(text_of(each) for each in value)
    text = str(value)
    if not text:
        raise CannotFix("nothing is no value")
    if any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 or 0xD800 <= ord(char) < 0xE000 for char in text):
        raise CannotFix("the value holds characters that can't be written there")
    return text


def kind_of(file: SourceFile) -> FileKind | None:
    """What carries a command, as far as names and a look at the text tell."""
    name = file.path.rpartition("/")[2].lower()
    while (shorter := _TEMPLATE_ENDING.sub("", name)) != name and shorter:
        name = shorter
    return carrier_kind(name, lambda: file.text)


def is_plain(text: str) -> bool:
    """Whether a text means itself wherever it stands as a word."""
    return _PLAIN.match(text) is not None and text[-1] != ":"


def inside_quotes(text: str, quote: str, file: SourceFile, item: bool) -> str:
    """What stands between quotes that are there. ``item``: they are those of YAML or JSON, not of a shell."""
    if is_plain(text):
        return text
    if not item:
        return _shell_safe(text, file)
    escaped = json.dumps(text, ensure_ascii=False)[1:-1] if quote == '"' else text.replace("'", "''")
    return _for_carrier(escaped, file)


def as_item(text: str, quote: str, file: SourceFile) -> str:
    """An item of a list in YAML or JSON. ``quote``: that of its neighbours, "" for none."""
    if quote in QUOTES:
        return f"{quote}{inside_quotes(text, quote, file, True)}{quote}"
    doubtful = not is_plain(text) or _YAML_NUMBER.match(text) or text.lower() in _YAML_WORDS or text[:1] in "@=:"
    if doubtful or "," in text or text in ("-", "+", ".", "--"):
        return f'"{inside_quotes(text, chr(34), file, True)}"'
    return text


def as_word(text: str, file: SourceFile, at: int) -> str:
    """A word of a command that is one text; ``at``: where it will stand."""
    if is_plain(text):
        return text
    safe = _shell_safe(text, file)
    line = file.text[file.text.rfind("\n", 0, at) + 1 : at]
    if kind_of(file) is FileKind.SYSTEMD:
        return f'"{safe}"'
    for quote in QUOTES:
        if line.replace("\\" + quote, "").count(quote) % 2 == 0:
            return f"{quote}{safe}{quote}"
    raise CannotFix("it stands in quotes within quotes")


def _shell_safe(text: str, file: SourceFile) -> str:
    """A text that may stand in any quotes. Errors: CannotFix for one that is more than text there."""
    if _MEANS_MORE.search(text):
        raise CannotFix("the value holds signs that mean more to a shell")
    if kind_of(file) in _YAML and re.search(r"#|:(?:\s|\Z)", text):
        raise CannotFix("the value holds signs that mean more in YAML")
    return _for_carrier(text, file)


def _for_carrier(text: str, file: SourceFile) -> str:
    """``$`` and ``%`` where a manager replaces what they begin."""
    kind = kind_of(file)
    if kind is FileKind.COMPOSE:
        return text.replace("$", "$$")
    if kind is FileKind.KUBERNETES:
        return text.replace("$(", "$$(")
    return text.replace("%", "%%") if kind in _DOUBLED_PERCENT else text
