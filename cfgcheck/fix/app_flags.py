"""What an app server's setting is called on its command line, by the tables of each server."""

from __future__ import annotations

from typing import Any, NamedTuple

from cfgcheck.fix.app_text import text_of
from cfgcheck.fix.editing import CannotFix
from cfgcheck.model.app import App, AppKind


class Given(NamedTuple):
    """An option and its value, None where it takes none. ``must_glue``: only ``--flag=value`` is understood."""

    flag: str
    value: str | None = None
    must_glue: bool = False


def options_for(app: App, name: str, value: Any) -> list[Given]:
    """The options that give a setting a value. Errors: CannotFix where the command line can't say it."""
    if app.kind is AppKind.UWSGI:
        return [_uwsgi(name, each) for each in _each(app, name, value)]
    if app.kind is AppKind.GUNICORN:
        return [_gunicorn(app, name, each) for each in _each(app, name, value)]
    return [_python_server(app, name, each) for each in _each(app, name, value)]


def gathers(app: App, name: str) -> bool:
    """Whether each use of a setting adds to the ones before."""
    if app.kind is AppKind.UWSGI:
        from cfgcheck.load.uwsgi_options import options

        return name in options() and options()[name].gathers
    if app.kind is AppKind.GUNICORN:
        from cfgcheck.load.gunicorn_table import rows_of

        row = rows_of(app.version.get(None)).get(name)
        return row is not None and row.action == "append"
    from cfgcheck.load import python_servers_table as servers

    found = servers.rows_of(app.kind.value, app.version.get(None)).get(name)
    return found is not None and found.many


def _each(app: App, name: str, value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) and gathers(app, name) else [value]


def _uwsgi(name: str, value: Any) -> Given:
    from cfgcheck.load.uwsgi_options import options

    option = options().get(name)
    if option is None:
        raise CannotFix(f"uWSGI has no option `{name}`")
    if option.argument != "required" and value is True:
        return Given(f"--{name}")
    if option.argument == "no":
        raise CannotFix(f"`--{name}` can only be turned on")
    return Given(f"--{name}", text_of(value), option.argument == "optional")


def _gunicorn(app: App, name: str, value: Any) -> Given:
    from cfgcheck.load.gunicorn_table import rows_of

    row = rows_of(app.version.get(None)).get(name)
    if row is None or not row.flags:
        raise CannotFix(f"Gunicorn has no option for `{name}`")
    flag = next((flag for flag in reversed(row.flags) if flag.startswith("--")), row.flags[-1])
    if row.takes_value:
        return Given(flag, f"{value:03o}" if name == "umask" and isinstance(value, int) else text_of(value))
    if value != (row.const if row.action == "store_const" else True):
        raise CannotFix(f"`{flag}` can't say that")
    return Given(flag)


def _python_server(app: App, name: str, value: Any) -> Given:
    from cfgcheck.load.python_servers_table import options_of

    by_fastapi = starts_with_fastapi(app)
    version = None if by_fastapi else app.version.get(None)
    fitting = [
        (flag, row)
        for flag, row in options_of("fastapi" if by_fastapi else app.kind.value, version).items()
        if row.name == name and flag.startswith("--") and (row.takes_value or row.const == value)
    ]
    if not fitting:
        raise CannotFix(f"{app.server} has no option for `{name}`")
    flag, row = fitting[-1]
    return Given(flag, text_of(value) if row.takes_value else None)


def starts_with_fastapi(app: App) -> bool:
    """Whether FastAPI's command starts uvicorn, with options of its own behind ``run`` or ``dev``."""
    words = app.span.text.split(maxsplit=1)
    return app.kind is AppKind.UVICORN and bool(words) and words[0].strip("\"',").rpartition("/")[2] == "fastapi"
