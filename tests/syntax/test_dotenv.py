"""Environment files in their four dialects."""

from __future__ import annotations

import re
import shlex

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.dotenv import Dialect, Variable, read_dotenv, with_variables
from cfgcheck.syntax.environment import Environment
from tests.hanging import no_hang
from tests.syntax import systemd_library

DIALECTS: tuple[Dialect, ...] = ("compose", "docker", "systemd", "honcho")


def read(text: str, dialect: Dialect = "compose", environment: Environment | None = None) -> dict[str, str | None]:
    found, problems = read_dotenv(SourceFile("web.env", text), dialect, environment or Environment())
    assert problems == []
    return {each.name: each.value for each in found}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=1", "1"),
        ("A=", ""),
        ("A = 1 ", "1"),
        ("A: 1", "1"),
        ("export A=1", "1"),
        ("\ufeffA=1\r\n", "1"),
        ("A=a#b", "a#b"),
        ("A=a #b", "a"),
        ("A='a ${B} \\n' # c", "a ${B} \\n"),
        ("A='it\\'s'", "it's"),
        ('A="a\\n\\"b\\" \\$B"', 'a\n"b" $B'),
        ('A="two\nlines"', "two\nlines"),
        ('A="\\z"', "\\z"),
        ('A="\\0101"', "A"),
        ("B=x\nA=${B}y$B", "xyx"),
        ("A=${B:-d}", "d"),
        ("B=\nA=${B:-d}", "d"),
        ("B=\nA=${B-d}", ""),
        ("B=x\nA=${B:+y}", "y"),
        ("A=${B:-${C:-d}e}", "de"),
        ("A=$$B", "$B"),
        ("A=${B}", None),
        ("A=${B:?why}", None),
        ("A", None),
        ("A={{ port }}", None),
    ],
)
def test_compose(text: str, value: str | None) -> None:
    assert read(text + "\n")["A"] == value


def test_what_compose_already_knows_wins_over_the_file() -> None:
    known = Environment({"B": "shell"}, complete=True)
    assert read("B=file\nA=$B$C", environment=known)["A"] == "shell"


@pytest.mark.parametrize(
    ("text", "value"),
    [("A='x' # c", "'x' # c"), ("A= x ", " x "), ("  A=$B\r", "$B"), ("A=a=b", "a=b"), ("A", None)],
)
def test_docker_takes_values_as_they_are(text: str, value: str | None) -> None:
    assert read(f"# c\n{text}\n", "docker")["A"] == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=a #b", "a #b"),
        ("A='a b'", "a b"),
        ('A="a $B \\$B \\x"', "a $B $B \\x"),
        ("A=a\\\nb", "ab"),
        ('A="a\\\nb\nc"', "ab\nc"),
        ("; c\n# c\n A = x y ", "x y"),
        ("A='a'\"b\" c", "abc"),
    ],
)
def test_systemd(text: str, value: str) -> None:
    assert read(text + "\n", "systemd") == {"A": value}


def test_systemd_knows_no_export_and_no_odd_names() -> None:
    assert read("export A=1\nA-B=2\nno assignment\n", "systemd") == {}


def test_the_line_behind_a_comment_that_ends_in_a_backslash_depends_on_the_version() -> None:
    found, _ = read_dotenv(SourceFile("e", "# c \\\nA=1\nB=2\n"), "systemd")
    assert [(each.name, each.value) for each in found] == [("A", None), ("B", "2")]
    assert "254" in found[0].because


@pytest.mark.parametrize(
    ("text", "dialect", "message"),
    [
        ('A="x\nB=1\n', "compose", "never closed"),
        ("A B=1\n", "compose", "no variable"),
        ("a@b=1\n", "compose", "no variable"),
        ("A=${\n", "compose", "is no variable"),
        ("A B=1\n", "docker", "no variable"),
        ("A='x\n", "honcho", "never closed"),
    ],
)
def test_what_the_reader_refuses_is_a_problem_and_the_rest_is_read(text: str, dialect: Dialect, message: str) -> None:
    found, problems = read_dotenv(SourceFile("e", f"{text}Z=1\n"), dialect)
    assert [message in problem.message for problem in problems] == [True]
    assert found[-1].name == "Z"


def test_a_template_is_no_mistake() -> None:
    found, problems = read_dotenv(SourceFile("e.j2", "{% if a %}\nA={{ a }}\n{% endif %}\nx @ y\nB=1\n"))
    assert problems == []
    assert [(each.name, each.value) for each in found] == [("A", None), ("B", "1")]


def test_places() -> None:
    found, _ = read_dotenv(SourceFile("e", "A=1\nexport B = 'x y' # c\nC=\n"))
    assert [each.span.text for each in found] == ["1", "'x y'", "C="]
    assert [each.name_span.text for each in found] == ["A", "B", "C"]


def test_the_last_of_several_counts_known_or_not() -> None:
    found, _ = read_dotenv(SourceFile("e", "A=1\nA=$X\nB=$X\nB=2\n"))
    made = with_variables(Environment({"A": "0", "D": "d"}), found)
    assert (made.values, set(made.unknown)) == ({"B": "2", "D": "d"}, {"A"})


# ── against the real readers ──────────────────────────────────────────────────────────────────────────────────────

SYSTEMD = st.lists(
    st.sampled_from([*"AB=\\\"'# \t;x$`\né", "\\\n", "A=1\n", 'B="x"', "C='y'"]), min_size=1, max_size=14
).map("".join)


@pytest.mark.oracle
@settings(max_examples=400, deadline=None)
@given(SYSTEMD)
@example("A=x \\")
@example('A="a" b \n')
def test_systemd_reads_the_same(text: str) -> None:
    loaded = systemd_library.library()
    # Before 254 such comments go on.
    assume(not re.search(r"^\s*[#;].*\\$", text, re.MULTILINE))
    real = systemd_library.environment_file(loaded, text)
    names = {name for name in real if re.match(r"[A-Za-z_]\w*\Z", name, re.ASCII)}
    assert read(text, "systemd") == {name: real[name] for name in names}


def honcho(line: str) -> tuple[str, str] | None:
    """Honcho 2.0's ``environ.parse``, of one line."""
    tokens = list(shlex.shlex(line, posix=True))
    if len(tokens) < 3 or tokens[1] != "=" or not re.match(r"[A-Za-z_]", tokens[0]):
        return None
    return tokens[0], "".join(tokens[2:]).replace("\\n", "\n").replace("\\t", "\t")


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from([*"AB=\\\"'# \tx$/:", "A=", "http://h:1/x"]), max_size=10).map("".join))
def test_honcho_reads_the_same(rest: str) -> None:
    line = f"A={rest}"
    found, problems = read_dotenv(SourceFile("e", line), "honcho")
    try:
        expected = honcho(line)
    except ValueError:
        assert problems
        return
    assert [(each.name, each.value) for each in found] == ([expected] if expected else [])


# ── any text ──────────────────────────────────────────────────────────────────────────────────────────────────────

PIECES = [*"AB=:\\\"'#; \t\n\r${}<%é\x00\udcff\u00a0", "export ", "${A:-", "{{ a }}", "{% if %}", "A=", "\ufeff"]


def inside(found: list[Variable], text: str) -> bool:
    spans = [span for each in found for span in (each.span, each.name_span)]
    return all(0 <= span.start < span.end <= len(text) for span in spans)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join), st.sampled_from(DIALECTS))
def test_any_text_is_read_and_every_place_lies_in_it(text: str, dialect: Dialect) -> None:
    found, problems = read_dotenv(SourceFile("e", text), dialect)
    assert inside(found, text)
    assert all(0 <= each.span.start < each.span.end <= len(text) for each in problems)
    assert all(each.value is not None or each.because for each in found)


@pytest.mark.parametrize(
    "text",
    [
        "A=" + "${A:-" * 200_000,
        "A=" + "$A" * 500_000,
        'A="' + '\\"' * 500_000,
        "A='" * 300_000,
        "\\" * 300_000,
        "A=x\\\n" * 200_000,
        "# \\\n" * 250_000,
        "A0=xxxxxxxx\n" + "".join(f"A{at + 1}=${{A{at}}}${{A{at}}}\n" for at in range(60)),
        "A" * 300_000,
        " " * 300_000,
        "<%" * 500_000,
    ],
)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_bombs(text: str, dialect: Dialect) -> None:
    with no_hang():
        found, _ = read_dotenv(SourceFile("e", text), dialect)
    assert all(len(each.value or "") <= len(text) + 1_000_000 for each in found)
