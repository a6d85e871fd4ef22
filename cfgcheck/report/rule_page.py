"""What a rule file says, for people: read from the rule itself, which is its own documentation."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cfgcheck import resources
from cfgcheck.record import record
from cfgcheck.report.cells import plain

_BARE = frozenset({"label", "name", "text", "value"})
"""Attributes that say less than what they belong to: ``app.label`` is the app."""


@record(frozen=True)
class RulePage:
    """A rule as documentation. ``fields``: all of the file's, as they are written."""

    fields: Mapping[str, Any]

    def text(self, name: str) -> str:
        """A field as one line, ``…`` for what depends on the case; "" where it is not there."""
        return readable_template(str(self.fields.get(name, "")))

    @property
    def id(self) -> str:
        return self.text("id")

    @property
    def category(self) -> str:
        return self.text("category")

    @property
    def severity(self) -> str:
        return self.text("severity")

    @property
    def confidence(self) -> str:
        return self.text("confidence") or "certain"

    @property
    def summary(self) -> str:
        return self.text("message")

    @property
    def why(self) -> str:
        return " ".join(str(self.fields.get("why", "")).split())

    @property
    def symptoms(self) -> list[Mapping[str, Any]]:
        return _listed(self.fields.get("symptom"))

    @property
    def fix(self) -> Mapping[str, Any]:
        return _mapping(self.fields.get("fix"))

    @property
    def fix_words(self) -> str:
        """How to mend it: title and text."""
        title, text = (readable_template(str(self.fix.get(key) or "")) for key in ("title", "text"))
        return f"{title}. {text}".strip(". ") if title else text

    @property
    def sources(self) -> list[str]:
        return [str(source) for source in self.fields.get("sources", [])]

    def examples(self, kind: str) -> list[Mapping[str, Any]]:
        """The ``bad`` or the ``good`` ones."""
        return _listed(_mapping(self.fields.get("examples")).get(kind))


def rule_files(folders: Iterable[Path] = ()) -> dict[str, Path]:
    """Every rule file by the rule's name: cfgcheck's own, and those of further folders."""
    found: dict[str, Path] = {}
    for folder in (resources.folder("rules"), *folders):
        for path in sorted(folder.rglob("*.yaml")):
            found.setdefault(path.stem, path)
    return found


def read_page(path: Path) -> RulePage:
    """The page of one rule file. Raises OSError, or ruamel's YAMLError for a file that is no YAML."""
    from ruamel.yaml import YAML

    return RulePage(_mapping(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))))


def readable_template(template: str) -> str:
    """A template without its expressions: ``waits {seconds(location.read_timeout)}`` → ``waits ‹read timeout›``."""
    shown, start, quote, depth = "", 0, "", 0
    text = " ".join(template.split())
    at = 0
    while at < len(text):
        char = text[at]
        if depth:
            quote = ("" if char == quote else quote) if quote else (char if char in "\"'" else "")
            depth += 0 if quote else (char == "{") - (char == "}")
            shown += _placeholder(text[start:at]) if not depth else ""
        elif char in "{}" and text[at : at + 2] == char * 2:
            shown += char
            at += 1
        elif char == "{":
            depth, start = 1, at + 1
        else:
            shown += char
        at += 1
    return plain(shown)


def _placeholder(expression: str) -> str:
    """What stands for an expression: the wordings it chooses from, or the name of what it shows."""
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "…"
    choices = [choice for choice in dict.fromkeys(_choices(tree)) if choice.strip()]
    if len(choices) < 2:
        return "".join(choices)
    # Blanks that all wordings begin or end with belong to the sentence around them.
    before = " " if all(choice.startswith(" ") for choice in choices) else ""
    after = " " if all(choice.endswith(" ") for choice in choices) else ""
    return before + " / ".join(choice.strip() for choice in choices) + after


def _choices(tree: ast.expr) -> Iterator[str]:
    """What ``a if x else b`` may give, from left to right."""
    pending = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.IfExp):
            pending += [node.orelse, node.body]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        else:
            yield _named(node)


def _named(tree: ast.expr) -> str:
    """``‹read timeout›`` for ``seconds(location.read_timeout)``."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names: list[str] = []
    for node in ast.walk(tree):
        if id(node) in called:
            continue
        if isinstance(node, ast.Attribute):
            owner = node.value
            if node.attr in _BARE and isinstance(owner, (ast.Attribute, ast.Name)):
                return _quoted(owner.attr if isinstance(owner, ast.Attribute) else owner.id)
            return _quoted(node.attr)
        if isinstance(node, ast.Name):
            names.append(node.id)
    return _quoted(names[0]) if names else "…"


def _quoted(name: str) -> str:
    return f"‹{name.replace('_', ' ')}›"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _listed(value: Any) -> list[Mapping[str, Any]]:
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, Mapping)]
