"""Templates: recognised, masked without moving anything, and read as the language beneath."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.nginx_parse import parse
from cfgcheck.syntax.nginx_tree import NginxTree
from cfgcheck.syntax.template_mask import mask
from cfgcheck.syntax.templates import FILLER, Template, detect
from tests.syntax.test_nginx_parse import outline
from tests.syntax.texts import any_texts

ALL = Template(
    frozenset({"jinja", "go", "erb", "dunder", "percent", "at", "python", "envsubst"}), frozenset({"UP", "A"})
)


def read(text: str, name: str = "nginx.conf") -> NginxTree:
    return parse(SourceFile(name, text))


def masked(text: str, name: str = "nginx.conf", marks: str = ";{}") -> str:
    """The text with placeholders as ``~``."""
    template = detect(name, text)
    assert template is not None
    return mask(text, template, marks).text.replace(FILLER, "~")


@pytest.mark.parametrize(
    ("path", "text", "dialects"),
    [
        ("a.conf", "listen 80; proxy_pass http://$host$request_uri;", None),
        ("a.conf", "location / {return 200;}} # {{", None),
        ("a.conf", "rewrite ^/(.*)%20$ /a%C3%A9%2F;", None),
        ("a.conf", "set $UP 1; proxy_pass http://$UP;", None),
        ("a.conf", "map $host $BACKEND { default a; } proxy_pass http://$BACKEND;", None),
        ("a.conf", "add_header X $REMOTE_ADDR;", None),
        ("a.conf", "server_name ${DOMAIN};", {"envsubst"}),
        ("a.conf", "server_name $DOMAIN;", {"envsubst"}),
        ("a.conf", "listen ${PORT:-80};", {"envsubst"}),
        ("a.conf", "proxy_pass http://${backend};", None),
        ("default.conf.template", "proxy_pass http://${backend}; add_header X ${host};", {"envsubst"}),
        ("a.conf", "listen {{ port }};", {"go"}),
        ("a.conf.j2", "listen {{ port }};", {"jinja"}),
        ("a.conf", "{% if x %}listen 80;{% endif %}", {"jinja"}),
        ("a.conf", "listen <%= @port %>;", {"erb"}),
        ("a.conf", "server_name __DOMAIN__;", {"dunder"}),
        ("a.conf", "a __A____B__ ____ __a__ __A;", None),
        ("a.conf", "server_name %DOMAIN%;", {"percent"}),
        ("a.conf", "root @PREFIX@/share;", {"at"}),
        ("a.conf", "location @FALLBACK { }", None),
        ("a.conf.tpl", "server_name %hostname; root %{path}/x; listen %(port)s;", {"python"}),
        ("a.conf", "split_clients $a $b { 50% x; }", None),
    ],
)  # fmt: skip
def test_detected(path: str, text: str, dialects: set[str] | None) -> None:
    template = detect(path, text)
    assert (template and set(template.dialects)) == dialects


def test_variables_that_nginx_knows_are_none_of_envsubst_s() -> None:
    template = detect("a.template", "a ${host} $http_x ${upstream_addr} ${app} ${PORT} $HOST;")
    assert template is not None
    assert template.variables == {"app", "PORT"}


def test_in_another_language_dollars_and_percents_are_its_own() -> None:
    assert detect("uwsgi.ini", "socket = %(x)s $PORT %n %name", "ini") is None
    assert detect("Procfile", "web: gunicorn -b :$PORT", "procfile") is None
    assert detect("uwsgi.ini", "socket = ${SOCKET}", "ini") is not None
    assert detect("uwsgi.ini.tpl", "socket = %path", "ini") is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a {{ b }};", "a ~~~~~~~;"),
        ("a '{{ b['c;'] }}';", "a '~~~~~~~~~~~~~';"),
        ("a {{{ b }}};", "a ~~~~~~~~~;"),
        ("{# x; #}a {%- set b = 1 %};{% x %}", "        a                 ;       "),
        ("{% if a %}b;{% else %}c;{% endif %}", "          b;          c;           "),
        ("a {% if b %}c{% else %}d{% endif %}e;", "a " + "~" * 33 + "e;"),
        ("a\n{% for b in c %}\n {{ b }}\n{% endfor %};", "a\n" + "~" * 38 + ";"),
        ("{% if a %}\n# only; a comment\n{% endif %}b;", "          \n# only; a comment\n           b;"),
        ("{% raw %}a {{ b }};{% endraw %} {{ c }}", "         a {{ b }};             ~~~~~~~"),
        ("{{- if .A }}\na;\n{{- else }}\nb;\n{{ end }}", "            \na;\n           \nb;\n         "),
        ("{{/* c; */}}a {{ $x := 1 }}{{ $x }};", " " * 12 + "a" + " " * 14 + "~" * 8 + ";"),
        ("{{#each a}}b {{this}};{{/each}}", "           b ~~~~~~~~;         "),
        ("<% if @a -%>b <%= c %>;<% end -%><%# d %>", "            b ~~~~~~~~;                  "),
        ("<% x.each do |y| %>a <%= y %>;<% end %>", "                   a ~~~~~~~~;         "),
        ("a __B_C__x %D% @EF@;", "a ~~~~~~~x ~~~ ~~~~;"),
    ],
)  # fmt: skip
def test_masked(text: str, expected: str) -> None:
    assert masked(text, "a.erb" if "<%" in text else "a.conf") == expected


def test_lines_are_statements_in_an_ini() -> None:
    text = "a = {% if b %}1{% else %}2{% endif %}\n{% if c %}\nd = 1\n{% endif %}\n"
    assert masked(text, "a.ini", marks="\n") == "a = " + "~" * 33 + "\n" + " " * 10 + "\nd = 1\n" + " " * 11 + "\n"


@given(st.one_of(any_texts, st.text("{}%#<>$ab_AU\n;@", max_size=40)))
@settings(max_examples=300)
def test_masking_moves_nothing(text: str) -> None:
    result = mask(text, ALL)
    assert len(result.text) == len(text)
    for one, other in zip(text, result.text, strict=True):
        assert other in (one, " ", FILLER)
    for start, end in result.placeholders:
        assert 0 <= start < end <= len(text)
        assert set(result.text[start:end]) == {FILLER}
    assert all(0 <= result.branch_at(offset) < len(result.branches) for offset in range(len(text)))


@given(any_texts)
def test_what_is_no_template_is_left_alone(text: str) -> None:
    assert mask(text, Template(frozenset())).text == text


# --- nginx templates


def test_placeholders_stay_in_the_values() -> None:
    tree = read('server { listen {{ port }}; server_name "{{ a }}.b" c; root /{{ x["y"] }}/z; }')
    (server,) = tree.directives
    assert server.block is not None
    assert [(directive.values, directive.templated) for directive in server.block] == [
        (["{{ port }}"], True), (["{{ a }}.b", "c"], True), (['/{{ x["y"] }}/z'], True),
    ]  # fmt: skip
    assert server.block[1].args[0].quoted
    assert not server.block[1].args[1].templated
    assert not server.templated
    assert not tree.problems


def test_a_placeholder_in_the_place_of_a_statement_may_hold_any() -> None:
    for hole in ("{{ extra }}", "${EXTRA}", "<%= @extra %>", "__EXTRA__", "{{ extra }};", "{% include 'x' %}"):
        text = f"server {{\n  listen 80;\n  {hole} # here\n  root /x;\n}}\n"
        tree = read(text)
        assert not tree.problems, hole
        assert tree.directives[0].block is not None
        names = [directive.key for directive in tree.directives[0].block]
        assert names == ["listen", hole.rstrip(";"), "root"]
        assert tree.directives[0].block[1].name.templated


def test_a_placeholder_at_the_end_of_a_line_may_hold_the_semicolon() -> None:
    tree = read("server {\n  listen {{ listen }}\n  root /x;\n  index {{ i }}\n}\n")
    assert outline(tree.directives) == ["server", ["listen {{ listen }}", "root /x", "index {{ i }}"]]
    assert not tree.problems


def test_a_missing_semicolon_is_seen_in_a_template_too() -> None:
    (problem,) = read("server {\n  listen {{ listen }};\n  root /x\n}\n").problems
    assert problem.message == '";" is missing after "root /x"'


def test_dollar_is_what_it_stands_for() -> None:
    tree = read("proxy_set_header Host ${DOLLAR}host; set ${DOLLAR}a ${B};", "a.template")
    assert [(directive.values, directive.templated) for directive in tree.directives] == [
        (["Host", "$host"], False), (["$a", "${B}"], True),
    ]  # fmt: skip


BRANCHES = """\
server {
{% if tls %}
  listen 443 ssl;
  {% if h2 %}
  http2 on;
  {% endif %}
{% elif old %}
  listen 81;
{% else %}
  listen 80;
{% endif %}
  root /x;
{% for name in names %}
  location /{{ name }} { return 200; }
{% endfor %}
}
"""


def test_branches_are_numbered() -> None:
    tree = read(BRANCHES)
    assert not tree.problems
    numbers = {" ".join([directive.key, *directive.values]): directive.branch for directive in tree.walk()}
    assert numbers == {
        "server": 0, "listen 443 ssl": 1, "http2 on": 2, "listen 81": 3, "listen 80": 4, "root /x": 0,
        "location /{{ name }}": 5, "return 200": 5,
    }  # fmt: skip
    assert tree.masked is not None
    exclusive = tree.masked.exclusive
    assert exclusive(1, 3)
    assert exclusive(3, 4)
    assert exclusive(2, 4)
    assert not exclusive(1, 2)
    assert not exclusive(1, 5)
    assert not exclusive(0, 1)


def test_branches_may_each_open_the_block() -> None:
    tree = read(
        "{% if tls %}\nserver {\n  listen 443 ssl;\n{% else %}\nserver {\n  listen 80;\n{% endif %}\n"
        "  root /x;\n}\nuser a;\n"
    )
    assert not tree.problems
    assert outline(tree.directives) == [
        "server", ["listen 443 ssl", "root /x"], "server", ["listen 80", "root /x"], "user a",
    ]  # fmt: skip


def test_a_condition_may_open_and_another_close_the_block() -> None:
    tree = read("{% if a %}\nserver {\n{% endif %}\nlisten 80;\n{% if a %}\n}\n{% endif %}\n")
    assert not tree.problems
    assert outline(tree.directives) == ["server", ["listen 80"]]


def test_branches_of_a_statement_that_end_it_each() -> None:
    tree = read("server {\n  listen\n    {% if a %} 80;\n    {% else %} 81;\n    {% endif %}\n}\n")
    assert outline(tree.directives) == ["server", ["listen 80", "listen 81"]]


def test_lines_that_are_switched_off_by_a_placeholder() -> None:
    tree = read("server {\n%{on}  location /a {\n%{on}    root %path;\n%{on}\n%{on}  }\n  %{extra}\n}\n", "a.conf.tpl")
    assert not tree.problems
    assert outline(tree.directives) == ["server", ["location /a", ["root %path"], "%{extra}"]]
    assert [directive.branch for directive in tree.walk()] == [0, 1, 1, 0]


def test_braces_that_do_not_match_are_seen_in_plain_templates_only() -> None:
    assert read("server {\n  listen ${PORT};\n").problems
    assert not read("{% if a %}server { {% endif %}\n  listen 80;\n").problems
