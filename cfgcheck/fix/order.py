"""What managers are told about a unit: each manager's files are edited by a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from cfgcheck.findings import Edit
from cfgcheck.fix.editing import CannotFix
from cfgcheck.fix.order_compose import in_compose
from cfgcheck.fix.order_dockerfile import in_dockerfile
from cfgcheck.fix.order_exec import with_exec
from cfgcheck.fix.order_kubernetes import in_kubernetes
from cfgcheck.fix.order_supervisor import in_supervisor
from cfgcheck.fix.order_systemd import in_systemd
from cfgcheck.model.unit import Manager
from cfgcheck.rules.changes import Order

__all__ = ["edits_of_order"]

_EDITORS: Final[Mapping[Manager, Callable[[Order], list[Edit]]]] = {
    Manager.COMPOSE: in_compose,
    Manager.DOCKERFILE: in_dockerfile,
    Manager.KUBERNETES: in_kubernetes,
    Manager.SUPERVISOR: in_supervisor,
    Manager.SYSTEMD: in_systemd,
}


def edits_of_order(change: Order) -> list[Edit]:
    """What tells a unit's manager something; nothing where it is told so already. Errors: CannotFix."""
    if change.name == "exec":
        return with_exec(change)
    editor = _EDITORS.get(change.unit.manager)
    if editor is None:
        raise CannotFix(f"nothing tells how {change.unit.label} is started and stopped")
    return [edit for edit in editor(change) if edit.span.text != edit.text]
