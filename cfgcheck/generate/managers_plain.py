"""A script for each app, for whatever starts it."""

from __future__ import annotations

from cfgcheck.generate.escapes import UnwritableError, shell_word
from cfgcheck.generate.managers_text import fill, needs
from cfgcheck.generate.managers_tmpfiles import render_tmpfiles
from cfgcheck.generate.plan_records import Plan, ServicePlan


def render_plain(plan: Plan) -> dict[str, str]:
    files: dict[str, str] = {}
    for service in plan.services:
        for name in sorted(service.service.manager):
            raise UnwritableError(
                "with `runtime: plain` nothing reads settings of a manager", ("services", service.name, "manager", name)
            )
        files[f"{service.name}/start.sh"] = _script(plan, service)
        files |= render_tmpfiles(service)
    return files


def _script(plan: Plan, service: ServicePlan) -> str:
    return fill(
        "plain/start.j2",
        name=service.name,
        needs=needs(plan, service),
        notes=service.notes,
        user=service.user,
        stop_signal=service.stop_signal,
        stop=service.stop,
        directory=shell_word(service.directory),
        environment=[(name, shell_word(value)) for name, value in service.environment],
        command=" ".join(map(shell_word, service.command)),
    )
