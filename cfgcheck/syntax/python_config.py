"""Configuration written in Python (``gunicorn.conf.py``), read statically: parsed, evaluated, never run.

Evaluated: literals, names bound before, operators, f-strings and other formatting, ``os.environ``, a few dozen
functions and methods of plain data, ``if``, ``try``, loops over what is known, local functions, and modules of the
project through a callback. All else is unknown, with a reason. No import, no attribute of a real object, no disk.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable

from cfgcheck.findings import Problem
from cfgcheck.record import field, record
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.environment import NOTHING_KNOWN, Environment
from cfgcheck.syntax.python_expressions import Budget
from cfgcheck.syntax.python_statements import Statements
from cfgcheck.syntax.python_values import Binding, Names, Unknown

FindModule = Callable[[str, int, SourceFile], SourceFile | None]
"""The project's file for a module (name, leading dots, the file that imports it); None where it has none."""

_LINE_END = re.compile(r"\r\n|\r|\n")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CODING = re.compile(r"(?:[^\n]*\n)?[ \t\f]*#[^\n]*?coding[:=][ \t]*([-\w.]+)", re.ASCII)
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|<%.*?%>", re.DOTALL)
_STRING_OR_COMMENT = re.compile(r"'''|\"\"\"|'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"|#[^\n]*")
_TAG = re.compile(r"[{<]%[-+]?\s*(\w+)")


@record()
class PythonConfig:
    """What a configuration file sets.

    ``names``: the module's names at its end, in the order in which they were first bound. ``history``: every ordinary
    assignment at module level, in the order of the text, those that are overwritten included. ``read``: names that an
    expression of the file reads. ``opaque``: why names may be set that are not seen here, else "". ``files``: this
    file and the modules of the project that it imports. ``problems``: why it could not be parsed.
    """

    file: SourceFile
    names: dict[str, Binding] = field(default_factory=dict)
    history: list[tuple[str, Binding]] = field(default_factory=list)
    read: frozenset[str] = frozenset()
    opaque: str = ""
    files: list[SourceFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_python_config(
    file: SourceFile,
    environment: Environment = NOTHING_KNOWN,
    find_module: FindModule | None = None,
    module_name: str = "__config__",
    installed: str = "",
) -> PythonConfig:
    """Evaluate a configuration file. ``installed``: the absolute path that it has where it runs, if that is known."""
    return _Project(environment, find_module, installed).read(file, module_name)


class _Project:
    """One evaluation over all the files that a configuration imports."""

    def __init__(self, environment: Environment, find_module: FindModule | None, installed: str) -> None:
        self.environment = environment
        self.find_module = find_module
        self.installed = installed
        self.budget = Budget()
        self.modules: dict[str, Names | None] = {}
        self.files: list[SourceFile] = []

    def read(self, file: SourceFile, module_name: str) -> PythonConfig:
        config = PythonConfig(file, files=self.files)
        self.files.append(file)
        parsed = parse(file)
        if parsed.tree is None:
            config.problems, config.opaque = parsed.problems, parsed.opaque
            return config
        evaluator = self.evaluator(file, parsed.locate)
        self.modules[file.path] = Names(evaluator.scopes[0])
        self._bind_specials(evaluator, parsed.tree, module_name, self.installed)
        evaluator.module(parsed.tree.body)
        bound = evaluator.scopes[0].items()
        config.names = {name: each for name, each in bound if name not in ("__name__", "__file__")}
        config.opaque = evaluator.opaque
        config.read = frozenset(parsed.read())
        config.history = _ordered(evaluator, file)
        if parsed.tags:
            _doubt_branches(config, parsed.tags)
        return config

    def evaluator(self, file: SourceFile, locate: Callable[[ast.AST], Span]) -> Statements:
        def import_module(name: str, level: int) -> Names | None:
            return self.module(name, level, file)

        return Statements(file, self.environment, self.budget, locate, import_module)

    @staticmethod
    def _bind_specials(evaluator: Statements, tree: ast.Module, module_name: str, installed: str) -> None:
        place = evaluator.span(tree)
        path: object = installed or Unknown("it depends on the folder that the file is in", "{folder}/{file}")
        for name, value in (("__name__", module_name), ("__file__", path)):
            evaluator.scopes[0][name] = Binding(value, place, place, plain=False)

    def module(self, name: str, level: int, importer: SourceFile) -> Names | None:
        """A module of the project, read once; None where it is not the project's or can't be parsed."""
        file = self.find_module(name, level, importer) if self.find_module else None
        if file is None:
            return None
        if file.path in self.modules:
            return self.modules[file.path]
        parsed = parse(file)
        if parsed.tree is None:
            self.modules[file.path] = None
            return None
        self.files.append(file)
        evaluator = self.evaluator(file, parsed.locate)
        # Known before its end, as Python has it: two modules may import each other.
        names = self.modules[file.path] = Names(evaluator.scopes[0])
        self._bind_specials(evaluator, parsed.tree, name, "")
        evaluator.module(parsed.tree.body)
        return names


def _ordered(evaluator: Statements, file: SourceFile) -> list[tuple[str, Binding]]:
    """The file's own plain assignments, and names imported from modules that were read, in the order of the text."""
    made: list[tuple[str, Binding]] = []
    for (name, _, _), binding in evaluator.history.items():
        if binding.plain:
            made.append((name.rpartition(":")[2], binding))
    return made


@record()
class Parsed:
    """A parsed file, or why it is none. ``tags``: the ranges of template branches."""

    file: SourceFile
    tree: ast.Module | None = None
    line_starts: list[int] = field(default_factory=list)
    text: str = ""
    problems: list[Problem] = field(default_factory=list)
    opaque: str = ""
    tags: list[tuple[int, int]] = field(default_factory=list)

    def locate(self, node: ast.AST) -> Span:
        """The span of a node; of its name for a definition."""
        line = getattr(node, "lineno", 0)
        if not line:
            return Span(self.file, 0, min(1, len(self.file.text)))
        start = self._offset(line, getattr(node, "col_offset", 0))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            start = max(self.file.text.find(node.name, start), start)
            return Span(self.file, start, start + len(node.name))
        end = self._offset(getattr(node, "end_lineno", line) or line, getattr(node, "end_col_offset", 0) or 0)
        return Span(self.file, start, max(end, start + 1))

    def _offset(self, line: int, column: int) -> int:
        start = self.line_starts[min(line, len(self.line_starts)) - 1]
        # Columns count bytes of UTF-8. Most lines are ASCII, and then bytes are characters.
        stretch = self.text[start : start + column]
        if stretch.isascii():
            return start + column
        return start + len(stretch.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore"))

    def read(self) -> set[str]:
        """Names that the file reads somewhere."""
        tree = self.tree or ast.Module([], [])
        return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def parse(file: SourceFile) -> Parsed:
    """Parse a file. Syntax errors become a Problem with their place, unless the file is a template."""
    text, parsed = file.text, Parsed(file)
    if text.startswith("\ufeff"):
        text = " " + text[1:] if text[1:2] in ("\n", "\r") else text[1:]
    shift = len(file.text) - len(text)
    templated = bool(_JINJA.search(text))
    if templated:
        text, parsed.tags = _masked(text)
    if "\0" in text:
        parsed.problems.append(_problem(file, text.index("\0") + shift, "it holds a null character", "remove it"))
        parsed.opaque = "the file is not valid Python"
        return parsed
    if (broken := _undecodable(text)) is not None:
        if not _CODING.match(text):
            parsed.problems.append(_problem(file, broken + shift, "it is not UTF-8", "save the file as UTF-8"))
            parsed.opaque = "the file is not valid Python"
            return parsed
        text = _SURROGATE.sub("?", text)
    starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
    parsed.line_starts = [start + shift for start in starts]
    parsed.text = file.text
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed.tree = ast.parse(text)
    except SyntaxError as error:
        _refuse(parsed, error, shift, templated, starts)
    except (RecursionError, MemoryError):
        parsed.problems.append(
            Problem("unparsable-file", f"{file.path} is too deeply nested to be read", file.span(0, 1), "simplify it")
        )
        parsed.opaque = "the file is too deeply nested to be read"
    return parsed


def _undecodable(text: str) -> int | None:
    found = _SURROGATE.search(text)
    return found.start() if found else None


def _refuse(parsed: Parsed, error: SyntaxError, shift: int, templated: bool, starts: list[int]) -> None:
    if templated:
        parsed.opaque = "the file is a template that is not Python before it is filled in"
        return
    parsed.opaque = "the file is not valid Python"
    line = min(max(error.lineno or 1, 1), len(starts))
    offset = starts[line - 1] + max((error.offset or 1) - 1, 0) + shift
    parsed.problems.append(_problem(parsed.file, offset, str(error.msg), "Gunicorn would not start with it"))


def _problem(file: SourceFile, offset: int, message: str, hint: str) -> Problem:
    start = min(offset, max(len(file.text) - 1, 0))
    # The end of a line is a place where nothing can be shown: the character before it is meant.
    while start > 0 and file.text[start] in "\r\n":
        start -= 1
    return Problem(
        "unparsable-file", f"{file.path} is not valid Python: {message}", file.span(start, start + 1), hint, message
    )


def _masked(text: str) -> tuple[str, list[tuple[int, int]]]:
    """A template with its placeholders outside strings as names, its tags and comments as Python comments or spaces,
    of the same length; and the ranges of its branches."""
    made: list[str] = []
    ranges: list[tuple[int, int]] = []
    opened: list[int] = []
    quoted = _quoted(text)
    at = 0
    for match in _JINJA.finditer(text):
        if any(start < match.start() < end for start, end in _around(quoted, match.start())):
            continue
        made.append(text[at : match.start()])
        made.append(_mask(match[0]))
        at = match.end()
        tag = _TAG.match(match[0])
        if tag and tag[1] in ("if", "for", "block", "with", "macro"):
            opened.append(match.start())
        elif tag and tag[1].startswith("end") and opened:
            ranges.append((opened.pop(), match.end()))
    made.append(text[at:])
    return "".join(made), ranges


def _quoted(text: str) -> list[tuple[int, int]]:
    """The ranges of string literals, roughly: triple-quoted ones through their closing quotes."""
    ranges: list[tuple[int, int]] = []
    at = 0
    while match := _STRING_OR_COMMENT.search(text, at):
        end = match.end()
        if match[0] in ("'''", '"""'):
            closing = text.find(match[0], end)
            end = len(text) if closing < 0 else closing + 3
        ranges.append((match.start(), end))
        at = end
    return ranges


def _around(ranges: list[tuple[int, int]], offset: int) -> list[tuple[int, int]]:
    from bisect import bisect_right

    at = bisect_right(ranges, (offset, 1 << 60)) - 1
    return ranges[at : at + 1] if at >= 0 else []


def _mask(text: str) -> str:
    if text.startswith("{{") and "\n" not in text and "\r" not in text:
        return "_" * len(text)
    # A tag stands alone on its line or in the middle of one: spaces keep either parsable.
    return re.sub(r"[^\r\n]", " ", text)


def _doubt_branches(config: PythonConfig, ranges: list[tuple[int, int]]) -> None:
    """What stands in a template's branch may be absent: its values are unknown."""
    because = "it stands in a branch of a template"

    def doubtful(binding: Binding) -> Binding:
        start = binding.span.start
        if binding.span.file is not config.file or not any(begin <= start < end for begin, end in ranges):
            return binding
        return Binding(Unknown(because), binding.span, binding.name_span, plain=binding.plain)

    config.names = {name: doubtful(binding) for name, binding in config.names.items()}
    config.history = [(name, doubtful(binding)) for name, binding in config.history]
