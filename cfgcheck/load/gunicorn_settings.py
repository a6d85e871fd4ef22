"""Gunicorn's effective settings: defaults, then the config file, then ``GUNICORN_CMD_ARGS``, then the command line.

That order, and that each value is validated when it is read, is ``gunicorn/app/base.py`` (``load_config``).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from cfgcheck.load.gunicorn_command import Argument, Arguments
from cfgcheck.load.gunicorn_facts import class_problem
from cfgcheck.load.gunicorn_listeners import Bind, bound_address
from cfgcheck.load.gunicorn_table import GONE_BEFORE_20, Row, availability, names_of_flags, rows_of, table
from cfgcheck.load.gunicorn_values import Refused, from_text, validated
from cfgcheck.model.app import SettingUse
from cfgcheck.model.located import Located, Origin
from cfgcheck.model.version import Version
from cfgcheck.source.file import Span
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.python_config import PythonConfig
from cfgcheck.syntax.python_values import (
    Binding,
    ClassDefinition,
    Function,
    Method,
    Module,
    Names,
    Token,
    Unknown,
    unknown_within,
    variables_in_text,
)

_NOT_DATA = (Function, ClassDefinition, Method, Module, Names, Token)
_WITHOUT = {
    "protocol": "http",
    "header_map": "dangerous",
    "forwarder_headers": (),
    "http2_cleartext": "off",
    "http_protocols": ("h1",),
    "wsgi_app": None,
    "print_config": False,
    "root_path": "",
}
"""How a version behaves that does not have the setting yet."""


@dataclass(slots=True)
class _Given:
    """An effective value and the addresses that it stands for, where it is ``bind``."""

    value: Located[Any]
    binds: list[Bind]


class Layers:
    """Collects what each source sets. Later sources win over earlier ones."""

    def __init__(self, version: Version | None, no_version: str, environment: Environment, folder: str) -> None:
        self.version = version
        self.no_version = no_version
        self.environment = environment
        self.folder = folder
        self.rows = rows_of(version)
        self.uses: list[SettingUse] = []
        self.opaque = ""
        self._given: dict[str, _Given] = {}
        self._settings: dict[str, Located[Any]] | None = None

    # -- what can't be seen

    def clutter(self, because: str, after_file: bool = False) -> None:
        """Settings may be given where nobody can see them. ``after_file``: and win over those of the file."""
        self.opaque = self.opaque or because
        if after_file:
            self._given = {
                name: _Given(each.value.as_unknown(because), [_unknown_bind(bind, because) for bind in each.binds])
                for name, each in self._given.items()
            }

    def refuse(self, name: str, problem: str, span: Span) -> None:
        """Something on a command line that Gunicorn refuses as a whole."""
        value: Located[Any] = Located.unknown(problem, span)
        self.uses.append(SettingUse(name, "", value, span.text, span, problem=problem, helper=True))

    # -- the config file

    def add_file(self, config: PythonConfig) -> None:
        if config.opaque:
            self.clutter(config.opaque)
        overwritten = {name: binding for name, binding in config.names.items() if name in self.rows}
        for name, binding in config.history:
            effective = config.names.get(name) is binding
            self._file_use(name, binding, config, effective)
            if effective:
                overwritten.pop(name, None)
        for name, binding in overwritten.items():
            # Bound by an import, a definition, a loop, or joined from branches: no assignment of its own to show.
            self._file_use(name, binding, config, effective=True, shown=not binding.plain)

    def _file_use(
        self, name: str, binding: Binding, config: PythonConfig, effective: bool, shown: bool = True
    ) -> None:
        row = self.rows.get(name)
        if row is None:
            self.uses.append(self._unknown_name(name, binding, config))
            return
        value, problem = self._of_binding(row, binding)
        binds = _binds_of_binding(binding, value) if name == "bind" else []
        problem = problem or self._later_problem(name, value, binds)
        if effective:
            self._given[name] = _Given(value, binds)
        if shown:
            text = binding.span.text
            self.uses.append(SettingUse(name, name, value, text, binding.span, problem=problem))

    def _of_binding(self, row: Row, binding: Binding) -> tuple[Located[Any], str]:
        """A value of the file as Gunicorn converts it, and why Gunicorn refuses it."""
        raw, span = binding.value, binding.span
        if binding.error:
            problem = binding.error if not binding.variables else ""
            return Located.unknown(f"evaluating it fails: {binding.error}", span), problem
        if isinstance(raw, Unknown):
            return Located.unknown(raw.because, span, raw.text), ""
        because = f"while {variables_in_text(binding.variables)} is not set" if binding.variables else ""
        if isinstance(raw, _NOT_DATA):
            return self._of_object(row, raw, span)
        found = unknown_within(raw)
        if found:
            return Located.unknown(found.because, span, found.text), ""
        try:
            value = validated(row.check, str(raw) if isinstance(raw, PurePosixPath) and row.check == "class" else raw)
        except Refused as error:
            problem = str(error)
            return Located.unknown(f"Gunicorn refuses it: {problem}", span, span.text), problem if not because else ""
        return Located(value, Origin.FILE, span, because, span.text), ""

    @staticmethod
    def _of_object(row: Row, raw: object, span: Span) -> tuple[Located[Any], str]:
        """A function, class or module as a value: right for hooks and classes, refused by all else."""
        if row.hook:
            problem = _arity_problem(row, raw)
            name = raw.name if isinstance(raw, (Function, ClassDefinition, Token)) else "function"
            return Located.read(f"<{name}()>", span), problem
        if row.check == "class":
            return Located.unknown("it is a class or function of the project", span), ""
        if row.check == "anything" or isinstance(raw, (Method, Names)):
            return Located.unknown("it is no plain value", span), ""
        kind = "module" if isinstance(raw, Module) else "function"
        problem = f"it is a {kind}, not a value" + ("; call it" if kind == "function" else "")
        return Located.unknown(problem, span), problem

    def _later_problem(self, name: str, value: Located[Any], binds: list[Bind]) -> str:
        """What Gunicorn finds out only after the settings are read, and then ends: addresses, worker classes."""
        if name == "worker_class" and value.known and isinstance(value.value, str) and not value.because:
            return class_problem(value.value, self.version)
        if name == "bind":
            return next((bound.problem for bound in map(bound_address, binds) if bound.problem), "")
        return ""

    def _unknown_name(self, name: str, binding: Binding, config: PythonConfig) -> SettingUse:
        """A name that is no setting of this version: a helper of the file, or something that does nothing."""
        helper = name.startswith("_") or name != name.lower() or name in config.read or not binding.plain
        raw = binding.value
        unknown = raw if isinstance(raw, Unknown) else unknown_within(raw)
        value: Located[Any] = (
            Located.unknown(unknown.because, binding.span) if unknown else Located.read(raw, binding.span)
        )
        known_elsewhere = availability(name) if name in table().settings or name in GONE_BEFORE_20 else ""
        means = names_of_flags().get(name, "")
        return SettingUse(
            name, "", value, binding.span.text, binding.name_span, means=means, helper=helper, elsewhere=known_elsewhere
        )

    # -- command lines

    def add_arguments(self, arguments: Arguments, from_environment: bool) -> None:
        if arguments.cluttered:
            self.clutter(f"arguments may be added on the command line: {arguments.cluttered}", after_file=True)
        origin = Origin.ENV if from_environment else Origin.CLI
        fresh: set[str] = set()
        for argument in arguments.options:
            self._argument(argument, origin, fresh)
        for message, span, name in arguments.refused:
            self._refused_option(message, span, name)
        if arguments.positional and not from_environment:
            word = arguments.positional[0]
            self._given["default_proc_name"] = _Given(_of_word(word.value, word, origin), [])
            self._given["app"] = self._given["default_proc_name"]

    def _argument(self, argument: Argument, origin: Origin, fresh: set[str]) -> None:
        row = argument.row
        if row is None:
            return
        value, problem = _of_argument(row, argument, origin)
        own = value
        binds: list[Bind] = []
        if row.action == "append":
            before = self._given[row.name] if row.name in fresh else _Given(Located.read((), argument.span, origin), [])
            if row.name == "bind":
                binds = [*before.binds, _bind_of_argument(argument, origin)]
            value = _appended(before.value, value)
        fresh.add(row.name)
        problem = problem or self._later_problem(row.name, value, binds[-1:])
        self._given[row.name] = _Given(value, binds)
        shown = argument.text if row.takes_value else argument.flag
        self.uses.append(SettingUse(argument.flag, row.name, own, shown, argument.span, problem=problem))

    def _refused_option(self, message: str, span: Span, name: str) -> None:
        elsewhere = ""
        for rows in table().settings.values():
            if name in rows[-1].flags:
                elsewhere = availability(rows[-1].name)
        value: Located[Any] = Located.unknown(message, span)
        self.uses.append(
            SettingUse(name or span.text, "", value, span.text, span, problem=message, elsewhere=elsewhere)
        )

    # -- results

    def binds(self) -> list[Bind]:
        """The addresses to listen on."""
        given = self._given.get("bind")
        if given is None:
            value = self.settings()["bind"]
            if not value.known:
                return [Bind(value.text, False, Origin.UNKNOWN, value.span, value.because)]
            return [Bind(text, True, value.origin, value.span, value.because) for text in value.value]
        return given.binds

    def settings(self) -> dict[str, Located[Any]]:
        """Every setting by name: what is given, else the default."""
        if self._settings is None:
            defaults = {name: self._default(name) for name in table().settings}
            self._settings = {**defaults, **{name: given.value for name, given in self._given.items()}}
        return self._settings

    def _default(self, name: str) -> Located[Any]:
        if self.opaque:
            return Located.unknown(self.opaque)
        row = self.rows.get(name)
        if row is None:
            return self._absent(name)
        if row.variable:
            from_variable = self._from_variable(row)
            if from_variable is not None:
                return from_variable
        if name == "chdir":
            return Located.default(self.folder or ".", "the folder that Gunicorn is started in")
        if row.machine:
            return Located.unknown("its default depends on the machine and the user")
        return _default(name) if self.version is None else Located.default(_plain(row), _since(row))

    def _absent(self, name: str) -> Located[Any]:
        because = f"Gunicorn {self.version} has no such setting: it is {availability(name)}"
        return Located.default(_WITHOUT[name], because) if name in _WITHOUT else Located.unknown(because)

    def _from_variable(self, row: Row) -> Located[Any] | None:
        """``PORT``, ``WEB_CONCURRENCY``, ``FORWARDED_ALLOW_IPS``: read when Gunicorn starts, for the default."""
        variable, environment = row.variable, self.environment
        if variable in environment.unknown:
            text = f"0.0.0.0:${{{variable}}}" if variable == "PORT" else f"${{{variable}}}"
            return Located.unknown(environment.unknown[variable], environment.spans.get(variable), text)
        text_or_none = environment.values.get(variable)
        if text_or_none is None:
            return None
        span = environment.spans.get(variable)
        try:
            raw: object = f"0.0.0.0:{text_or_none}" if variable == "PORT" else text_or_none
            value = int(text_or_none) if variable == "WEB_CONCURRENCY" else raw
            return Located(validated(row.check, value), Origin.ENV, span, f"from {variable}", text_or_none)
        except (Refused, ValueError) as error:
            if span is not None:
                self.uses.append(
                    SettingUse(variable, row.name, Located.unknown(str(error)), text_or_none, span, problem=str(error))
                )
            return Located.unknown(f"Gunicorn refuses {variable}: {error}", span, text_or_none)


_DEFAULTS: dict[str, Located[Any]] = {}


def _default(name: str) -> Located[Any]:
    """The default where no file tells the version: known where all versions agree."""
    if name not in _DEFAULTS:
        rows = table().settings[name]
        values = [_plain(row) for row in rows]
        if rows[0].first != table().versions[0] and name in _WITHOUT:
            values.insert(0, _WITHOUT[name])
        if all(value == values[0] for value in values):
            _DEFAULTS[name] = Located.default(values[0], _since(rows[0]))
        else:
            changes = ", ".join(
                f"{_plain(row)!r} {'up to' if row is not rows[-1] else 'since'} "
                f"{row.last if row is not rows[-1] else row.first}"
                for row in rows
            )
            widest = values[-1]
            text = ",".join(widest) if isinstance(widest, tuple) else str(widest)
            _DEFAULTS[name] = Located.unknown(f"its default depends on Gunicorn's version: {changes}", text=text)
    return _DEFAULTS[name]


def _plain(row: Row) -> Any:
    """A default of the table in the form that validated values have."""
    if row.hook:
        return f"<{row.name}()>"
    return tuple(row.default) if isinstance(row.default, list) else row.default


def _since(row: Row) -> str:
    versions = table().versions
    first = f"since {row.first}" if row.first != versions[0] else ""
    last = f"up to {row.last}" if row.last != versions[-1] else ""
    return " ".join(part for part in ("Gunicorn's default", first, last) if part)


def _arity_problem(row: Row, raw: object) -> str:
    """Gunicorn counts a hook's parameters."""
    wanted = row.check.partition(":")[2]
    if not isinstance(raw, Function) or (getattr(raw.node, "decorator_list", None)):
        return ""
    parameters = len(raw.node.args.posonlyargs) + len(raw.node.args.args)
    if not wanted:
        return "" if parameters in (2, 3, 4) else "Value must have an arity of: 4"
    return "" if parameters == int(wanted) else f"Value must have an arity of: {wanted}"


def _of_word(value: str | None, word: Any, origin: Origin) -> Located[Any]:
    if value is None:
        return Located.unknown(word.because, word.span, word.template)
    return Located(value, origin, word.span, "", value)


def _of_argument(row: Row, argument: Argument, origin: Origin) -> tuple[Located[Any], str]:
    span = argument.span
    because = f"while {variables_in_text(frozenset(argument.variables))} is not set" if argument.variables else ""
    if row.action == "store_true":
        return Located(True, origin, span, because, argument.flag), ""
    if row.action == "store_const":
        return Located(row.const, origin, span, because, argument.flag), ""
    if argument.value is None:
        return Located.unknown(argument.because or "it is not known", span, argument.text), ""
    try:
        raw = from_text(row, argument.value)
        value = validated(row.check, [raw] if row.action == "append" else raw)
        return Located(value, origin, span, because, argument.text), ""
    except Refused as error:
        return Located.unknown(f"Gunicorn refuses it: {error}", span, argument.text), str(error) if not because else ""


def _appended(before: Located[Any], value: Located[Any]) -> Located[Any]:
    """One more value of an option that may be repeated."""
    if not before.known or not value.known:
        return before if not before.known else value
    return value.with_value((*before.value, *value.value))


def _bind_of_argument(argument: Argument, origin: Origin) -> Bind:
    known = argument.value is not None
    text = argument.value.strip() if argument.value is not None else argument.text
    return Bind(text, known, origin if known else Origin.FILE, argument.span, argument.because)


def _binds_of_binding(binding: Binding, value: Located[Any]) -> list[Bind]:
    """The addresses of a file's ``bind``, each at its own place in a literal list."""
    raw = binding.value
    elements = list(raw) if isinstance(raw, (list, tuple)) else [raw]
    if not elements or raw in ("", None):
        return []
    made: list[Bind] = []
    for at, element in enumerate(elements):
        span = binding.parts[at] if at < len(binding.parts) else binding.span
        if isinstance(element, str):
            made.append(Bind(element.strip(), True, Origin.FILE, span, value.because if value.known else ""))
        elif isinstance(element, Unknown):
            made.append(Bind(element.text, False, Origin.FILE, span, element.because))
        else:
            made.append(Bind("", False, Origin.FILE, span, value.because or "it is no address"))
    return made


def _unknown_bind(bind: Bind, because: str) -> Bind:
    return Bind("", False, bind.origin, bind.span, because)
