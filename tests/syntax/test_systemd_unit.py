"""systemd's unit files and command lines."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cfgcheck.load.systemd_values import seconds
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.joined_value import Value
from cfgcheck.syntax.systemd_unit import read_unit
from cfgcheck.syntax.systemd_words import QuoteError, expanded, raw_words
from tests.hanging import no_hang
from tests.syntax import systemd_library


def unit(text: str, path: str = "a.service") -> list[tuple[str, str, str]]:
    return [(each.section, each.name, each.value.text) for each in read_unit(SourceFile(path, text)).settings]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[Service]\nA=b\n", [("Service", "A", "b")]),
        ("\ufeff[Service]\r\n A = b c \r\n", [("Service", "A", "b c")]),
        ("[S]\nA=b \\\n  c\n", [("S", "A", "b    c")]),
        ("[S]\nA=b\\\n# comment\n; comment\nc\nB=1", [("S", "A", "b c"), ("S", "B", "1")]),
        ("[S]\nA=b\\\\\nB=1", [("S", "A", "b\\\\"), ("S", "B", "1")]),
        ("[S]\nA=\nno assignment\n=x\nA=b", [("S", "A", ""), ("S", "A", "b")]),
        ("[S]\nA=b # no comment", [("S", "A", "b # no comment")]),
        ("[S]\nA=b \\", [("S", "A", "b")]),
    ],
)
def test_settings(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert unit(text) == expected


def test_a_line_that_is_no_section_makes_systemd_refuse_the_file() -> None:
    problems = read_unit(SourceFile("a.service", "[Service\nA=b\n")).problems
    assert [problem.span.text for problem in problems] == ["[Service"]


def test_a_template_is_read_as_far_as_it_goes() -> None:
    text = "[Service]\n{% if a %}\nUser={{ user }}\n{% endif %}\nGroup=__GROUP__\nExecStart=/x -b ${HOST} %i\n"
    read = read_unit(SourceFile("a.service.j2", text))
    assert read.template
    assert [(each.name, each.maybe) for each in read.settings] == [
        ("User", True),
        ("Group", False),
        ("ExecStart", False),
    ]
    assert read.settings[2].value.text == "/x -b ${HOST} %i"


def test_places_of_continued_values() -> None:
    text = "[Service]\nExecStart=/bin/x \\\n  --one two \\\n  three\n"
    value = read_unit(SourceFile("a.service", text)).settings[0].value
    found = [value.span(word.start, word.end) for word in raw_words(value)]
    assert [span.text for span in found] == ["/bin/x", "--one", "two", "three"]
    assert [str(span).split(":", 1)[1] for span in found] == ["2:11", "3:3", "3:9", "4:3"]


# ── against systemd's own functions ───────────────────────────────────────────────────────────────────────────────

WORDS = ["a", "b", '"', "'", " ", "\t", "\\", "\\n", "\\s", "\\x41", "\\101", "\\u00e9", "\\z", ";", "$", "{", "}", "é"]
VARIABLES = ["$A", "${A}", "${B}", "$B", "$$", "${A:-d}", "$C", " $A ", " $C "]
ENVIRONMENT = {"A": "1  2", "C": "\"q r\" s't' u"}


@pytest.mark.oracle
@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(WORDS + VARIABLES), min_size=1, max_size=10).map("".join))
def test_systemd_splits_and_replaces_the_same(text: str) -> None:
    loaded = systemd_library.library()
    text = text.strip()
    assume(text)
    file = SourceFile("a", text)
    value = Value(file, text, ((0, 0),), file.span(0, len(text)))
    real = systemd_library.words(loaded, text)
    try:
        found = list(raw_words(value))
    except QuoteError:
        assert real is None
        return
    assert [word.text for word in found] == real
    environment = Environment(ENVIRONMENT, complete=True)
    made = [
        "".join(piece.text for piece in pieces)
        for word in found
        for pieces, _ in expanded(list(word.pieces), environment)
    ]
    assert made == systemd_library.expanded(loaded, real, ENVIRONMENT)


@pytest.mark.oracle
@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.sampled_from(["1", "90", ".5", " ", *"smhdwyM", "min", "ms", "infinity", "us", "sec", "-"]), max_size=6)
)
def test_systemd_takes_time_spans_the_same(parts: list[str]) -> None:
    loaded = systemd_library.library()
    text = "".join(parts)
    assume(not re.search(r"\+\.", text))
    assert seconds(text) == pytest.approx(systemd_library.seconds(loaded, text))


# ── any text ──────────────────────────────────────────────────────────────────────────────────────────────────────

PIECES = [
    "[Service]\n", "[", "]", "A=", "=", "\n", "\\\n", "\r\n", "\\", " ", "\t", "#", ";", '"', "'", "%i", "%", "${A}",
    "$A", "{{ a }}", "{% if a %}", "{% endif %}", "<%= a %>", "__A__", "<user>", "\x00", "\udcff", "é", "\ue000",
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_any_text_is_read_and_every_place_lies_in_it(text: str) -> None:
    read = read_unit(SourceFile("a.service", text))
    spans = [problem.span for problem in read.problems]
    for setting in read.settings:
        spans += [setting.name_span, setting.value.place]
        try:
            spans += [setting.value.span(word.start, word.end) for word in raw_words(setting.value)]
        except QuoteError as error:
            spans.append(setting.value.span(error.offset, error.offset + 1))
    assert all(0 <= span.start < span.end <= len(text) for span in spans)


@pytest.mark.parametrize(
    "part", ["\\\n", "A=b\n", "[S]\n", "{{", "{% if %}", "x ", '"a" ', "\\x", "%i", "<a", "$A ", "\ue000 "]
)
def test_long_files(part: str) -> None:
    text = "[Service]\nExecStart=/x " + part * (300_000 // len(part))
    with no_hang():
        for setting in read_unit(SourceFile("a.service", text)).settings:
            with contextlib.suppress(QuoteError):
                list(raw_words(setting.value))
