"""Versions that a command installs: ``pip install gunicorn==23.0``, ``apk add nginx=1.26.2-r0``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from cfgcheck.load.versions_pin import NAMES, PACKAGES
from cfgcheck.model.located import Located
from cfgcheck.model.version import Version
from cfgcheck.source.file import Span
from cfgcheck.syntax.shell_word import Word

_INSTALLERS = frozenset(
    {"pip", "uv", "poetry", "pipenv", "pipx", "pdm", "conda", "mamba", "micromamba", "rye", "hatch"}
)
_PIP = re.compile(r"pip[\d.]*\Z")
_VERBS = frozenset({"install", "add", "inject"})
_SYSTEM = frozenset({"apk", "apt-get", "apt", "yum", "dnf", "microdnf", "tdnf", "aptitude", "zypper"})
_WORD = re.compile(rf"({NAMES})(?:\[[^\]]*\])?\s*(?:(===?|@|=)\s*v?([^,;@\s=]*))?\Z", re.IGNORECASE)
_RANGE = re.compile(rf"({NAMES})(?:\[[^\]]*\])?\s*[<>~!=^]", re.IGNORECASE)
_DISTRIBUTED = re.compile(r"(nginx|gunicorn|uwsgi)(?:-core|-light|-full|-extras)?(?:=(.*))?\Z")


def in_command(words: Sequence[Word]) -> Mapping[str, Located[Version]]:
    """By server, what one simple command installs; empty for other commands.

    A package without a version is unknown: the newest release at the time is installed.
    """
    texts = [word.template for word in words]
    verb = next((at for at, text in enumerate(texts[:8]) if text in _VERBS), None)
    if verb is None:
        return {}
    before = {text.rpartition("/")[2] for text in texts[:verb]}
    if before & _SYSTEM:
        return dict(_of_distribution(word) for word in words[verb + 1 :] if _DISTRIBUTED.match(word.template))
    if not (before & _INSTALLERS or any(_PIP.match(text) for text in before)):
        return {}
    found: dict[str, Located[Version]] = {}
    for word in words[verb + 1 :]:
        name = _WORD.match(word.template) or _RANGE.match(word.template)
        if name is not None:
            found[PACKAGES[name[1].lower()]] = _of_package(name, word)
    return found


def _of_package(found: re.Match[str], word: Word) -> Located[Version]:
    server = PACKAGES[found[1].lower()]
    if not word.known:
        return Located.unknown(word.because or f"which {server} is installed is not known", word.span)
    if found.re is _RANGE:
        return Located.unknown(f"{word.template} allows several releases of {server}", word.span)
    if not found[3]:
        return Located.unknown(f"{server} is installed without a version: the newest release of that day", word.span)
    version = None if found[3].endswith("*") else Version.parse(found[3])
    loose = found[2] == "=" and found[3].count(".") < 2
    if version is None or loose:
        return Located.unknown(f"{word.template} allows several releases of {server}", word.span)
    return Located.read(version, _span(word, found[3]), text=found[3])


def _of_distribution(word: Word) -> tuple[str, Located[Version]]:
    found = _DISTRIBUTED.match(word.template)
    assert found is not None
    server = found[1]
    if not word.known:
        return server, Located.unknown(word.because, word.span)
    numbers = re.match(r"(?:\d+:)?(\d+\.\d+(?:\.\d+)?)(?=[-~+]|\Z)", found[2] or "")
    version = Version.parse(numbers[1]) if numbers else None
    if numbers is None or version is None:
        because = f"{server} is installed from the distribution's packages: which release that is, is not known"
        return server, Located.unknown(because, word.span)
    return server, Located.read(version, _span(word, numbers[1]), text=numbers[1])


def _span(word: Word, version: str) -> Span:
    """Where the version stands, if the word is written as it is."""
    span = word.span
    at = span.text.rfind(version)
    return span if at < 0 else Span(span.file, span.start + at, span.start + at + len(version))
