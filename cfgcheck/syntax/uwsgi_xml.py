"""uWSGI's XML configurations: ``<uwsgi><socket>:3031</socket><master/></uwsgi>`` (core/xmlconf.c; facts 7.15).

An option's value is the text of its first child; an empty element is "1". Blanks are kept. A uWSGI that was built with
expat instead of libxml2 takes the first piece of a text only, up to a newline or an entity: such a value is unknown.
Entities that the file declares are refused, so no text can grow.
"""

from __future__ import annotations

from xml.parsers import expat

from cfgcheck.findings import Problem
from cfgcheck.source.file import Span
from cfgcheck.syntax.uwsgi_entry import Entry, Reading
from cfgcheck.syntax.uwsgi_text import MagicText


class _EntityRefused(Exception):  # noqa: N818
    pass


class _Handler:
    """Gathers the options of the first ``<uwsgi>`` that fits ``wanted`` (an ``id``, "" for any)."""

    def __init__(self, text: MagicText, wanted: str, offsets: list[int] | None) -> None:
        self.text = text
        self.wanted = wanted
        self.offsets = offsets
        self.parser = expat.ParserCreate()
        self.reading = Reading()
        self.depth = 0
        self.inside = 0
        self.done = False
        self.name = ""
        self.attributes: dict[str, str] = {}
        self.name_at = 0
        self.value: list[str] = []
        self.value_at = -1
        self.value_end = -1
        self.closed = False

    def parse(self, data: bytes) -> None:
        parser = self.parser
        parser.buffer_text = False
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.characters
        parser.CommentHandler = self.comment
        parser.EntityDeclHandler = self.entity
        parser.Parse(data, True)

    def at(self) -> int:
        index = self.parser.CurrentByteIndex
        return index if self.offsets is None else self.offsets[index]

    def entity(self, *_: object) -> None:
        raise _EntityRefused

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if not self.inside:
            self._maybe_enter(name, attributes)
        elif self.depth == self.inside + 1:
            self.name, self.attributes, self.name_at = name, attributes, self.at() + 1
            self.value, self.value_at, self.value_end, self.closed = [], -1, -1, False
        else:
            self._close_value()

    def _maybe_enter(self, name: str, attributes: dict[str, str]) -> None:
        if self.done or name != "uwsgi" or self.depth > 2:
            return
        # The outermost element's id is not looked at; one inside must fit.
        if self.depth == 2 and self.wanted and attributes.get("id", self.wanted) != self.wanted:
            return
        self.inside = self.depth

    def characters(self, data: str) -> None:
        if self.inside and self.depth == self.inside + 1 and not self.closed:
            if self.value_at < 0:
                self.value_at = self.at()
            self.value.append(data)

    def comment(self, data: str) -> None:
        if self.inside and self.depth == self.inside + 1:
            self._close_value()

    def _close_value(self) -> None:
        if not self.closed:
            self.closed = True
            self.value_end = self.at()

    def end(self, name: str) -> None:
        if self.inside and self.depth == self.inside + 1:
            self._close_value()
            self._option()
        elif self.inside and self.depth == self.inside:
            self.inside, self.done = 0, True
        self.depth -= 1

    def _option(self) -> None:
        if self.wanted and self.attributes.get("id", self.wanted) != self.wanted:
            return
        key_span = self.text.span(self.name_at, self.name_at + len(self.name))
        value, value_span = "1", key_span
        if self.value_at >= 0:
            value, value_span = "".join(self.value), self.text.span(self.value_at, self.value_end)
        if self.name == "app":
            self._app(value, value_span is not key_span, key_span)
            return
        entry = Entry(self.name, value, key_span, value_span)
        if self.value and self.value[0] != value:
            entry.unknown = f"uWSGI takes {self.value[0]!r} or {value!r}, by the XML library that it was built with"
        self.reading.entries.append(entry)

    def _app(self, value: str, full: bool, key_span: Span) -> None:
        """``<app mountpoint="/x">module</app>`` is ``mount = /x=module``."""
        if not full:
            return
        mountpoint, domain = self.attributes.get("mountpoint"), self.attributes.get("domain")
        prefix = f"{mountpoint}=" if mountpoint is not None else f"{domain}|=" if domain is not None else ""
        self.reading.entries.append(Entry("mount", prefix + value, key_span, key_span))


def read_xml(text: MagicText, section: str = "") -> Reading:
    """The options of a file; with ``section``, those whose ``id`` is that or none."""
    data = text.text.encode("utf-8", "surrogateescape")
    offsets = None if text.text.isascii() else _offsets(text.text)
    handler = _Handler(text, section, offsets)
    reading = handler.reading
    try:
        handler.parse(data)
    except _EntityRefused:
        reading.entries.clear()
        span = text.span(handler.at(), handler.at() + 1)
        message = "entities are declared here: cfgcheck does not expand them"
        reading.problems.append(Problem("unparsable-file", message, span, "write the text out"))
    except (expat.ExpatError, LookupError, ValueError) as error:  # LookupError: an unknown encoding
        reading.entries.clear()
        index = min(max(handler.parser.ErrorByteIndex, 0), len(data))
        at = index if offsets is None else offsets[index]
        message = f"not valid XML: {expat.ErrorString(error.code) if isinstance(error, expat.ExpatError) else error}"
        reading.problems.append(Problem("unparsable-file", message, text.span(at, at + 1)))
    reading.lost = bool(reading.problems)
    return reading


def _offsets(text: str) -> list[int]:
    """For each byte of the encoded text, the character it belongs to."""
    offsets: list[int] = []
    for number, character in enumerate(text):
        offsets.extend([number] * len(character.encode("utf-8", "surrogateescape")))
    offsets.append(len(text))
    return offsets
