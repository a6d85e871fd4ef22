"""A value that the server refuses or misreads: what is said of it, and what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.app import App, AppKind, SettingUse
from cfgcheck.rules.contract import Case, Hit

_REFUSES = "uWSGI refuses to start: "
_UNIT = re.compile(r"(\d{1,12})\s*([A-Za-z]+)\Z")
_SECONDS = {"s": 1, "sec": 1, "m": 60, "min": 60, "mins": 60, "minutes": 60, "h": 3600, "hours": 3600, "d": 86400}
_BYTES = {"k": 1 << 10, "kb": 1 << 10, "m": 1 << 20, "mb": 1 << 20, "g": 1 << 30, "gb": 1 << 30}
_TIMES = re.compile(r"harakiri|timeout|mercy|lifetime|idle|keepalive|grace|reload\Z")
_REMARK = re.compile(r"\s+[;#].*\Z|;\Z", re.DOTALL)
_TRUE, _FALSE = frozenset({"yes", "on", "y", "1"}), frozenset({"no", "off", "n", "0"})
_CLASSES = {
    "uvicorn": "uvicorn_worker.UvicornWorker",
    "uvicornworker": "uvicorn_worker.UvicornWorker",
    "thread": "gthread",
    "threads": "gthread",
    "threaded": "gthread",
    "gthreads": "gthread",
    "gthreaded": "gthread",
    "async": "asgi",
    "asyncio": "asgi",
}


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    use: SettingUse = case.element
    app: App = case.subject
    of_uwsgi = app.kind is AppKind.UWSGI
    result = _result(app, use)
    joint = " = " if of_uwsgi or not use.name.startswith("-") else " "
    bare = not of_uwsgi and use.problem and not use.means
    written = use.name if bare or not use.text else f"{use.name}{joint}{use.text}"
    values = {
        "verb": _verb(use, result),
        "written": written,
        "reason": _reason(use, result),
        "instead": _instead(app, use),
        "result": result,
    }
    yield Hit(values=values)


def _instead(app: App, use: SettingUse) -> str:
    if app.kind is AppKind.UWSGI:
        return _for_uwsgi(use)
    return _for_gunicorn(use) if app.kind is AppKind.GUNICORN else _for_another(app, use)


def _for_another(app: App, use: SettingUse) -> str:
    """What was meant by a mode that is read as a decimal number, or a level in capitals."""
    digits = use.text.strip()
    if use.means and app.kind is AppKind.GRANIAN:
        return f"{use.name} 0{digits}"
    if use.means and app.kind is AppKind.HYPERCORN:
        return f"{use.name} {int(digits, 8)}"
    if use.canonical == "log_level" and use.problem and digits.lower() in use.problem and digits != digits.lower():
        return f"{use.name} {digits.lower()}"
    return ""


def _verb(use: SettingUse, result: str) -> str:
    if result == "no-workers":
        return "runs no worker with"
    if use.means == "dropped":
        return "drops"
    return "refuses" if use.problem.startswith(_REFUSES) or not use.means else "misreads"


def _reason(use: SettingUse, result: str) -> str:
    if result == "no-workers" and use.text.strip("\"' ") == "0":
        return "connections are accepted and never answered"
    return use.problem.removeprefix(_REFUSES).replace("uWSGI knows no units: it", "it knows no units, it")


def _result(app: App, use: SettingUse) -> str:
    """What comes of it: ``refused``, ``no-workers``, ``no-app``, ``killed`` or ``quiet``."""
    if app.kind is not AppKind.UWSGI:
        return "quiet" if use.means else "refused" if use.problem else "no-workers"
    if use.problem.startswith(_REFUSES) or use.canonical in ("chdir", "home"):
        return "refused"
    if use.harmless:
        return "quiet"
    if use.canonical == "processes" and use.means == "0":
        return "no-workers"
    if use.canonical in ("module", "wsgi-file", "callable"):
        return "refused" if app.settings["need-app"].get(False) else "no-app"
    return "killed" if use.canonical == "harakiri" and use.means != "0" else "quiet"


def _for_uwsgi(use: SettingUse) -> str:
    """The line that was probably meant; "" where that can't be told."""
    text = use.text.strip()
    bare = _REMARK.sub("", text).strip().strip("\"'")
    if use.canonical == "processes" and not bare.strip("0"):
        return ""
    if use.means == "true":
        return f"{use.name} = false"
    unit = _UNIT.match(bare)
    if unit and use.means.isdigit():
        return _without_unit(use, int(unit[1]), unit[2].lower())
    return f"{use.name} = {bare}" if bare and bare != text and (not use.means.isdigit() or bare.isdigit()) else ""


def _without_unit(use: SettingUse, number: int, unit: str) -> str:
    if use.harmless:
        return f"{use.name} = {number}"
    factor = (_SECONDS if _TIMES.search(use.canonical) else _BYTES).get(unit)
    return f"{use.name} = {number * factor}" if factor else ""


def _for_gunicorn(use: SettingUse) -> str:
    if use.name.startswith("-"):
        return ""
    bare = use.text.strip("\"' ")
    unit = _UNIT.match(bare)
    if unit and "invalid literal for int" in use.problem and unit[2].lower() in _SECONDS:
        return f"{use.name} = {int(unit[1]) * _SECONDS[unit[2].lower()]}"
    if use.problem.startswith("Invalid boolean"):
        return f"{use.name} = {bare.lower() in _TRUE}" if bare.lower() in _TRUE | _FALSE else ""
    if use.canonical == "worker_class" and bare.lower() in _CLASSES:
        return f'{use.name} = "{_CLASSES[bare.lower()]}"'
    return ""
