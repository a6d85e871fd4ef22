"""Static evaluation of calls: the functions that are known, methods of plain data, and the environment."""

from __future__ import annotations

import ast
from typing import Any

from cfgcheck.syntax.python_functions import CPU_COUNTS, FUNCTIONS, MUTATING, call_method
from cfgcheck.syntax.python_operators import Operators
from cfgcheck.syntax.python_values import (
    COLLECTIONS,
    SCALARS,
    Binding,
    Function,
    Method,
    Names,
    Raised,
    Token,
    Unknown,
    bounded,
    describe,
    variables_in_text,
)

_WITHOUT_LOOKING_INSIDE = MUTATING | {"get", "keys", "items", "values"}
"""Methods whose work does not depend on what the elements are."""


class Calls(Operators):
    """Expressions with calls. The configuration's own functions are called by the subclass."""

    def _Call(self, node: ast.Call) -> object:  # noqa: N802
        function = self.evaluate(node.func)
        args = self.elements(node.args)
        kwargs: dict[str, object] = {}
        for keyword in node.keywords:
            value = self.evaluate(keyword.value)
            if keyword.arg is not None:
                kwargs[keyword.arg] = value
            elif isinstance(value, dict) and all(isinstance(key, str) for key in value):
                kwargs.update(value)
            else:
                return self.unknown("its arguments are not known")
        if isinstance(args, Unknown):
            return args
        return self.call(function, args, kwargs, node)

    def call(self, function: object, args: list[object], kwargs: dict[str, object], node: ast.Call) -> object:
        if isinstance(function, Function):
            return self.call_function(function, args, kwargs)
        if isinstance(function, Token):
            return self._call_token(function.name, args, kwargs, node)
        if isinstance(function, Method):
            return self._call_method(function, args, kwargs, node)
        if isinstance(function, (*SCALARS, *COLLECTIONS)):
            raise Raised(TypeError, f"{type(function).__name__!r} object is not callable")
        self.forget_mutable([*args, *kwargs.values()])
        if isinstance(function, Unknown):
            return self.doubt(function)
        return self.unknown(f"cfgcheck does not run {describe(function)}()")

    def call_function(self, function: Function, args: list[object], kwargs: dict[str, object]) -> object:
        raise NotImplementedError

    def forget_mutable(self, values: list[object]) -> None:
        """A call that is not followed may change the collections that it is given."""
        changed = {id(value) for value in values if isinstance(value, (list, dict, set))}
        if not changed:
            return
        for scope in self.scopes:
            self.budget.take(len(scope) >> 4)
            for name, binding in scope.items():
                if id(binding.value) in changed:
                    unknown = Unknown("a function that cfgcheck does not run may change it")
                    scope[name] = Binding(unknown, binding.span, binding.name_span, plain=binding.plain)

    def _call_token(self, name: str, args: list[object], kwargs: dict[str, object], node: ast.Call) -> object:
        special = self._special(name, args, kwargs, node)
        if special is not None:
            return special.value
        if name in ("str", "int", "float", "bool", "list", "tuple", "len") and len(args) == 1 and not kwargs:
            return self._convert(name, args[0], node.args[0] if node.args else node)
        found = self.within(*args, *kwargs.values())
        compute = FUNCTIONS.get(name)
        if compute is None:
            self.forget_mutable(args)
            return self.unknown(f"cfgcheck does not run {name}()")
        if found:
            return self.doubt(found)
        return self.guarded(lambda: compute(*args, **kwargs))

    def _convert(self, name: str, value: object, node: ast.expr) -> object:
        """``int(x)`` and the like, of a value that may be unknown in whole or in part."""
        if isinstance(value, Unknown):
            if name == "bool" and value.unset:
                self.noted |= value.variables
                return False
            self.doubts += 1
            text = value.text if name in ("str", "int", "float") else ""
            return value.derived(text)
        if name in ("list", "tuple", "len") and isinstance(value, (list, tuple)):
            return len(value) if name == "len" else (list(value) if name == "list" else tuple(value))
        if name == "bool" and isinstance(value, (list, tuple, dict)):
            return bool(value)
        found = self.within(value)
        if found:
            return self.doubt(found)
        return self.guarded(lambda: FUNCTIONS[name](value))

    def _special(self, name: str, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> Result | None:
        """Calls that need more than plain data; None for all others."""
        if name in CPU_COUNTS:
            return Result(self.unknown("it depends on how many CPUs the machine has"))
        if name == "os.getenv":
            default = args[1] if len(args) > 1 else kwargs.get("default")
            given = len(args) > 1 or "default" in kwargs
            return Result(self.variable(args[0] if args else kwargs.get("key"), default, given, soft=True))
        if name == "decouple.config":
            return Result(self._declared_variable(args, kwargs, None))
        if name in ("environs.Env", "environ.Env"):
            return Result(Token(f"{name}()"))
        if name in ("environs.Env()", "environ.Env()"):
            return Result(self._declared_variable(args, kwargs, None))
        if name in ("globals", "locals", "vars") and not args:
            return Result(Names(self.scopes[-1] if name != "globals" else self.scopes[0]))
        if name == "print":
            return Result(None)
        if name in ("exit", "quit", "sys.exit"):
            raise Raised(SystemExit, "")
        if name in ("exec", "setattr"):
            self.opaque = self.opaque or f"the file calls {name}(), which may set anything"
        if name == "os.getcwd":
            return Result(self.unknown("it depends on the folder that Gunicorn runs in"))
        return None

    def _call_method(self, method: Method, args: list[Any], kwargs: dict[str, Any], node: ast.Call) -> object:
        receiver, name = method.receiver, method.name
        if isinstance(receiver, Token):
            if receiver.name == "os.environ":
                return self._environ_method(name, args, kwargs)
            return self._declared_variable(args, kwargs, name)
        if isinstance(receiver, Names):
            return self.unknown(f"cfgcheck does not evaluate {self.source(node)}")
        found = self.within(*args, *kwargs.values())
        if found and name in ("append", "insert", "extend", "get", "setdefault", "update", "format", "join"):
            return self._partly_known_call(receiver, name, args, kwargs, found, node)
        inner = found or (None if name in _WITHOUT_LOOKING_INSIDE else self.within(receiver))
        if inner:
            if name in MUTATING:
                self.forget_mutable([receiver])
            return self.doubt(inner)
        result = self.guarded(lambda: call_method(receiver, name, args, kwargs))
        if isinstance(receiver, (list, dict, set)) and isinstance(bounded(receiver), Unknown):
            self.forget_mutable([receiver])
        return result

    def _partly_known_call(
        self, receiver: Any, name: str, args: list[Any], kwargs: dict[str, Any], found: Unknown, node: ast.Call
    ) -> object:
        """Methods that make sense although an argument is unknown, or has an unknown part."""
        if isinstance(receiver, list) and name in ("append", "insert", "extend"):
            where = self.within(args[0]) if name == "insert" and args else None
            if where or (name == "extend" and not isinstance(args[0], (list, tuple))):
                self.forget_mutable([receiver])
                return None
            return self.guarded(lambda: getattr(receiver, name)(*args))
        if isinstance(receiver, dict) and args and not self.within(args[0]) and name in ("get", "setdefault"):
            return self.guarded(lambda: getattr(receiver, name)(*args))
        if isinstance(receiver, dict) and name == "update" and len(args) <= 1:  # noqa: SIM102
            if all(isinstance(each, dict) for each in args):
                return self.guarded(lambda: receiver.update(*args, **kwargs))
        if isinstance(receiver, str) and name == "format" and not kwargs:
            return self._format(receiver, args, node, found)
        if isinstance(receiver, str) and name == "join" and len(args) == 1 and isinstance(args[0], (list, tuple)):
            parts: list[object] = []
            for value in args[0]:
                parts += [receiver, value] if parts else [value]
            if all(isinstance(part, (str, Unknown)) for part in parts):
                return self.joined(parts)
        self.forget_mutable([receiver, *args])
        return self.doubt(found)

    def _format(self, template: str, args: list[Any], node: ast.Call, found: Unknown) -> object:
        pieces = template.split("{}")
        if len(pieces) != len(args) + 1 or any(mark in "".join(pieces) for mark in "{}"):
            return self.doubt(found)
        parts: list[object] = [pieces[0]]
        for at, value in enumerate(args):
            unknown = self.within(value)
            if unknown and at < len(node.args):
                unknown = self.placeholder(unknown, node.args[at])
            parts += [unknown or str(value), pieces[at + 1]]
        return self.joined(parts)

    # -- the environment

    def variable(self, name: object, default: object = None, given: bool = False, soft: bool = False) -> object:
        """The value of an environment variable. One that no file sets has its default, which is noted; without a
        default it is unknown. ``soft``: its absence is no error (``get``, ``getenv``)."""
        if not isinstance(name, str):
            return self.unknown("the name of an environment variable is not known")
        if name in self.written:
            return self.written[name]
        if name in self.environment.values:
            return bounded(self.environment.values[name])
        placeholder, variables = f"${{{name}}}", frozenset({name})
        if name in self.environment.unknown:
            return self.unknown(self.environment.unknown[name], placeholder, variables)
        if self.environment.complete:
            if given or soft:
                return default
            raise Raised(KeyError, repr(name))
        if given and default is not None:
            self.noted.add(name)
            return default
        self.doubts += 1
        return Unknown(f"it depends on {variables_in_text(variables)}", placeholder, variables, variables, unset=soft)

    def _environ_method(self, name: str, args: list[Any], kwargs: dict[str, Any]) -> object:
        if name == "get":
            default = args[1] if len(args) > 1 else kwargs.get("default")
            return self.variable(args[0] if args else None, default, len(args) > 1 or "default" in kwargs, soft=True)
        if name in ("setdefault", "pop") and len(args) == 2 and isinstance(args[0], str):
            value = self.variable(args[0], args[1], True, soft=True)
            if name == "setdefault":
                self.written[args[0]] = value
            return value
        if name in ("items", "keys", "copy", "values"):
            # Variables that nobody is known to set are taken as unset: loops over the environment then do nothing.
            known = {**self.environment.values, **self.written}
            return {"items": list(known.items()), "keys": list(known), "values": list(known.values())}.get(name, known)
        return self.unknown(f"cfgcheck does not evaluate os.environ.{name}()")

    def _declared_variable(self, args: list[Any], kwargs: dict[str, Any], method: str | None) -> object:
        """``decouple.config("X", default=…, cast=…)``, ``Env()("X", default=…)``, ``Env().int("X", 4)``."""
        given = "default" in kwargs or len(args) > 1
        default = kwargs.get("default", args[1] if len(args) > 1 else None)
        casts: dict[str | None, str] = {"int": "int", "str": "str", "float": "float", "bool": "bool"}
        cast = kwargs.get("cast")
        wanted = cast.name if isinstance(cast, Token) else casts.get(method)
        if (method is not None and method not in casts) or (cast is not None and wanted not in casts.values()):
            return self.unknown("cfgcheck does not know how that variable is read")
        value = self.variable(args[0] if args else None, default, given)
        if wanted is None or isinstance(value, Unknown) or value is None or not isinstance(value, str):
            return value
        kind = wanted
        return self.guarded(lambda: FUNCTIONS["distutils.util.strtobool" if kind == "bool" else kind](value))


class Result:
    """A value that may be None, apart from "no such call"."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value
