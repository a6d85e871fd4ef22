"""Command lines are split as ``shlex`` and a real shell split them."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.shell_words import Command, ShellSyntaxError, in_file, split_commands, split_words
from tests.hanging import no_hang

_PIECES = st.sampled_from(
    ["a", "b:1", " ", "  ", "'", '"', "\\", "$A", "${B}", "${C:-d}", "${E-f}", "$(x)", "`y`", "$", "#", ";", "&&", "|",
     "\n", "\t", "{{ z }}", "{%", "%}", "}}", "<", ">", "2>&1", "<%", "=", "N=1", "é", "(", ")", "{", "\\\n", "$1"]
)  # fmt: skip


def _commands(text: str, environment: Environment | None = None) -> list[Command]:
    return split_commands(text, in_file(SourceFile("Procfile", text)), environment or Environment())


@pytest.mark.oracle
@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text("ab '\"\\\n\té=#;$", max_size=25), st.text(max_size=25)))
def test_plain_words_are_those_of_shlex(text: str) -> None:
    try:
        wanted = shlex.split(text)
    except ValueError as error:
        with pytest.raises(ShellSyntaxError, match=str(error)):
            split_words(text, in_file(SourceFile("x", text)))
        return
    words = split_words(text, in_file(SourceFile("x", text)))
    assert [word.value for word in words] == wanted
    for word in words:
        assert 0 <= word.span.start < word.span.end <= len(text)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.lists(_PIECES, max_size=14).map("".join), st.text(max_size=40)))
def test_any_text(text: str) -> None:
    for command in _commands(text):
        spans = [word.span for word in command.words] + [each.word.span for each in command.assignments]
        for span in [*spans, command.span]:
            assert 0 <= span.start < span.end <= len(text)
        for word in command.words:
            assert (word.value is None) == bool(word.because)
            assert word.value is None or word.value == word.template


_ENDED_COMMENT = re.compile(r"(?:^|[ \n])#.*\n", re.DOTALL)
"""A comment ends with its line, whatever the line ends with: what follows is another command."""

_SAFE = st.lists(
    st.sampled_from(
        ["a", "b:1", " ", " ", "'c d'", '"e f"', '"$A"', "$A", "${A}x", "${B:-d}", '"${B:-d e}"', "\\ ", "-w4", "'$A'",
         '"\\$A"', "\\$A", "''", '""', "${S}", '"$S"', "${E:-x}", "${E-x}", "\\\n", "#", "a#b", "=", '"\\a"', "${A:-z}"]
    ),
    max_size=10,
).map("".join).filter(lambda text: not _ENDED_COMMENT.search(text))  # fmt: skip
_VARIABLES = {"A": "1", "S": "two words", "E": ""}


@pytest.mark.oracle
@settings(max_examples=100, deadline=None)
@given(_SAFE)
def test_words_are_those_of_a_real_shell(text: str) -> None:
    script = f"printf '%s\\0' {text}\n"
    real = subprocess.run(["/bin/sh", "-c", script], env=_VARIABLES, capture_output=True, check=True).stdout.decode()
    (command,) = _commands(script, Environment(_VARIABLES, complete=True))
    ours = [word.value for word in command.words[2:]]
    # ``printf`` prints one empty string where it is given no argument.
    assert (ours or [""]) == real.split("\0")[:-1]


def _shown(text: str, **values: str) -> list[list[str | None]]:
    return [[word.value for word in each.words] for each in _commands(text, Environment(values))]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cd /app && exec gunicorn a:b", [["cd", "/app"], ["exec", "gunicorn", "a:b"]]),
        ("a; b | c &\nd", [["a"], ["b"], ["c"], ["d"]]),
        ("a >>log 2>&1 -x </dev/null b", [["a", "-x", "b"]]),
        ("if [ $A ]; then a; else b; fi", [["[", None, "]"], ["a"], ["b"]]),
        ("a # rest\nb", [["a"], ["b"]]),
        ("a \\\n  b", [["a", "b"]]),
        ("sh -c 'a b && c'", [["a", "b"], ["c"]]),
        ('exec bash -lc "a $X"', [["a", None]]),
        ("a --bind={{ x }}:{{ y }}", [["a", None]]),
        ("X=1 Y=$X a", [["a"]]),
        ("a 'open", [["a", "open"]]),
    ],
)
def test_commands(text: str, words: list[list[str | None]]) -> None:
    assert _shown(text) == words


def test_variables_of_earlier_commands_are_known() -> None:
    assert _shown("export W=3 && W2=4; a -w $W $W2") == [["export", "W=3"], [], ["a", "-w", "3", "4"]]


def test_unknown_words_say_why_and_keep_their_text() -> None:
    (command,) = _commands("a 0.0.0.0:$PORT \"$APP\" $OPTS ${X:-8} $(y z)", Environment(unknown={"PORT": "by Heroku"}))
    port, app, opts, default, output = command.words[1:]
    assert (port.template, port.because, port.bare) == ("0.0.0.0:${PORT}", "by Heroku", True)
    assert (app.template, app.bare, opts.bare) == ("${APP}", False, True)
    assert (default.value, default.variables) == ("8", ("X",))
    assert "output of a command" in output.because


def test_words_stand_where_they_are_written() -> None:
    text = "web: sh -c 'exec gunicorn --bind=\"0.0.0.0:80\" a:b'"
    (command,) = split_commands(text[5:], in_file(SourceFile("Procfile", text), 5))
    assert [word.span.text for word in command.words] == ["exec", "gunicorn", '--bind="0.0.0.0:80"', "a:b"]


_REPEATED = ["${", "$(", "{{", "{%", "`", "'", '"', "<%", "$A", "\\", "A=1 ", "export A=1;", "(", "1"]


@pytest.mark.parametrize("piece", _REPEATED)
def test_long_lines_take_linear_time(piece: str) -> None:
    
    with no_hang():
        _commands("a " + piece * 20000)
