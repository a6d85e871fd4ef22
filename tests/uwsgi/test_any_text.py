"""Whatever is in a file or on a command line: no exception, no hang, and every place lies in its file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfgcheck.load.disk import Disk
from cfgcheck.load.uwsgi import UwsgiStart, build_uwsgi
from cfgcheck.load.uwsgi_command import find_uwsgi
from cfgcheck.model.app import App
from cfgcheck.model.located import Located
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.environment import NOTHING_KNOWN
from cfgcheck.syntax.shell_words import in_file, split_commands
from tests.hanging import no_hang

_NAMES = ["a.ini", "a.ini.j2", "a.tpl", "a.yaml", "a.xml", "a.json"]
_WORDS = """
[uwsgi] uwsgi: {'uwsgi': { <uwsgi> </uwsgi> }} } ] [ : = , % %( %d %% $( ) @( {{ x }} {% {% if a %} {% endif %} ${X}
<%= y %> __X__ socket processes ini include set for if-env endif strict declare-option http 127.0.0.1:80 /tmp/x.sock
32k -1 ; # <a> </a> <!-- --> &amp; <![CDATA[ ]]> - &a *a a.ini a x ' " | \ue010 \ue0110\ue011 \udc80 é \ufeff \0
"""
_PIECES = st.one_of(
    st.sampled_from(_WORDS.split()), st.sampled_from([" ", " = ", "\n", "\n  ", "\r\n", "\t", '{"uwsgi": {'])
)
_TEXTS = st.one_of(st.lists(_PIECES, max_size=40).map("".join), st.text(max_size=80))


def _build(name: str, text: str, **more: Any) -> tuple[App, list[Span]]:
    disk = Disk(Path("/nowhere"))
    disk.overlay[disk.absolute(name)] = text
    file = disk.read(name)
    assert file is not None
    app, problems = build_uwsgi(disk, UwsgiStart(name, config=file, **more))
    return app, [problem.span for problem in problems]


def _spans(app: App) -> Iterator[Span]:
    yield app.span
    for use in app.uses:
        yield use.span
        yield from _place(use.value)
    for name in app.settings:
        yield from _place(app.settings[name])
    for listener in app.listeners:
        for value in (listener.address, listener.protocol, listener.tls, listener.keepalive):
            yield from _place(value)
    for placeholder in app.placeholders.values():
        yield from _place(placeholder)


def _place(value: Located[Any]) -> Iterator[Span]:
    if value.span is not None:
        yield value.span


def _lie_well(spans: Iterator[Span] | list[Span]) -> None:
    for span in spans:
        assert 0 <= span.start <= span.end <= len(span.file.text)
        assert span.start < span.end or not span.file.text


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(_NAMES), _TEXTS)
def test_any_file(name: str, text: str) -> None:
    app, problems = _build(name, text)
    _lie_well(_spans(app))
    _lie_well(problems)
    assert all(app.settings[key] is not None for key in app.settings)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(_NAMES), st.lists(_PIECES, max_size=30).map("".join))
def test_any_file_that_begins_well(name: str, inside: str) -> None:
    heads = {
        "yaml": "uwsgi:\n  processes: 3\n  ",
        "xml": "<uwsgi><processes>3</processes>",
        "json": '{"uwsgi": {"processes": 3',
    }
    text = heads.get(name.rpartition(".")[2], "[uwsgi]\nprocesses = 3\n") + inside
    app, problems = _build(name, text)
    _lie_well(_spans(app))
    _lie_well(problems)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "-",
                "--",
                "-p",
                "-Mp4",
                "--ini",
                "a.ini",
                "--proc",
                "--set",
                "x=y",
                "$X",
                "'",
                '"',
                "{{ y }}",
                "=",
                "4",
                "-s",
                ":80",
                "--http=:1",
                "[x",
                "é",
            ]
        )
    ).map(" ".join)
)
def test_any_command(arguments: str) -> None:
    file = SourceFile("Procfile", f"web: exec uwsgi {arguments}\n")
    (command, *_) = split_commands(file.text[5:], in_file(file, 5))
    found = find_uwsgi(command, NOTHING_KNOWN)
    assert found is not None
    app, problems = build_uwsgi(Disk(Path("/nowhere")), UwsgiStart("web", folder="", command=found))
    _lie_well(_spans(app))
    _lie_well([problem.span for problem in problems])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.ini", "[uwsgi]\n" + "".join(f"a{n} = %(a{n + 1})%(a{n + 1})\n" for n in range(60)) + "a60 = x\n"),
        ("a.ini", "[uwsgi]\n" + "".join(f"a{n} = %(a{n + 1})\n" for n in range(5000)) + "a5000 = x\n"),
        ("a.ini", "[uwsgi]\nx = " + "%(" * 200_000),
        ("a.ini", "[uwsgi]\nx = " + "$(A" * 200_000 + ")" * 200_000),
        ("a.ini", "[uwsgi]\nfor = " + "a " * 100_000 + "\n" + "env = %(_)\n" * 20_000),
        ("a.ini", "[uwsgi]\nfor-times = 2000000000\nenv = %(_)\n"),
        ("a.ini", "[uwsgi]\n" + "processes = 3\n" * 40_000),
        ("a.ini", "[uwsgi]\n" + "socket = :80\n" * 40_000),
        ("a.ini", "[uwsgi]\n" + "".join(f"unknown{n} = %(unknown{n})\n" for n in range(20_000))),
        ("a.ini", "[uwsgi]\n" + "x" * 2_000_000),
        ("a.ini", "[uwsgi]\n" + "".join(f"{key} = a{' ' * 300_000}b\n" for key in ("master", "module", "socket"))),
        ("a.ini", "[uwsgi]\n" + "%" * 300_000),
        ("a.ini", "[uwsgi]\n" + "{{" * 200_000),
        ("a.ini", "[uwsgi]\n" + "{% if a %}" * 30_000),
        ("a.ini", "[uwsgi]\nini = :s0\n" + "".join(f"[s{n}]\nini = :s{n + 1}\nini = :s{n + 1}\n" for n in range(60))),
        ("a.yaml", "uwsgi:\n  a: " + "[" * 200_000),
        ("a.yaml", "uwsgi:\n  a: &a [x]\n" + "".join(f"  b{n}: &b{n} [*a, *a]\n" for n in range(400))),
        ("a.yaml", "uwsgi:\n" + "".join(f"  {' ' * n}a{n}:\n" for n in range(400))),
        ("a.xml", '<!DOCTYPE x [<!ENTITY a "aa">' + '<!ENTITY b "&a;&a;">' * 30 + "]><uwsgi><a>&b;</a></uwsgi>"),
        ("a.xml", "<uwsgi>" + "<a>" * 100_000),
        ("a.json", '{"uwsgi": ' + "[" * 300_000),
        ("a.json", '{"uwsgi": {"a": "' + "\\u0041" * 100_000 + '"}}'),
    ],
)  # fmt: skip
def test_bombs_go_off_quietly(name: str, text: str) -> None:
    with no_hang():
        app, problems = _build(name, text)
        _lie_well(problems)
    assert app.label


def test_entities_are_refused() -> None:
    disk = Disk(Path("/nowhere"))
    disk.overlay[disk.absolute("a.xml")] = '<!DOCTYPE u [<!ENTITY p "9">]>\n<uwsgi><processes>&p;</processes></uwsgi>'
    file = disk.read("a.xml")
    app, problems = build_uwsgi(disk, UwsgiStart("a.xml", config=file))
    assert [problem.rule for problem in problems] == ["unparsable-file"]
    assert not app.settings["processes"].known
