"""Versions that requirements ask for: of pip, pyproject.toml, setup.cfg, a Pipfile, conda's environments."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cfgcheck.load.versions_pin import NAMES, Pin, pin
from cfgcheck.source.file import SourceFile, Span

_REQUIREMENT = rf"({NAMES})[ \t]*(?:\[[^\]\n]*\])?[ \t]*((?:[=<>~!(@][^;#'\"\n\\]*)?)"
"""The name, extras, and the specifiers up to a marker, a comment or a continuation."""

_LINE = re.compile(rf"^[ \t]*{_REQUIREMENT}([^\n]*)$", re.MULTILINE | re.IGNORECASE)
_QUOTED = re.compile(rf"([\"']){_REQUIREMENT}((?:;(?:(?!\1)[^\n])*)?)", re.IGNORECASE)
_INCLUDED = re.compile(r"^[ \t]*(?:-r|--requirement|-c|--constraint)[ \t=]*([^\s#]+)", re.MULTILINE)
_COMMENT = re.compile(r"[ \t]*#")
_WHOLE_NAME = re.compile(r"[\w.-]")
_ELSEWHERE = re.compile(r"(?:sys_platform|platform_system|os_name)\s*==\s*['\"]?(?:win32|Windows|nt|darwin|Darwin)")
"""Markers that hold on no machine that runs nginx."""

_TABLE = re.compile(r"^[ \t]*\[{1,2}([^\]\n]*)\]{1,2}", re.MULTILINE)
_KEY = re.compile(
    rf"^[ \t]*[\"']?({NAMES})[\"']?[ \t]*=[ \t]*(?:[\"']([^\"'\n]*)[\"']|\{{([^}}\n]*)\}})",
    re.MULTILINE | re.IGNORECASE,
)
_VERSION_KEY = re.compile(r"version[ \t]*=[ \t]*[\"']([^\"'\n]*)[\"']")
_WITH_STRINGS = re.compile(r"project(?:\.|\Z)|dependency-groups\Z|build-system\Z|tool\.(?:uv|pdm|hatch|rye|flit)\b")
_WITH_KEYS = re.compile(r"tool\.poetry\.(?:[\w.-]*\.)?(?:dev-)?dependencies\Z|packages\Z|tool\.pixi\b.*dependencies\Z")
_BARE = re.compile(r"\d[\w.]*\Z")
_CONDA = re.compile(
    rf"^[ \t]*-[ \t]*[\"']?(?:[\w-]+::)?({NAMES})(?:\[[^\]\n]*\])?[ \t]*([=<>~!][^#\"'\n]*)?",
    re.MULTILINE | re.IGNORECASE,
)


def in_requirements(file: SourceFile) -> Iterator[Pin]:
    """A requirements or constraints file, without those that it includes."""
    for found in _LINE.finditer(file.text):
        rest = found[3].lstrip()
        if (not found[2] and rest[:1] not in ("", ";", "#", "\\", "\r")) or _ELSEWHERE.search(found[3]):
            continue
        yield pin(found[1], found[2], _span(file, found.start(1), found[0].rstrip(), found.start()))


def included(file: SourceFile) -> list[str]:
    """The files that a requirements file includes (``-r``, ``-c``), as written."""
    return [found[1] for found in _INCLUDED.finditer(file.text)]


def in_pyproject(file: SourceFile) -> Iterator[Pin]:
    """Requirements of pyproject.toml or a Pipfile. What other tools' tables say of the same names is none."""
    tables = list(_TABLE.finditer(file.text))
    for at, table in enumerate(tables):
        end = tables[at + 1].start() if at + 1 < len(tables) else len(file.text)
        name = table[1].strip().replace('"', "").replace("'", "")
        if _WITH_KEYS.match(name):
            yield from _keys(file, table.end(), end)
        elif _WITH_STRINGS.match(name) and name != "build-system":
            yield from in_strings(file, table.end(), end)


def in_strings(file: SourceFile, start: int = 0, end: int | None = None) -> Iterator[Pin]:
    """Requirements in quotes: of pyproject.toml's lists, or a setup.py."""
    for found in _QUOTED.finditer(file.text, start, len(file.text) if end is None else end):
        after = file.text[found.end() : found.end() + 1]
        if after == found[1] and not _ELSEWHERE.search(found[4]) and not _commented(file, found.start()):
            yield pin(found[2], found[3], Span(file, found.start(2), found.end()))


def _keys(file: SourceFile, start: int, end: int) -> Iterator[Pin]:
    """``gunicorn = "23.0.0"`` or ``= {version = "…"}``: Poetry takes a bare version as it is."""
    for found in _KEY.finditer(file.text, start, end):
        inner = _VERSION_KEY.search(found[3]) if found[3] is not None else None
        wanted = found[2] if found[2] is not None else inner[1] if inner else ""
        if _BARE.match(wanted):
            wanted = "==" + wanted
        yield pin(found[1], "" if wanted == "*" else wanted, Span(file, found.start(1), found.end()))


def in_conda(file: SourceFile) -> Iterator[Pin]:
    """An environment of conda: one ``=`` asks for a release and all that begin like it, so three numbers are needed."""
    for found in _CONDA.finditer(file.text):
        after = file.text[found.end() : found.end() + 1]
        if _WHOLE_NAME.match(after):
            continue
        wanted = (found[2] or "").strip()
        if re.match(r"=\d+\.\d+\.\d+", wanted):
            wanted = "==" + wanted[1:].partition("=")[0]
        yield pin(found[1], wanted, Span(file, found.start(1), found.end()))


def in_setup_cfg(file: SourceFile) -> Iterator[Pin]:
    """Lines of ``install_requires`` and the like: indented, or behind the key."""
    return in_requirements(SourceFile(file.path, file.text)) if "requires" in file.text else iter(())


def _commented(file: SourceFile, at: int) -> bool:
    """Whether its line begins with a comment's sign."""
    start = file.line_starts[file.position(at).line - 1]
    return _COMMENT.match(file.text, start, at) is not None


def _span(file: SourceFile, start: int, line: str, line_start: int) -> Span:
    """The requirement without its comment, hashes or continuation."""
    end = len(line)
    for mark in (" #", "\\", ";", " --hash"):
        at = line.find(mark)
        end = at if 0 <= at < end else end
    return Span(file, start, max(line_start + len(line[:end].rstrip()), start + 1))
