"""Rule files: YAML → checked fields, with the place of every mistake. Imports pydantic and ruamel when it is used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cfgcheck.rules.errors import RuleError

if TYPE_CHECKING:
    from cfgcheck.rules.schema import RuleFile

Keys = tuple[str | int, ...]


class Document:
    """A YAML document that knows where its keys and values stand."""

    def __init__(self, path: Path, shown: str = "") -> None:
        self.path = path
        self.shown = shown or str(path)
        self.data = self._load()

    def _load(self) -> Any:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError, YAMLError

        try:
            return YAML(typ="rt", pure=True).load(self.path.read_text(encoding="utf-8"))
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            problem = error.problem or "not YAML"
            hint = "put a text with `: ` in it in quotes, or under `>-`" if problem.startswith("mapping values") else ""
            raise RuleError(self.shown, line, column, problem, hint) from None
        except (YAMLError, UnicodeDecodeError, RecursionError) as error:
            raise RuleError(self.shown, 1, 1, f"not YAML: {error}") from None
        except OSError as error:
            raise RuleError(self.shown, 1, 1, f"can't be read: {error.strerror or error}") from None

    def place(self, keys: Keys) -> tuple[int, int]:
        """Line and column of what stands at a path of keys; of the nearest outer thing that has a place."""
        node, line, column = self.data, 1, 1
        for key in keys:
            marks = getattr(node, "lc", None)
            try:
                at = marks.value(key) if isinstance(node, dict) else marks.item(key)  # type: ignore[union-attr]
                node = node[key]
            except (AttributeError, KeyError, IndexError, TypeError):
                break
            line, column = at[0] + 1, at[1] + 1
        return line, column

    def key_place(self, keys: Keys) -> tuple[int, int]:
        """Line and column of the key itself."""
        owner = self.data
        for key in keys[:-1]:
            owner = owner[key] if isinstance(owner, dict) or isinstance(key, int) else owner
        try:
            line, column = owner.lc.key(keys[-1])
        except (AttributeError, KeyError, TypeError):
            return self.place(keys)
        return line + 1, column + 1

    def error(self, keys: Keys, message: str, hint: str = "") -> RuleError:
        line, column = self.place(keys)
        return RuleError(self.shown, line, column, message, hint)


def read_rule(path: Path, shown: str = "") -> tuple[Document, RuleFile]:
    """A rule file; raises RuleError at its first mistake."""
    from pydantic import ValidationError

    from cfgcheck.rules.schema import RuleFile

    document = Document(path, shown)
    if not isinstance(document.data, dict):
        raise document.error((), "a rule file is a mapping of fields")
    try:
        rule = RuleFile.model_validate(_plain(document.data))
    except ValidationError as error:
        raise _mistake(document, error.errors(include_url=False)) from None
    _check_names(document, rule)
    return document, rule


def rule_paths(folder: Path) -> Iterator[Path]:
    """The rule files of a folder of categories, in a stable order."""
    return iter(sorted(path for path in folder.rglob("*.yaml") if path.is_file()))


def _check_names(document: Document, rule: RuleFile) -> None:
    if rule.id != document.path.stem:
        raise document.error(("id",), f"the id is {rule.id!r}, the file is {document.path.name!r}", "make them equal")
    if rule.category != document.path.parent.name:
        folder = document.path.parent.name
        raise document.error(
            ("category",), f"the category is {rule.category!r}, the folder is {folder!r}", "make them equal"
        )


def _plain(data: Any) -> Any:
    """ruamel's containers as plain ones, without recursion on depth beyond Python's own for YAML."""
    if isinstance(data, dict):
        return {str(key): _plain(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_plain(value) for value in data]
    if isinstance(data, str):
        return str(data)
    return data


def _mistake(document: Document, errors: list[Any]) -> RuleError:
    """The first mistake in the order of the file; for an unknown field with the nearest known one."""
    located = [(_keys(document, error["loc"]), error) for error in errors]
    # An unknown field often is a required one, misspelt: it says more than that this one is missing.
    keys, error = min(located, key=lambda one: (one[1]["type"] == "missing", document.place(one[0])))
    if error["type"] == "extra_forbidden":
        line, column = document.key_place(keys)
        return RuleError(document.shown, line, column, f"there is no field `{keys[-1]}` here", _known_fields(keys))
    if error["type"] == "missing":
        return document.error(keys[:-1] if keys else (), f"the field `{error['loc'][-1]}` is missing")
    message = error["msg"].removeprefix("Value error, ")
    braces = error["type"] == "string_type" and isinstance(error["input"], dict)
    hint = "put a text that begins with a brace, or has `: ` in it, in quotes" if braces else ""
    return document.error(keys, f"`{'.'.join(map(str, keys))}`: {message}" if keys else message, hint)


def _keys(document: Document, location: tuple[str | int, ...]) -> Keys:
    """A pydantic location as a path in the document (lists of one that stand for their element left out)."""
    keys: list[str | int] = []
    node: Any = document.data
    for key in location:
        if isinstance(node, dict) and key not in node:
            if isinstance(key, str):
                keys.append(key)
                break
        elif isinstance(node, dict) or (isinstance(node, list) and isinstance(key, int) and key < len(node)):
            keys.append(key)
            node = node[key]  # type: ignore[index]  # a list's key is a number here
    return tuple(keys)


def _known_fields(keys: Keys) -> str:
    """The nearest field to a wrong one, among all fields that any part of a rule has."""
    from pydantic import BaseModel

    from cfgcheck.rules import schema
    from cfgcheck.rules.terms import suggestion

    if len(keys) == 1:
        models: list[Any] = [schema.RuleFile]
    else:
        models = [one for one in vars(schema).values() if isinstance(one, type) and issubclass(one, BaseModel)]
    known = {field.alias or name for model in models for name, field in model.model_fields.items()}
    return suggestion(str(keys[-1]), sorted(known))
