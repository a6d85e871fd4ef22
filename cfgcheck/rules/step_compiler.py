"""The steps of a fix → the compiled form that ``mending.py`` carries out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from cfgcheck.model.app import App
from cfgcheck.model.nginx import Location, Proxy, Server, Upstream
from cfgcheck.model.unit import Unit
from cfgcheck.rules import expressions
from cfgcheck.rules.kinds import Kind
from cfgcheck.rules.steps import Step
from cfgcheck.rules.templates import Parts, compile_exactly
from cfgcheck.rules.terms import ExpressionError, Term

Compiled = dict[str, Any]

_BLOCKS: tuple[type[Any], ...] = (Location, Server, Upstream, Proxy)


class StepCompiler:
    """Compiles one step. ``scope``: the names of the rule, those of a check's values among them."""

    def __init__(self, step: Step, scope: dict[str, Term]) -> None:
        self.step = step
        self.scope = scope

    def compiled(self) -> Compiled:
        """Errors: an ExpressionError."""
        step, result = self.step, Compiled()
        if step.each is not None:
            result["each"] = self._each(*next(iter(step.each.items())))
        if step.if_ is not None:
            result["if"] = expressions.condition(step.if_, self.scope).slow
        return result | self._KINDS[step.kind](self)

    def _each(self, name: str, text: str) -> list[str]:
        if not name.isidentifier() or name.startswith("_") or name in self.scope:
            raise ExpressionError(f"`{name}` can't be the element's name", "take a name that is free")
        compiled = expressions.elements(text, self.scope)
        self.scope = {**self.scope, name: Term(f"_v[{name!r}]", compiled.kind)}
        return [name, compiled.slow]

    def _replace(self) -> Compiled:
        return {"replace": self._marks(self.step.replace), "with": self._template(self.step.with_ or "")}

    def _remove(self) -> Compiled:
        return {"remove": self._marks(self.step.remove)}

    def _marks(self, texts: list[str] | None) -> list[str]:
        return [expressions.mark(text, self.scope).slow for text in texts or ()]

    def _in(self) -> Compiled:
        step = self.step
        word = "set" if step.add is None else "add"
        result: Compiled = {
            "in": self._thing(step.in_ or "", *_BLOCKS),
            word: [self._template(text) for text in step.statements],
        }
        return result | ({"level": step.level} if step.level else {})

    def _app(self) -> Compiled:
        return {"app": self._thing(self.step.app or "", App), "set": self._values()}

    def _unit(self) -> Compiled:
        return {"unit": self._thing(self.step.unit or "", Unit), "set": self._values()}

    def _values(self) -> Compiled:
        return {str(name): self._value(value) for name, value in self.step.set_.items()}

    def _value(self, value: Any) -> Any:
        """A text is a template; a list is one of values; anything else is what it is."""
        if isinstance(value, str):
            return {"text": self._template(value)}
        return [self._value(one) for one in value] if isinstance(value, list) else value

    def _python(self) -> Compiled:
        return {"python": self.step.python}

    def _template(self, text: str) -> Parts:
        return compile_exactly(text, self.scope)

    def _thing(self, text: str, *classes: type[Any]) -> str:
        compiled = expressions.thing(text, self.scope)
        if compiled.kind.base != "any" and not _is_one_of(compiled.kind, classes):
            wanted = " or ".join(one.__name__ for one in classes)
            raise ExpressionError(f"`{text}` is {compiled.kind.named}, not a {wanted}")
        return compiled.slow

    _KINDS: ClassVar[dict[str, Callable[[StepCompiler], Compiled]]] = {
        "replace": _replace,
        "remove": _remove,
        "in": _in,
        "app": _app,
        "unit": _unit,
        "python": _python,
    }


def _is_one_of(kind: Kind, classes: tuple[type[Any], ...]) -> bool:
    return kind.base == "object" and kind.cls is not None and issubclass(kind.cls, classes)
