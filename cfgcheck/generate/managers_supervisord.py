"""Programs of supervisord."""

from __future__ import annotations

from cfgcheck.generate.escapes import supervisor_assignment, supervisor_text, supervisor_word
from cfgcheck.generate.managers_text import FROM_SPEC, Line, fill, needs, overridden, placed
from cfgcheck.generate.managers_tmpfiles import render_tmpfiles
from cfgcheck.generate.plan_records import Plan, ServicePlan


def render_supervisord(plan: Plan) -> dict[str, str]:
    files: dict[str, str] = {}
    for service in plan.services:
        files[f"supervisor/{service.name}.conf"] = fill(
            "supervisord/program.j2",
            name=service.name,
            needs=needs(plan, service),
            notes=service.notes,
            lines=overridden(_lines(service), _own(service)),
        )
        files |= render_tmpfiles(service)
    return files


def _lines(service: ServicePlan) -> list[Line]:
    key = ("services", service.name)
    lines = [Line("command", " ".join(map(supervisor_word, service.command)))]
    with placed(*key, "app", "directory"):
        lines.append(Line("directory", supervisor_text(service.directory)))
    lines.append(Line("user", service.user))
    variables = []
    for name, value in service.environment:
        with placed(*key, "environment", name):
            variables.append(supervisor_assignment(name, value))
    if variables:
        lines.append(Line("environment", ",".join(variables)))
    return [
        *lines,
        Line("autorestart", "true"),
        Line("stopsignal", service.stop_signal.removeprefix("SIG")),
        Line("stopwaitsecs", service.stop.text, service.stop.because),
        Line("redirect_stderr", "true", "both into the log that supervisord keeps of the program"),
    ]


def _own(service: ServicePlan) -> list[Line]:
    """What the spec says of the program itself, as it is."""
    lines = []
    for name, value in sorted(service.service.manager.items()):
        with placed("services", service.name, "manager", name):
            text = str(value).lower() if isinstance(value, bool) else str(value)
            supervisor_text(text)
            lines.append(Line(name, text, FROM_SPEC))
    return lines
