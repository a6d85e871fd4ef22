"""supervisord's configuration files."""

from __future__ import annotations

import configparser
import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.supervisor_ini import read_supervisor_ini
from tests.hanging import no_hang


def read(text: str, path: str = "supervisord.conf") -> dict[str, dict[str, str]]:
    found = read_supervisor_ini(SourceFile(path, text))
    return {
        section.title: {option.name: option.value.text for option in section.options.values()}
        for section in found.sections.values()
    }


def test_continued_lines_and_comments() -> None:
    text = "; c\n[program:web] ; c\ncommand = a -b ; c\n  -c d ;e\n\n  -f\nUser: x#y #z\n"
    assert read(text) == {"program:web": {"command": "a -b\n-c d\n\n-f", "user": "x#y"}}


def test_places() -> None:
    text = "[program:web]\ncommand=gunicorn ; c\n  -b :8000\n"
    option = read_supervisor_ini(SourceFile("s.conf", text)).sections["program:web"].options["command"]
    assert option.name_span.text == "command"
    assert option.value.span(0, 8).text == "gunicorn"
    assert str(option.value.span(9, 11)) == "s.conf:3:3"


@pytest.mark.parametrize(
    ("text", "place"), [("a=b\n[x]\n", "a=b"), ("[x]\nnothing\na=b\n", "nothing"), ("[x]\n=b", "=b")]
)
def test_what_supervisord_refuses(text: str, place: str) -> None:
    problems = read_supervisor_ini(SourceFile("s.conf", text)).problems
    assert [problem.span.text for problem in problems] == [place]


def test_a_template_is_no_mistake() -> None:
    text = "[program:{{ name }}]\ncommand={{ a }}/x\n{% if a %}\nuser=y\n{% endif %}\n{{ more }}\n"
    found = read_supervisor_ini(SourceFile("s.conf", text))
    assert found.problems == []
    section = found.sections["program:{{ name }}"]
    assert {option.name: option.maybe for option in section.options.values()} == {"command": False, "user": True}


def test_dollars_are_nothing_special_except_in_a_template() -> None:
    text = "[program:a]\ncommand=x ${PORT}\n"
    assert not read_supervisor_ini(SourceFile("s.conf", text)).template
    assert read_supervisor_ini(SourceFile("s.conf.template", text)).template


PIECES = [
    "[A]\n", "[B:x]\n", "a=", "b : ", "=", "\n", "  ", " ", "\t", ";", " ;", "#", " # c", "\r\n", "x", '"', "é", "[",
    "]", "a=1\n", "\n; c\n", "\n  more", "C=2\n", ":",
]  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
@example("[A]\na=b;c ;d #e\n")
def test_the_parser_that_supervisord_uses_reads_the_same(text: str) -> None:
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"), strict=False)
    found = read_supervisor_ini(SourceFile("s.conf", text))
    try:
        parser.read_file(io.StringIO(text, newline=None))
    except (configparser.Error, AttributeError):
        assert found.problems
        return
    assert found.problems == []
    assert read(text) == {name: dict(parser.items(name)) for name in parser.sections()}


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from([*PIECES, "{{ a }}", "{% if %}", "<%", "\x00", "\udcff", "\ue000", "%(x)s"]), max_size=25
    ).map("".join)
)
def test_any_text_is_read_and_every_place_lies_in_it(text: str) -> None:
    found = read_supervisor_ini(SourceFile("s.conf", text))
    spans = [problem.span for problem in found.problems]
    for section in found.sections.values():
        spans.append(section.span)
        spans += [span for each in section.options.values() for span in (each.name_span, each.value.place)]
    assert all(0 <= span.start < span.end <= len(text) for span in spans)


@pytest.mark.parametrize("part", [";", " #", "a=b\n", "[A]\n", "\n  x", "{{", "{% if a %}", "=", "\r"])
def test_long_files(part: str) -> None:
    text = "[program:a]\ncommand=x " + part * (300_000 // len(part))
    with no_hang():
        read_supervisor_ini(SourceFile("s.conf", text))
