"""The files that start the app servers: units of systemd, a compose file, programs of supervisord, or scripts."""

from __future__ import annotations

from cfgcheck.generate.escapes import UnwritableError
from cfgcheck.generate.managers_compose import render_compose
from cfgcheck.generate.managers_plain import render_plain
from cfgcheck.generate.managers_supervisord import render_supervisord
from cfgcheck.generate.managers_systemd import render_systemd
from cfgcheck.generate.plan_records import Plan

_RUNTIMES = {
    "systemd": render_systemd,
    "compose": render_compose,
    "supervisord": render_supervisord,
    "plain": render_plain,
}


def render_managers(plan: Plan) -> dict[str, str]:
    """The files of the plan's runtime: texts by path, without the line that says who wrote them.

    ``UnwritableError`` for a text of the spec that the runtime's language has no way to write.
    """
    for service in plan.services:
        if service.name == "nginx":
            message = "a service can't be called `nginx`: its unit or container would stand in nginx's own place"
            raise UnwritableError(message, ("services", "nginx"))
    return _RUNTIMES[plan.spec.runtime](plan)
