"""YAML, XML and JSON configurations are read as the real uWSGI reads them."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.uwsgi_entry import Entry
from cfgcheck.syntax.uwsgi_json import read_json
from cfgcheck.syntax.uwsgi_text import MagicText
from cfgcheck.syntax.uwsgi_xml import read_xml
from cfgcheck.syntax.uwsgi_yaml import own_parser, read_yaml
from tests.profiles import oracle_examples
from tests.uwsgi.real import show_config

pytestmark = pytest.mark.oracle

_KEYS = st.sampled_from(["processes", "harakiri", "procname", "vacuum", "env", "anything", "a.b", "x-y"])
_WORDS = st.sampled_from(
    [
        "3", "x", "A=b", "a: b", '"q"', "'q'", "true", "no", "[1, 2]", "a # b", "a#b", "é", "-", "", "x y", "&a", "*b",
        "|", "{}",
    ]
)  # fmt: skip
_HEADS = ["uwsgi:", "---\nuwsgi:", "other:\n  x: 1\nuwsgi:", "uwsgi: ", "# c\nuwsgi:", " uwsgi:", "uwsgi"]
_LINES = ["{k}: {v}", "{k}: {v}", "{k}:  {v} ", "{k}:\t{v}", "{k}:", "- {v}", "# {v}", "", "{k} : {v}", "{k}:{v}"]


def _text(name: str, text: str) -> MagicText:
    return MagicText(SourceFile(name, text), text)


def _pairs(entries: list[Entry]) -> list[tuple[str, str]]:
    return [(entry.key, entry.value or "") for entry in entries]


def _real(name: str, text: str) -> list[tuple[str, str]] | None:
    """The options that a real uWSGI takes from the file, None where it refuses it."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(text.encode())
        form = name.rpartition(".")[2]
        run = show_config([f"--{form}", name], Path(folder))
    own = [("show-config", "true"), ("no-server", "true"), (form, name)]
    return [pair for pair in run.options if pair not in own] if run.started else None


@st.composite
def _yaml(draw: st.DrawFn) -> str:
    lines = [draw(st.sampled_from(_HEADS))]
    for _ in range(draw(st.integers(0, 6))):
        indent = draw(st.sampled_from(["  ", "  ", "  ", "  ", "   ", "\t", ""]))
        key, value = draw(_KEYS), draw(_WORDS)
        line = draw(st.sampled_from(_LINES))
        lines.append(indent + line.format(k=key, v=value))
    return "\n".join(lines) + draw(st.sampled_from(["\n", "", "\nother:\n  processes: 9\n", "\r\n"]))


@settings(max_examples=oracle_examples(), deadline=None)
@given(_yaml())
def test_yaml_of_the_builtin_parser(text: str) -> None:
    real = _real("a.yaml", text)
    assert real is not None
    assert _pairs(own_parser(_text("a.yaml", text), "uwsgi")[0]) == real


@settings(max_examples=oracle_examples(), deadline=None)
@given(_yaml())
def test_yaml_never_claims_what_one_parser_denies(text: str) -> None:
    """Where the built-in parser reads every key, a value that is given as known is the one that it reads."""
    own = _pairs(own_parser(_text("a.yaml", text), "uwsgi")[0])
    ours = read_yaml(_text("a.yaml", text)).entries
    if [entry.key for entry in ours] == [key for key, _ in own]:
        assert all(entry.unknown or (entry.key, entry.value) == pair for entry, pair in zip(ours, own, strict=True))


@st.composite
def _xml(draw: st.DrawFn) -> str:
    parts = []
    for _ in range(draw(st.integers(0, 5))):
        key = draw(st.sampled_from(["processes", "harakiri", "procname", "vacuum", "env", "anything"]))
        value = escape(draw(st.sampled_from(["3", " 3 ", "x y", "é", '"q"', "a;b"])))
        parts.append(
            draw(
                st.sampled_from(
                    [f"<{key}>{value}</{key}>", f"<{key}/>", f"<{key}></{key}>", "<!-- c -->", " ",
                     f'<{key} id="one">{value}</{key}>', f"<{key}><![CDATA[{value}]]></{key}>",
                     f"<{key}>{value}<!-- c -->z</{key}>"]
                )
            )
        )  # fmt: skip
    body = "<uwsgi>" + "".join(parts) + "</uwsgi>"
    return draw(st.sampled_from([body, '<?xml version="1.0"?>\n' + body, f"<x>{body}<y/></x>"]))


@settings(max_examples=oracle_examples(), deadline=None)
@given(_xml())
def test_xml(text: str) -> None:
    real = _real("a.xml", text)
    reading = read_xml(_text("a.xml", text))
    assert not reading.problems
    assert _pairs(reading.entries) == real


_STRINGS = st.sampled_from(["x", "a b", "é", 'q"q', "\\", "3"])
# A negative number of processes is refused, and nothing is shown at all.
_SCALARS = st.one_of(st.booleans(), st.none(), st.integers(0, 99), _STRINGS)
_JSON_VALUES = st.one_of(_SCALARS, st.lists(_SCALARS, max_size=3), st.dictionaries(_KEYS, _SCALARS, max_size=1))


@settings(max_examples=oracle_examples(), deadline=None)
@given(st.dictionaries(_KEYS, _JSON_VALUES, max_size=4), st.sampled_from([None, 0, 1, 2]))
def test_json(content: dict[str, object], indent: int | None) -> None:
    text = json.dumps({"before": {"processes": 9}, "uwsgi": content, "after": [1]}, indent=indent)
    reading = read_json(_text("a.json", text))
    assert not reading.problems
    assert sorted(_pairs(reading.entries)) == sorted(_real("a.json", text) or [])


@pytest.mark.parametrize(
    "text",
    ["{", '{"uwsgi": }', '{"uwsgi": {"a": 1,}}', "[]x", '{"uwsgi": {}} x', "", '{"uwsgi": {"a" 1}}', "{'a': 1}"],
)
def test_json_refused_alike(text: str) -> None:
    assert read_json(_text("a.json", text)).problems
    assert _real("a.json", text) is None


@pytest.mark.parametrize("text", ["<uwsgi><a></b></uwsgi>", "<uwsgi>&nope;</uwsgi>"])
def test_xml_refused_alike(text: str) -> None:
    assert read_xml(_text("a.xml", text)).problems
    assert _real("a.xml", text) is None
