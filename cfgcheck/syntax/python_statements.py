"""Static execution of Python statements: assignments, branches, loops, local functions and imports."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.python_changes import changed_names
from cfgcheck.syntax.python_control_flow import Bindings, ControlFlow, Return, Signal
from cfgcheck.syntax.python_expressions import DEEPEST_CALL, Budget
from cfgcheck.syntax.python_functions import MODULES, member
from cfgcheck.syntax.python_values import (
    ITERABLE,
    NOT_ITERABLE,
    Binding,
    ClassDefinition,
    Function,
    Module,
    Names,
    OutOfSteps,
    Raised,
    Token,
    Unknown,
)

ImportModule: TypeAlias = Callable[[str, int], "Names | None"]
"""Reads a module of the project by its name and the number of leading dots; None where it is not the project's."""


class Statements(ControlFlow):
    """Executes the statements of one module."""

    def __init__(
        self,
        file: SourceFile,
        environment: Environment,
        budget: Budget,
        locate: Callable[[ast.AST], Span],
        import_module: ImportModule,
    ) -> None:
        super().__init__(file, environment, budget)
        self.locate = locate
        self.import_module = import_module
        self.history: dict[tuple[str, int, int], Binding] = {}
        self.global_names: list[set[str]] = []

    def span(self, node: ast.AST) -> Span:
        return self.locate(node)

    # -- blocks

    def module(self, body: list[ast.stmt]) -> None:
        """Execute a module. A statement that fails is noted at what it would have set, and the rest goes on."""
        for at, node in enumerate(body):
            try:
                self.statement(node)
            except Raised as error:
                self.fail(node, error)
            except RecursionError:
                self.forget([node], "it is too deeply nested to be evaluated")
            except OutOfSteps:
                self.opaque = "the file takes too long to be evaluated"
                self.budget.left = 0
                self.forget(body[at:], self.opaque)
                return

    def fail(self, node: ast.stmt, error: Raised) -> None:
        before = dict(self.scopes[0])
        self.forget([node], f"evaluating it fails: {error}")
        if error.kind is SystemExit:
            return
        for name, binding in self.scopes[0].items():
            if before.get(name) is not binding:
                failed = Binding(
                    binding.value, binding.span, binding.name_span, (), frozenset(self.noted), binding.plain, str(error)
                )
                self.scopes[0][name] = failed
                self.history[(name, failed.span.start, failed.span.end)] = failed

    def statement(self, node: ast.stmt) -> Signal:
        self.budget.take()
        if self.depth == 0:
            self.noted = set()
        handler = getattr(self, f"_{type(node).__name__}", None)
        if handler is None:
            self.forget([node], "cfgcheck does not evaluate this statement")
            return None
        signal: Signal = handler(node)
        return signal

    # -- binding

    def bind(self, name: str, value: object, node: ast.AST, target: ast.AST, plain: bool = True) -> None:
        if self.global_names and name in self.global_names[-1]:
            inner, self.scopes = self.scopes, self.scopes[:1]
            try:
                super().bind(name, value, node, target, plain)
            finally:
                self.scopes = inner
            return
        super().bind(name, value, node, target, plain)
        if len(self.scopes) == 1:
            binding = self.scopes[0][name]
            self.history[(name, binding.span.start, binding.span.end)] = binding

    def assign(self, target: ast.expr, value: object, node: ast.AST, plain: bool = True) -> None:
        if isinstance(target, ast.Name):
            self.bind(target.id, value, node, target, plain)
        elif isinstance(target, (ast.Tuple, ast.List)):
            self._unpack(target.elts, value, node, plain)
        elif isinstance(target, ast.Starred):
            self.assign(target.value, value, node, plain)
        elif isinstance(target, ast.Subscript):
            self._assign_item(target, value, node)
        elif isinstance(target, ast.Attribute):
            self.evaluate(target.value)

    def _unpack(self, targets: list[ast.expr], value: object, node: ast.AST, plain: bool) -> None:
        starred = [at for at, target in enumerate(targets) if isinstance(target, ast.Starred)]
        if isinstance(value, (str, list, tuple, range)) and not starred:
            values = list(value)
            if len(values) != len(targets):
                raise Raised(ValueError, f"{len(values)} values to unpack, {len(targets)} names")
            literal = node.elts if isinstance(node, (ast.Tuple, ast.List)) and len(node.elts) == len(targets) else None
            for at, target in enumerate(targets):
                self.assign(target, values[at], literal[at] if literal else node, plain)
            return
        if isinstance(value, NOT_ITERABLE):
            raise Raised(TypeError, f"cannot unpack non-iterable {type(value).__name__} object")
        unknown = value if isinstance(value, Unknown) else self.unknown("its parts are not known")
        for target in targets:
            self.assign(target, unknown, node, plain)

    def _assign_item(self, target: ast.Subscript, value: object, node: ast.AST) -> None:
        container: Any = self.evaluate(target.value)
        if isinstance(target.slice, ast.Slice):
            self.forget_mutable([container])
            return
        key = self.evaluate(target.slice)
        if isinstance(container, Token) and container.name == "os.environ":
            if isinstance(key, str):
                self.written[key] = value
        elif isinstance(container, Names):
            if isinstance(key, str) and container.bindings is self.scopes[0]:
                self.bind(key, value, node, target, plain=False)
            elif not isinstance(key, str):
                self.opaque = self.opaque or "the file sets names that cfgcheck can't tell"
        elif isinstance(container, (dict, list)):
            store: Callable[[Any, Any], None] = container.__setitem__
            if self.within(key):
                self.forget_mutable([container])
            else:
                self.guarded(partial(store, key, value))

    def _Assign(self, node: ast.Assign) -> None:  # noqa: N802
        value = self.evaluate(node.value)
        for target in node.targets:
            self.assign(target, value, node.value)

    def _AnnAssign(self, node: ast.AnnAssign) -> None:  # noqa: N802
        if node.value is not None:
            self.assign(node.target, self.evaluate(node.value), node.value)

    def _AugAssign(self, node: ast.AugAssign) -> None:  # noqa: N802
        target = node.target
        loaded = ast.copy_location(_as_load(target), target)
        before = self.evaluate(loaded)
        other = self.evaluate(node.value)
        if isinstance(before, list) and isinstance(node.op, ast.Add) and isinstance(other, ITERABLE):
            self.guarded(partial(before.extend, other))
            self.assign(target, before, node)
        else:
            self.assign(target, self.binary(before, node.op, other, node), node)

    def _Delete(self, node: ast.Delete) -> None:  # noqa: N802
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.scopes[-1].pop(target.id, None)
            elif isinstance(target, ast.Subscript):
                self.forget_mutable([self.evaluate(target.value)])

    def _Expr(self, node: ast.Expr) -> None:  # noqa: N802
        self.evaluate(node.value)

    def _Pass(self, node: ast.Pass) -> None:  # noqa: N802
        return None

    def _Global(self, node: ast.Global) -> None:  # noqa: N802
        if self.global_names:
            self.global_names[-1].update(node.names)

    # -- definitions and imports

    def _FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:  # noqa: N802
        self.bind(node.name, Function(node.name, node, self, tuple(self.scopes)), node, node, plain=False)

    _AsyncFunctionDef = _FunctionDef

    def _ClassDef(self, node: ast.ClassDef) -> None:  # noqa: N802
        self.bind(node.name, ClassDefinition(node.name), node, node, plain=False)

    def _Import(self, node: ast.Import) -> None:  # noqa: N802
        for alias in node.names:
            top = alias.name if alias.asname else alias.name.partition(".")[0]
            self.bind(alias.asname or top, self._module(top, 0), alias, alias, plain=False)

    def _module(self, name: str, level: int) -> object:
        if level == 0 and name in MODULES:
            return Module(name)
        found = self.import_module(name, level)
        return found if found is not None else self.unknown(f"cfgcheck does not read the module {name or '.'}")

    def _ImportFrom(self, node: ast.ImportFrom) -> None:  # noqa: N802
        name = node.module or ""
        source = self._module(name, node.level)
        for alias in node.names:
            if alias.name == "*":
                self._import_all(source, name)
                continue
            value = self._imported(source, name, alias.name, node.level)
            if isinstance(value, Binding):
                self._bind_imported(alias.asname or alias.name, value)
            else:
                self.bind(alias.asname or alias.name, value, alias, alias, plain=False)

    def _imported(self, source: object, module: str, name: str, level: int) -> object:
        """What ``from module import name`` binds: a Binding of a module that was read, or a value."""
        if isinstance(source, Module):
            found = member(f"{source.name}.{name}")
            if found is not None:
                return found
            inner = f"{source.name}.{name}"
            return Module(inner) if inner in MODULES else self.unknown(f"cfgcheck does not evaluate {inner}")
        if isinstance(source, Names) and name in source.bindings:
            return source.bindings[name]
        submodule = self.import_module(f"{module}.{name}".lstrip("."), level)
        if submodule is not None:
            return submodule
        return source if isinstance(source, Unknown) else self.unknown(f"{name} is not defined in {module}")

    def _bind_imported(self, name: str, binding: Binding) -> None:
        self.scopes[-1][name] = binding
        if len(self.scopes) == 1:
            span = binding.span
            self.history[(f"{span.file.path}:{name}", span.start, span.end)] = binding

    def _import_all(self, source: object, name: str) -> None:
        if isinstance(source, Names):
            for each, binding in list(source.bindings.items()):
                if not each.startswith("_"):
                    self._bind_imported(each, binding)
        elif not isinstance(source, Module):
            self.opaque = self.opaque or f"it may be set in the module {name}, which cfgcheck does not read"
            for each, binding in self.scopes[-1].items():
                unknown = Unknown(self.opaque)
                self.scopes[-1][each] = Binding(unknown, binding.span, binding.name_span, plain=binding.plain)

    # -- calls of the configuration's own functions

    def call_function(self, function: Function, args: list[object], kwargs: dict[str, object]) -> object:
        owner = function.owner
        if isinstance(owner, Statements) and owner is not self:
            result = owner.call_function(function, args, kwargs)
            self.noted |= owner.noted
            return result
        node = function.node
        decorated = not isinstance(node, ast.Lambda) and bool(node.decorator_list)
        if self.depth >= DEEPEST_CALL or decorated or isinstance(node, ast.AsyncFunctionDef) or _is_generator(node):
            self.forget_mutable([*args, *kwargs.values()])
            return self.unknown(f"cfgcheck does not run {function.name}()")
        return self._run(function, args, kwargs)

    def _run(self, function: Function, args: list[object], kwargs: dict[str, object]) -> object:
        node = function.node
        scopes, pending, unsure = self.scopes, self.pending, self.unsure_jump
        self.scopes, self.pending = list(function.scopes), []
        self.depth += 1
        self.global_names.append(set())
        try:
            parameters = self._parameters(function, args, kwargs)
            self.scopes.append(parameters)
            if isinstance(node, ast.Lambda):
                return self.evaluate(node.body)
            signal = self.block(node.body)
            result = signal.value if isinstance(signal, Return) else None
            for value, variables, because in reversed(self.pending):
                result = self.either(value, result, variables, because)
            return result
        finally:
            self.global_names.pop()
            self.depth -= 1
            self.scopes, self.pending, self.unsure_jump = scopes, pending, unsure

    def _parameters(self, function: Function, args: list[object], kwargs: dict[str, object]) -> Bindings:
        declared = function.node.args
        names = [*declared.posonlyargs, *declared.args]
        given: dict[str, object] = {}
        defaults = [None] * (len(names) - len(declared.defaults)) + list(declared.defaults)
        for at, (parameter, default) in enumerate(zip(names, defaults, strict=True)):
            self._parameter(given, parameter, default, args[at : at + 1], kwargs, function)
        for parameter, default in zip(declared.kwonlyargs, declared.kw_defaults, strict=True):
            self._parameter(given, parameter, default, [], kwargs, function)
        if declared.vararg:
            given[declared.vararg.arg] = tuple(args[len(names) :])
        elif len(args) > len(names):
            raise Raised(TypeError, f"{function.name}() takes {len(names)} arguments, {len(args)} given")
        if declared.kwarg:
            given[declared.kwarg.arg] = {key: value for key, value in kwargs.items() if key not in given}
        place = self.span(function.node)
        return {name: Binding(value, place, place, plain=False) for name, value in given.items()}

    def _parameter(
        self,
        given: dict[str, object],
        parameter: ast.arg,
        default: ast.expr | None,
        positional: list[object],
        kwargs: dict[str, object],
        function: Function,
    ) -> None:
        if positional:
            given[parameter.arg] = positional[0]
        elif parameter.arg in kwargs:
            given[parameter.arg] = kwargs[parameter.arg]
        elif default is not None:
            given[parameter.arg] = self.evaluate(default)
        else:
            raise Raised(TypeError, f"{function.name}() is called without {parameter.arg}")

    # -- giving up on a statement

    def forget(self, nodes: list[ast.stmt], because: str) -> None:
        """Everything that ``nodes`` may set or change is unknown from here on."""
        self.doubts += 1
        unknown = Unknown(because)
        for name, node, target in changed_names(nodes):
            binding = self.lookup(name)
            if target is None:
                if binding is not None and self.scopes[-1].get(name) is binding:
                    self.scopes[-1][name] = Binding(unknown, binding.span, binding.name_span, plain=binding.plain)
            else:
                self.bind(name, unknown, node, target, plain=binding.plain if binding else True)



def _as_load(target: ast.Name | ast.Attribute | ast.Subscript) -> ast.expr:
    if isinstance(target, ast.Name):
        return ast.Name(target.id, ast.Load())
    if isinstance(target, ast.Attribute):
        return ast.Attribute(target.value, target.attr, ast.Load())
    return ast.Subscript(target.value, target.slice, ast.Load())


def _is_generator(node: ast.AST) -> bool:
    return any(isinstance(inner, (ast.Yield, ast.YieldFrom)) for inner in ast.walk(node))
