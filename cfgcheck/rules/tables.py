"""Which settings the servers have, for checking ``app.gunicorn.timeout`` when a rule is compiled."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from cfgcheck import resources
from cfgcheck.model.nginx_table import TABLE
from cfgcheck.rules.kinds import ANY, BOOL, NUMBER, TEXT, Kind, list_of, returned

_UWSGI = {"bool": BOOL, "int": NUMBER, "int64": NUMBER, "int16": NUMBER, "str": TEXT, "list": list_of(ANY)}
_GUNICORN = {"bool": BOOL, "pos_int": NUMBER, "string": TEXT}


_PYTHON_SERVERS = ("uvicorn", "hypercorn", "daphne", "granian", "waitress")
_PYTHON = {"int": NUMBER, "float": NUMBER, "duration": NUMBER, "octal": NUMBER, "text": TEXT, "choice": TEXT}

APP_SERVERS = ("gunicorn", "uwsgi", *_PYTHON_SERVERS)


@cache
def settings(server: str) -> dict[str, Kind]:
    """Canonical name → kind of every setting of ``nginx`` or one of ``APP_SERVERS``."""
    if server in _PYTHON_SERVERS:
        return _python(server)
    return {"gunicorn": _gunicorn, "uwsgi": _uwsgi, "nginx": _nginx}[server]()


@cache
def aliases(server: str) -> dict[str, str]:
    """Other names that a setting goes by → its canonical name."""
    if server != "uwsgi":
        return {}
    return {name: entry[1] for name, entry in _table("uwsgi.json")["options"].items() if entry[1]}


@cache
def _table(name: str) -> dict[str, Any]:
    table: dict[str, Any] = json.loads(resources.data(name).read_text(encoding="utf-8"))
    return table


def _uwsgi() -> dict[str, Kind]:
    options = _table("uwsgi.json")["options"]
    return {name: _uwsgi_kind(entry[0]) for name, entry in options.items() if not entry[1]}


def _uwsgi_kind(kind: str) -> Kind:
    """What is not set is absent; a switch that is not set is off."""
    return BOOL if kind == "bool" else _UWSGI.get(kind, ANY).maybe


def _gunicorn() -> dict[str, Kind]:
    rows = _table("gunicorn.json")["settings"]
    return {name: _gunicorn_kind([row.get("check", "") for row in versions]) for name, versions in rows.items()}


def _gunicorn_kind(checks: list[str]) -> Kind:
    """A kind only where all versions agree. One that this version of Gunicorn has not is absent, a switch off."""
    kind = _GUNICORN.get(checks[-1], ANY) if len(set(checks)) == 1 else ANY
    return kind if kind is BOOL else kind.maybe


def _python(server: str) -> dict[str, Kind]:
    rows = _table(f"{server}.json")["settings"]
    kinds = {name: _python_kind(versions[-1]) for name, versions in rows.items()}
    return {"app": TEXT.maybe, **kinds}


def _python_kind(row: dict[str, Any]) -> Kind:
    """One that this version has not is absent, a switch off."""
    if row["kind"] in ("switch", "bool"):
        return BOOL
    if row["kind"] == "words" or row.get("many"):
        return list_of(TEXT)
    return _PYTHON[row["kind"]].maybe


def _nginx() -> dict[str, Kind]:
    kinds = {}
    for name, setting in TABLE.items():
        kind = returned(setting.read)
        if setting.merge.value == "array":
            kind = list_of(kind)
        kinds[name] = kind if isinstance(setting.default, (bool, int, float, str, tuple)) else kind.maybe
    return kinds
