"""What a file says of the version of a package: a pin, a range, or nothing but its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from cfgcheck.model.located import Located
from cfgcheck.model.version import Version
from cfgcheck.record import record
from cfgcheck.source.file import Span

PACKAGES: Mapping[str, str] = {
    "gunicorn": "gunicorn",
    "uwsgi": "uwsgi",
    "pyuwsgi": "uwsgi",
    "uvicorn": "uvicorn",
    "hypercorn": "hypercorn",
    "daphne": "daphne",
    "granian": "granian",
    "waitress": "waitress",
    "django": "django",
}
"""Distributions, by their normalized names, and how the model calls what is in them."""

NAMES = "|".join(sorted(PACKAGES, key=len, reverse=True))
"""The distributions as a part of a regular expression; none has a dash or underscore in it."""

_EXACT = re.compile(r"={2,3}\s*v?(\d[\w.!+-]*)\Z")


@record(frozen=True)
class Pin:
    """One statement: ``server`` as the model calls it; ``version`` None where it is a range or no version at all.

    ``wanted``: what is written behind the name (``==23.0``, ``>=20,<24``, "").
    """

    server: str
    version: Version | None
    wanted: str
    span: Span

    @property
    def located(self) -> Located[Version]:
        if self.version is not None:
            return Located.read(self.version, self.span, text=self.wanted)
        where = self.span.file.path
        said = f"allows {self.server} {self.wanted}" if self.wanted else f"names {self.server} without a version"
        return Located.unknown(f"{where} {said}: which release is installed is not known", self.span)


def pin(name: str, wanted: str, span: Span) -> Pin:
    """A requirement on a package of ``PACKAGES`` (any case). ``wanted``: its specifiers, as PEP 440 has them."""
    wanted = " ".join(wanted.split()).partition(" --")[0].strip("() ")
    found = _EXACT.match(wanted)
    version = None if found is None or found[1].endswith("*") else Version.parse(found[1])
    return Pin(PACKAGES[name.lower()], version, wanted, span)


def exact(name: str, version: str, span: Span) -> Pin:
    """A package with the version that is installed."""
    return Pin(PACKAGES[name.lower()], Version.parse(version), f"=={version}", span)


def agreed(pins: Iterable[Pin]) -> dict[str, Located[Version]]:
    """What statements of equal weight say together: of several versions of one server nobody knows which counts."""
    found: dict[str, list[Pin]] = {}
    for each in pins:
        found.setdefault(each.server, []).append(each)
    return {server: _settled(those) for server, those in found.items()}


def _settled(pins: list[Pin]) -> Located[Version]:
    known = {each.version: each for each in pins if each.version is not None}
    if not known:
        return pins[0].located
    if len(known) == 1:
        return next(iter(known.values())).located
    said = " and ".join(f"{version} ({each.span.file.path})" for version, each in sorted(known.items()))
    return Located.unknown(f"{pins[0].server} is pinned to {said}", next(iter(known.values())).span)
