"""The path of a request as nginx reads it, and as it writes it again for the next server.

``ngx_http_parse_complex_uri`` and ``ngx_escape_uri`` of nginx's sources (src/http/ngx_http_parse.c,
src/core/ngx_string.c). Texts are bytes: one character each.
"""

from __future__ import annotations

import re

from cfgcheck.record import record

_CONTROL = frozenset(map(chr, (*range(0x20), *range(0x7F, 0x100))))
ESCAPED_IN_URI = _CONTROL | frozenset(' "#%<>?\\^`{|}')
"""Since nginx 1.21.1; before, of the visible signs only ``#``, ``%``, ``?`` and the blank."""
ESCAPED_IN_URI_BEFORE = _CONTROL | frozenset(" #%?")
ESCAPED_IN_ARGS = ESCAPED_IN_URI | frozenset("&+;")

_HEX = frozenset("0123456789abcdefABCDEF")
_REFUSED = re.compile(r"[\x00-\x20\x7f]")
_COMPLEX = re.compile(r"//|/\.|%|#")


@record(frozen=True)
class Target:
    """A request target, read. ``uri``: the path, decoded and normalised; ``args``: the query, without ``?``.

    ``unparsed``: as the client wrote it. ``quoted``: it held ``%XX``; ``plus``: it held ``+`` (both decide whether
    nginx escapes captures of it again).
    """

    uri: str
    args: str
    unparsed: str
    quoted: bool = False
    plus: bool = False


def read_target(text: str, *, merge_slashes: bool) -> Target | None:
    """Take a target apart; None for one that nginx answers with 400."""
    if not text.startswith("/") or _REFUSED.search(text):
        return None
    path, mark, args = text.partition("?")
    if _COMPLEX.search(path) is None and "#" not in args:
        return Target(path, args if mark else "", text, plus="+" in path)
    return _Complex(text, merge_slashes).read()


class _Complex:
    """A target with escapes, doubled slashes, dots or a fragment."""

    def __init__(self, text: str, merge_slashes: bool) -> None:
        self.text = text
        self.merge = merge_slashes
        self.quoted = False
        self.plus = False

    def read(self) -> Target | None:
        signs = self._signs()
        if signs is None:
            return None
        path, end = signs
        uri = self._normal(path)
        if uri is None:
            return None
        args = ""
        if self.text[end : end + 1] == "?":
            args = self.text[end + 1 :].partition("#")[0]
        return Target(uri, args, self.text, self.quoted, self.plus)

    def _signs(self) -> tuple[list[tuple[str, bool]], int] | None:
        """The path's characters, decoded; with each, whether it counts as plain text whatever it is (``%25``, ``%23``,
        ``%3F`` are a percent sign, a hash, a question mark); and where the path ends."""
        found: list[tuple[str, bool]] = []
        at = 0
        while at < len(self.text):
            sign = self.text[at]
            if sign in "?#":
                break
            if sign != "%":
                self.plus = self.plus or sign == "+"
                found.append((sign, False))
                at += 1
                continue
            digits = self.text[at + 1 : at + 3]
            if len(digits) < 2 or not _HEX.issuperset(digits):
                return None
            decoded = chr(int(digits, 16))
            if decoded == "\0":
                return None
            self.quoted = True
            self.plus = self.plus or decoded == "+"
            found.append((decoded, decoded in "%#?"))
            at += 3
        return found, at

    def _normal(self, signs: list[tuple[str, bool]]) -> str | None:
        """Doubled slashes and the parts ``.`` and ``..`` taken out; None where it would leave the root."""
        parts: list[list[str]] = [[]]
        for sign, plain in signs:
            if sign == "/" and not plain:
                if not self._end_part(parts, last=False):
                    return None
            else:
                parts[-1].append(sign)
        if not self._end_part(parts, last=True):
            return None
        return "/".join("".join(part) for part in parts)

    def _end_part(self, parts: list[list[str]], *, last: bool) -> bool:
        """What a slash, or the end, makes of the part before it."""
        name = "".join(parts[-1])
        if len(parts) > 1 and name == ".":
            parts[-1] = []
        elif len(parts) > 1 and name == "..":
            if len(parts) < 3:
                return False
            parts[-2:] = [[]]
        elif not last and (name or len(parts) == 1 or not self.merge):
            parts.append([])
        return True


def escape(text: str, signs: frozenset[str]) -> str:
    return "".join(f"%{ord(sign):02X}" if sign in signs else sign for sign in text)


_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")


def unescape_redirect(text: str) -> str:
    """What nginx makes of the target of a redirect: visible characters decoded, up to a ``?``."""
    path, mark, args = text.partition("?")

    def decoded(found: re.Match[str]) -> str:
        sign = chr(int(found[1], 16))
        return sign if "%" < sign < "\x7f" else found[0]

    return _ESCAPE.sub(decoded, path) + mark + args
