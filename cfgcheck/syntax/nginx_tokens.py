"""The words of an nginx configuration, each with its place: one regular expression, one pass.

The grammar is that of nginx's own reader (``ngx_conf_read_token`` in src/core/ngx_conf_file.c): words are parted by
space, tab, carriage return and line feed; ``;`` and ``{`` end a word anywhere, ``}`` and ``#`` count only where a
word would begin; a backslash takes the next character along; ``${`` does not open a block; a quoted word must be
followed by space, ``;``, ``{`` or ``)``. The Lua module reads its blocks with a lexer of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

WORD = 1
MARK = 2
"""``;``, ``{`` or ``}``."""
QUOTED = 3
COMMENT = 4
BROKEN = 5
"""A quote that is never closed (the token is the rest of the text), or that something is glued to (the token ends
with the quote)."""
LUA = 6
"""What stands between the braces of a ``…_by_lua_block``."""

CLOSED = 20
"""Here a ``}`` is missing; the token is empty (see nginx_braces)."""
HOLE = 30
"""A template's placeholder that stands alone where a statement might: whole statements may come in its place."""
TURN = 40
"""Plus a Role: here a choice of a template begins, goes on or ends; the token is empty."""

Token = tuple[int, int, str]
"""Kind, start offset, and the text as it stands there. Between two tokens there is nothing but white space."""

LUA_SUFFIX = "_by_lua_block"

# The first alternative is only a short cut for the second: most words hold neither `$` nor `\`. White space behind a
# token is taken along, for that halves the time: else every blank would be tried as the begin of each alternative.
_TOKEN = re.compile(
    r"""
  (?:
    ( [^ \t\r\n;{}\#"'\\$]++ (?=[ \t\r\n;{])
    | (?: [^ \t\r\n;{}\#"'\\$] | \\(?:.|\Z) | \$\{*+ )
      (?: [^ \t\r\n;{\\$]++ | \\(?:.|\Z) | \$\{*+ )*+ )
  | ( [;{}] )
  | ( "(?:[^"\\]++|\\.)*+" (?=[ \t\r\n;{)]|\Z)
    | '(?:[^'\\]++|\\.)*+' (?=[ \t\r\n;{)]|\Z) )
  | ( \#[^\n]*+ )
  | ( "(?:[^"\\]++|\\.)*+(?:"|\\?\Z)
    | '(?:[^'\\]++|\\.)*+(?:'|\\?\Z) )
  ) [ \t\r\n]*+
    """,
    re.VERBOSE | re.DOTALL,
)

_LUA_PART = re.compile(
    r"""
    --\[(?P<comment>=*+)\[
  | --[^\n]*+
  | "(?:[^"\\\n]++|\\.)*+"?
  | '(?:[^'\\\n]++|\\.)*+'?
  | \[(?P<level>=*+)\[
  | [{}]
    """,
    re.VERBOSE | re.DOTALL,
)


def tokenize(text: str, start: int = 0, end: int | None = None, *, lua: bool | None = None) -> Iterator[Token]:
    """The tokens of ``text[start:end]`` in order. Never fails: what nginx does not take for a token is BROKEN.

    ``lua``: whether Lua blocks may be among them, where that is known already.
    """
    stop = len(text) if end is None else end
    if lua or (lua is None and text.find(LUA_SUFFIX, start, stop) >= 0):
        return _with_lua(text, start, stop)
    return _plain(text, start, stop)


def _plain(text: str, start: int, stop: int) -> Iterator[Token]:
    for found in _TOKEN.finditer(text, start, stop):
        kind = found.lastindex or WORD
        yield kind, found.start(), found[kind]


def _with_lua(text: str, start: int, stop: int) -> Iterator[Token]:
    """The same, where Lua blocks are possible: what such a block holds is one token."""
    at: int | None = start
    missing: set[str] = set()
    while at is not None:
        begin, at = at, None
        fresh, lua = True, False
        for found in _TOKEN.finditer(text, begin, stop):
            kind = found.lastindex or WORD
            word = found[kind]
            yield kind, found.start(), word
            if kind == COMMENT:
                continue
            if lua and word == "{":
                begin = found.start() + 1
                at = lua_end(text, begin, stop, missing)
                if at > begin:
                    yield LUA, begin, text[begin:at]
                break
            lua = kind != MARK and (lua or (fresh and word.strip("\"'").endswith(LUA_SUFFIX)))
            fresh = kind == MARK


def lua_end(text: str, start: int, stop: int, missing: set[str]) -> int:
    """Where the Lua code that begins at ``start`` ends: the offset of its closing brace, or ``stop``.

    Braces in strings, comments and long brackets do not count, as in the lexer of lua-nginx-module. ``missing``:
    closing long brackets known not to come any more, so that many unclosed ones cost one search.
    """
    depth = 1
    at: int | None = start
    while at is not None:
        begin, at = at, None
        for found in _LUA_PART.finditer(text, begin, stop):
            part = found[0]
            if part == "{":
                depth += 1
            elif part == "}":
                depth -= 1
                if not depth:
                    return found.start()
            elif found.lastgroup:
                at = _long_bracket_end(text, found, stop, missing)
                break
    return stop


def _long_bracket_end(text: str, opening: re.Match[str], stop: int, missing: set[str]) -> int:
    """Where the long bracket that was just opened ends; right behind its opening when it is never closed."""
    closing = f"]{opening[opening.lastgroup or 0]}]"
    end = -1 if closing in missing else text.find(closing, opening.end(), stop)
    if end < 0:
        missing.add(closing)
        return opening.end()
    return end + len(closing)
