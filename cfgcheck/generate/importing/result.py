"""What an import yields: a spec, the comments that stood beside what it carries, and what was left behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cfgcheck.record import field, record
from cfgcheck.source.file import Span

if TYPE_CHECKING:
    from cfgcheck.generate.spec import Spec

Key = tuple[str, ...]
"""Where something stands in a spec: ``("services", "shop", "max-upload")``."""


@record(frozen=True)
class Left:
    """Something that the spec does not carry: where it stands, what it is, why it stayed behind."""

    span: Span
    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.span}: {self.what}: {self.why}"


@record(frozen=True)
class Imported:
    """``comments``: by the key that they belong to, one line of text for each of theirs, without comment signs.
    ``sources``: for each service, the server blocks and app servers that it was made of."""

    spec: Spec
    comments: Mapping[Key, str] = field(default_factory=dict)
    left: tuple[Left, ...] = ()
    sources: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    spans: Mapping[Key, Span] = field(default_factory=dict)
    """Where each key comes from."""


class NothingToImport(Exception):  # noqa: N818  (not a mistake: there is nothing there)
    """Neither an app server nor an nginx that passes requests to one was found. ``str()`` says what was looked at."""
