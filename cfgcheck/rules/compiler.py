"""Rule files → the compiled form that a run needs: plain data, expressions as checked Python source."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from cfgcheck.model.version import Version
from cfgcheck.rules import expressions, vocabulary
from cfgcheck.rules.reader import Document, Keys, read_rule
from cfgcheck.rules.tables import APP_SERVERS
from cfgcheck.rules.templates import Parts, compile_template
from cfgcheck.rules.terms import ExpressionError, Scope, Term

if TYPE_CHECKING:
    from cfgcheck.rules.schema import Place, RuleFile

Compiled = dict[str, Any]
T = TypeVar("T")

_NESTED = re.compile(r"\b_(?:or|any|all|first|count)\(|\bnot \(*_and\(")
"""Logic besides a plain list of conditions: there something absent need not make the whole untrue."""

_RANGE = re.compile(r"(>=|<=|==|!=|>|<)\s*(\d+(?:\.\d+){0,2})\s*\Z")
_ALL_LINKS = frozenset({"matched", "no-listener", "wrong-protocol", "external", "unknown"})


def compile_rule(path: Path, shown: str = "") -> Compiled:
    """A rule file, compiled; raises RuleError with the place of the first mistake."""
    document, rule = read_rule(path, shown)
    return _Compiler(document, rule).compiled()


class _Compiler:
    """Compiles one rule; knows where each of its expressions stands."""

    def __init__(self, document: Document, rule: RuleFile) -> None:
        self.document = document
        self.rule = rule
        self.links = _links(rule)
        self.scope: dict[str, Term] = vocabulary.names(rule.subject, self.links or vocabulary.JOINED)
        self.each = self._each()
        self.condition_scope: Scope = self.scope
        if rule.check is not None:
            self.scope = vocabulary.with_values(self.scope, rule.check.values)

    def compiled(self) -> Compiled:
        rule = self.rule
        result = {
            "id": rule.id,
            "category": rule.category,
            "severity": rule.severity,
            "confidence": rule.confidence,
            "subject": rule.subject,
            "links": sorted(self.links),
            "ingress": rule.ingress or None,
            "each": self.each,
            **self._conditions(),
            "check": self._check(),
            "reported": rule.reported,
            "escalate": [
                [one.to, self._condition(one.when, ("escalate", number, "when"), self.scope)[1]]
                for number, one in enumerate(rule.escalate)
            ],
            "at": [self._place(place, ("at", number)) for number, place in enumerate(rule.at or ())],
            "related": [
                [self._place(place, ("related", number, inner)) for inner, place in enumerate(places)]
                for number, places in enumerate(rule.related)
            ],
            "supersedes": self._supersedes(),
            **self._texts(),
        }
        return {key: value for key, value in result.items() if value not in (None, [], {}, "")}

    def _attempt(self, keys: Keys, make: Callable[[], T]) -> T:
        try:
            return make()
        except ExpressionError as error:
            raise self.document.error(keys, error.message, error.hint) from None

    def _each(self) -> str | None:
        if self.rule.each is None:
            return None
        ((name, text),) = self.rule.each.items()
        keys: Keys = ("each", name)
        if not name.isidentifier() or name.startswith("_") or name in self.scope:
            raise self.document.error(keys, f"`{name}` can't be the element's name", "take a name that is free")
        compiled = self._attempt(keys, lambda: expressions.elements(text, self.scope))
        self.scope = vocabulary.with_element(self.scope, name, compiled.kind)
        return compiled.slow

    def _condition(self, text: str, keys: Keys, scope: Scope) -> tuple[str, str]:
        compiled = self._attempt(keys, lambda: expressions.condition(text, scope))
        return compiled.fast, compiled.slow

    def _conditions(self) -> Compiled:
        """All of ``when`` and ``versions`` as one expression, fast and slow."""
        pairs = [
            self._condition(one.is_, ("when", number), self.condition_scope)
            for number, one in enumerate(self.rule.when)
        ]
        pairs += [self._version(server, ranges) for server, ranges in self.rule.versions.items()]
        if not pairs:
            return {}
        fast = " and ".join(pair[0] for pair in pairs)
        slow = pairs[0][1] if len(pairs) == 1 else f"_and({', '.join(f'(lambda: {pair[1]})' for pair in pairs)})"
        return {"when": fast, "slow": slow if slow != fast else None, "plain": _NESTED.search(slow) is None}

    def _version(self, server: str, ranges: list[str]) -> tuple[str, str]:
        keys: Keys = ("versions", server)
        owner = {"nginx": "proxy", **dict.fromkeys(APP_SERVERS, "app")}.get(server)
        if owner is None:
            known = f"nginx, {', '.join(APP_SERVERS)}"
            raise self.document.error(keys, f"versions of {server} are not known", f"there are {known}")
        if owner not in self.scope:
            raise self.document.error(
                keys, f"the subject {self.rule.subject} has no {owner}, so no version of {server}"
            )
        text = " or ".join(f"({self._range(one, owner, keys)})" for one in ranges)
        kind = f'app.kind == "{server}" and ' if owner == "app" else ""
        return self._condition(f"{kind}({text})", keys, self.condition_scope)

    def _range(self, text: str, owner: str, keys: Keys) -> str:
        terms = []
        for part in text.split(","):
            found = _RANGE.match(part.strip())
            if found is None or Version.parse(found[2]) is None:
                raise self.document.error(keys, f"{part.strip()!r} is no range of versions", 'write ">=1.29.7, <2"')
            terms.append(f'{owner}.version {found[1]} "{found[2]}"')
        return " and ".join(terms)

    def _check(self) -> Compiled | None:
        check = self.rule.check
        if check is None:
            return None
        taken = set(check.values) & set(self.condition_scope)
        if taken:
            raise self.document.error(("check", "values"), f"`{min(taken)}` is already a name here", "take another")
        return {"python": check.python, "params": check.params}

    def _place(self, place: Place, keys: Keys) -> Compiled:
        marks = [
            self._attempt(keys, lambda text=text: expressions.mark(text, self.scope)).slow  # type: ignore[misc]
            for text in place.mark
        ]
        compiled: Compiled = {"marks": marks, "label": self._template(place.label, keys)}
        if place.when is not None:
            compiled["when"] = self._condition(place.when, keys, self.scope)[1]
        return compiled

    def _template(self, text: str, keys: Keys) -> Parts:
        return self._attempt(keys, lambda: compile_template(text, self.scope))

    def _supersedes(self) -> list[Any]:
        return [
            [one.rule, self._condition(one.when, ("supersedes", number), self.scope)[1] if one.when else None]
            for number, one in enumerate(self.rule.supersedes)
        ]

    def _texts(self) -> Compiled:
        rule = self.rule
        if rule.reported:
            return {"message": [rule.message], "why": _joined(rule.why), "sources": rule.sources, **self._remedy(False)}
        return {
            "message": self._template(rule.message, ("message",)),
            "symptom": self._symptoms(),
            "why": _joined(rule.why),
            "sources": rule.sources,
            **self._remedy(True),
        }

    def _remedy(self, template: bool) -> Compiled:
        fix = self.rule.fix
        texts: dict[str, Any] = {"title": fix.title, "text": fix.text}
        if template:
            texts = {name: self._template(text, ("fix", name)) for name, text in texts.items()}
        else:
            texts = {name: [_joined(text)] if text else [] for name, text in texts.items()}
        edits = self._steps()
        return {"fix": {**texts, "applicability": fix.applicability, **({"edits": edits} if edits else {})}}

    def _steps(self) -> list[Compiled]:
        from cfgcheck.rules.step_compiler import StepCompiler

        return [
            self._attempt(("fix", "edits", number), StepCompiler(step, self.scope).compiled)
            for number, step in enumerate(self.rule.fix.edits)
        ]

    def _symptoms(self) -> list[Compiled]:
        """Each with its condition; one that says ``none`` has nothing besides."""
        if all(case.none is not None for case in self.rule.symptom):
            return []
        symptoms = []
        for number, case in enumerate(self.rule.symptom):
            keys: Keys = ("symptom", number)
            one: Compiled = {
                "if": self._condition(case.if_, keys, self.scope)[1] if case.if_ else None,
                "status": case.status,
                "when": self._template(case.when, keys) if case.when else None,
                "log": self._pattern(case.log, keys),
            }
            symptoms.append({key: value for key, value in one.items() if value is not None})
        return symptoms

    def _pattern(self, text: str | None, keys: Keys) -> str | None:
        if text is not None:
            try:
                re.compile(text)
            except re.error as error:
                raise self.document.error(keys, f"`log` is no regular expression: {error}") from None
        return text


def _links(rule: RuleFile) -> frozenset[str]:
    if rule.subject != "route":
        return frozenset()
    links = rule.links or ["matched"]
    return _ALL_LINKS if "any" in links else frozenset(links)


def _joined(text: str) -> str:
    """Lines of one paragraph joined, paragraphs kept."""
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", text.strip()))
