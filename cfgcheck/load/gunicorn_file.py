"""What a config file of Gunicorn sets: each assignment as Gunicorn takes it, and the names that it does not know."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from cfgcheck.load.gunicorn_listeners import Bind, Given
from cfgcheck.load.gunicorn_table import GONE_BEFORE_20, Row, availability, names_of_flags, rows_of, table
from cfgcheck.load.gunicorn_values import Refused, later_problem, validated
from cfgcheck.load.similar import Similar
from cfgcheck.model.app import SettingUse
from cfgcheck.model.located import Located, Origin
from cfgcheck.model.version import Version
from cfgcheck.record import field, record
from cfgcheck.source.file import Span
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


@record()
class FileSettings:
    """``given``: the settings that the module holds at its end. ``uses``: every assignment, in the order of the text.
    ``opaque``: why more may be set than is seen."""

    given: dict[str, Given] = field(default_factory=dict)
    uses: list[SettingUse] = field(default_factory=list)
    opaque: str = ""


def file_settings(config: PythonConfig, version: Version | None) -> FileSettings:
    """Gunicorn sees the module at its end (``vars(module)``): what is overwritten there can't be wrong, but is shown
    as a use, since somebody wrote it."""
    found = FileSettings(opaque=config.opaque)
    rows = rows_of(version)
    similar = Similar(rows, "_")
    remaining = {name: binding for name, binding in config.names.items() if name in rows}
    for name, binding in config.history:
        effective = config.names.get(name) is binding
        if name not in rows:
            found.uses.append(_unknown_name(name, binding, config, similar))
            continue
        given, problem = _given(rows[name], binding, version)
        if effective:
            found.given[name] = given
            remaining.pop(name, None)
        found.uses.append(_use(name, binding, given.value, problem if effective else ""))
    for name, binding in remaining.items():
        # Bound by an import, a definition or a loop; or joined from branches, whose assignments were shown.
        given, problem = _given(rows[name], binding, version)
        found.given[name] = given
        if not binding.plain:
            found.uses.append(_use(name, binding, given.value, problem))
    return found


def _use(name: str, binding: Binding, value: Located[Any], problem: str) -> SettingUse:
    return SettingUse(name, name, value, binding.span.text, binding.span, problem=problem)


def _given(row: Row, binding: Binding, version: Version | None) -> tuple[Given, str]:
    """A value of the file as Gunicorn converts it, and why Gunicorn refuses it."""
    value, problem = _converted(row, binding)
    binds = _binds(binding, value) if row.name == "bind" else []
    if not problem and not value.because:
        texts = [bind.text for bind in binds if bind.known]
        problem = later_problem(row.name, texts if row.name == "bind" else [value.get(None)], version)
    return Given(value, binds), problem


def _converted(row: Row, binding: Binding) -> tuple[Located[Any], str]:
    raw, span = binding.value, binding.span
    if binding.error:
        problem = binding.error if not binding.variables else ""
        return Located.unknown(f"evaluating it fails: {binding.error}", span), problem
    if isinstance(raw, Unknown):
        return Located.unknown(raw.because, span, raw.text), ""
    if isinstance(raw, _NOT_DATA):
        return _of_object(row, raw, span)
    found = unknown_within(raw)
    if found:
        return Located.unknown(found.because, span, found.text), ""
    because = _while_unset(binding.variables) if binding.variables else ""
    try:
        value = validated(row.check, raw)
    except Refused as error:
        # A default that is refused may be there to force people to set the variable.
        problem = "" if binding.variables else str(error)
        return Located.unknown(f"Gunicorn refuses it: {error}", span, span.text), problem
    return Located(value, Origin.FILE, span, because, span.text), ""


def _while_unset(variables: frozenset[str]) -> str:
    return f"while {variables_in_text(variables)} {'is' if len(variables) == 1 else 'are'} not set"


def _of_object(row: Row, raw: object, span: Span) -> tuple[Located[Any], str]:
    """A function, class or module as a value: right for hooks and classes, refused by all else."""
    if row.hook:
        name = raw.name if isinstance(raw, (Function, ClassDefinition, Token)) else "function"
        return Located.read(f"<{name}()>", span), _arity_problem(row, raw)
    if row.check == "class":
        return Located.unknown("it is a class or function of the project", span), ""
    if row.check == "anything" or isinstance(raw, (Method, Names)):
        return Located.unknown("it is no plain value", span), ""
    problem = "it is a module, not a value" if isinstance(raw, Module) else "it is a function, not a value"
    return Located.unknown(problem, span), problem


def _arity_problem(row: Row, raw: object) -> str:
    """Gunicorn counts a hook's parameters."""
    wanted = row.check.partition(":")[2]
    if not isinstance(raw, Function) or getattr(raw.node, "decorator_list", None):
        return ""
    parameters = len(raw.node.args.posonlyargs) + len(raw.node.args.args)
    if not wanted:
        return "" if parameters in (2, 3, 4) else "Value must have an arity of: 4"
    return "" if parameters == int(wanted) else f"Value must have an arity of: {wanted}"


def _binds(binding: Binding, value: Located[Any]) -> list[Bind]:
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


def _unknown_name(name: str, binding: Binding, config: PythonConfig, similar: Similar) -> SettingUse:
    """A name that is no setting of this version: a helper of the file, or something that does nothing."""
    # Names of another module of the project have their uses there.
    own = binding.span.file is config.file and binding.plain
    helper = not own or name.startswith("_") or name != name.lower() or name in config.read
    value = _as_located(binding)
    elsewhere = availability(name) if name in table().settings or name in GONE_BEFORE_20 else ""
    means = names_of_flags().get(name, "")
    helper = helper and not elsewhere
    near = "" if helper or means or elsewhere else similar.to(name)
    place = binding.name_span
    return SettingUse(
        name, "", value, binding.span.text, place, means=means, helper=helper, elsewhere=elsewhere, near=near
    )


def _as_located(binding: Binding) -> Located[Any]:
    raw: object = binding.value
    found = unknown_within(raw)
    if found:
        return Located.unknown(found.because, binding.span)
    return Located.read(str(raw) if isinstance(raw, PurePosixPath) else raw, binding.span)
