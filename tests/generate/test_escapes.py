"""Whatever text a spec may hold: written for a language and read again, it is the same."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from configparser import RawConfigParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from cfgcheck.generate import escapes
from cfgcheck.generate.escapes import UnwritableError
from cfgcheck.load.supervisor_values import expand, pairs
from cfgcheck.load.systemd_commands import CommandReader
from cfgcheck.load.systemd_settings import UnitSettings
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.dockerfile import read_dockerfile
from cfgcheck.syntax.dockerfile_json import read_array
from cfgcheck.syntax.dockerfile_words import expand as docker_expand
from cfgcheck.syntax.dockerfile_words import raw_words as docker_words
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.supervisor_ini import read_supervisor_ini
from cfgcheck.syntax.systemd_unit import read_unit
from cfgcheck.syntax.yaml_nodes import Mapping, Scalar
from cfgcheck.syntax.yaml_tree import read_yaml
from tests.generate.odd_texts import texts
from tests.profiles import examples, oracle_examples
from tests.syntax import systemd_library

paths = texts.map(lambda text: "/" + text)
NAMED = Environment(values={"HOME": "/elsewhere", "X": "1"}, complete=True)


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(texts, max_size=4))
@example([";"])
@example(["{{ x }}", "{%n"])
@example([""])
def test_systemd_reads_the_words_back(words: list[str]) -> None:
    given_words = ["/srv/shop/venv/bin/gunicorn", *words]
    line = " ".join(map(escapes.systemd_word, given_words))
    unit = read_unit(SourceFile("shop.service", f"[Service]\nExecStart={line}\nType=simple\n"))
    settings_ = UnitSettings("shop.service", [unit])
    setting = settings_.last("Service", "ExecStart")
    assert setting is not None
    commands = CommandReader(settings_, NAMED).read(setting)
    assert [[word.template for word in command.words] for command in commands] == [given_words]
    assert settings_.last("Service", "Type") is not None


@settings(max_examples=examples(60), deadline=None)
@given(texts)
def test_systemd_reads_an_assignment_back(value: str) -> None:
    line = escapes.systemd_assignment("SHOP", value)
    unit = read_unit(SourceFile("shop.service", f"[Service]\nEnvironment={line}\nType=simple\n"))
    settings_ = UnitSettings("shop.service", [unit])
    setting = settings_.last("Service", "Environment")
    assert setting is not None
    assert [text.text or text.get("") for _, text in settings_.words(setting)] == [f"SHOP={value}"]
    assert not unit.problems


@pytest.mark.oracle
@settings(max_examples=oracle_examples() * 4, deadline=None)
@given(st.lists(texts, max_size=4))
def test_systemd_itself_reads_the_words_back(words: list[str]) -> None:
    loaded = systemd_library.library()
    line = " ".join(map(escapes.systemd_word, words))
    # The library splits and replaces variables; specifiers are replaced in between.
    split = systemd_library.words(loaded, line)
    assert split is not None
    specified = [word.replace("%%", "%") for word in split]
    assert systemd_library.expanded(loaded, specified, {"HOME": "/elsewhere"}) == words


@settings(max_examples=examples(60), deadline=None)
@given(paths)
def test_systemd_reads_a_path_back_or_it_is_refused(path: str) -> None:
    try:
        written = escapes.systemd_text(path)
    except UnwritableError:
        assert path != path.strip(" \t") or path.endswith("\\")
        return
    unit = read_unit(SourceFile("shop.service", f"[Service]\nWorkingDirectory={written}\nType=simple\n"))
    assert [each.name for each in unit.settings] == ["WorkingDirectory", "Type"]
    if unit.template:  # `{{ … }}` in a path that systemd knows no escapes for: cfgcheck asks what makes the file
        return
    value = next(each.value.text for each in unit.settings if each.name == "WorkingDirectory")
    assert value.replace("%%", "%") == path
    assert "%" not in value.replace("%%", "")


@settings(max_examples=examples(60), deadline=None)
@given(texts)
@example("no")
@example("1e3")
@example("a: b")
@example("a:b")
@example("12:30")
@example("~")
@example("=")
def test_yaml_reads_the_text_back(text: str) -> None:
    document = f"key: {escapes.yaml_text(text)}\nlist: [{escapes.yaml_text(text)}, x]\nlast: 1\n"
    for version in ("1.1", "1.2"):
        reader = YAML(typ="safe", pure=True)
        reader.version = version
        assert reader.load(document) == {"key": text, "list": [text, "x"], "last": 1}
    read = read_yaml(SourceFile("compose.yaml", document))
    assert not read.problems
    mapping = next(iter(read.mappings))
    assert isinstance(mapping, Mapping)
    value = mapping.get("key")
    assert isinstance(value, Scalar)
    assert value.text == text


@settings(max_examples=examples(60), deadline=None)
@given(texts)
def test_compose_replaces_nothing(text: str) -> None:
    value = YAML(typ="safe", pure=True).load(f"key: {escapes.compose_text(text)}\n")["key"]
    assert re.sub(r"\$(\$|.)", lambda found: "$" if found[1] == "$" else "?", value) == text


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(texts, max_size=4))
def test_docker_reads_the_words_back(words: list[str]) -> None:
    array = escapes.dockerfile_words(words)
    file = SourceFile("Dockerfile", f"FROM python:3.12-slim\nCMD {array}\nEXPOSE 8000\n")
    parsed = read_dockerfile(file)
    assert not parsed.problems
    assert [one.keyword for one in parsed.instructions] == ["FROM", "CMD", "EXPOSE"]
    found = read_array(array, file.span)
    assert found is not None
    assert [word.value for word in found] == words


@settings(max_examples=examples(60), deadline=None)
@given(texts)
def test_docker_reads_a_text_back(text: str) -> None:
    written = escapes.dockerfile_text(text)
    parsed = read_dockerfile(SourceFile("Dockerfile", f"FROM python:3.12-slim\nENV SHOP={written}\nEXPOSE 8000\n"))
    assert not parsed.problems
    assert [one.keyword for one in parsed.instructions] == ["FROM", "ENV", "EXPOSE"]
    assert docker_words(f"SHOP={written}") == [(0, len(f"SHOP={written}"))]
    assert docker_expand(written, lambda name: None).value == text


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(texts, min_size=1, max_size=4))
@example(["a ;b", "#", "; x"])
@example(["a %(here)s", "100%"])
def test_supervisord_reads_the_words_back(words: list[str]) -> None:
    line = " ".join(map(escapes.supervisor_word, words))
    read = read_supervisor_ini(SourceFile("shop.conf", f"[program:shop]\ncommand={line}\nuser=shop\n"))
    assert not read.problems
    options = read.sections["program:shop"].options
    assert list(options) == ["command", "user"]
    expanded = expand(options["command"].value, {"here": "/x"})
    assert not expanded.refused
    assert [word.template for word in expanded.words()] == words


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(texts, min_size=1, max_size=4))
def test_what_supervisord_is_made_of_reads_the_words_back(words: list[str]) -> None:
    """Its own parser is the standard library's with these two marks, then `%` and `shlex.split` (options.py)."""
    line = " ".join(map(escapes.supervisor_word, words))
    parser = RawConfigParser(inline_comment_prefixes=(";", "#"), strict=False)
    parser.read_string(f"[program:shop]\ncommand={line}\nuser=shop\n")
    assert dict(parser["program:shop"]).keys() == {"command", "user"}
    assert shlex.split(parser["program:shop"]["command"] % {"here": "/x"}) == words


@settings(max_examples=examples(80), deadline=None)
@given(st.lists(texts, min_size=1, max_size=3))
def test_supervisord_reads_assignments_back_or_they_are_refused(values: list[str]) -> None:
    try:
        line = ",".join(escapes.supervisor_assignment(f"V{at}", value) for at, value in enumerate(values))
    except UnwritableError as error:
        assert "supervisord" in error.message
        return
    read = read_supervisor_ini(SourceFile("shop.conf", f"[program:shop]\nenvironment={line}\nuser=shop\n"))
    options = read.sections["program:shop"].options
    assert list(options) == ["environment", "user"]
    if read.template:
        return
    assert [pair.value for pair in pairs(expand(options["environment"].value, {}))] == values


@settings(max_examples=examples(50), deadline=None)
@given(paths)
def test_supervisord_reads_a_path_back_or_it_is_refused(path: str) -> None:
    try:
        written = escapes.supervisor_text(path)
    except UnwritableError:
        return
    read = read_supervisor_ini(SourceFile("shop.conf", f"[program:shop]\ndirectory={written}\nuser=shop\n"))
    options = read.sections["program:shop"].options
    assert list(options) == ["directory", "user"]
    if not read.template:
        assert expand(options["directory"].value, {}).text == path


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(texts, max_size=4))
def test_a_shell_reads_the_words_back(words: list[str]) -> None:
    assert shlex.split(" ".join(map(escapes.shell_word, words))) == words


@pytest.mark.oracle
@settings(max_examples=oracle_examples(), deadline=None)
@given(st.lists(texts, min_size=1, max_size=4))
def test_the_shell_itself_reads_the_words_back(words: list[str]) -> None:
    script = "printf '%s\\n' " + " ".join(map(escapes.shell_word, words))
    made = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True, env={"PATH": os.defpath})
    assert made.stdout.decode().split("\n") == [*words, ""]


@pytest.mark.parametrize(
    ("function", "text", "written"),
    [
        (escapes.systemd_word, "/srv/shop/bin/python", "/srv/shop/bin/python"),
        (escapes.systemd_word, "50% of $HOME", '"50%% of $$HOME"'),
        (escapes.yaml_text, "/srv/shop", "/srv/shop"),
        (escapes.yaml_text, "no", '"no"'),
        (escapes.compose_text, "$HOME", '"$$HOME"'),
        (escapes.supervisor_word, "a ;b", "'a '';b'"),
        (escapes.supervisor_text, "/srv/50%", "/srv/50%%"),
        (escapes.shell_word, "it's", """'it'"'"'s'"""),
        (escapes.dockerfile_text, 'a "$b"', '"a \\"\\$b\\""'),
    ],
)
def test_what_people_read(function: object, text: str, written: str) -> None:
    assert callable(function)
    assert function(text) == written
