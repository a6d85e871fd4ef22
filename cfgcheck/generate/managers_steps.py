"""What is left to do once the files are written."""

from __future__ import annotations

from cfgcheck.generate.defaults import version_of
from cfgcheck.generate.managers_systemd import activated
from cfgcheck.generate.managers_text import commented
from cfgcheck.generate.plan_records import Plan, ServicePlan


def next_steps(plan: Plan) -> list[str]:
    """Commands and places, in their order, for the folder that the files are in."""
    if plan.spec.runtime == "compose":
        places = ", ".join(f"{service.name}/" for service in plan.services)
        renewed = any(service.service.tls for service in plan.services)
        return [
            f"put the code and requirements.txt of each app into {places}",
            "docker compose up --build --detach",
            *(["docker compose restart nginx, each time that a certificate was renewed"] if renewed else []),
        ]
    return [*_there(plan), *_copied(plan), *_STARTED[plan.spec.runtime](plan), "nginx -t && systemctl reload nginx"]


def _there(plan: Plan) -> list[str]:
    version = version_of(plan.spec.versions, "nginx")
    return [
        f"have nginx {version} or newer: `nginx -v` (for another one say `versions: nginx:` in the spec)",
        *(f"have the user {one.user}, and {one.name}'s code in {commented(one.directory)}" for one in plan.services),
    ]


def _copied(plan: Plan) -> list[str]:
    steps = ["copy nginx/ over /etc/nginx/"]
    steps += [f"copy {service.config} to {service.config_path}" for service in plan.services if service.config]
    return steps


def _systemd(plan: Plan) -> list[str]:
    units = " ".join(unit for service in plan.services for unit in _units(service))
    return [
        "copy systemd/ to /etc/systemd/system/",
        f"systemctl daemon-reload && systemctl enable --now {units}",
    ]


def _units(service: ServicePlan) -> list[str]:
    return [f"{service.name}.socket"] * activated(service) + [f"{service.name}.service"]


def _folders(plan: Plan) -> list[str]:
    if not any(service.listener.path.startswith("/run/") for service in plan.services):
        return []
    return ["copy tmpfiles.d/ to /etc/tmpfiles.d/ && systemd-tmpfiles --create"]


def _supervisord(plan: Plan) -> list[str]:
    return [*_folders(plan), "copy supervisor/ to /etc/supervisor/conf.d/", "supervisorctl update"]


def _plain(plan: Plan) -> list[str]:
    return [*_folders(plan), *(f"start {service.name}/start.sh as {service.user}" for service in plan.services)]


_STARTED = {"systemd": _systemd, "supervisord": _supervisord, "plain": _plain}
