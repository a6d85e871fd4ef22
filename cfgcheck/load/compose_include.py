"""``include`` of compose files: other files whose services belong to the same project."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from cfgcheck.findings import Problem
from cfgcheck.load.compose_projects import ComposeFile
from cfgcheck.load.compose_text import listed
from cfgcheck.load.context import Context
from cfgcheck.syntax.yaml_tree import Mapping, Scalar

_MOST_FILES = 50


class Included:
    """Finds what each file includes. ``problems``: files that are included and are not there."""

    def __init__(
        self, context: Context, read: Callable[[Path], ComposeFile | None], problems: list[Problem]
    ) -> None:
        self.context = context
        self.read = read
        self.problems = problems
        self._found: dict[Path, list[ComposeFile]] = {}

    def by(self, one: ComposeFile) -> list[ComposeFile]:
        """The files that a file includes, and those that these include; each once, however they lead in circles."""
        if one.path not in self._found:
            seen = {one.path: one}
            waiting = [one]
            while waiting and len(seen) < _MOST_FILES:
                for part in self._direct(waiting.pop()):
                    if part.path not in seen:
                        seen[part.path] = part
                        waiting.append(part)
            self._found[one.path] = [part for path, part in seen.items() if path != one.path]
        return self._found[one.path]

    def _direct(self, one: ComposeFile) -> Iterator[ComposeFile]:
        for scalar in _paths(one):
            if "$" in scalar.text or "://" in scalar.text or scalar.templated or "\0" in scalar.text:
                continue
            path = Path(os.path.normpath(one.path.parent / scalar.text))
            part = self.read(path)
            if part is not None:
                yield part
            elif not self.context.disk.exists(path):
                message = f"{scalar.text} is included and is not there: docker compose refuses the project"
                hint = "add the file, or correct the path"
                self.problems.append(Problem("missing-include", message, scalar.span, hint))


def _paths(one: ComposeFile) -> Iterator[Scalar]:
    """Either a path, or a mapping with one or several of them under ``path``."""
    for item in listed(one.root.get("include")):
        found = listed(item.get("path")) if isinstance(item, Mapping) else [item]
        yield from (each for each in found if isinstance(each, Scalar))
