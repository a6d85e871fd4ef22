"""What is wrong with the syntax of a file: the place, the likely cause, and that nginx refuses just that."""

from __future__ import annotations

import pytest

from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.nginx_parse import MOST_PROBLEMS, parse
from cfgcheck.syntax.nginx_tree import NginxTree
from tests.syntax.real import in_server, refusal
from tests.syntax.test_nginx_parse import outline


def read(text: str, name: str = "nginx.conf") -> NginxTree:
    return parse(SourceFile(name, text))


def places(tree: NginxTree) -> list[tuple[int, int, str]]:
    """Line, column and message of each problem."""
    assert all(problem.rule == "unparsable-file" for problem in tree.problems)
    return [(*problem.span.begin, problem.message) for problem in tree.problems]


FULL = "pid nginx.pid; events {}\nhttp {\n"
REFUSED = {
    "missing ; noticed a line later": (
        in_server("root /x\nindex a;"), [(3, 7, '";" is missing after "root /x"')],
    ),
    "missing ; before a block": (
        in_server("root /x # comment\nlocation / {\n}"), [(3, 7, '";" is missing after "root /x"')],
    ),
    "missing ; before }": (
        in_server("location / {\n  root /x\n}"), [(4, 9, '";" is missing after "root /x"')],
    ),
    "missing ; twice": (
        in_server("location / {\n  root /x\n  expires 1h\n}"),
        [(4, 9, '";" is missing after "root /x"'), (5, 12, '";" is missing after "expires 1h"')],
    ),
    "missing ; after an endless list of parameters": (
        in_server("listen unix:b.sock\nserver_name a;"), [(3, 18, '";" is missing after "listen unix:b.sock"')],
    ),
    "} glued to the last word": (
        in_server("location / { return 200}"), [(3, 23, '";" is missing after "return 200"')],
    ),
    "missing ; between entries of a map": (
        FULL + "map $a $b {\n  x 1\n  y 2;\n}\n}\n", [(4, 5, '";" is missing after "x 1"')],
    ),
    "missing ; at the end of the file": (
        "events {}\npid nginx.pid\n", [(2, 13, '";" is missing after "pid nginx.pid"')],
    ),
    "stray ;": (in_server("root /x;;"), [(3, 9, 'unexpected ";": there is no statement that it could end')]),
    "stray {": (in_server("{ }"), [(3, 1, 'unexpected "{": there is no name before the block')]),
    "unclosed block, told by the indentation": (
        FULL + "  server {\n    location /a {\n      root /x;\n    location /b {\n    }\n  }\n}\n",
        [(4, 5, 'the block "location /a" is never closed')],
    ),
    "unclosed block before the next server": (
        FULL + "  server {\n    root /x;\n  server {\n    root /y;\n  }\n}\n",
        [(3, 3, 'the block "server" is never closed')],
    ),
    "unclosed block without a clue": (
        "events {} http { server { location / { } }\n", [(1, 11, 'the block "http" is never closed')],
    ),
    "} too many, told by the indentation": (
        FULL + "  server {\n    location / {\n    }\n    }\n    location /b {\n    }\n  }\n}\n",
        [(6, 5, 'a "}" too many: every block is closed already')],
    ),
    "} too many at the end": (
        "events {}\nhttp {\n}\n}\n", [(4, 1, 'a "}" too many: every block is closed already')],
    ),
    "unclosed quote": (
        in_server('add_header A "b;\nroot /x;'), [(3, 14, 'a quoted text begins with " and is not closed')],
    ),
    "unclosed quote before another one": (
        in_server("add_header A 'b;\nadd_header C 'd';"), [(3, 14, "a quoted text begins with ' and is not closed")],
    ),
    "glued to a quote": (
        in_server('root "/x"y;'),
        [(3, 6, 'unexpected "y" after a quoted text: white space, ";", "{" or ")" must follow the closing quote')],
    ),
    "byte order mark": (
        "\ufeffevents {}\n",
        [(1, 1, "the file begins with a byte order mark, which nginx takes for part of the first word")],
    ),
    "long word": (
        in_server(f"root /{'x' * 4096};"), [(3, 6, "this word is longer than the 4096 bytes that nginx reads at once")],
    ),
    "long comment": (
        in_server(f"# {'é' * 2048}\n"), [(3, 1, "this comment is longer than the 4096 bytes that nginx reads at once")],
    ),
}  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    text, expected = REFUSED[name]
    assert places(read(text)) == expected
    assert refusal(text)


ACCEPTED = {
    "a line that the statement before swallows": in_server("index a\nautoindex on;"),
    "any number of names": in_server("server_name a\n  root\n  b;"),
    "a parameter with the name of a directive": in_server("listen unix:c.sock\n  http2;"),
    "a word that ends with }": in_server("location / { return 200 a}; }"),
    "a quoted text of several lines": in_server("add_header A 'b;\n } {\nc';"),
    "a flag named like a directive": in_server("rewrite ^/a /b\n break;"),
    "one line": "events {} http { server { listen unix:a.sock; location / { root /x; } } }",
    "a word of 4000 bytes": in_server(f"root /{'x' * 3999};"),
    "a long blank line": in_server(" " * 10_000),
    "nothing indented": "events {\n}\nhttp {\nserver {\nlisten unix:a.sock;\nlocation / {\n}\n}\n}\n",
    "carriage returns only": "events {}\rhttp {\r}\r",
}


@pytest.mark.oracle
@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name: str) -> None:
    assert refusal(ACCEPTED[name]) == ""
    assert places(read(ACCEPTED[name])) == []


def test_the_tree_is_mended() -> None:
    tree = read(REFUSED["unclosed block before the next server"][0])
    assert outline(tree.directives)[-1] == ["server", ["root /x"], "server", ["root /y"]]
    assert tree.damaged
    tree = read(REFUSED["} too many, told by the indentation"][0])
    assert outline(tree.directives)[-1] == ["server", ["location /", [], "location /b", []]]
    tree = read("server {\n  location / {\n    return 200}\n  root /x;\n}\n")
    assert outline(tree.directives) == ["server", ["location /", ["return 200"], "root /x"]]
    tree = read("server {\n  listen 80\n  server_name a;\n}\n")
    assert outline(tree.directives) == ["server", ["listen 80", "server_name a"]]
    assert not tree.damaged
    tree = read('server {\n  add_header A "b;\n  root /x;\n}\n')
    assert outline(tree.directives) == ["server", ["add_header A b", "root /x"]]


def test_where_a_brace_is_missing_is_shown_too() -> None:
    (problem,) = read(REFUSED["unclosed block, told by the indentation"][0]).problems
    (label,) = problem.related
    assert (label.span.begin, label.text) == ((6, 5), 'a "}" is missing before this')


def test_a_ruin_has_few_problems() -> None:
    tree = read("a b\n}\n" * 1000)
    assert 0 < len(tree.problems) <= MOST_PROBLEMS
    (problem,) = read("a {\n" * 1000).problems
    assert problem.message == 'the block "a" is never closed (and 999 more)'
