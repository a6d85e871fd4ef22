"""Names of applications that no server can import: paths, files, and what is more than a name behind the colon."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.app import App, AppKind, SettingUse
from cfgcheck.rules.contract import Case, Hit

_OF_UWSGI = re.compile(r"[^\W\d]\w*(?:\(\))?\Z")
"""What uWSGI takes behind the colon: a name, or a function that it calls without arguments (seen with 2.0.30)."""

_MISSING = "No application module specified."


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    use: SettingUse = case.element
    app: App = case.subject
    problem, instead = _of_uwsgi(use) if app.kind is AppKind.UWSGI else _of_gunicorn(use)
    if problem:
        missing = problem == _MISSING
        silent = app.kind is AppKind.UWSGI and not app.settings["need-app"].get(False)
        values = {"problem": problem.rstrip("."), "instead": instead, "missing": missing, "silent": silent}
        label = "no application stands here" if missing else "nothing that can be imported"
        yield Hit(at=use if missing else (use.value, use), label=label, values=values)


def _of_gunicorn(use: SettingUse) -> tuple[str, str]:
    text = use.value.get("") or use.text.strip("\"' ")
    return use.problem, "" if use.problem == _MISSING else _as_module(str(text))


def _of_uwsgi(use: SettingUse) -> tuple[str, str]:
    text = use.value.get(None)
    if use.problem or not isinstance(text, str):
        return "", ""
    if use.canonical == "mount":
        prefix, _, text = text.partition("=")
        problem, _ = _module_problem(text) if ":" in text else ("", "")
        return problem, f"mount = {prefix}={_as_module(text)}" if problem and _as_module(text) else ""
    if use.canonical == "module":
        return _module_problem(text)
    file, colon, name = text.rpartition(":")
    if not colon or "://" in text or "/" in name:
        return "", ""
    meant = f"wsgi-file = {file}, and callable = {name}" if file.endswith(".py") else f"module = {text}"
    return f"{text!r} is a module and a name, wsgi-file takes the path of a file", meant


def _module_problem(text: str) -> tuple[str, str]:
    """What is wrong with a value of ``module``, and what to write."""
    module, colon, name = text.partition(":")
    if module.endswith(".py"):
        callable_ = f", and callable = {name}" if name else ""
        return f"{module!r} names a file, not a module", f"wsgi-file = {module}{callable_}"
    if "/" in module:
        better = _as_module(text)
        return f"{module!r} is a path, not a module", f"module = {better}" if better else ""
    if not module.strip():
        return f"{text!r} has no module before the colon", ""
    if colon and not _OF_UWSGI.match(name.strip()):
        return f"{name!r} is neither a name nor a function without arguments", ""
    return "", ""


def _as_module(text: str) -> str:
    """``shop/wsgi.py:app`` as ``shop.wsgi:app``; "" where it can't be one."""
    path, colon, name = text.partition(":")
    module = path.removeprefix("./").removesuffix(".py").replace("/", ".")
    fine = all(part.replace("-", "_").isidentifier() for part in module.split("."))
    return f"{module}{colon}{name}" if fine and f"{module}{colon}{name}" != text else ""
