"""Characters in a terminal: width, and nothing that the terminal would obey."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cfgcheck.report.cells import cell, cells, plain, width_of, wrap


def test_control_characters_and_escapes_are_shown_not_obeyed() -> None:
    assert plain("a\x1b[31mb\x07\x9b\x7f") == r"a\x1b[31mb\x07\x9b\x7f"


def test_characters_that_turn_the_direction_of_text_are_shown() -> None:
    assert plain("a\u202eb\ufeff") == r"a\u202eb\ufeff"


def test_bytes_that_are_not_utf8_are_shown() -> None:
    assert plain(b"caf\xe9".decode("utf-8", "surrogateescape")) == r"caf\xe9"


def test_widths() -> None:
    assert [cell(character)[1] for character in "aé日の\u0301\t"] == [1, 1, 2, 2, 0, 4]
    assert width_of("日本") == 4


def test_ascii_has_substitutes() -> None:
    assert plain("a → b ≤ c …é", unicode=False) == r"a -> b <= c ...\u00e9"


@given(st.text())
def test_a_plain_text_is_one_printable_line(text: str) -> None:
    shown = plain(text)
    assert "\n" not in shown
    assert not any(character < " " or "\x7f" <= character < "\xa0" for character in shown)
    shown.encode("utf-8")
    plain(text, unicode=False).encode("ascii")


@given(st.text(st.characters(codec="utf-8")), st.integers(8, 60))
def test_wrapping_fits_and_loses_nothing(text: str, width: int) -> None:
    safe = plain(text)
    lines = wrap(safe, width)
    assert all(sum(size for _, size in cells(line)) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == "".join(safe.split()).replace(" ", "")
