"""Single values in YAML, quoted only where some version of YAML would take them for something else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from cfgcheck.generate.yaml_values import plain_value

_BARE = re.compile(r"[A-Za-z_/][A-Za-z0-9_/.+@=~-]*(?::[A-Za-z0-9_/.+@=~-]+)*\Z")
_MEASURE = re.compile(r"\d{1,12}[smhdkg]\Z")
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?::\d+|/\d+)?\Z")
_WORDS = frozenset({"y", "n", "yes", "no", "true", "false", "on", "off", "null", "none"})
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def yaml_word(value: bool | int | float | str) -> str:
    """A scalar, in the same words as ``yaml_values`` reads it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) < 10**18:
        return str(value)
    if isinstance(value, float):
        return repr(value)
    text = str(value)
    if _is_bare(text):
        return text
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


def _is_bare(text: str) -> bool:
    if not (_BARE.match(text) or _MEASURE.match(text) or _ADDRESS.match(text)):
        return False
    return text.lower() not in _WORDS and plain_value(text) == text


def comment_lines(text: str, indent: str) -> Iterator[str]:
    """Comment lines of a text; what could end a line within them is left out."""
    for line in re.split(r"[\n\r\x85\u2028\u2029]+", text.strip()) if text.strip() else ():
        readable = "".join(sign for sign in line.rstrip() if sign == "\t" or sign.isprintable())
        yield f"{indent}# {readable}".rstrip()
