"""Where a ``;`` is missing: a statement that swallowed the lines after it.

nginx itself notices only when the whole makes no sense to it: by the number of arguments, a block where none may be,
or a parameter that it does not know. A swallowed line that nginx accepts (``index a`` + ``autoindex on;``) is accepted
here.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from cfgcheck.syntax.nginx_directives import accepts, known
from cfgcheck.syntax.nginx_tree import Word

_REFUSES_NAMES: Final[dict[str, frozenset[str]]] = {
    "listen": frozenset({"ssl", "http2", "quic"}),
    "server": frozenset(),
    "access_log": frozenset({"gzip"}),
    "error_log": frozenset(),
    "error_page": frozenset(),
    "limit_req": frozenset(),
    "ssl_protocols": frozenset(),
    "proxy_next_upstream": frozenset(),
}
"""Directives of any number of arguments that refuse a word they don't know, with the names that they do know."""

_PAIRS: Final = frozenset({"map", "geo", "split_clients", "charset_map"})
"""Data blocks whose entries are two words: nginx refuses more."""


def split_statement(words: list[Word], text: str, mark: str, block_name: str, data: bool) -> list[list[Word]]:
    """The statements that ``words`` really are; all but the last lack their ``;``.

    ``mark``: what ended them: ``;``, ``{``, ``}`` or "" for the end of the text. ``block_name``: the block that they
    stand in; ``data``: that its entries are no directives. Where nginx accepts the whole, it stays whole.
    """
    starts = [i for i in range(1, len(words)) if "\n" in text[words[i - 1].end : words[i].start]]
    if not starts:
        return [words]
    if data:
        return _split_entries(words, starts, block_name)
    allowed = _REFUSES_NAMES.get(words[0].value, frozenset())
    cuts = [i for i in starts if not words[i].quoted and known(words[i].value) and words[i].value not in allowed]
    if not cuts or not _must_split(words, cuts, mark):
        return [words]
    return _cut(words, cuts, mark) or [words]


def _must_split(words: list[Word], cuts: list[int], mark: str) -> bool:
    """Whether nginx refuses the words as one statement (or a placeholder at a line's end may hold the ``;``)."""
    name = words[0]
    if mark in ("}", "") or any(words[i - 1].templated for i in cuts):
        return True
    if any(word.templated for word in words):
        return False
    if not known(name.value):
        return mark == "{"
    return name.value in _REFUSES_NAMES or not accepts(name.value, len(words) - 1, mark == "{")


def _cut(words: list[Word], cuts: list[int], mark: str) -> list[list[Word]] | None:
    """``words`` parted at those ``cuts`` that leave sound statements; None when none does."""
    pieces = []
    begin = 0
    for i in cuts:
        if _sound(words[begin:i], ";"):
            pieces.append(words[begin:i])
            begin = i
    if not pieces or (mark == "{" and not _sound(words[begin:], mark)):
        return None
    return [*pieces, words[begin:]]


def _sound(words: list[Word], mark: str) -> bool:
    name = words[0].value
    if not known(name) or any(word.templated for word in words):
        return True
    return accepts(name, len(words) - 1, mark == "{")


def _split_entries(words: list[Word], starts: list[int], block_name: str) -> list[list[Word]]:
    if block_name not in _PAIRS or len(words) <= 2 or any(word.templated for word in words):
        return [words]
    edges = [0, *starts, len(words)]
    pieces = [words[begin:end] for begin, end in pairwise(edges)]
    return pieces if all(len(piece) == 2 for piece in pieces) else [words]
