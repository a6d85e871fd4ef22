"""One text in each language of the files that start servers, written so that its reader has exactly that text back.

The readers of ``cfgcheck.syntax`` and ``cfgcheck.load`` are the oracle. All functions take text of one line without
control characters (``words.plain``). What a language has no way to write is refused with ``UnwritableError``.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence

_TAG = re.compile(r"[{<](?=[{%#])")
"""Where a reader of templates would see a tag begin: ``{{``, ``{%``, ``<%``."""

_SYSTEMD_BARE = re.compile(r"[A-Za-z0-9_/.-][A-Za-z0-9_@/.:=,+~-]*\Z")
_YAML_BARE = re.compile(r"(?:\./)?[A-Za-z/_][A-Za-z0-9_/.+@-]*(?::[A-Za-z0-9_/.+@-]+)*\Z|[1-9][0-9]*[smhk]\Z")
_YAML_WORDS = frozenset({"y", "n", "yes", "no", "true", "false", "on", "off", "null", "none", "_"})
_NOT_PRINTABLE = re.compile("[\x7f-\x9f\ufeff\ufffe\uffff]")
_SUPERVISOR_COMMENT = re.compile(r"(?<=\s)(?=[;#])")
_BLANKS = " \t"


class UnwritableError(ValueError):
    """A text that a language can't hold. ``place``: the keys of the spec that lead to it, where they are known."""

    def __init__(self, message: str, place: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.place = tuple(place)


# ── systemd (systemd.service(5), "Command lines"; systemd.syntax(7), "Quoting") ───────────────────────────────────────


def systemd_word(text: str) -> str:
    """One word of ``ExecStart=``, whose first is a path. ``$`` and ``%`` are doubled: they mean themselves."""
    return _systemd_quoted(text.replace("$", "$$"))


def systemd_assignment(name: str, value: str) -> str:
    """One ``NAME=value`` of ``Environment=``, where ``$`` means nothing."""
    return _systemd_quoted(f"{name}={value}")


def systemd_field(text: str) -> str:
    """One field of a line of ``tmpfiles.d``: the quotes and specifiers of units (tmpfiles.d(5))."""
    return _systemd_quoted(text)


def systemd_text(text: str) -> str:
    """A value that is taken whole, such as a path: it knows no quotes, only specifiers."""
    if text != text.strip(_BLANKS) or text.endswith("\\"):
        raise UnwritableError("systemd can't be told a value that begins or ends with a blank or ends with a backslash")
    return text.replace("%", "%%")


def _systemd_quoted(text: str) -> str:
    if _SYSTEMD_BARE.match(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{_TAG.sub(_in_hexadecimal, escaped)}"'


def _in_hexadecimal(found: re.Match[str]) -> str:
    return f"\\x{ord(found[0]):02x}"


# ── YAML of compose ───────────────────────────────────────────────────────────────────────────────────────────────────


def compose_text(text: str) -> str:
    """A YAML scalar that is this text once Compose has replaced variables: ``$`` is doubled."""
    return yaml_text(text.replace("$", "$$"))


def yaml_text(text: str) -> str:
    """A YAML scalar that every version of YAML takes for this text: bare where it can't be taken for anything else."""
    if _YAML_BARE.match(text) and text.lower() not in _YAML_WORDS:
        return text
    return _NOT_PRINTABLE.sub(_in_unicode, _TAG.sub(_in_unicode, json.dumps(text, ensure_ascii=False)))


def _in_unicode(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


# ── Dockerfile ────────────────────────────────────────────────────────────────────────────────────────────────────────


def dockerfile_words(words: Sequence[str]) -> str:
    """The exec form: a JSON array, which no shell reads and in which no variables are replaced."""
    return "[" + ", ".join(_TAG.sub(_in_unicode, json.dumps(word, ensure_ascii=False)) for word in words) + "]"


def dockerfile_text(text: str) -> str:
    """A word of ``ENV``, ``WORKDIR`` and the like, in which variables would be replaced."""
    if re.match(r"[A-Za-z0-9_/.:@+,=-]+\Z", text):
        return text
    escaped = re.sub(r'([\\"$])', r"\\\1", text)
    return f'"{_TAG.sub(lambda found: found[0] + chr(34) * 2, escaped)}"'


# ── supervisord ───────────────────────────────────────────────────────────────────────────────────────────────────────


def supervisor_word(text: str) -> str:
    """One word of ``command=``. A ``;`` or ``#`` behind a blank would begin a comment, in quotes too: the quotes are
    closed and opened again in between."""
    quoted = shell_word(text)
    return _SUPERVISOR_COMMENT.sub("''", quoted).replace("%", "%%")


def supervisor_text(text: str) -> str:
    """A value that is taken whole, such as a path."""
    if text != text.strip() or _SUPERVISOR_COMMENT.search(text):
        raise UnwritableError(
            "supervisord can't be told a value with a `;` or `#` behind a blank, or with blanks around it"
        )
    return text.replace("%", "%%")


def supervisor_assignment(name: str, value: str) -> str:
    """One ``NAME="value"`` of ``environment=``, which knows quotes and no escapes, and takes quotes off both ends."""
    if ('"' in value and "'" in value) or value != value.strip("'\""):
        raise UnwritableError("supervisord can't be told a value with both kinds of quotes, or with a quote at an end")
    if _SUPERVISOR_COMMENT.search(value):
        raise UnwritableError("supervisord takes a `;` or `#` behind a blank for the beginning of a comment")
    quote = "'" if '"' in value else '"'
    return f"{name}={quote}{value}{quote}".replace("%", "%%")


# ── shells ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def shell_word(text: str) -> str:
    """One word of a POSIX shell."""
    return _TAG.sub(lambda found: f"{found[0]}''", shlex.quote(text))
