"""``cfgcheck init``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import click
from pydantic import TypeAdapter, ValidationError

from cfgcheck.cli import CLEAN
from cfgcheck.cli.output import emit
from cfgcheck.generate import words
from cfgcheck.generate.errors import SpecError
from cfgcheck.generate.hints import Hints, hints_in
from cfgcheck.generate.initial import Answers, starter, usual_certificate
from cfgcheck.generate.reading import SPEC_NAME, read_spec
from cfgcheck.generate.spec import EdgeKind, Framework, Runtime, ServerKind

_EPILOG = """\b
Examples:
  cfgcheck init                                            ask, and write cfgcheck.yaml
  cfgcheck init --domain shop.example.com --app shop.wsgi:application --tls
  cfgcheck init --domain api.example.com --app api.main:app --framework fastapi --stdout"""


def _checked(kind: Any) -> Callable[[str], Any]:
    """The model's own judgement, in its own words."""
    adapter = TypeAdapter(kind)

    def check(value: str) -> Any:
        try:
            return adapter.validate_python(value.strip())
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            context = first.get("ctx", {})
            own = context.get("error") or words.EXPECTED.get(context.get("pattern", ""))
            raise click.BadParameter(str(own or first["msg"].lower())) from None

    return check


_NAME, _DOMAIN, _APP = (_checked(kind) for kind in (words.Name, words.Domain, words.AppSpec))


def _option(check: Callable[[str], Any]) -> Callable[..., Any]:
    def callback(_context: click.Context, _parameter: click.Parameter, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(check(one) for one in value)
        return None if value is None else check(value)

    return callback


def _choice(kind: Any) -> click.Choice[str]:
    return click.Choice(get_args(kind))


@click.command(epilog=_EPILOG)
@click.argument("file", required=False, type=click.Path(path_type=Path), metavar="[FILE]")
@click.option("--name", callback=_option(_NAME), help="What the service is called.  [default: the project's name]")
@click.option("--domain", "domains", multiple=True, callback=_option(_DOMAIN), help="Its domain name; may be repeated.")
@click.option("--app", callback=_option(_APP), help="Module and callable, such as shop.wsgi:application.")
@click.option("--framework", type=_choice(Framework), help="What it is written with.")
@click.option("--server", type=_choice(ServerKind), help="The app server.")
@click.option("--runtime", type=_choice(Runtime), help="What starts the servers.  [default: systemd]")
@click.option("--edge", type=_choice(EdgeKind), help="What stands in front of nginx.  [default: none]")
@click.option("--tls/--no-tls", default=None, help="Whether nginx ends TLS.")
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@click.option("--stdout", "only_print", is_flag=True, help="Print the spec, and write nothing.")
def command(file: Path | None, force: bool, only_print: bool, **given: Any) -> int:
    """Write a spec to start from: cfgcheck.yaml, or FILE.

    Asks on a terminal for what the options don't say. Hints come from the folder: manage.py, pyproject.toml, modules
    that make an application. Nothing in it is run.
    """
    target = file or Path(SPEC_NAME)
    if not only_print and not force:
        _not_there(target)
    hints = hints_in(target.parent)
    answers = _asked(given, hints) if sys.stdin.isatty() else _told(given, hints)
    text = _readable(answers)
    if only_print:
        emit(text, machine=True)
        return CLEAN
    emit(text, target)
    click.echo(f"{target} is written. Look it through, then run `cfgcheck generate`.", err=True)
    return CLEAN


def _not_there(target: Path) -> None:
    if target.exists() or target.is_symlink():
        raise click.UsageError(f"{target} exists; --force overwrites it, --stdout prints instead")


def _told(given: dict[str, Any], hints: Hints) -> Answers:
    """No terminal: options and hints must be enough."""
    name, app = given["name"] or hints.name, given["app"] or hints.module
    needed = (("--name", name), ("--domain", given["domains"]), ("--app", app))
    missing = [option for option, value in needed if not value]
    if missing:
        raise click.UsageError(f"there is no terminal to ask on; say {', '.join(missing)}")
    framework = given["framework"] or _framework(given, hints)
    runtime = given["runtime"] or _runtime(given["edge"])
    return _answers({**given, "name": name, "app": app, "framework": framework, "runtime": runtime})


def _runtime(edge: str | None) -> str:
    """Heroku starts processes itself."""
    return "plain" if edge == "heroku" else "systemd"


def _framework(given: dict[str, Any], hints: Hints) -> str | None:
    """The folder's framework, unless another app is meant than the folder's."""
    return hints.framework if given["app"] in (None, hints.module) or hints.module is None else None


def _asked(given: dict[str, Any], hints: Hints) -> Answers:
    found = dict(given)
    found["name"] = given["name"] or _ask("Name of the service", _NAME, hints.name)
    found["domains"] = given["domains"] or (_ask("Domain name", _DOMAIN, f"{found['name']}.example.com"),)
    found["app"] = given["app"] or _ask("Module and callable of the app", _APP, hints.module)
    framework = _framework(found, hints) or "other"
    found["framework"] = given["framework"] or _pick("Framework", Framework, framework)
    found["server"] = given["server"] or _pick("App server", ServerKind, "gunicorn")
    found["edge"] = given["edge"] or _pick("What stands in front of nginx", EdgeKind, "none")
    found["runtime"] = given["runtime"] or _pick("What starts the servers", Runtime, _runtime(found["edge"]))
    if given["tls"] is None and found["edge"] != "heroku":
        found["tls"] = click.confirm("Does nginx end TLS", default=found["edge"] == "none", err=True)
    return _answers(found)


def _ask(question: str, check: Callable[[str], Any], default: str | None) -> str:
    return str(click.prompt(question, default=default, value_proc=check, err=True))


def _pick(question: str, kind: Any, default: str) -> str:
    return str(click.prompt(question, default=default, type=_choice(kind), err=True))


def _answers(found: dict[str, Any]) -> Answers:
    chosen = {key: found[key] for key in ("framework", "server", "runtime", "edge") if found[key]}
    tls = usual_certificate(found["domains"][0]) if found["tls"] else None
    return Answers(found["name"], tuple(found["domains"]), found["app"], tls=tls, **chosen)


def _readable(answers: Answers) -> str:
    """The text, which ``generate`` will take; what does not go together is told now."""
    text = starter(answers)
    try:
        read_spec(text)
    except SpecError as error:
        raise click.UsageError("; ".join(one.text for one in error.mistakes)) from None
    return text
