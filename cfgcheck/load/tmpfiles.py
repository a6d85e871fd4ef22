"""Folders that systemd-tmpfiles makes at each start of the machine, as far as ``tmpfiles.d`` files of the tree say."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from cfgcheck.load.disk import Disk
from cfgcheck.model.located import Located
from cfgcheck.source.file import Span

_MOST_FILES = 100
_UP = 2
"""How many folders above a unit's own its ``tmpfiles.d`` is looked for."""

_NAMES = ("tmpfiles.d/*.conf", "tmpfiles/*.conf", "*tmpfiles*.conf", "*.tmpfiles", "*/tmpfiles.d/*.conf")
_LINE = re.compile(r"^[ \t]*[dDQqvC][+!=~^$-]*[ \t]+\"?(?:/var)?(/run/[^\s\"%]+)", re.MULTILINE)


def folders_made_near(disk: Disk, folder: Path) -> tuple[Located[str], ...]:
    """Folders below /run that the tmpfiles.d files near ``folder`` make (tmpfiles.d(5): types ``d``, ``D`` …)."""
    found: list[Located[str]] = []
    for path in dict.fromkeys(islice(_files(disk, folder), _MOST_FILES)):
        file = disk.read(path)
        if file is None:
            continue
        for line in _LINE.finditer(file.text):
            found.append(Located.read(posixpath.normpath(line[1]), Span(file, line.start(1), line.end(1))))
    return tuple(found)


def _files(disk: Disk, folder: Path) -> Iterator[Path]:
    above = [folder, *folder.parents][: _UP + 1]
    tops = (top for top in above if top == disk.root or top.is_relative_to(disk.root))
    for top in tops:
        for name in _NAMES:
            yield from sorted(islice(top.glob(name), _MOST_FILES))
