"""The tree of an nginx configuration."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings

from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.nginx_parse import parse
from cfgcheck.syntax.nginx_tree import Directive, NginxTree
from tests.hanging import no_hang
from tests.syntax.texts import any_texts, configurations


def read(text: str, name: str = "nginx.conf") -> NginxTree:
    return parse(SourceFile(name, text))


def outline(directives: list[Directive] | None) -> list[object]:
    """Names, arguments and blocks, as nested lists."""
    found: list[object] = []
    for directive in directives or []:
        found.append(" ".join([directive.key, *directive.values]))
        if directive.block is not None:
            found.append(outline(directive.block))
    return found


def test_names_arguments_and_blocks() -> None:
    tree = read('user www;\nhttp {\n  server { listen 80 default_server; location ~ "\\.php$" { } }\n}\n')
    assert outline(tree.directives) == [
        "user www", "http", ["server", ["listen 80 default_server", "location ~ \\.php$", []]],
    ]  # fmt: skip
    assert not tree.problems


def test_places() -> None:
    tree = read("http {\n  # hi\n  log_format 'a b' x;\n}\n")
    (http,) = tree.directives
    assert http.span.text == "http {"
    assert http.whole.text == "http {\n  # hi\n  log_format 'a b' x;\n}"
    (log,) = http.block or []
    assert log.span.text == "log_format 'a b' x;"
    assert log.args_span.text == "'a b' x"
    assert [log.word_span(index).text for index in range(3)] == ["'a b'", "x", "log_format 'a b' x;"]
    assert log.args[0].value == "a b"
    assert log.args[0].quoted
    assert log.parent is http
    assert [tree.file.text[start:end] for start, end in tree.comments] == ["# hi"]


def test_values_are_without_escapes_and_places_with_them() -> None:
    (directive,) = read("a \"x\\\"y\\tz\" \\;b\\. '\\'';").directives
    assert directive.values == ['x"y\tz', "\\;b\\.", "'"]
    assert directive.word_span(0).text == '"x\\"y\\tz"'


def test_entries_of_data_blocks_are_marked() -> None:
    tree = read("http { map $a $b { default 0; include x; } types { text/html html; } server { return 200; } }")
    marked = [directive.key for directive in tree.walk() if directive.data]
    assert marked == ["default", "include", "text/html"]
    assert [directive.key for directive in tree.includes] == ["include"]


def test_include_is_a_key_in_split_clients() -> None:
    assert not list(read("split_clients $a $b { include x; }").includes)


def test_lua_is_no_directive() -> None:
    tree = read('location / { content_by_lua_block { if a then ngx.say("}") end } } # after\n')
    assert outline(tree.directives) == ["location /", ["content_by_lua_block", []]]
    assert tree.directives[0].block is not None
    assert tree.directives[0].block[0].whole.text.endswith("end }")


def test_carriage_returns_are_blanks() -> None:
    tree = read("http {\r\n  root /x;\r\n}\r\n")
    assert outline(tree.directives) == ["http", ["root /x"]]
    assert not tree.problems


def test_part_of_a_file() -> None:
    text = "junk } junk\na b;\nmore { junk"
    tree = parse(SourceFile("dump", text), None, name="/etc/x", start=12, end=17)
    assert outline(tree.directives) == ["a b"]
    assert tree.directives[0].span.text == "a b;"
    assert tree.name == "/etc/x"
    assert not tree.problems


@given(any_texts)
@example("{{ x }};\n{% if a %}} {% else %}{ {% endif %}")
@example("a\n%}{% if x %}b {{% endif %}")
@settings(max_examples=300)
def test_any_text_gives_a_tree_whose_places_lie_in_it(text: str) -> None:
    for name in ("nginx.conf", "x.j2", "x.erb", "x.tpl"):
        tree = read(text, name)
        for problem in tree.problems:
            assert 0 <= problem.span.start < problem.span.end <= len(text)
            assert all(0 <= label.span.start < label.span.end <= len(text) for label in problem.related)
        for directive in tree.walk():
            assert 0 <= directive.name.start < directive.head_end <= directive.end <= len(text)
            assert all(0 <= word.start < word.end <= len(text) for word in directive.args)
            assert directive.parent is None or directive.parent.block is not None
        for start, end in tree.comments:
            assert text[start] == "#"
            assert start < end


@given(configurations)
def test_sound_configurations_have_no_problems_and_lose_nothing(text: str) -> None:
    tree = read(text)
    assert not tree.problems
    assert not tree.damaged
    words = sum(1 + len(directive.args) for directive in tree.walk())
    assert words > 0 or not text.strip()
    for directive in tree.walk():
        assert (text[directive.end - 1] == "}") == (directive.block is not None)


@pytest.mark.parametrize(
    "text",
    [
        "a {" * 10_000 + "b c;" + "}" * 10_000,
        "a {" * 10_000,
        "}" * 100_000,
        "server { listen 80; location /x { return 200 ok; } } " * 40_000,
        "a\n" * 100_000,
        "listen 80\n" * 50_000,
        "a {\n" * 10_000 + "b c;",
        '"x\n' * 50_000,
        "{% if x %} a { {% else %} b { {% endif %}\n" * 5_000,
        "{% if x %}" * 20_000 + "a;",
        "{% raw %}" * 20_000 + "a;",
        "{{" * 100_000,
        "<%" * 100_000,
        "%{a} b {\n" * 10_000,
        "__A_" * 50_000,
        "${A" * 50_000,
        "a b # " + "c" * 5_000 + "\n;" * 1_000,
    ],
    ids=range(17),
)
def test_long_texts_take_linear_time(text: str) -> None:
    with no_hang():
        tree = read(text, "x.tpl")
        assert sum(1 for _ in tree.walk()) >= 0
