"""Texts of one line that some language takes for more than text."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from cfgcheck.generate.words import path, plain

PIECES = [
    "a", "shop", " ", "  ", "'", '"', "\\", "\\n", "\\x41", "%", "%%", "%n", "%(here)s", "$", "$$", "$HOME", "${HOME}",
    ";", " ;", "; ", "#", " #", "{", "}", "{{", "}}", "{% x %}", "<% y %>", "{{ z }}", "é", "日本", "\xa0", "\u3000",
    "\ufeff", "=", ":", ": ", "- ", "-", ",", "[", "]", "&a", "*a", "!t", "|", ">", "@", "`", "?", "~", "null", "true",
    "1e3", "0x1",
    "/srv/shop", "\U0001f600", "@X@", "__X__", "<user>", "\uffff",
]  # fmt: skip


def _is_plain(text: str) -> bool:
    return _holds(plain, text)


def _is_path(text: str) -> bool:
    return _holds(path, text)


def _holds(check: Callable[[str], str], text: str) -> bool:
    try:
        return check(text) == text
    except ValueError:
        return False


texts = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join), st.text(max_size=12), st.sampled_from(PIECES)
).filter(_is_plain)
paths = texts.map(lambda text: f"/srv/{text}/x").filter(_is_path)
"""Folders, as a spec may name them."""
