"""Patterns of PCRE as they are run here: what is rewritten, what is refused, and that nothing hangs or grows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfgcheck.trace.patterns import Patterns, translated
from cfgcheck.trace.undecided import Undecided
from tests.hanging import no_hang


@pytest.mark.parametrize(
    ("pattern", "text", "group"),
    [
        (r"\.php$", "/a.php", ".php"),
        (r"^/(?<n>\w+)/\k<n>", "/a/a", "/a/a"),
        (r"(?'n'a)\k'n'", "aa", "aa"),
        (r"\x41", "A", "A"),
        (r"\x{42}", "B", "B"),
        (r"a{b}", "a{b}", "a{b}"),
        (r"a{2}", "aa", "aa"),
        (r"[[]", "[", "["),
        (r"[]a]+", "]a", "]a"),
        (r"[^]]", "]x", "x"),
        (r"[a&&b]+", "a&b", "a&b"),
        (r"[+--]+", "+,-", "+,-"),
        (r"[[:alpha:]_]+", "ab_1", "ab_"),
        (r"a(?#note)b", "ab", "ab"),
        (r"(?i)AB", "ab", "ab"),
        (r"a\z", "a", "a"),
        (r"a++b", "aab", "aab"),
        ("ä", "Ã¤", "Ã¤"),
        (r"\Aa\/b", "a/b", "a/b"),
    ],
)
def test_a_pattern_matches_as_pcre_would(pattern: str, text: str, group: str) -> None:
    found = Patterns().search(pattern, text)
    assert found is not None
    assert found[0] == group


@pytest.mark.parametrize(("pattern", "text"), [(r"\d", "\u0661"), (r"\w", "é")])
def test_classes_are_of_ascii(pattern: str, text: str) -> None:
    assert Patterns().search(pattern, text) is None


@pytest.mark.parametrize(
    "pattern",
    [
        r"(*UTF8)a", r"\Qa\E", r"a{,2}", r"(?z)a", "(" * 500 + ")" * 500, "((a{1000}){1000}){1000}", "[a", "a)",
        "(a", "*a", r"\p{L}", r"(?<n>a)(?P=m)", "x" * 20000, r"(?V1)a", r"(?e)a",
    ],
)  # fmt: skip
def test_what_can_not_be_run_is_said_to_be_unknown(pattern: str) -> None:
    with no_hang(), pytest.raises(Undecided, match="can't be judged here"):
        Patterns().search(pattern, "aaaa")


@given(st.text(alphabet="ab()[]{}?*+|\\^$<>:=!-,.019xkRPi'&#~\u00e4", max_size=40), st.text("ab[]-", max_size=30))
def test_any_text_is_a_pattern_or_undecided(pattern: str, text: str) -> None:
    with no_hang():
        try:
            Patterns().search(pattern, text)
        except Undecided as why:
            assert why.because


def test_what_python_and_pcre_share_is_left_alone() -> None:
    assert translated(r"^/(a|b)/(.*?)\.(?:png|jpe?g)$") == r"^/(a|b)/(.*?)\.(?:png|jpe?g)$"
