"""What stands in the generated ``cfgcheck.toml``: what ``cfgcheck check`` can't see in the other files."""

from __future__ import annotations

from cfgcheck.generate.defaults import version_of
from cfgcheck.generate.plan_notes import deployment_notes
from cfgcheck.generate.plan_records import Plan


def toml_values(plan: Plan) -> dict[str, object]:
    """For the template: ``versions`` and ``edge`` as pairs, ``user``."""
    used = sorted({service.service.server.kind for service in plan.services})
    versions = [(name, version_of(plan.spec.versions, name)) for name in ("nginx", *used)]
    notes = deployment_notes(plan.spec)
    return {"versions": versions, "user": plan.nginx.user, "edge": _edge(plan), "notes": notes}


def _edge(plan: Plan) -> list[tuple[str, str]]:
    edge = plan.spec.edge
    if edge.kind == "none" and not edge.tls:
        return []
    said = [("kind", f'"{edge.kind}"')]
    said += [("idle", f'"{edge.idle}s"')] if edge.idle else []
    said += [("response", f'"{edge.response}s"')] if edge.response else []
    return [*said, ("tls", "true" if edge.tls else "false")]
