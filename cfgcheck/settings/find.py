"""Which settings file holds for a folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cfgcheck.settings.model import Settings, SettingsError
from cfgcheck.source.file import SourceFile

OWN_FILE = "cfgcheck.toml"
PROJECT_FILE = "pyproject.toml"
_HEADER = re.compile(r"^[ \t]*\[{1,2}[ \t]*tool[ \t]*\.[ \t]*[\"']?cfgcheck\b", re.MULTILINE)


def load_settings(start: Path, named: Path | None = None) -> Settings:
    """The settings that hold for ``start`` (a file or folder): of the file ``named`` or, without one, of the nearest
    ``cfgcheck.toml`` or ``pyproject.toml`` with ``[tool.cfgcheck]`` upward to the top of the repository.

    Raises SettingsError for a file that can't be read or used.
    """
    if named is not None:
        return _read(named, must=True) or Settings()
    for folder in _upward(start):
        for name in (OWN_FILE, PROJECT_FILE):
            path = folder / name
            if path.is_file():
                settings = _read(path, must=False)
                if settings:
                    return settings
    return Settings()


def _upward(start: Path) -> Iterator[Path]:
    """From ``start`` to the top of its repository; outside of one, to the current folder where that is above."""
    first = start.absolute()
    folders = [folder for folder in (first, *first.parents) if folder.is_dir()]
    tops = [folder for folder in folders if (folder / ".git").exists()]
    here = Path.cwd()
    top = tops[0] if tops else here if here in folders else folders[0]
    return (folder for folder in folders if folder.is_relative_to(top))


def _read(path: Path, *, must: bool) -> Settings | None:
    """``must``: the file was named, so it has to have settings. Else a ``pyproject.toml`` without any is none."""
    source = SourceFile(_shown(path), _text(path))
    project = path.name == PROJECT_FILE
    if project and "cfgcheck" not in source.text and not must:
        return None
    from cfgcheck.settings.toml import parse

    try:
        data = parse(source)
    except SettingsError:
        # Somebody else's broken file is not this program's business unless it holds its settings.
        if project and not must and not _HEADER.search(source.text):
            return None
        raise
    table: Any = data
    if project:
        tools = data.get("tool")
        table = tools.get("cfgcheck") if isinstance(tools, dict) else None
        if table is None and not must:
            return None
    if not isinstance(table, dict):
        raise SettingsError(f"{source.path}:1:1: there is no table [tool.cfgcheck]")
    from cfgcheck.settings.load import build

    return build(source, table, ("tool", "cfgcheck") if project else (), path.absolute())


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise SettingsError(f"{_shown(path)}:1:1: is not UTF-8") from None
    except OSError as error:
        raise SettingsError(f"{_shown(path)}: can't be read: {(error.strerror or str(error)).lower()}") from None


def _shown(path: Path) -> str:
    full = path.absolute()
    here = Path.cwd()
    return full.relative_to(here).as_posix() if full.is_relative_to(here) else full.as_posix()
