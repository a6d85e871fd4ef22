"""``docs/proof.md`` tells every field of a proof, with examples that are ones."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter
from ruamel.yaml import YAML

from cfgcheck.rules.proof import Experiment, OwnTest, Pause, Proof, Request, Seen, Signal, Unproven

PAGE = Path(__file__).parent.parent.parent / "docs" / "proof.md"
MODELS: tuple[type[BaseModel], ...] = (Request, Signal, Pause, Seen, Experiment, OwnTest, Unproven)


def _page() -> str:
    return PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("model", "field"), [(model, field) for model in MODELS for field in model.model_fields], ids=lambda one: str(one)
)
def test_each_field_is_described(model: type[BaseModel], field: str) -> None:
    """In the first column of a table; a pause has no table."""
    first_cells = re.findall(r"^\| ([^|]*) \|", _page(), re.MULTILINE)
    named = {name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)}
    assert field in named or (model is Pause and f"{{{field}:" in _page())


def test_nothing_else_is_described() -> None:
    known = {field for model in MODELS for field in model.model_fields}
    rows = re.findall(r"^\| (`[^|]*) \|", _page(), re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} <= known


def test_its_example_is_a_proof() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", _page(), re.DOTALL)
    fields: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    proofs = TypeAdapter(list[Proof]).validate_python(fields["proof"])
    assert [type(proof) for proof in proofs] == [Experiment, Experiment, OwnTest]
    assert TypeAdapter(list[Unproven]).validate_python(fields["unproven"])


def test_what_the_application_can_do_is_what_the_page_says() -> None:
    probe = (PAGE.parent.parent / "tests" / "live" / "probe.py").read_text(encoding="utf-8")
    asked = set(re.findall(r"number\(\"(\w+)\"", probe))
    (told,) = re.findall(r"What the application does, the query says:(.*?)\n\n", _page(), re.DOTALL)
    assert set(re.findall(r"`(\w+)=", told)) == asked
