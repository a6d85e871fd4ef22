"""From a spec to a plan: here every number of a deployment is derived, and says why it is what it is."""

from __future__ import annotations

from cfgcheck.generate.defaults import complete
from cfgcheck.generate.plan_nginx import nginx_plan
from cfgcheck.generate.plan_records import (
    Block,
    Figure,
    Group,
    Listener,
    NginxPlan,
    Plan,
    Rung,
    Server,
    ServicePlan,
    Setting,
    Statement,
)
from cfgcheck.generate.plan_service import service_plan
from cfgcheck.generate.plan_writable import refuse_unwritable
from cfgcheck.generate.spec import Spec

__all__ = [
    "Block",
    "Figure",
    "Group",
    "Listener",
    "NginxPlan",
    "Plan",
    "Rung",
    "Server",
    "ServicePlan",
    "Setting",
    "Statement",
    "plan",
]


def plan(spec: Spec) -> Plan:
    """The plan of a spec without contradictions. ``UnwritableError`` for what one of the languages can't be told."""
    whole = complete(spec)
    refuse_unwritable(whole)
    services = tuple(service_plan(whole, name) for name in sorted(whole.services))
    return Plan(spec=whole, services=services, nginx=nginx_plan(whole, services))
