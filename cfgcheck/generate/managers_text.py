"""What the writers of managers' files share: lines with their reasons, places in the spec, templates."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from cfgcheck.generate.escapes import UnwritableError
from cfgcheck.generate.plan_records import Plan, ServicePlan
from cfgcheck.record import record
from cfgcheck.resources import folder

if TYPE_CHECKING:
    from jinja2 import Environment

_PLAIN = re.compile(r"[\w/.+@:=,-]+\Z")

FROM_SPEC = "from the spec"
"""Why a line is there that the spec says as it is; `cfgcheck import` knows it by that."""

KINDS = {"gunicorn": "Gunicorn", "uwsgi": "uWSGI", "uvicorn": "uvicorn"}


@record(frozen=True)
class Line:
    """A setting as it is written, and why (``""``: it needs no reason)."""

    name: str
    text: str
    because: str = ""


@contextlib.contextmanager
def placed(*keys: str) -> Iterator[None]:
    """What can't be written in here is due to these keys of the spec."""
    try:
        yield
    except UnwritableError as error:
        raise error if error.place else UnwritableError(error.message, keys) from None


def overridden(lines: list[Line], own: list[Line]) -> list[Line]:
    """The lines with somebody's own in place of those of the same name, the others of them at the end."""
    by_name = {line.name: line for line in own}
    kept: list[Line] = []
    for line in lines:
        if line.name not in by_name:
            kept.append(line)
        elif all(other is not by_name[line.name] for other in kept):
            kept.append(by_name[line.name])
    return kept + [line for line in own if all(other is not line for other in kept)]


def needs(plan: Plan, service: ServicePlan) -> list[str]:
    """What has to be there before the service can start, for the comment on top."""
    return [
        f"the user {service.user}",
        f"the code in {commented(service.directory)}",
        f"its virtual environment in {commented(service.service.app.virtualenv or '')}",
        *([f"{service.config} as {commented(service.config_path)}"] if service.config else []),
    ]


def commented(text: str) -> str:
    """A text of the spec for a comment: odd ones are not shown, so that no reader takes them for more than that."""
    return text if _PLAIN.match(text) else "(see the spec)"


def fill(template: str, **values: object) -> str:
    """The text of a template of ``templates/`` with these values."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(folder("templates")),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
