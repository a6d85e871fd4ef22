"""The page of one rule: what it means, what a client sees, why, how to mend it, on what grounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cfgcheck.report.cells import wrap
from cfgcheck.report.observed import observed, unproven
from cfgcheck.report.rule_page import RulePage, readable_template
from cfgcheck.report.terminal import Terminal
from cfgcheck.report.text import readable_pattern, status_words

_APPLICABILITY = {"safe": "changes no behaviour", "unsafe": "changes behaviour"}


def render(page: RulePage, terminal: Terminal) -> str:
    return "\n".join(_Page(page, terminal).lines()) + "\n"


class _Page:
    def __init__(self, page: RulePage, terminal: Terminal) -> None:
        self.page = page
        self.terminal = terminal

    def lines(self) -> Iterator[str]:
        page, paint = self.page, self.terminal.paint
        yield f"{paint('rule', page.id)}  {paint(page.severity, page.severity)}, {page.category}, {page.confidence}"
        yield ""
        yield from self._prose(page.summary)
        yield from self._section("What a client sees", self._symptoms())
        yield from self._section("Seen on real servers", self._evidence())
        yield from self._section("Why", self._prose(page.why))
        yield from self._section("How to mend it", self._fix())
        yield from self._section("Holds for", self._versions())
        yield from self._section("Speaks instead of", self._superseded())
        for kind, title in (("bad", "This is found"), ("good", "This is fine")):
            examples = page.examples(kind)
            if examples:
                name = str(examples[0].get("name", ""))
                yield from self._section(f"{title}{f': {name}' if name else ''}", self._example(examples[0]))
        yield from self._section("Sources", (line for source in page.sources for line in self._item(source)))
        comment = f"  # cfgcheck: ignore[{page.id}] why this is fine here"
        yield from self._section("To silence it, in either file", [comment])

    def _section(self, title: str, lines: Iterator[str] | list[str]) -> Iterator[str]:
        written = list(lines)
        if written:
            yield ""
            yield self.terminal.paint("strong", self.terminal.safe(title))
            yield from written

    def _prose(self, text: str, indent: str = "  ") -> Iterator[str]:
        for line in wrap(self.terminal.safe(text), self.terminal.width - len(indent)):
            yield indent + line

    def _item(self, text: str) -> Iterator[str]:
        for index, line in enumerate(self._prose(text, "    ")):
            yield "  - " + line[4:] if index == 0 else line

    def _symptoms(self) -> Iterator[str]:
        for symptom in self.page.symptoms:
            if symptom.get("none"):
                yield from self._item(f"nothing: {readable_template(str(symptom['none']))}")
                continue
            status = status_words(symptom.get("status"))
            when = readable_template(str(symptom.get("when") or ""))
            yield from self._item(f"{status}, when {when}" if status and when else status or when)
            if symptom.get("log"):
                yield from self._prose(f"log: {readable_pattern(str(symptom['log']))}", "    ")

    def _evidence(self) -> Iterator[str]:
        for one in observed(self.page.fields):
            yield from self._item(f"observed{f' ({one.example})' if one.example else ''}: {one.sentence}")
        for because, source in unproven(self.page.fields):
            yield from self._item(f"not shown here: {because} ({source})")

    def _fix(self) -> Iterator[str]:
        fix = self.page.fix
        how = _APPLICABILITY.get(str(fix.get("applicability")), "")
        title = readable_template(str(fix.get("title", "")))
        if title:
            yield from self._prose(f"{title}{f' ({how})' if how else ''}.")
        if fix.get("text"):
            yield from self._prose(readable_template(str(fix["text"])))

    def _versions(self) -> Iterator[str]:
        versions = self.page.fields.get("versions") or {}
        for server, ranges in versions.items():
            listed = ranges if isinstance(ranges, list) else [ranges]
            yield from self._item(f"{server} {' or '.join(str(one) for one in listed)}")

    def _superseded(self) -> Iterator[str]:
        for other in self.page.fields.get("supersedes") or []:
            yield from self._item(str(other["rule"] if isinstance(other, Mapping) else other))

    def _example(self, example: Mapping[str, Any]) -> Iterator[str]:
        places = _expected(example)
        files: Mapping[str, Any] = example.get("files") or {}
        settings = {"cfgcheck.toml": example["settings"]} if example.get("settings") else {}
        for path, text in {**files, **settings}.items():
            yield "  " + self.terminal.paint("frame", self.terminal.safe(f"{path}"))
            for number, line in enumerate(str(text).rstrip("\n").split("\n"), 1):
                found = any(place == path and (at == str(number) or at in line) for place, at in places)
                rail = self.terminal.glyph("│", "|")
                mark = self.terminal.paint("error", ">") if found else " "
                shown = self.terminal.safe(line.replace("\t", "    "))
                yield f"  {mark} {self.terminal.paint('frame', rail)} {shown}".rstrip()


def _expected(example: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Where the finding of a bad example is: path, and line number or a text of that line."""
    expected = example.get("expect") or []
    entries = expected if isinstance(expected, list) else [expected]
    places = [str(entry.get("at", "") if isinstance(entry, Mapping) else entry) for entry in entries]
    return [(path, at.strip()) for path, colon, at in (place.partition(":") for place in places) if colon]
