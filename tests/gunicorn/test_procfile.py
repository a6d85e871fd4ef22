"""Procfiles."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.procfile import read_procfile
from tests.hanging import no_hang


def test_processes_are_located() -> None:
    text = "# comment\nweb: gunicorn -b :80 a:b  \r\n\n worker-2:python w.py\n"
    processes, problems = read_procfile(SourceFile("Procfile", text))
    assert [(each.name, each.name_span.text, each.command.text) for each in processes] == [
        ("web", "web", "gunicorn -b :80 a:b"),
        ("worker-2", "worker-2", "python w.py"),
    ]
    assert problems == []


def test_lines_that_are_no_process_are_told() -> None:
    _, problems = read_procfile(SourceFile("Procfile", "web gunicorn a:b\nworker:\n"))
    assert [(str(each.span), each.rule) for each in problems] == [
        ("Procfile:1:1", "unparsable-file"),
        ("Procfile:2:1", "unparsable-file"),
    ]
    assert "no command" in problems[1].message


def test_template_tags_are_no_mistakes() -> None:
    text = "{% if a %}\nweb: a\n{% endif %}\n{# c #}\n<% if b %>\n"
    processes, problems = read_procfile(SourceFile("Procfile", text))
    assert [each.name for each in processes] == ["web"]
    assert problems == []


@settings(max_examples=150)
@given(st.one_of(st.text(max_size=60), st.text("web: \n\r#\ufeff\t", max_size=40)))
def test_any_text(text: str) -> None:
    processes, problems = read_procfile(SourceFile("Procfile", text))
    spans = [each.command for each in processes] + [each.name_span for each in processes]
    for span in [*spans, *(each.span for each in problems)]:
        assert 0 <= span.start < span.end <= len(text)


def test_many_lines_are_fast() -> None:
    text = "".join(f"tenant{number}: gunicorn -b :{number} a:b\n" for number in range(1000))
    with no_hang():
        processes, _ = read_procfile(SourceFile("Procfile", text))
        assert len(processes) == 1000
