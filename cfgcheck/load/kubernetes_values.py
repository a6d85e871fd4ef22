"""The ``values.yaml`` of a Helm chart: what its templates are filled in with unless somebody says otherwise."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Final

from cfgcheck.load.disk import Disk
from cfgcheck.syntax.yaml_tree import Mapping, Node, Scalar, read_yaml

_SIMPLE: Final = re.compile(
    r"\{\{-?\s*\.Values((?:\.[A-Za-z_]\w*)+)\s*(?:\|\s*(?:quote|squote|toString|int|toYaml|trim)\s*)*-?\}\}", re.ASCII
)
_CHART_FILES: Final = ("values.yaml", "values.yml")
_DEEPEST: Final = 4
"""Folders between a chart's own and the template: ``templates/web/deployment.yaml``."""


class ChartValues:
    """The values of one chart."""

    def __init__(self, root: Node) -> None:
        self.root = root

    def fill(self, written: str) -> str | None:
        """``written`` with its placeholders filled in; None where one of them is more than the name of a value, or the
        chart gives it none."""
        missing = False

        def value(found: re.Match[str]) -> str:
            nonlocal missing
            text = self._value(found[1].split(".")[1:])
            missing = missing or text is None
            return text or ""

        filled = _SIMPLE.sub(value, written)
        return None if missing or "{{" in filled else filled

    def _value(self, names: list[str]) -> str | None:
        node: Node | None = self.root
        for name in names:
            node = node.get(name) if isinstance(node, Mapping) else None
        return node.text if isinstance(node, Scalar) and not node.null and not node.templated else None


class Charts:
    """The charts that templates belong to, each read once."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self._of_folder: dict[Path, ChartValues | None] = {}

    def of(self, template: Path) -> ChartValues | None:
        """The values of the chart that a file is a template of; None for a file that is none."""
        folders = list(template.parents)[: _DEEPEST + 1]
        for folder, above in pairwise(folders):
            if folder.name == "templates":
                return self._values(above)
        return None

    def _values(self, folder: Path) -> ChartValues | None:
        if folder not in self._of_folder:
            self._of_folder[folder] = self._read(folder)
        return self._of_folder[folder]

    def _read(self, folder: Path) -> ChartValues | None:
        for name in _CHART_FILES:
            if self.disk.exists(folder / name):
                file = self.disk.read(folder / name)
                documents = read_yaml(file).documents if file is not None else []
                return ChartValues(documents[0]) if documents else None
        return None
