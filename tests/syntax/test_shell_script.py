"""The grammar of shell scripts, held against real shells, and against any text at all."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.shell_script import parse_script
from cfgcheck.syntax.shell_script_commands import simple_commands
from cfgcheck.syntax.shell_script_tree import AndOr
from cfgcheck.syntax.shell_words import in_file, split_commands
from tests.hanging import no_hang

PIECES = st.sampled_from(
    ["a ", "b", " ", "\n", "; ", "& ", "&& ", "|| ", "| ", "( ", ") ", "{ ", "} ", "if ", "then ", "elif ", "else ",
    "fi\n",
     "while ", "until ", "do ", "done\n", "for ", "in ", "x", "case ", "esac\n", ";;\n", "f() ", "! ", "'", '"',
     "\\", "$",
     "$(", "${", "`", "$((", "))", "<<E\n", "E\n", "# c\n", "> f ", "2>&1 ", "A=1 ", "a=(", "[ ", "]", "=", "*",
     "${A:-",
     "c'd'", '"$x"', "$(b)", "${B}", "function ", "[[ ", "]] ", "<( ", "-n ", "\t", "\r\n", "{{ x }}", "é", "time "]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=16).map("".join)


def refused(shell: str, text: str) -> bool:
    """Whether a real shell refuses to read a script; nothing of it is run."""
    return subprocess.run([shell, "-n"], input=text.encode(), capture_output=True, check=False).returncode != 0


_OF_BASH = ("time", "function", "a=(", "<(", "((")
"""What other shells read as plain words."""


@pytest.mark.oracle
@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_what_is_certainly_wrong_is_refused_by_real_shells(text: str) -> None:
    mistake = parse_script(text).mistake
    if mistake is not None and mistake.certain and "{{" not in text and "[[" not in text:
        assert refused("/bin/bash", text), mistake
        assert any(each in text for each in _OF_BASH) or refused("/bin/sh", text), mistake


_EXACT = st.sampled_from(
    ["a ", "b", "\n", "; ", "& ", "&& ", "|| ", "| ", "( ", ") ", "{ ", "} ", "if ", "then ", "else ", "fi\n",
    "while ",
     "do ", "done\n", "for x in ", "for x\n", "case x in ", "esac\n", ";;\n", "y) ", "! ", "'c d'", '"e"', "$(b)",
     "# c\n",
     "> f ", "A=1 ", "<<E\nE\n", "${A:-b}", "f() "]
)  # fmt: skip


@pytest.mark.oracle
@settings(max_examples=400, deadline=None)
@given(st.lists(_EXACT, max_size=12).map("".join))
def test_what_is_accepted_is_accepted_by_real_shells(text: str) -> None:
    if parse_script(text).mistake is None:
        assert not (refused("/bin/bash", text) and refused("/bin/sh", text))


@settings(max_examples=400, deadline=None)
@given(st.one_of(TEXTS, st.text(max_size=40)))
def test_any_text(text: str) -> None:
    script = parse_script(text)
    for simple, _ in simple_commands(script.body):
        assert 0 <= simple.start <= simple.end <= len(text) or not simple.words
        for word in simple.words:
            assert 0 <= word.start < word.end <= len(text)
    if script.mistake is not None:
        assert 0 <= script.mistake.offset <= len(text)


def _shape(text: str) -> list[str]:
    return [text[each.start : each.end] for each, _ in simple_commands(parse_script(text).body)]


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("cat <<EOF > f\nexec gunicorn a:b\nEOF\nb", ["cat", "b"]),
        ("cat <<-'E' | c\n\tx\n\tE\nb", ["cat", "c", "b"]),
        ("a \"$(cat <<E\nit's\nE\n)\"\nb", ["a \"$(cat <<E\nit's\nE\n)\"", "b"]),
        ('x=$(case $1 in a) b;; esac); c', ["x=$(case $1 in a) b;; esac)", "c"]),
        ("if a; then b; elif c; then d; else e; fi", ["a", "b", "c", "d", "e"]),
        ("case $1 in (a|b) c ;; *) d; esac", ["c", "d"]),
        ("for i in 1 2; do a; done & b", ["a", "b"]),
        ("for ((i=0; i<3; i++)); do a; done", ["a"]),
        ("f() { a; }; function g { b; }\nf", ["a", "b", "f"]),
        ("[[ a && ( b < c ) ]] && d", ["[[ a && ( b < c ) ]]", "d"]),
        ("args=(a # no\n b)\nc \"${args[@]}\"", ["args=(a # no\n b)", 'c "${args[@]}"']),
        ("((i++)); a", ["((i++))", "a"]),
        ("a 2>&1 >f <in b", ["a 2>&1 >f <in b"]),
        ("! a | b && ( c; d )", ["a", "b", "c", "d"]),
        ("a \\\n  b\n", ["a \\\n  b"]),
        ("while read l; do a; done < <(b c)\nd", ["read l", "a", "d"]),
        ("a b#c # d", ["a b#c"]),
        ("echo {{ if }} then", ["echo {{ if }} then"]),
    ],
)
def test_statements(text: str, commands: list[str]) -> None:
    assert parse_script(text).mistake is None
    assert _shape(text) == commands


@pytest.mark.parametrize(
    ("text", "offset"), [("a 'b", 2), ('x\na "b', 4), ("if a; then b", 0), ("a\nfi", 2), ("a $(b", 3), ("{ a", 0),
    ("a `b", 2)]
)
def test_mistakes_are_located(text: str, offset: int) -> None:
    mistake = parse_script(text).mistake
    assert mistake is not None
    assert (mistake.offset, mistake.certain) == (offset, True)


def test_a_name_may_go_on_in_the_next_line() -> None:
    text = "A=1; Aa=2; p $A\\\na ${A\\\n} $\\\nAa"
    *_, command = split_commands(text, in_file(SourceFile("x", text)))
    assert [word.value for word in command.words] == ["p", "2", "1", "2"]


def _count(body: tuple[AndOr, ...]) -> int:
    return sum(1 for _ in simple_commands(body))


_REPEATED = [
    "${", "$(", "((", "{ ", "if a; then ", "case x in a) ", "<<E\n", "`", "'", '"', "a=(", "[[ ", "! ", "a|", "a&&",
    "()", "f() ", "a b\n", "$((", "${a:-", "for a in b; do ", "<<-E <<F ", "\\\n", ";;", "2>", "@(", "{{", "$'",
]  # fmt: skip


@pytest.mark.parametrize("piece", _REPEATED)
def test_large_scripts_take_linear_time(piece: str) -> None:
    with no_hang():
        assert _count(parse_script(piece * (300_000 // len(piece))).body) <= 10_001
