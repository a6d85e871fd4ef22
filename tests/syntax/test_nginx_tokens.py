"""The tokens of nginx's language: against crossplane, against the real nginx, and on any text at all."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cfgcheck.syntax.nginx_parse import unescape
from cfgcheck.syntax.nginx_tokens import BROKEN, COMMENT, LUA, MARK, QUOTED, WORD, tokenize
from tests.hanging import no_hang
from tests.syntax.real import crossplane_tokens, in_server, refusal
from tests.syntax.texts import any_texts, configurations


def kinds(text: str) -> list[tuple[int, str]]:
    return [(kind, word) for kind, _, word in tokenize(text)]


@given(any_texts)
@example('"\\')
@example("a\\")
@example("${{{a b")
def test_tokens_and_the_blanks_between_them_are_the_text(text: str) -> None:
    rebuilt, end = "", 0
    for _, at, word in tokenize(text):
        assert at >= end
        assert word
        rebuilt += text[end:at] + word
        assert not text[end:at].strip(" \t\r\n")
        end = at + len(word)
        assert text[at:end] == word
    assert not text[end:].strip(" \t\r\n")
    assert rebuilt + text[end:] == text


@given(any_texts, st.integers(0, 30), st.integers(0, 60))
def test_a_part_of_a_text_has_the_tokens_that_it_has_alone(text: str, start: int, length: int) -> None:
    end = min(len(text), start + length)
    start = min(start, end)
    assert [(k, at - start, w) for k, at, w in tokenize(text, start, end)] == list(tokenize(text[start:end]))


def _as_crossplane(kind: int, word: str) -> tuple[str, bool]:
    """A token as crossplane has it: it only resolves an escaped quote of the same kind."""
    if kind != QUOTED:
        return word.replace("\r\n", "\n"), False
    return word[1:-1].replace("\\" + word[0], word[0]).replace("\r\n", "\n"), True


@given(configurations)
@settings(max_examples=150)
def test_the_same_tokens_as_crossplane(text: str) -> None:
    expected = crossplane_tokens(text)
    assert expected is not None, "crossplane accepts what the strategy makes"
    assert [_as_crossplane(kind, word) for kind, _, word in tokenize(text) if kind != COMMENT] == expected


LUA_SAMPLES = [
    'content_by_lua_block { ngx.say("}") } a b;\n',
    "set_by_lua_block $x { return {1, {2}} }\na b;\n",
    "init_by_lua_block {\n -- it's a } comment\n local t = '}'\n}\na b;\n",
]


@pytest.mark.parametrize("text", LUA_SAMPLES)
def test_lua_blocks_are_crossplane_s_too(text: str) -> None:
    ours = [_as_crossplane(kind, word) for kind, _, word in tokenize(text) if kind != COMMENT]
    begin = next(index for index, (word, _) in enumerate(ours) if word == "{")
    joined = [*ours[:begin], (ours[begin + 1][0], True), (";", False), *ours[begin + 3 :]]
    assert joined == crossplane_tokens(text)


def test_lua_long_brackets_and_comments_hide_braces() -> None:
    code = " local s = [==[ } ]] ]==] --[[ } \n } ]] -- }\n f({ [[}]] }) "
    assert kinds("access_by_lua_block {" + code + "} x;") == [
        (WORD, "access_by_lua_block"), (MARK, "{"), (LUA, code), (MARK, "}"), (WORD, "x"), (MARK, ";"),
    ]  # fmt: skip


def test_lua_is_read_as_lua_only_where_its_directive_opens_a_block() -> None:
    text = "a content_by_lua_block; b { c; } content_by_lua_block { } # d\n"
    assert [word for _, word in kinds(text)] == [
        "a", "content_by_lua_block", ";", "b", "{", "c", ";", "}", "content_by_lua_block", "{", " ", "}", "# d",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a}b c}", [(WORD, "a}b"), (WORD, "c}")]),
        ("a ${b} c;", [(WORD, "a"), (WORD, "${b}"), (WORD, "c"), (MARK, ";")]),
        ("${a{b} \\${c", [(WORD, "${a"), (MARK, "{"), (WORD, "b}"), (WORD, "\\$"), (MARK, "{"), (WORD, "c")]),
        ('("a" "b")', [(WORD, '("a"'), (QUOTED, '"b"'), (WORD, ")")]),
        ("a\x0bb\xa0c", [(WORD, "a\x0bb\xa0c")]),
        ('"a"b', [(BROKEN, '"a"'), (WORD, "b")]),
        ("'a\n b", [(BROKEN, "'a\n b")]),
        ("# a\\\n b", [(COMMENT, "# a\\"), (WORD, "b")]),
    ],
)
def test_where_nginx_reads_otherwise_than_crossplane(text: str, expected: list[tuple[int, str]]) -> None:
    assert kinds(text) == expected


VALUES = [
    "a\\;b", "a\\ b", "\\\"x\\'", "\\\\n", "a\\tb", "\\q\\.", "a}b}", "x'y\"z", "a#b", "é", "a\x0bb",
    '"a b;{}#"', "'it\\'s'",
    "'\\\\'", '"\\n"', "a${x}", "$$x", "(a)", "'a'", "\"a\\'b\"",
]  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("written", VALUES)
def test_values_are_those_that_nginx_takes_words_for(written: str) -> None:
    """An unknown parameter of ``listen`` is quoted in nginx's error message."""
    (kind, _, word), *rest = tokenize(written)
    assert not rest
    value = unescape(word[1:-1] if kind == QUOTED else word)
    said = refusal(in_server(f"listen unix:b.sock {written};"))
    assert said.startswith(f'invalid parameter "{value}" in '), said


@pytest.mark.parametrize(
    "text",
    ["{" * 200_000, '"' * 200_000, "a " * 200_000, "'\\" * 100_000, "${" * 100_000, "x_by_lua_block{" + "[=[" * 100_000,
     "x_by_lua_block{" + '"' * 100_000, "x_by_lua_block{}" * 20_000, "[" * 200_000 + "_by_lua_block"],
)  # fmt: skip
def test_long_texts_take_linear_time(text: str) -> None:
    with no_hang():
        for _ in tokenize(text):
            pass
