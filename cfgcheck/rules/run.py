"""Judge a stack by all chosen rules: findings, and what could not be checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from cfgcheck.findings import Confidence, Finding, Label, Problem, Severity, Unchecked
from cfgcheck.model.located import UnknownValue
from cfgcheck.model.stack import Link, Route, Stack
from cfgcheck.record import record
from cfgcheck.rules.catalogue import Catalogue, Rule, load_check
from cfgcheck.rules.contract import Case, Hit, Index
from cfgcheck.rules.filling import Firing, Function, function_of, functions_of, related_of
from cfgcheck.rules.fingerprint import fingerprint, told_apart
from cfgcheck.rules.precedence import Fired, in_order, merged, without_superseded
from cfgcheck.rules.selection import Selection
from cfgcheck.rules.subjects import SUBJECTS, Subject, place, without_ingress
from cfgcheck.rules.suppression import UNUSED, Silence
from cfgcheck.rules.values import Absent
from cfgcheck.rules.variables import around, variable_labels
from cfgcheck.source.file import SourceFile, Span

__all__ = ["INTERNAL_ERROR", "Judgement", "fingerprint", "judge"]

INTERNAL_ERROR = "internal-error"
"""The rule under which a rule that crashed is reported."""


@record(frozen=True)
class Judgement:
    """What the rules say of a stack. ``suppressed``: findings that comments silenced; ``rules``: rules that ran."""

    findings: tuple[Finding, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
    suppressed: int = 0
    rules: int = 0


def judge(stack: Stack, catalogue: Catalogue, selection: Selection, *, ignores: bool = True) -> Judgement:
    """Ask every chosen rule of every subject. ``ignores``: whether ``ignore[…]`` comments count."""
    chosen = [rule for rule in catalogue.values() if selection.chosen(rule)]
    names = {rule.id for rule in chosen}
    round_ = _Round(stack, catalogue)
    for subject, rules in _by_subject(chosen).items():
        round_.ask(subject, rules)
    round_.report_problems(names)
    findings = in_order(merged(one.finding for one in without_superseded(round_.fired)))
    unchecked = _gathered(round_.unchecked)
    suppressed = 0
    if ignores:
        doubtful = {one.rule for one in unchecked} | round_.crashed | _not_asked(stack, chosen)
        findings, suppressed = _silenced(findings, stack, catalogue, names, doubtful)
    return Judgement(tuple(told_apart(in_order(findings))), tuple(unchecked), suppressed, len(chosen))


def _not_asked(stack: Stack, rules: Iterable[Rule]) -> set[str]:
    """Rules that judge joined routes, while some route is not joined: once it is, they may find what is silenced."""
    if all(route.link in (Link.MATCHED, Link.EXTERNAL) for route in stack.routes):
        return set()
    return {rule.id for rule in rules if rule.subject in ("route", "location", "server", "upstream", "peer")}


def _by_subject(rules: Iterable[Rule]) -> dict[str, list[Rule]]:
    groups: dict[str, list[Rule]] = {}
    for rule in rules:
        if not rule.reported:
            groups.setdefault(rule.subject, []).append(rule)
    return groups


def _silenced(
    findings: list[Finding], stack: Stack, catalogue: Catalogue, ran: set[str], doubtful: set[str]
) -> tuple[list[Finding], int]:
    silence = Silence(stack)
    left = [finding for finding in findings if not silence.covers(finding)]
    complaints = list(silence.unused(catalogue, ran, doubtful)) if UNUSED in ran else []
    left += [finding for finding in complaints if not silence.covers(finding)]
    return left, len(findings) + len(complaints) - len(left)


@record(frozen=True, eq=False)
class _Doubt:
    """A check that could not be made. ``name`` gives the subject's name: of thousands alike one is printed."""

    rule: str
    because: str
    at: Span | None
    name: Callable[[], str]


def _gathered(doubts: Iterable[_Doubt]) -> list[Unchecked]:
    """One entry for each rule, reason and place; the first subject stands for all."""
    groups: dict[tuple[object, ...], list[_Doubt]] = {}
    for one in doubts:
        groups.setdefault((one.rule, one.because, one.at.key if one.at else None), []).append(one)
    gathered = []
    for (first, *others) in groups.values():
        name = first.name()
        subject = f"{name} and {len(others)} more" if others else name
        gathered.append(Unchecked(first.rule, subject, first.because, first.at))
    return sorted(gathered, key=lambda one: (one.at.key if one.at else ("", 0, 0), one.rule, one.because))


@record()
class _Answer:
    """What a rule says of one subject: findings, or that it could not be checked."""

    fired: list[Fired]
    unchecked: list[_Doubt]


class _Round:
    """One run of the rules over a stack."""

    def __init__(self, stack: Stack, catalogue: Catalogue) -> None:
        self.stack = stack
        self.catalogue = catalogue
        self.index = Index(stack)
        self.fired: list[Fired] = []
        self.unchecked: list[_Doubt] = []
        self.crashed: set[str] = set()
        self.ingress = any(proxy.ingress for proxy in stack.proxies)

    # Asking

    def ask(self, name: str, rules: list[Rule]) -> None:
        """All rules of one kind of subject."""
        subjects = list(SUBJECTS[name].every(self.stack))
        if not subjects:
            return
        functions = functions_of(
            [rule.data.get("when", "True") if rule.each is None else "True" for rule in rules]
        )
        plain = without_ingress(name, subjects) if self.ingress else subjects
        passing = [one for one in subjects if one.passes is not None] if name == "location" else []
        plainly_passing = without_ingress(name, passing) if self.ingress else passing
        for rule, function in zip(rules, functions, strict=True):
            judged, judged_passing = (subjects, passing) if rule.ingress else (plain, plainly_passing)
            try:
                if name == "route":
                    self._ask_routes(rule, function, judged)
                else:
                    self._ask_each(rule, function, SUBJECTS[name], judged_passing if rule.passing else judged)
            except Exception as error:
                self._crash(rule, error)

    def _ask_each(self, rule: Rule, function: Function, kind: Subject, subjects: list[Any]) -> None:
        index = self.index
        for subject in subjects:
            try:
                if not function(subject, index, None, None):
                    continue
                doubt = False
            except Absent:
                if rule.plain:
                    continue
                doubt = True
            except UnknownValue:
                doubt = True
            self._keep(self._answer(rule, kind, subject, doubt))

    def _keep(self, answer: _Answer) -> None:
        self.fired += answer.fired
        self.unchecked += answer.unchecked

    def _ask_routes(self, rule: Rule, function: Function, routes: list[Route]) -> None:
        index, links, kind = self.index, rule.links, SUBJECTS["route"]
        general = Link.NO_LISTENER.value in links and "supersedes" not in rule.data
        choices: dict[int, list[_Answer]] = {}
        for route in routes:
            if route.link._value_ not in links:
                if route.link is Link.UNKNOWN and general:
                    self.unchecked.append(_Doubt(rule.id, route.because, route.span, partial(kind.label, route)))
                continue
            try:
                if not function(route, index, None, None):
                    continue
                doubt = False
            except Absent:
                if rule.plain:
                    continue
                doubt = True
            except UnknownValue:
                doubt = True
            answer = self._answer(rule, kind, route, doubt)
            if route.choice:
                choices.setdefault(route.choice, []).append(answer)
            else:
                self._keep(answer)
        for choice, answers in choices.items():
            self._choose(answers, index.choices[choice])

    def _choose(self, answers: list[_Answer], choices: int) -> None:
        """A problem counts only when every choice has it; where one can't be told, none can."""
        told = [answer for answer in answers if answer.fired or answer.unchecked]
        if len(told) < choices:
            return
        if any(answer.unchecked for answer in told):
            for answer in told:
                self.unchecked += answer.unchecked
        else:
            self.fired += told[0].fired

    def _answer(self, rule: Rule, kind: Subject, subject: Any, doubt: bool) -> _Answer:
        """Look closer at a subject for which the fast expression is true, or raised (``doubt``)."""
        answer = _Answer([], [])
        try:
            if doubt and not self._slowly(rule, subject, None):
                return answer
            if rule.each is None:
                self._collect(rule, kind, subject, None, answer)
            else:
                self._answer_elements(rule, kind, subject, answer)
        except UnknownValue as unknown:
            answer.unchecked.append(_doubt(rule, kind, subject, unknown))
        return answer

    def _answer_elements(self, rule: Rule, kind: Subject, subject: Any, answer: _Answer) -> None:
        """A rule's condition on each element, fast where no doubt comes up."""
        index, holds = self.index, function_of(rule.data.get("when", "True"))
        for element in self._elements(rule, subject):
            try:
                if not holds(subject, index, element, None):
                    continue
            except Absent:
                if rule.plain:
                    continue
            except UnknownValue:
                pass
            else:
                self._collect(rule, kind, subject, element, answer)
                continue
            try:
                if self._slowly(rule, subject, element):
                    self._collect(rule, kind, subject, element, answer)
            except UnknownValue as unknown:
                answer.unchecked.append(_doubt(rule, kind, subject, unknown))

    def _collect(self, rule: Rule, kind: Subject, subject: Any, element: Any, answer: _Answer) -> None:
        try:
            for found in self._hits(rule, kind, subject, element):
                if isinstance(found, _Doubt):
                    answer.unchecked.append(found)
                else:
                    answer.fired.append(found)
        except UnknownValue as unknown:
            answer.unchecked.append(_doubt(rule, kind, subject, unknown))

    def _slowly(self, rule: Rule, subject: Any, element: Any) -> bool:
        source = rule.data.get("slow") or rule.data.get("when", "True")
        try:
            return bool(function_of(source)(subject, self.index, element, None))
        except Absent:
            return False

    def _elements(self, rule: Rule, subject: Any) -> Iterable[Any]:
        assert rule.each is not None
        try:
            elements: Iterable[Any] = function_of(rule.each)(subject, self.index, None, None)
        except Absent:
            return ()
        return elements

    # What was found

    def _hits(self, rule: Rule, kind: Subject, subject: Any, element: Any) -> Iterator[Fired | _Doubt]:
        if rule.params is None:
            yield self._fire(kind, Firing(rule, subject, self.index, element), Hit())
            return
        thing = kind.thing(subject)
        case = Case(rule.id, thing, partial(kind.label, subject), self.index, element)
        for hit in (rule.check or load_check(rule))(case, rule.params):
            if isinstance(hit, Unchecked):
                yield _Doubt(hit.rule, hit.because, hit.at, partial(str, hit.subject))
            else:
                yield self._fire(kind, Firing(rule, subject, self.index, element, hit.values), hit)

    def _fire(self, kind: Subject, firing: Firing, hit: Hit) -> Fired:
        rule = firing.rule
        primary = self._primary(kind, firing, hit)
        symbol = kind.symbol(firing.subject)
        name = getattr(firing.element, "name", "")
        related = related_of(hit, primary.span) or firing.labels(primary.span)
        lineage = kind.lineage(firing.subject)
        related += variable_labels(around(firing.subject, lineage), (primary, *related))
        finding = Finding(
            rule.id,
            rule.category,
            hit.severity or firing.severity(),
            rule.confidence,
            firing.message(),
            kind.label(firing.subject),
            primary,
            related,
            firing.symptom(),
            firing.remedy(),
            _help(rule.id),
            f"{symbol}/{name}" if isinstance(name, str) and name else symbol,
            repairs=_repairs(kind, firing, hit),
        )
        over = frozenset(each for each, source in rule.data.get("supersedes", ()) if firing.holds(source))
        things = (firing.element,) if firing.element is not None else lineage
        return Fired(finding, things, over)

    def _primary(self, kind: Subject, firing: Firing, hit: Hit) -> Label:
        for thing in _several(hit.at):
            span = place(thing)
            if span is not None:
                return Label(span, hit.label)
        label = firing.label(firing.rule.data.get("at", ()))
        if label is not None:
            return label
        for thing in (firing.element, *kind.lineage(firing.subject)):
            span = place(thing)
            if span is not None:
                return Label(span, hit.label)
        return Label(self._somewhere(), hit.label)

    def _somewhere(self) -> Span:
        """For what has no place of its own."""
        found = place(self.stack)
        if found is not None:
            return found
        file = self.stack.files[0] if self.stack.files else SourceFile(self.stack.name, "")
        return Span(file, 0, len(file.line_text(1)))

    # What is not the rules' to find

    def _crash(self, rule: Rule, error: Exception) -> None:
        """A rule that crashed must not look as if it had found nothing."""
        self.crashed.add(rule.id)
        metadata = self.catalogue.get(INTERNAL_ERROR)
        self.fired.append(
            Fired(
                Finding(
                    INTERNAL_ERROR,
                    metadata.category if metadata else "file",
                    metadata.severity if metadata else Severity.ERROR,
                    Confidence.CERTAIN,
                    f"the rule {rule.id} could not be judged: it crashed with {type(error).__name__}: {error}",
                    self.stack.label,
                    Label(self._somewhere(), "in what is read here"),
                    remedy="This is a mistake in the rule, not in your files: please report it with these files",
                    help=_help(INTERNAL_ERROR),
                    symbol=rule.id,
                )
            )
        )

    def report_problems(self, chosen: set[str]) -> None:
        """What the readers could not read or resolve, under the rules that it belongs to."""
        for problem in self.stack.problems:
            if problem.rule in chosen or problem.rule not in self.catalogue:
                self.fired.append(Fired(_of_problem(problem, self.catalogue.get(problem.rule))))


def _repairs(kind: Subject, firing: Firing, hit: Hit) -> tuple[object, ...]:
    if not (hit.changes or "edits" in firing.rule.data["fix"]):
        return ()
    from cfgcheck.rules.mending import repair_of

    return (repair_of(kind, firing, hit),)


def _of_problem(problem: Problem, rule: Rule | None) -> Finding:
    remedy = problem.hint or (Firing(rule, None, None).remedy() if rule else "")
    remedy = remedy[:1].upper() + remedy[1:]
    return Finding(
        problem.rule,
        rule.category if rule else "file",
        rule.severity if rule else Severity.ERROR,
        rule.confidence if rule else Confidence.CERTAIN,
        problem.message,
        problem.span.file.path,
        Label(problem.span, problem.label),
        problem.related,
        remedy=remedy,
        help=_help(problem.rule),
        symbol=f"file {problem.span.file.path}",
    )


def _doubt(rule: Rule, kind: Subject, subject: Any, unknown: UnknownValue) -> _Doubt:
    located = unknown.located
    return _Doubt(rule.id, located.because or "a value is not known", located.span, partial(kind.label, subject))


def _several(at: Any) -> Iterable[Any]:
    return at if isinstance(at, (tuple, list)) else (at,)


def _help(rule: str) -> str:
    return f"cfgcheck explain {rule}"
