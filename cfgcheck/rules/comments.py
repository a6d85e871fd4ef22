"""Where comments are, by language: for ``cfgcheck: ignore[…]``. Only files with that word are looked at closely."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.nginx_tokens import COMMENT, MARK, tokenize

MARKED = "cfgcheck:"
"""What every comment that speaks to cfgcheck holds."""


class Comment(NamedTuple):
    """A comment: offsets of its text (marks included), whether it stands alone on its line, and the lines it speaks
    for (first and last, from 1)."""

    start: int
    end: int
    alone: bool
    first_line: int
    last_line: int


def comments(file: SourceFile, nginx: bool) -> Iterator[Comment]:
    """The comments of a file that hold the mark. ``nginx``: it was read as nginx configuration."""
    if MARKED not in file.text:
        return
    yield from _reader(file.path, nginx)(file)


def _reader(path: str, nginx: bool) -> Callable[[SourceFile], Iterator[Comment]]:
    name = path.rsplit("/", 1)[-1].lower()
    if name.endswith((".py", ".py.example")):
        return _python
    if nginx:
        return _nginx
    if name.endswith(".xml"):
        return _xml
    if name.endswith((".ini", ".cfg", ".service", ".socket")) or "uwsgi" in name:
        return _lines(";#")
    if name.endswith(".json"):
        return _none
    return _lines("#")


def _none(file: SourceFile) -> Iterator[Comment]:
    return iter(())


def _nginx(file: SourceFile) -> Iterator[Comment]:
    """Comments of nginx configuration. One on a line of its own speaks for the next statement up to ``;`` or ``{``;
    inside a statement for the next line of that."""
    waiting: list[tuple[int, int]] = []
    inside: list[tuple[int, int]] = []
    first: int | None = None
    for kind, start, text in tokenize(file.text):
        if kind == COMMENT:
            if MARKED not in text:
                continue
            span = (start, start + len(text))
            if _alone(file, start):
                (waiting if first is None else inside).append(span)
            else:
                yield from _on_line(file, [span], start)
            continue
        yield from _on_line(file, inside, start)
        inside = []
        if first is None and text != "}":
            first = start
        if kind == MARK and first is not None:
            lines = file.position(first).line, file.position(start).line
            yield from (Comment(*span, True, *lines) for span in waiting)
            waiting, first = [], None
    yield from _last(file, [*waiting, *inside])


def _on_line(file: SourceFile, spans: list[tuple[int, int]], offset: int) -> Iterator[Comment]:
    """Comments that speak for the line of an offset."""
    for start, end in spans:
        line = file.position(offset).line
        yield Comment(start, end, _alone(file, start), line, line)


def _last(file: SourceFile, waiting: list[tuple[int, int]]) -> Iterator[Comment]:
    """Comments that no statement follows speak for their own line, where there is nothing."""
    for start, end in waiting:
        line = file.position(start).line
        yield Comment(start, end, True, line, line)


def _alone(file: SourceFile, offset: int) -> bool:
    line_start = file.text.rfind("\n", 0, offset) + 1
    return not file.text[line_start:offset].strip("\ufeff \t")


def _lines(marks: str) -> Callable[[SourceFile], Iterator[Comment]]:
    """Languages whose comments are found line by line (ini, YAML, Procfile, environment files, TOML).

    At the end of a line the comment must be preceded by a blank; YAML's and uWSGI's own rules differ in what they take
    for a comment there, but nobody writes the mark for anything else.
    """
    begin = re.compile(rf"(?:^|(?<=[ \t]))[{marks}]")

    def read(file: SourceFile) -> Iterator[Comment]:
        waiting: list[tuple[int, int]] = []
        offset = 0
        for number, line in enumerate(file.text.split("\n"), 1):
            stripped = line.strip()
            if stripped[:1] in marks and stripped:
                if MARKED in line:
                    waiting.append((offset + line.index(stripped), offset + len(line.rstrip())))
            elif stripped:
                yield from (Comment(start, end, True, number, number) for start, end in waiting)
                waiting = []
                at = line.find(MARKED)
                starts = [found.start() for found in begin.finditer(line, 0, at)] if at > 0 else []
                if starts:
                    yield Comment(offset + starts[-1], offset + len(line.rstrip()), False, number, number)
            offset += len(line) + 1
        yield from _last(file, waiting)

    return read


def _python(file: SourceFile) -> Iterator[Comment]:
    """Comments of Python, by its own tokenizer; where that gives up, line by line."""
    import io
    import tokenize

    try:
        tokens = [
            (token.type, file.line_starts[token.start[0] - 1] + token.start[1], token.string)
            for token in tokenize.generate_tokens(io.StringIO(file.text, newline="\n").readline)
            if token.type not in (tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
        ]
    except (tokenize.TokenError, SyntaxError, IndexError, ValueError):
        return _lines("#")(file)
    return _python_comments(file, tokens, tokenize.COMMENT, tokenize.NEWLINE)


def _python_comments(
    file: SourceFile, tokens: list[tuple[int, int, str]], comment: int, newline: int
) -> Iterator[Comment]:
    """As in nginx: a statement ends with its line, and a block's head with the colon."""
    waiting: list[tuple[int, int]] = []
    inside: list[tuple[int, int]] = []
    first: int | None = None
    for kind, start, text in tokens:
        if kind == comment:
            if MARKED not in text:
                continue
            span = (start, start + len(text))
            if _alone(file, start):
                (waiting if first is None else inside).append(span)
            else:
                yield from _on_line(file, [span], start)
            continue
        if kind != newline:
            yield from _on_line(file, inside, start)
            inside = []
            first = start if first is None else first
        if first is not None and (kind == newline or text == ":"):
            lines = file.position(first).line, file.position(start).line
            yield from (Comment(*span, True, *lines) for span in waiting)
            waiting = []
        first = None if kind == newline else first
    yield from _last(file, [*waiting, *inside])


_XML = re.compile(r"<!--.*?-->", re.S)


def _xml(file: SourceFile) -> Iterator[Comment]:
    waiting: list[tuple[int, int]] = []
    end = 0
    for found in [*_XML.finditer(file.text), None]:
        between = file.text[end : found.start() if found else len(file.text)]
        if between.strip() and waiting:
            line = file.position(end + len(between) - len(between.lstrip())).line
            yield from (Comment(start, stop, True, line, line) for start, stop in waiting)
            waiting = []
        if found is None:
            break
        end = found.end()
        if MARKED not in found[0]:
            continue
        if _alone(file, found.start()):
            waiting.append(found.span())
        else:
            line = file.position(found.start()).line
            yield Comment(*found.span(), False, line, line)
    yield from _last(file, waiting)
