"""Dockerfiles: instructions, words and places, and what Docker refuses or misreads."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.dockerfile import Dockerfile, read_dockerfile
from cfgcheck.syntax.dockerfile_words import Expanded, expand, raw_words
from tests.hanging import no_hang


def read(text: str, name: str = "Dockerfile") -> Dockerfile:
    return read_dockerfile(SourceFile(name, text))


def messages(text: str, name: str = "Dockerfile") -> list[str]:
    return [problem.message for problem in read(text, name).problems]


def test_continued_lines_are_joined_and_located() -> None:
    text = "FROM a\nRUN one \\\n  # a comment\n\n  && two \\   \r\n  && three\r\nUSER x\n"
    run = read(text).instructions[1]
    assert run.text == "one   && two   && three"
    at = run.text.index("three")
    assert str(run.locate(at, at + 5)) == "Dockerfile:6:6"
    assert run.locate(at, at + 5).text == "three"
    assert run.span.text.startswith("RUN one") and run.span.text.endswith("three")
    assert read(text).instructions[2].keyword == "USER"


def test_the_escape_directive_and_a_byte_order_mark() -> None:
    parsed = read("\ufeff# syntax=docker/dockerfile:1\n# escape=`\nFROM a\nRUN dir c:\\ `\n  && x\n")
    assert parsed.escape == "`"
    assert [one.text for one in parsed.instructions] == ["a", "dir c:\\   && x"]
    assert not parsed.problems


def test_a_directive_after_a_comment_is_a_comment() -> None:
    assert read("# hello\n# escape=`\nFROM a\n").escape == "\\"


def test_keywords_in_any_case() -> None:
    assert [one.keyword for one in read("from a\nCmd x\n").instructions] == ["FROM", "CMD"]


def test_exec_form_words_are_located() -> None:
    command = read('FROM a\nCMD [ "gunicorn" , \\\n  "-b", "0.0.0.0:\\u0038000" ]\n').instructions[1]
    assert command.words is not None
    assert [word.value for word in command.words] == ["gunicorn", "-b", "0.0.0.0:8000"]
    assert [str(word.span) for word in command.words] == ["Dockerfile:2:7", "Dockerfile:3:3", "Dockerfile:3:9"]


@pytest.mark.parametrize(
    "written", ["gunicorn app", "['gunicorn', 'app']", '["gunicorn",]', '["a" "b"]', "[“gunicorn”]", '["a"', "[a]"]
)
def test_what_is_no_json_list_is_the_shell_form(written: str) -> None:
    command = read(f"FROM a\nCMD {written}\n").instructions[1]
    assert command.words is None
    assert command.text == written


@pytest.mark.parametrize("written", ["['gunicorn', 'app']", '["gunicorn",]', "[“gunicorn”]", "['gunicorn' 'app']"])
def test_a_list_that_docker_gives_to_a_shell_is_reported(written: str) -> None:
    for keyword in ("CMD", "ENTRYPOINT"):
        problems = read(f"FROM a\n{keyword} {written}\n").problems
        assert [problem.rule for problem in problems] == ["unparsable-file"]
        assert "gives it to a shell" in problems[0].message
        assert problems[0].span.text == f"{keyword} {written}"


@pytest.mark.parametrize("written", ["[ -f x ] && y", "RUNNING=1 x", '["a"]', "[]"])
def test_a_test_of_the_shell_is_not_reported(written: str) -> None:
    assert messages(f"FROM a\nCMD {written}\nRUN ['x']\n") == []


def test_a_list_of_other_things_is_refused() -> None:
    assert messages('FROM a\nCMD ["a", 1]\n') == ["the list of CMD may hold strings only"]


def test_flags() -> None:
    copy = read('FROM a\nCOPY --from=x --chown="u v" --link a /b/\n').instructions[1]
    assert [(flag.name, flag.value) for flag in copy.flags] == [("from", "x"), ("chown", "u v"), ("link", "")]
    assert copy.text == "a /b/"
    assert copy.flags[0].span.text == "--from=x"


def test_heredocs() -> None:
    text = "FROM a\nRUN <<EOF\napt-get update\nFROM x\nEOF\nCOPY <<'A' <<-B /etc/\none\nA\n\ttwo\n\tB\nCMD x\n"
    parsed = read(text)
    assert [one.keyword for one in parsed.instructions] == ["FROM", "RUN", "COPY", "CMD"]
    run, copy = parsed.instructions[1:3]
    assert run.heredocs[0].content.text == "apt-get update\nFROM x\n"
    assert [(one.name, one.expand, one.chomp) for one in copy.heredocs] == [("A", False, False), ("B", True, True)]
    assert copy.heredocs[1].content.text == "\ttwo\n"


def test_what_looks_like_a_heredoc_and_is_none() -> None:
    parsed = read('FROM a\nRUN echo "x <<EOF y" $((1<<2))\nENV A=<<EOF\nCMD x\n')
    assert [one.keyword for one in parsed.instructions] == ["FROM", "RUN", "ENV", "CMD"]


def test_a_heredoc_without_end() -> None:
    problems = read("FROM a\nRUN <<EOF\nx\n").problems
    assert [problem.message for problem in problems] == ["the heredoc EOF is never ended"]
    assert problems[0].span.text == "<<EOF"


def test_healthcheck_and_onbuild() -> None:
    parsed = read('FROM a\nHEALTHCHECK --interval=5s CMD ["x"]\nONBUILD COPY . /app\n')
    check, onbuild = parsed.instructions[1:]
    assert check.flags[0].value == "5s"
    assert check.trigger is not None and check.trigger.keyword == "CMD" and check.trigger.words is not None
    assert onbuild.trigger is not None and onbuild.trigger.text == ". /app"


def test_an_unknown_instruction() -> None:
    problems = read("FROM a\nENTRYPONT x\n").problems
    assert (problems[0].message, problems[0].hint, problems[0].span.text) == (
        "ENTRYPONT is no instruction of a Dockerfile",
        "write ENTRYPOINT",
        "ENTRYPONT",
    )
    problems = read("FROM a\nRUN x\n  && y\n").problems
    assert [(str(one.span), one.hint) for one in problems] == [
        ("Dockerfile:3:3", "if it belongs to the line above, end that with \\")
    ]


def test_files_without_from() -> None:
    assert messages("RUN x\n") == ["nothing is built from this file: it has no FROM"]
    assert messages("") == ["nothing is built from this file: it has no FROM"]
    assert messages("ENV A=1\nFROM a\n") == ["ENV stands before the first FROM, where only ARG may"]
    assert messages("ARG A=1\nFROM a\n") == []


def test_values_with_blanks_of_env() -> None:
    problems = read("FROM a\nENV A=1 B=x y\n").problems
    assert [(one.span.text, "no assignment" in one.message) for one in problems] == [("y", True)]
    assert messages("FROM a\nENV A x y=z\nENV B='x y' C=x\\ y\n") == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Dockerfile.j2", "{% if x %}\nFROM {{ image }}\n{% endif %}\n{{ extra }}\nCMD ['a']\n"),
        ("Dockerfile", "{% if x %}\nFROM {{ image }}\n{% else %}\nFROM b\n{% endif %}\n{% include 'x' %}\n"),
        ("Dockerfile.template", "RUN x\n%%EXTRA%%\n"),
        ("Dockerfile.in", "#include x\nINCLUDE other\n"),
    ],
)
def test_templates_are_not_refused(name: str, text: str) -> None:
    assert messages(text, name) == []


def test_placeholders_are_not_known() -> None:
    parsed = read('FROM a\nCMD ["gunicorn", "-b", "{{ host }}:80"]\n', "Dockerfile.j2")
    words = parsed.instructions[1].words
    assert words is not None
    assert [(word.value, word.template) for word in words][2] == (None, "{{ host }}:80")


VALUES = {"A": "1", "E": "", "S": "x y"}


def lookup(name: str) -> Expanded | None:
    if name == "U":
        return Expanded(None, "given later")
    return Expanded(VALUES[name]) if name in VALUES else None


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("$A", "1"),
        ("${A}b", "1b"),
        ("$AB", ""),
        ("${N:-d}", "d"),
        ("${E:-d}", "d"),
        ("${E-d}", ""),
        ("${A:+p}", "p"),
        ("${N:+p}", ""),
        ("${E+p}", "p"),
        ("${N:-${E:-$A}}", "1"),
        ("'$A'", "$A"),
        ('"$A\'"', "1'"),
        ("\\$A", "$A"),
        ('"a\\"b\\x"', 'a"b\\x'),
        ("a\\ b", "a b"),
        ("$S", "x y"),
        ("a$", "a$"),
        ("$1", ""),
        ("$$", ""),
        ("${A:?x}", "1"),
        ("'\\'", "\\"),
        ("${U:+p}", None),
        ("$U", None),
        ("${A%x}", None),
        ("${A", None),
    ],
)
def test_variables(raw: str, value: str | None) -> None:
    """As Docker's builder gives them (``ENV`` of an image built from scratch)."""
    found = expand(raw, lookup)
    assert found.value == value
    assert bool(found.because) == (value is None)


def test_words_in_quotes() -> None:
    text = "A=1 B='x y' C=x\\ y D=\"a \\\" b\" E='\\' F"
    assert [text[start:end] for start, end in raw_words(text)] == [
        "A=1", "B='x y'", "C=x\\ y", 'D="a \\" b"', "E='\\'", "F",
    ]  # fmt: skip


def test_values_that_double_are_given_up() -> None:
    values = {"a": "x" * 10}
    for _ in range(40):
        found = expand("$a$a", lambda name: Expanded(values[name]) if values[name] else Expanded(None, "too long"))
        values["a"] = found.value or ""
    assert values["a"] == ""


PIECES = st.sampled_from(
    ["FROM a", "\n", "\\\n", "RUN x", "<<EOF", "EOF\n", "CMD [", '"', "'", ",", "]", "$", "{", "}", "#", " ", "\\",
     "ENV A=1", "COPY --from=", "\r\n", "{{", "}}", "{%", "%}", "ONBUILD ", "HEALTHCHECK ", "\ufeff", "\0", "\udc80",
     "`", "# escape=`\n"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_text_is_read(text: str) -> None:
    parsed = read(text)
    for one in parsed.instructions:
        assert 0 <= one.span.start < one.span.end <= len(text)
        assert len(one.text) == len(one.plain)
        if one.text:
            assert one.locate(0, len(one.text)).text.startswith(one.text[0])
        for word in one.words or ():
            assert word.span.text[0] == '"' and word.span.text[-1] == '"'
    for problem in parsed.problems:
        assert 0 <= problem.span.start <= problem.span.end <= len(text)


@settings(max_examples=200, deadline=None)
@given(st.text("${}AU:-+'\"\\ ax", max_size=30))
def test_any_word_is_expanded(raw: str) -> None:
    found = expand(raw, lookup)
    assert (found.value is None) == bool(found.because)


@pytest.mark.parametrize(
    "text",
    [
        "RUN " + "\\\n" * 150_000,
        "FROM a\n" * 50_000,
        "FROM a\nCMD [" + '"a",' * 30_000,
        "FROM a\nCMD " + "[" * 300_000,
        "FROM a\nCOPY " + "'\\" * 130_000,
        "FROM a\nCOPY " + "--a " * 30_000,
        "FROM a\nRUN " + "<<A " * 30_000,
        "FROM a\n" + "RUN <<A\n" * 40_000,
        "{% if x %}\n" * 30_000,
        "FROM a\nENV A=" + "${A:-" * 70_000,
        "FROM a\nENV " + "A=1 " * 30_000,
    ],
    ids=lambda text: text[:20],
)
def test_hostile_files_are_read_in_time(text: str) -> None:
    with no_hang():
        read(text)
