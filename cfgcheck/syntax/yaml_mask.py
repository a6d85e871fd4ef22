"""YAML that is a template (Helm, Jinja): its text with the template's parts out of the way.

A placeholder within a line stays as a filler, which is part of a plain scalar. One that has its lines to itself
(``{{- toYaml .Values.labels | nindent 4 }}``) brings whole lines: it is blanked, and kept among the ``lines``.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import NamedTuple

from cfgcheck.record import record, replace
from cfgcheck.syntax.template_mask import Masked, mask
from cfgcheck.syntax.templates import FILLER, detect

_ALONE = re.compile(rf"^[ \t]*(?:{FILLER}[{FILLER} \t]*)(?=\r?$)", re.MULTILINE)
_INDENT = re.compile(r"\bn?indent\s+(\d{1,3})\b")
_USED = frozenset({"jinja", "go", "erb", "dunder", "percent", "at"})


class Brought(NamedTuple):
    """Where a template brings whole lines, and the column (from 0) that they begin at."""

    offset: int
    column: int


@record(frozen=True)
class MaskedYaml:
    """``text``: of the same length, with ``FILLER`` for placeholders. ``brought``: in order."""

    text: str
    masked: Masked
    brought: tuple[Brought, ...]

    def templated(self, start: int, end: int) -> bool:
        """Whether a placeholder stands between two offsets."""
        places = self.masked.placeholders
        at = bisect_left(places, (start, 0))
        return (at < len(places) and places[at][0] < end) or (at > 0 and places[at - 1][1] > start)

    def as_written(self, text: str, written: str, start: int, end: int) -> str:
        """A scalar's text, with placeholders in place of the fillers."""
        if FILLER not in text:
            return text
        stretches = [match.span() for match in re.finditer(f"{FILLER}+", self.text[start:end])]
        parts = iter(written[start + first : start + last] for first, last in stretches)
        return re.sub(f"{FILLER}+", lambda run: next(parts, run[0]), text)


def mask_yaml(path: str, text: str) -> MaskedYaml | None:
    """None for a text that is no template."""
    template = detect(path, text, "yaml")
    if template is None or not (used := template.dialects & _USED):
        return None
    masked = mask(text, replace(template, dialects=used, variables=frozenset()), "\n")
    brought: list[Brought] = []

    def blank(line: re.Match[str]) -> str:
        filler = line[0].index(FILLER)
        written = text[line.start() : line.end()]
        indents = _INDENT.findall(written)
        column = int(indents[-1]) if indents else filler
        brought.append(Brought(line.start() + filler, column))
        return " " * len(line[0])

    return MaskedYaml(_ALONE.sub(blank, masked.text), masked, tuple(brought))
