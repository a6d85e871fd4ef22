"""The simple commands of a text for a shell, one after the other, whatever decides which of them run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cfgcheck.source.file import Span
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.shell_script import parse_script
from cfgcheck.syntax.shell_script_scope import Scope
from cfgcheck.syntax.shell_script_tree import AndOr, Case, For, Function, Group, If, Simple, Statement, While
from cfgcheck.syntax.shell_script_words import WordReader
from cfgcheck.syntax.shell_word import Locate, Word
from cfgcheck.syntax.shell_words import Assignment, Command


def commands_of(text: str, locate: Locate, environment: Environment) -> list[Command]:
    """In the order of the text. Variables that one sets are known to those behind it."""
    script = parse_script(text)
    reader = WordReader(text, locate)
    scope = Scope(environment)
    found: list[Command] = []
    for simple, operator in simple_commands(script.body):
        before = scope.environment
        assignments, words = reader.words(simple.words, scope)
        if not words and not assignments:
            continue
        if words and words[0].value == "export":
            for name, word in exported(words):
                scope.assign(name, word)
        first = assignments[0][1] if assignments else words[0]
        last = words[-1] if words else assignments[-1][1]
        span = Span(first.span.file, first.span.start, max(last.span.end, first.span.end))
        given = tuple(Assignment(name, word) for name, word in assignments)
        found.append(Command(tuple(words), given, operator, span, before))
    return found


def exported(words: Iterable[Word]) -> list[tuple[str, Word]]:
    """The assignments among the arguments of ``export``, ``local`` and their kin."""
    found = []
    for word in words:
        name, equals, text = word.template.partition("=")
        if equals and name.isidentifier():
            value = text if word.known else None
            found.append((name, Word(value, text, word.span, word.because, False, word.variables)))
    return found


def simple_commands(body: Iterable[AndOr]) -> Iterator[tuple[Simple, str]]:
    """Every simple command with the operator behind it."""
    for item in body:
        for pipeline in item.pipelines:
            for at, stage in enumerate(pipeline.stages):
                operator = "|" if at + 1 < len(pipeline.stages) else pipeline.operator
                if isinstance(stage, Simple):
                    yield stage, operator
                else:
                    for inner in bodies_of(stage):
                        yield from simple_commands(inner)


def bodies_of(statement: Statement) -> Iterator[Iterable[AndOr]]:
    """The lists of statements that one is made of, in the order of the text."""
    if isinstance(statement, Group | For):
        yield statement.body
    elif isinstance(statement, If):
        for condition, body in statement.branches:
            yield condition
            yield body
        yield statement.otherwise or ()
    elif isinstance(statement, While):
        yield statement.condition
        yield statement.body
    elif isinstance(statement, Case):
        for arm in statement.arms:
            yield arm.body
    elif isinstance(statement, Function):
        yield from bodies_of(statement.body)
