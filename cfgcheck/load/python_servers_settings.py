"""Effective settings of the other Python servers: the command line, then environment variables, then defaults."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from cfgcheck.load.argparse_words import Argument, Arguments
from cfgcheck.load.python_servers_table import Row, availability, options_of, rows_of, table
from cfgcheck.load.python_servers_values import Refused, application_problem, converted, later_problem, misread
from cfgcheck.load.similar import Similar
from cfgcheck.model.app import SettingUse
from cfgcheck.model.located import Located, Origin
from cfgcheck.model.version import Version
from cfgcheck.source.file import Span
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.shell_word import Word

APPLICATION = "APP"
"""The name that a use of the command line's application has."""

_MOST_OPTIONS = 2000
"""Options of one command line that are looked at."""

_ARGPARSE = ("hypercorn", "daphne")

Settings = dict[str, Located[Any]]


class ServerLayers:
    """Collects what a command line and its environment say to one server.

    ``kind``: the server; ``table_name``: whose options they are (``fastapi`` starts uvicorn with its own).
    """

    def __init__(self, kind: str, table_name: str, version: Version | None, environment: Environment) -> None:
        self.kind = kind
        self.table_name = table_name
        self.version = version
        self.environment = environment
        self.uses: list[SettingUse] = []
        self.opaque = ""
        self.settings: Settings = {}
        self.several: dict[str, list[Located[Any]]] = {}
        """Each value of an option that is repeated."""

        self.rows = rows_of(table_name, version)

    def clutter(self, because: str) -> None:
        """Settings may be given where nobody can see them."""
        self.opaque = self.opaque or because

    def add_defaults(self, defaults: Mapping[str, Located[Any]]) -> None:
        self.settings.update(defaults)
        if self.opaque:
            self.settings = {name: value.as_unknown(self.opaque) for name, value in self.settings.items()}

    def add_variables(self, prefix: str) -> None:
        """``PREFIX_NAME`` for each option, and variables that an option names itself."""
        for row in self.rows.values():
            variable = row.variable or (f"{prefix}_{row.name.upper()}" if prefix and row.flags else "")
            if variable:
                self.add_variable(variable, row)

    def add_variable(self, variable: str, row: Row) -> None:
        environment = self.environment
        span = environment.spans.get(variable)
        if variable in environment.unknown:
            self.settings[row.name] = Located.unknown(environment.unknown[variable], span, f"${{{variable}}}")
        text = environment.values.get(variable)
        if text is None or (not text and self.kind != "waitress"):
            return
        try:
            value = tuple(text.split()) if row.many else converted(row, text, self.kind)
            self.settings[row.name] = Located(value, Origin.ENV, span, f"from {variable}", text)
        except Refused as error:
            self.settings[row.name] = Located.unknown(f"{self.kind} refuses {variable}: {error}", span, text)
            if span is not None:
                unknown: Located[Any] = Located.unknown(str(error), span, text)
                self.uses.append(SettingUse(variable, row.name, unknown, text, span, problem=str(error)))

    def add_arguments(self, arguments: Arguments[Row]) -> None:
        if len(arguments.options) > _MOST_OPTIONS:
            self.clutter(f"the command line has more than {_MOST_OPTIONS} options")
        fresh: set[str] = set()
        last = {argument.row.name: argument for argument in arguments.options if argument.row is not None}
        for argument in arguments.options[:_MOST_OPTIONS]:
            # Of an option that is repeated click and getopt convert the last value only, argparse each.
            row = argument.row
            unread = row is not None and not row.many and last[row.name] is not argument and self.kind not in _ARGPARSE
            self._argument(argument, fresh, unread)
        if arguments.refused:
            flags = options_of(self.table_name, self.version)
            similar = Similar([flag[2:] for flag in flags if flag.startswith("--")], "-")
            for message, span, name in arguments.refused:
                self._refused(message, span, name, similar)
        if arguments.positional:
            self._application(arguments.positional)

    def refuse(self, name: str, problem: str, span: Span) -> None:
        """Something that the server refuses as a whole."""
        value: Located[Any] = Located.unknown(problem, span)
        self.uses.append(SettingUse(name, "", value, span.text, span, problem=problem, helper=True))

    def _argument(self, argument: Argument[Row], fresh: set[str], unread: bool) -> None:
        row = argument.row
        if row is None:
            return
        value, problem = self._of_argument(row, argument)
        own = value
        if row.many:
            self.several.setdefault(row.name, []).append(own)
            before = self.settings[row.name] if row.name in fresh else Located.read((), argument.span, Origin.CLI)
            value = _appended(before, value)
        fresh.add(row.name)
        self.settings[row.name] = value
        shown = argument.text if row.takes_value else argument.flag
        problem = "" if unread else problem or later_problem(self.kind, row.name, own.get(None))
        wrong, means = misread(self.kind, row.name, argument.value or "")
        self.uses.append(SettingUse(argument.flag, row.name, own, shown, argument.span, problem or wrong, means))

    def _of_argument(self, row: Row, argument: Argument[Row]) -> tuple[Located[Any], str]:
        span = argument.span
        variables = " or ".join(argument.variables)
        because = f"while the environment variable {variables} is not set" if variables else ""
        if not row.takes_value:
            return Located(row.const, Origin.CLI, span, because, argument.flag), ""
        if argument.value is None:
            return Located.unknown(argument.because or "it is not known", span, argument.text), ""
        try:
            value = converted(row, argument.value, self.kind)
        except Refused as error:
            problem = "" if because else str(error)
            return Located.unknown(f"{self.kind} refuses it: {error}", span, argument.text), problem
        return Located(value, Origin.CLI, span, because, argument.text), ""

    def _refused(self, message: str, span: Span, name: str, similar: Similar) -> None:
        value: Located[Any] = Located.unknown(message, span)
        elsewhere = availability(self.table_name, name)
        found = similar.to(name)
        near = f"--{found}" if found else ""
        use = SettingUse(name or span.text, "", value, span.text, span, problem=message, elsewhere=elsewhere, near=near)
        self.uses.append(use)

    def _application(self, words: list[Word]) -> None:
        word = words[0]
        if word.value is None:
            value: Located[Any] = Located.unknown(word.because, word.span, word.template)
        else:
            value = Located(word.value, Origin.CLI, word.span, "", word.value)
        problem = application_problem(self.table_name, word.value) if word.value is not None else ""
        self.settings["app"] = value
        self.uses.append(SettingUse(APPLICATION, "app", value, word.template, word.span, problem=problem))


def _appended(before: Located[Any], value: Located[Any]) -> Located[Any]:
    """One more value of an option that may be repeated."""
    if not before.known or not value.known:
        return before if not before.known else value
    return value.with_value((*before.value, value.value))


@cache
def defaults_of(server: str, version: Version | None, development: bool = False) -> Settings:
    """What every setting is where nothing sets it. ``version`` None: known where all versions agree.
    ``development``: with ``fastapi dev``."""
    made: Settings = {}
    for name in table(server).settings:
        row = rows_of(server, version).get(name)
        if row is None:
            made[name] = Located.default(None, f"{server} {version} has no such setting")
        elif version is None:
            made[name] = _over_versions(server, name, development)
        else:
            made[name] = Located.default(_default(row, development), _since(server, row))
    return made


def _default(row: Row, development: bool) -> Any:
    return row.development if development else row.default


def _over_versions(server: str, name: str, development: bool) -> Located[Any]:
    rows = table(server).settings[name]
    values = [_default(row, development) for row in rows]
    if all(value == values[0] for value in values):
        return Located.default(values[0], _since(server, rows[0]))
    changes = [f"{value!r} up to {row.last}" for row, value in zip(rows[:-1], values[:-1], strict=True)]
    said = ", ".join([*dict.fromkeys(changes), f"{values[-1]!r} since {rows[-1].first}"])
    return Located.unknown(f"its default depends on {server}'s version: {said}", text=str(values[-1]))


def _since(server: str, row: Row) -> str:
    versions = table(server).versions
    first = f"since {row.first}" if row.first != versions[0] else ""
    return f"{server}'s default {first}".strip()
