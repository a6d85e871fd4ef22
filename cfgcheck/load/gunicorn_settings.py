"""Gunicorn's effective settings: defaults, then the config file, then ``GUNICORN_CMD_ARGS``, then the command line.

That order, and that each value is validated when it is read, is ``gunicorn/app/base.py`` (``load_config``).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from cfgcheck.load.gunicorn_command import Argument, Arguments
from cfgcheck.load.gunicorn_listeners import Bind, Given
from cfgcheck.load.gunicorn_table import Row, availability, options_of, rows_of, rows_with_variables, table
from cfgcheck.load.gunicorn_values import Refused, application_problem, from_text, later_problem, validated
from cfgcheck.load.similar import Similar
from cfgcheck.model.app import SettingUse
from cfgcheck.model.located import Located, Origin
from cfgcheck.model.version import Version
from cfgcheck.source.file import Span
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.shell_word import Word

if TYPE_CHECKING:
    from cfgcheck.load.gunicorn_file import FileSettings

APPLICATION = "APP_MODULE"
"""The name that a use of the command line's application has (as Gunicorn's ``--help`` calls it)."""

_MOST_OPTIONS = 5000
"""Options of one command line that are looked at."""

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


class Layers:
    """Collects what each source sets. Later sources win over earlier ones."""

    def __init__(self, version: Version | None, environment: Environment, folder: str) -> None:
        self.version = version
        self.environment = environment
        self.folder = folder
        self.rows = rows_of(version)
        self.uses: list[SettingUse] = []
        self.opaque = ""
        self.has_application = False
        self._given: dict[str, Given] = {}
        self._settings: dict[str, Located[Any]] | None = None

    # -- what can't be seen

    def clutter(self, because: str, after_file: bool = False) -> None:
        """Settings may be given where nobody can see them. ``after_file``: and win over those of the file."""
        self.opaque = self.opaque or because
        if after_file:
            self._given = {
                name: Given(each.value.as_unknown(because), [_unknown_bind(bind, because) for bind in each.binds])
                for name, each in self._given.items()
            }

    def refuse(self, name: str, problem: str, span: Span) -> None:
        """Something on a command line that Gunicorn refuses as a whole."""
        value: Located[Any] = Located.unknown(problem, span)
        self.uses.append(SettingUse(name, "", value, span.text, span, problem=problem, helper=True))

    # -- the config file

    def add_file(self, found: FileSettings) -> None:
        if found.opaque:
            self.clutter(found.opaque)
        self._given.update(found.given)
        self.uses += found.uses

    # -- command lines

    def add_arguments(self, arguments: Arguments, from_environment: bool) -> None:
        if arguments.cluttered:
            self.clutter(f"arguments may be added on the command line: {arguments.cluttered}", after_file=True)
        origin = Origin.ENV if from_environment else Origin.CLI
        fresh: set[str] = set()
        last = {argument.row.name: argument for argument in arguments.options if argument.row is not None}
        if len(arguments.options) > _MOST_OPTIONS:
            self.clutter(f"the command line has more than {_MOST_OPTIONS} options")
        for argument in arguments.options[:_MOST_OPTIONS]:
            overridden = argument.row is not None and last[argument.row.name] is not argument
            self._argument(argument, origin, fresh, overridden)
        if arguments.refused:
            similar = Similar([flag[2:] for flag in options_of(self.version) if flag.startswith("--")], "-")
            for message, span, name in arguments.refused:
                self._refused_option(message, span, name, similar)
        if arguments.positional and not from_environment:
            self._application(arguments.positional[0])

    def _application(self, word: Word) -> None:
        """The application on the command line; Gunicorn names its processes after it (``default_proc_name``)."""
        if word.value is None:
            value: Located[Any] = Located.unknown(word.because, word.span, word.template)
        else:
            value = Located(word.value, Origin.CLI, word.span, "", word.value)
        self._given["default_proc_name"] = Given(value, [])
        self.has_application = True
        problem = application_problem(word.value) if word.value is not None else ""
        self.uses.append(SettingUse(APPLICATION, "wsgi_app", value, word.template, word.span, problem=problem))

    def _argument(self, argument: Argument, origin: Origin, fresh: set[str], overridden: bool) -> None:
        row = argument.row
        if row is None:
            return
        # Of an option that is repeated argparse converts each value, and Gunicorn validates the last one only.
        checked = not overridden or row.action == "append"
        value, problem = _of_argument(row, argument, origin, checked)
        own = value
        binds: list[Bind] = []
        if row.action == "append":
            before = self._given[row.name] if row.name in fresh else Given(Located.read((), argument.span, origin), [])
            if row.name == "bind":
                binds = [*before.binds, _bind_of_argument(argument, origin)]
            value = _appended(before.value, value)
        fresh.add(row.name)
        if checked:
            texts = [bind.text for bind in binds[-1:] if bind.known]
            given = texts if row.name == "bind" else [value.get(None)]
            problem = problem or later_problem(row.name, given, self.version)
        self._given[row.name] = Given(value, binds)
        shown = argument.text if row.takes_value else argument.flag
        self.uses.append(SettingUse(argument.flag, row.name, own, shown, argument.span, problem=problem))

    def _refused_option(self, message: str, span: Span, name: str, similar: Similar) -> None:
        elsewhere = ""
        for rows in table().settings.values():
            if name in rows[-1].flags:
                elsewhere = availability(rows[-1].name)
        value: Located[Any] = Located.unknown(message, span)
        found = similar.to(name)
        near = f"--{found}" if found else ""
        self.uses.append(
            SettingUse(name or span.text, "", value, span.text, span, problem=message, elsewhere=elsewhere, near=near)
        )

    def require_app(self, name_span: Span) -> None:
        """Gunicorn needs an application: on the command line, or since 20.1 as ``wsgi_app``."""
        settings = self.settings()
        if self.has_application or self.opaque or any(settings[name].get("?") for name in ("paste", "wsgi_app")):
            return
        self.refuse("gunicorn", "No application module specified.", name_span)

    # -- results

    def binds(self) -> list[Bind]:
        """The addresses to listen on."""
        given = self._given.get("bind")
        if given is None:
            value = self.settings()["bind"]
            if not value.known:
                return [Bind(value.text, False, Origin.ENV, value.span, value.because)]
            return [Bind(text, True, value.origin, value.span, value.because) for text in value.value]
        return given.binds

    def settings(self) -> dict[str, Located[Any]]:
        """Every setting by name: what is given, else the default."""
        if self._settings is None:
            self._settings = self._defaults()
            self._settings.update((name, given.value) for name, given in self._given.items())
        return self._settings

    def _defaults(self) -> dict[str, Located[Any]]:
        if self.opaque:
            unknown: Located[Any] = Located.unknown(self.opaque)
            return dict.fromkeys(table().settings, unknown)
        defaults = dict(defaults_of(self.version))
        for row in rows_with_variables(self.version):
            if (found := self._from_variable(row)) is not None:
                defaults[row.name] = found
        if self.folder:
            defaults["chdir"] = Located.default(self.folder, "the folder that Gunicorn is started in")
        return defaults

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


@cache
def defaults_of(version: Version | None) -> dict[str, Located[Any]]:
    """What every setting is where nothing sets it. ``version`` None: known where all versions agree."""
    rows = rows_of(version)
    made: dict[str, Located[Any]] = {}
    for name in table().settings:
        row = rows.get(name)
        if row is None:
            made[name] = _absent(name, version)
        elif row.name == "chdir":
            made[name] = Located.default(".", "the folder that Gunicorn is started in")
        elif row.machine:
            made[name] = Located.unknown("its default depends on the machine and the user")
        else:
            made[name] = _over_versions(name) if version is None else Located.default(_plain(row), _since(row))
    return made


def _absent(name: str, version: Version | None) -> Located[Any]:
    because = f"Gunicorn {version} has no such setting: it is {availability(name)}"
    return Located.default(_WITHOUT[name], because) if name in _WITHOUT else Located.unknown(because)


def _over_versions(name: str) -> Located[Any]:
    rows = table().settings[name]
    values = [_plain(row) for row in rows]
    if rows[0].first != table().versions[0] and name in _WITHOUT:
        values.insert(0, _WITHOUT[name])
    if all(value == values[0] for value in values):
        return Located.default(values[0], _since(rows[0]))
    last = [at for at, row in enumerate(rows) if row is rows[-1] or _plain(row) != _plain(rows[at + 1])]
    older = [f"{_plain(rows[at])!r} up to {rows[at].last}" for at in last[:-1]]
    changes = ", ".join([*older, f"{values[-1]!r} since {rows[last[-2] + 1].first if older else rows[0].first}"])
    newest = values[-1]
    text = ",".join(newest) if isinstance(newest, tuple) else str(newest)
    return Located.unknown(f"its default depends on Gunicorn's version: {changes}", text=text)


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




def _of_argument(row: Row, argument: Argument, origin: Origin, checked: bool) -> tuple[Located[Any], str]:
    span = argument.span
    because = f"while {_variables(argument.variables)} is not set" if argument.variables else ""
    if row.action == "store_true":
        return Located(True, origin, span, because, argument.flag), ""
    if row.action == "store_const":
        return Located(row.const, origin, span, because, argument.flag), ""
    if argument.value is None:
        return Located.unknown(argument.because or "it is not known", span, argument.text), ""
    try:
        raw = from_text(row, argument.value)
        value = validated(row.check, [raw] if row.action == "append" else raw) if checked else raw
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
    return Bind(text, known, origin, argument.span, argument.because)




def _unknown_bind(bind: Bind, because: str) -> Bind:
    return Bind("", False, bind.origin, bind.span, because)


def _variables(names: tuple[str, ...]) -> str:
    return "the environment variable " + " or ".join(names)
