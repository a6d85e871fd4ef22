"""Settings in a Python config file: another right-hand side, a new assignment, or one less."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import Any

from cfgcheck.findings import Edit
from cfgcheck.fix.app_lines import new_line_after, whole_lines
from cfgcheck.fix.app_text import text_of
from cfgcheck.fix.editing import CannotFix
from cfgcheck.source.file import SourceFile, Span

_GAP = re.compile(r"[ \t]*=[ \t]*")
_TEXT = re.compile(r"(?<![\w\"'])([\"'])(?!\1)")

_ASKING = frozenset({"os.environ.get", "environ.get", "os.getenv", "getenv"})

Assignment = ast.Assign | ast.AnnAssign


class Config:
    """The statements of one file. Errors: CannotFix where Python does not read it."""

    def __init__(self, file: SourceFile) -> None:
        from cfgcheck.syntax.python_config import parse

        self.file = file
        self.parsed = parse(file)
        if self.parsed.tree is None or self.parsed.problems:
            raise CannotFix(f"{file.path} is not plain Python")

    def locate(self, node: ast.AST) -> Span:
        return self.parsed.locate(node)

    def assignments(self) -> Iterable[tuple[Assignment, str, ast.expr]]:
        """Those of the module itself that give one name a value."""
        for node in self._statements():
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                yield node, node.targets[0].id, node.value
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
                yield node, node.target.id, node.value

    def _statements(self) -> list[ast.stmt]:
        body = self.parsed.tree.body if self.parsed.tree is not None else []
        first = body[0] if len(body) == 1 else None
        if self.file.whole is not self.file and isinstance(first, ast.If) and isinstance(first.test, ast.Constant):
            return first.body  # a file inside another is indented: `if 1:` stands in front of it
        return body

    def holding(self, span: Span) -> tuple[Assignment, str, ast.expr]:
        """The assignment that holds a place. Errors: CannotFix where no plain one does."""
        for found in self.assignments():
            whole = self.locate(found[0])
            if whole.start <= span.start and span.end <= whole.end:
                return found
        raise CannotFix(f"{span} stands in a branch, a function or a longer statement")


def other_assignment(span: Span, name: str, value: Any) -> list[Edit]:
    """Another right-hand side, quoted like the one before. ``value``: a list for a list of as many."""
    config = Config(span.file)
    _, target, node = config.holding(span)
    if target != name:
        raise CannotFix(f"`{name}` is set by another name at {span}")
    if isinstance(node, (ast.List, ast.Tuple)):
        return _elements(config, node, value)
    if isinstance(value, (list, tuple)) and len(value) == 1:
        value = value[0]
    asked = asked_variable(node)
    if asked is not None and asked[1] is not None:
        kept = text_of(value) if isinstance(asked[1].value, str) else value
        return [Edit(config.locate(asked[1]), _written(name, kept, _quote(config, asked[1])))]
    return [Edit(config.locate(node), _written(name, value, _quote(config, node)))]


def variable_of(span: Span) -> str:
    """The environment variable that the assignment at a place takes its value from, as it is; "" for any other."""
    config = Config(span.file)
    asked = asked_variable(config.holding(span)[2])
    return asked[0] if asked is not None else ""


def asked_variable(node: ast.expr) -> tuple[str, ast.Constant | None] | None:
    """The variable that ``int(os.environ.get("NAME", 5))`` asks for, and the default that is written there; None for
    an expression that is more than that."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("int", "float", "str"):
        if len(node.args) != 1 or node.keywords:
            return None
        node = node.args[0]
    if not (isinstance(node, ast.Call) and ast.unparse(node.func) in _ASKING and 1 <= len(node.args) <= 2):
        return None
    name, default = node.args[0], node.args[-1]
    if not (isinstance(name, ast.Constant) and isinstance(name.value, str)) or node.keywords:
        return None
    return name.value, default if len(node.args) == 2 and isinstance(default, ast.Constant) else None


def _elements(config: Config, node: ast.List | ast.Tuple, value: Any) -> list[Edit]:
    values = list(value) if isinstance(value, (list, tuple)) else [value]
    if len(values) != len(node.elts) or any(isinstance(each, ast.Starred) for each in node.elts):
        raise CannotFix("it is a list of several")
    made = []
    for each, wanted in zip(node.elts, values, strict=True):
        if not (isinstance(each, ast.Constant) and each.value == wanted):
            made.append(Edit(config.locate(each), literal(wanted, _quote(config, each))))
    return made


def new_assignment(file: SourceFile, name: str, value: Any, settings: Iterable[str]) -> list[Edit]:
    """A new assignment after the last one of a setting. ``settings``: the names of those that the file sets."""
    config = Config(file)
    known = set(settings)
    found = list(config.assignments())
    near = [each for each in found if each[1] in known] or found
    if not near:
        raise CannotFix(f"{file.path} has no assignment beside which it could be written")
    statement, target, node = near[-1]
    place, right = config.locate(statement), config.locate(node)
    between = file.text[place.start + len(target) : right.start]
    gap = between if _GAP.fullmatch(between) else " = "
    line = f"{name}{gap}{_written(name, value, _quote(config, node))}"
    return [new_line_after(file, place.start, place.end, line)]


def without_assignment(span: Span) -> list[Edit]:
    """The assignment that holds a place goes, with its lines if it is alone there."""
    config = Config(span.file)
    place = config.locate(config.holding(span)[0])
    return [whole_lines(span.file, place.start, place.end)]


def _written(name: str, value: Any, quote: str) -> str:
    """A value of a setting; of ``umask`` as people read it."""
    return f"0o{value:03o}" if name == "umask" and isinstance(value, int) else literal(value, quote)


def literal(value: Any, quote: str = '"') -> str:
    """A value as Python writes it."""
    if isinstance(value, str):
        text_of(value)  # refuses what is better not written
        escaped = value.replace("\\", "\\\\").replace(quote, f"\\{quote}")
        return f"{quote}{escaped}{quote}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(literal(each, quote) for each in value)}]"
    return repr(value)


def _quote(config: Config, node: ast.expr) -> str:
    """The quotes of a text that stands there, or else those of most texts of the file."""
    own = _TEXT.match(config.locate(node).text)
    if own is not None:
        return own[1]
    used = [found[1] for found in _TEXT.finditer(config.file.text)]
    return "'" if used.count("'") > used.count('"') else '"'
