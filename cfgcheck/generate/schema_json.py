"""The JSON Schema of a spec, for editors: what the model says, and the short forms that the reader takes as well."""

from __future__ import annotations

import json
from typing import Any

from cfgcheck.generate.spec import Spec

Schema = dict[str, Any]

_SHORT = {"App": "module", "Edge": "kind", "Server": "kind"}
_LISTS = ("domains", "websockets", "addresses")
_TIMES = ("slowest-request", "websocket-idle", "stop-grace", "hsts", "idle", "response")
_SIZES = ("max-upload", "request-headers", "response-headers")
_TIME = {"type": ["integer", "string"], "pattern": r"^\s*\d{1,9}\s*(s|m|min|h|d)?\s*$", "minimum": 0}
_SIZE = {"type": ["integer", "string"], "pattern": r"^\s*\d{1,12}\s*[kKmMgG]?([iI]?[bB])?\s*$", "minimum": 0}


def schema_text() -> str:
    """``docs/schemas/spec-1.json``."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def json_schema() -> Schema:
    """A JSON Schema (2020-12)."""
    made = Spec.model_json_schema(by_alias=True)
    for table in [made, *made["$defs"].values()]:
        _ease(table)
    for name, key in _SHORT.items():
        made["$defs"][name] = {"anyOf": [_refer(made["$defs"][name], key), made["$defs"][name]]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **made,
        "title": "cfgcheck.yaml: a deployment of nginx and Python applications",
    }


def _refer(table: Schema, key: str) -> Schema:
    """The text that stands for a table with only this key."""
    return {name: value for name, value in table["properties"][key].items() if name not in ("default", "title")}


def _ease(table: Schema) -> None:
    table.pop("title", None)
    properties: Schema = table.get("properties", {})
    for key, value in properties.items():
        value.pop("title", None)
        if key in _TIMES or key in _SIZES:
            properties[key] = {**_about(value), **(_TIME if key in _TIMES else _SIZE)}
        elif key in _LISTS:
            properties[key] = {**_about(value), "anyOf": [value["items"], _bare(value)]}
        elif "patternProperties" in value:
            _ease_entries(key, value)
    if set(properties) >= {"nginx", "gunicorn", "uwsgi"}:
        for value in properties.values():
            value["anyOf"] = [{"type": "number"}, *value["anyOf"]]


def _ease_entries(key: str, value: Schema) -> None:
    """Keys that anyone may choose."""
    ((pattern, entry),) = value["patternProperties"].items()
    if key == "environment":
        entry = {"type": ["string", "number"]}
    elif entry.get("type") == "array":
        entry = {"anyOf": [entry["items"], entry]}
    value["patternProperties"] = {pattern: entry}
    value["additionalProperties"] = False


def _about(value: Schema) -> Schema:
    return {name: value[name] for name in ("description", "default") if name in value and value[name] is not None}


def _bare(value: Schema) -> Schema:
    return {name: one for name, one in value.items() if name not in ("description", "default")}
