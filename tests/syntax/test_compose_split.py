"""``command: TEXT`` as Docker Compose splits it. All expectations were seen with Docker Compose 2.40.3."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfgcheck.syntax.compose_words import split_compose


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gunicorn -b 0.0.0.0:8000 app:app", ["gunicorn", "-b", "0.0.0.0:8000", "app:app"]),
        ('sh -c "a && b $X"', ["sh", "-c", "a && b $X"]),
        ('a "x\\n\\"y" \\"z', ["a", 'xn"y', '"z']),
        ("a 'x\\y'", ["a", "x\\y"]),
        ('a "" b', ["a", "", "b"]),
        ("a\nb \\\n c", ["a", "b", "\n", "c"]),
        ("\"x\"y'z'", ["xyz"]),
        ("a\\ b", ["a b"]),
        ("a # b", ["a", "#", "b"]),
        ("a `x y` z", ["a", "`x y`", "z"]),
        ("a $(x y) z", ["a", "$(x y)", "z"]),
        ('x$y "$(a "b" c)"', ["x$y", "$(a b c)"]),
        ("  ", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    found = split_compose(text)
    assert ([word.text for word in found.words], found.stop, found.invalid) == (words, -1, "")


@pytest.mark.parametrize(
    ("text", "words", "operator"),
    [
        ("migrate && gunicorn app", ["migrate"], "&"),
        ("a; b", ["a"], ";"),
        ("a > b", ["a"], ">"),
        ("a 2>&1", ["a"], ">"),
        ("a | b", ["a"], "|"),
    ],
)
def test_an_operator_ends_the_reading(text: str, words: list[str], operator: str) -> None:
    found = split_compose(text)
    assert [word.text for word in found.words] == words
    assert text[found.stop] == operator


@pytest.mark.parametrize("text", ["a 'b", 'a "b', "a (x y) z", "(a) b", "a \\", "a `b", 'a "b (c" ) d'])
def test_refused(text: str) -> None:
    assert split_compose(text).invalid


@given(st.lists(st.text(alphabet="ab-=:./ '\"$", max_size=8), max_size=6))
def test_what_shlex_quotes_is_split_alike(words: list[str]) -> None:
    assert [word.text for word in split_compose(shlex.join(words)).words] == words


@given(st.text(alphabet=st.sampled_from("ab $()`'\"\\;&|<>\n\t\0é\ud800"), max_size=60))
def test_any_text(text: str) -> None:
    end = 0
    for word in split_compose(text).words:
        assert end <= word.start < word.end <= len(text)
        end = word.end
