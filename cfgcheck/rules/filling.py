"""What a rule that fired says: its places, texts, severity, symptom."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from cfgcheck.findings import Label, Severity, Symptom
from cfgcheck.model.located import UnknownValue
from cfgcheck.record import field, record
from cfgcheck.rules.catalogue import Rule
from cfgcheck.rules.contract import Hit
from cfgcheck.rules.subjects import place
from cfgcheck.rules.values import NAMESPACE, Absent, show
from cfgcheck.source.file import Span

Function = Callable[[Any, Any, Any, Any], Any]
_compiled: dict[str, Function] = {}


def function_of(source: str) -> Function:
    """A compiled expression as a function of subject, case, element and values."""
    found = _compiled.get(source)
    if found is None:
        found = functions_of([source])[0]
        _compiled[source] = found
    return found


def functions_of(sources: Sequence[str]) -> list[Function]:
    """Several at once, which costs less than one by one."""
    text = f"[{', '.join(f'lambda _s, _c, _e, _v: {source}' for source in sources)}]"
    # What is compiled here was written by `expressions.py`, node by node, never by a rule's author.
    functions: list[Function] = eval(compile(text, "<rules>", "eval"), dict(NAMESPACE))  # noqa: S307
    return functions


@record()
class Firing:
    """A rule and what it fired on. ``values``: what a check in Python gave."""

    rule: Rule
    subject: Any
    case: Any
    element: Any = None
    values: Mapping[str, Any] = field(default_factory=dict)

    def ask(self, source: str) -> Any:
        return function_of(source)(self.subject, self.case, self.element, self.values)

    def holds(self, source: str | None) -> bool:
        """Whether a condition is true; one that is unknown or absent is not. Without a condition: yes."""
        if source is None:
            return True
        try:
            return bool(self.ask(source))
        except (UnknownValue, Absent):
            return False

    def text(self, parts: Sequence[str | list[str]]) -> str:
        return "".join(part if isinstance(part, str) else self._shown(part[0]) for part in parts)

    def _shown(self, source: str) -> str:
        try:
            return show(self.ask(source))
        except UnknownValue as unknown:
            return unknown.located.text or "?"
        except Absent:
            return "none"

    def severity(self) -> Severity:
        for word, source in self.rule.data.get("escalate", ()):
            if self.holds(source):
                return Severity.of(word)
        return self.rule.severity

    def label(self, alternatives: Iterable[Mapping[str, Any]]) -> Label | None:
        """The first alternative that has a place in a file."""
        for one in alternatives:
            if not self.holds(one.get("when")):
                continue
            for source in one["marks"]:
                span = self._span(source)
                if span is not None:
                    return Label(span, self.text(one["label"]))
        return None

    def _span(self, source: str) -> Span | None:
        try:
            return place(self.ask(source))
        except (UnknownValue, Absent):
            return None

    def labels(self, primary: Span) -> tuple[Label, ...]:
        """The other ends, each place once."""
        found: dict[Span, Label] = {}
        for alternatives in self.rule.data.get("related", ()):
            label = self.label(alternatives)
            if label is not None and label.span != primary:
                found.setdefault(label.span, label)
        return tuple(found.values())

    def message(self) -> str:
        return self.text(self.rule.data["message"])

    def symptom(self) -> Symptom | None:
        for one in self.rule.data.get("symptom", ()):
            if self.holds(one.get("if")):
                if "when" not in one:
                    return None
                return Symptom(one.get("status"), self.text(one["when"]), one.get("log", ""))
        return None

    def remedy(self) -> str:
        fix = self.rule.data["fix"]
        return ". ".join(text.rstrip(".") for text in (self.text(fix["title"]), self.text(fix["text"])) if text)


def related_of(hit: Hit, primary: Span) -> tuple[Label, ...]:
    """The other ends that a check in Python names, each place once."""
    labels: dict[Span, Label] = {}
    for each in hit.related:
        label = each if isinstance(each, Label) else _labelled(*each)
        if label is not None and label.span != primary:
            labels.setdefault(label.span, label)
    return tuple(labels.values())


def _labelled(thing: Any, text: str) -> Label | None:
    span = place(thing)
    return Label(span, text) if span is not None else None
