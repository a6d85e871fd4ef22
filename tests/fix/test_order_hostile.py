"""Carriers cut off and riddled with what hurts: an order is carried out, or refused in words; nothing crashes, and what
was no problem before is none afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cfgcheck.findings import Edit
from cfgcheck.fix.editing import CannotFix
from cfgcheck.fix.order import edits_of_order
from cfgcheck.model.stack import Stack
from cfgcheck.rules.changes import Order
from tests.fix.ordering import applied, stack_of
from tests.profiles import examples
from tests.test_hostile_carriers import FILES, HURTFUL

ORDERS = (
    ("stop_grace", 35), ("stop_signal", "INT"), ("runtime_directory", "shop"), ("private_tmp", True),
    ("open_files", 65536), ("memory_folder", "/tmp"), ("init", True), ("environment", "A=b"),
)  # fmt: skip
CARRIERS = ("docker-compose.yml", "Dockerfile", "start.sh", "app.service", "supervisord.conf", "k8s.yaml")


def orders_of(stack: Stack) -> list[Order]:
    """Every order to every unit."""
    found = [Order(unit, name, value) for unit in stack.units for name, value in ORDERS]
    return [*found, *(Order(app.unit, "exec", app) for app in stack.apps if app.unit is not None)]


def carried_out(order: Order) -> list[Edit]:
    try:
        return edits_of_order(order)
    except CannotFix as refusal:
        assert refusal.reason
        return []


def problems(stack: Stack) -> int:
    return sum(one.rule == "unparsable-file" for one in stack.problems)


def obeys(files: Mapping[str, str]) -> int:
    """How many orders changed something; each by itself keeps the files readable."""
    with tempfile.TemporaryDirectory() as folder:
        stack = stack_of(Path(folder), files)
        count = 0
        for order in orders_of(stack):
            edits = carried_out(order)
            count += bool(edits)
            if edits and count % 5 == 1:
                _still_readable(files, edits, problems(stack), order)
        return count


def _still_readable(files: Mapping[str, str], edits: list[Edit], before: int, order: Order) -> None:
    with tempfile.TemporaryDirectory() as folder:
        after = stack_of(Path(folder), applied(files, edits))
        assert problems(after) <= before, (order.unit.label, order.name, after.problems)
        assert order.unit.name in {unit.name for unit in after.units}


def test_the_whole_tree_obeys() -> None:
    assert obeys(FILES) >= 20


@pytest.mark.parametrize("name", CARRIERS)
@settings(max_examples=examples(6), deadline=None, suppress_health_check=[HealthCheck.data_too_large])
@given(data=st.data())
def test_a_carrier_after_some_accidents(name: str, data: Any) -> None:
    text = FILES[name]
    at = data.draw(st.integers(0, len(text)))
    piece = data.draw(st.sampled_from([one for one in HURTFUL if one != "\0"]))
    cut = data.draw(st.integers(0, 12))
    obeys({**FILES, name: text[:at] + piece + text[at + cut :]})
