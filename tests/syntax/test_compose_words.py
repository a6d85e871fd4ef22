"""``command: TEXT`` as Docker Compose splits it; expectations from go-shellwords, which it uses."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfgcheck.syntax.compose_words import ComposeWordsError, split


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gunicorn -b 0.0.0.0:8000 app:app", ["gunicorn", "-b", "0.0.0.0:8000", "app:app"]),
        ('sh -c "a && b"', ["sh", "-c", "a && b"]),
        ("sh -c 'a \\n b'", ["sh", "-c", "a \\n b"]),
        (r'sh -c "600 \ --workers 8"', ["sh", "-c", "600  --workers 8"]),
        (r'a\ b "c\"d" e\tf', ["a b", 'c"d', "e\tf"]),
        ("a ''", ["a", ""]),
        ("a'b'\"c\"", ["abc"]),
        ("migrate && gunicorn app", ["migrate"]),
        ("gunicorn app 2>&1", ["gunicorn", "app"]),
        ("gunicorn app > log", ["gunicorn", "app"]),
        ("a $(b c) d", ["a", "$(b c)", "d"]),
        ("a `b c` d", ["a", "`b c`", "d"]),
        ("  ", []),
    ],
)  # fmt: skip
def test_words(text: str, words: list[str]) -> None:
    assert [word.text for word in split(text)] == words


@pytest.mark.parametrize("text", ["a 'b", 'a "b', "a (b)", "a \\", "a `b"])
def test_refused(text: str) -> None:
    with pytest.raises(ComposeWordsError):
        split(text)


@given(st.lists(st.text(alphabet="ab-=:./ '\"$", max_size=8), max_size=6))
def test_what_shlex_quotes_is_split_alike(words: list[str]) -> None:
    assert [word.text for word in split(shlex.join(words))] == words


@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    try:
        words = split(text)
    except ComposeWordsError:
        return
    assert all(0 <= word.start <= word.end <= len(text) for word in words)
