"""A plan as files: texts by path, for the writer. Templates decide how they look, the plan what they say."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from cfgcheck.generate import render_nginx
from cfgcheck.generate.managers import render_managers
from cfgcheck.generate.plan_records import Plan, ServicePlan, Setting
from cfgcheck.generate.render_settings import python_lines, uwsgi_lines
from cfgcheck.generate.render_toml import toml_values
from cfgcheck.resources import folder

if TYPE_CHECKING:
    from jinja2 import Environment

_PLAIN = re.compile(r"[\w/.+@:=,-]+\Z")


def render(plan: Plan) -> dict[str, str]:
    """All files of a deployment, by path (with slashes), in the order of their paths.

    The line that says who wrote a file is not yet among them. ``UnwritableError`` for a text of the spec that a
    language has no way to write.
    """
    files = {"nginx/nginx.conf": _fill("nginx/nginx.conf.j2", nginx=plan.nginx)}
    for service in plan.services:
        files[f"nginx/conf.d/{service.name}.conf"] = _fill("nginx/site.conf.j2", service=service)
        if service.config:
            files[service.config] = _settings(service)
    files["cfgcheck.toml"] = _fill("cfgcheck/cfgcheck.toml.j2", **toml_values(plan))
    files |= render_managers(plan)
    return {path: files[path] for path in sorted(files)}


def _settings(service: ServicePlan) -> str:
    where = service.config_path if _PLAIN.match(service.config_path) else "the folder of the app"
    if service.service.server.kind == "uwsgi":
        return _fill("uwsgi/uwsgi.ini.j2", service=service, where=where, lines=uwsgi_lines(service.settings))
    return _fill(
        "gunicorn/gunicorn.conf.py.j2",
        service=service,
        where=where,
        lines=python_lines(service.settings),
        imports=any(_counts(one) for one in service.settings),
    )


def _counts(setting: Setting) -> bool:
    return setting.name == "workers" and setting.figure.value == "auto"


def _fill(template: str, **values: object) -> str:
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(folder("templates")),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    for name in ("statements", "groups", "blocks", "servers"):
        made.filters[name] = getattr(render_nginx, name)
    return made
